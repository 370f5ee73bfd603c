"""Terms as text: with names or with numbers, for a terminal or as LaTeX."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from archcalc.explain.written import Ceiling, Extreme, Floor, Leaf, Product, Sum, Term

_SUM, _PRODUCT, _ATOM = 1, 2, 3
_LONG = 100_000  # numbers from here on are hard to read without separators


class Style(NamedTuple):
    """How terms are written: `numbers` puts the values in for the names."""

    numbers: bool = False
    latex: bool = False


def render(term: Term, style: Style) -> str:
    """A term as text.

    >>> k = Leaf("k", 3)
    >>> render(Product((k, Sum(((1, k), (-1, 1))))), Style())
    'k·(k − 1)'
    >>> render(Product((k, Sum(((1, k), (-1, 1))))), Style(numbers=True))
    '3·(3 − 1)'
    """
    return _write(term, style)[0]


def _write(term: Term, style: Style) -> tuple[str, int]:
    """The text, and how tightly it binds."""
    match term:
        case int():
            return str(term), _ATOM if term >= 0 else _SUM
        case Leaf():
            if style.numbers:
                text = str(term.value) if term.value < _LONG else f"{term.value:,}"
                return text, _ATOM if term.value >= 0 else _SUM
            return (_latex_name(term.name) if style.latex else term.name), _ATOM
        case Sum():
            return _write_sum(term, style)
        case Product():
            times = r" \cdot " if style.latex else "·"
            return times.join(_within(f, style, _PRODUCT) for f in term.factors), _PRODUCT
        case Floor() | Ceiling():
            return _write_quotient(term, style)
        case Extreme():
            inner = ", ".join(_write(t, style)[0] for t in term.terms)
            return (rf"\{term.word}({inner})" if style.latex else f"{term.word}({inner})"), _ATOM


def _within(term: Term, style: Style, binding: int) -> str:
    text, own = _write(term, style)
    return text if own >= binding else f"({text})"


def _write_sum(term: Sum, style: Style) -> tuple[str, int]:
    """Equal summands are gathered: p at both sides is 2·p."""
    counts = Counter(term.terms)
    minus, times = ("-", r" \cdot ") if style.latex else ("−", "·")
    text = ""
    for (sign, part), count in counts.items():
        if count == 1:
            shown = _within(part, style, _PRODUCT)
        else:
            shown = f"{count}{times}{_within(part, style, _PRODUCT)}"
        if not text:
            text = shown if sign > 0 else f"{minus}{shown}"
        else:
            text += f" {'+' if sign > 0 else minus} {shown}"
    return text, _SUM


def _write_quotient(term: Floor | Ceiling, style: Style) -> tuple[str, int]:
    # A lone name is divided where it is known to go up: channels by groups.
    plain = isinstance(term, Floor) and isinstance(term.above, Leaf)
    if style.latex:
        fraction = rf"\frac{{{render(term.above, style)}}}{{{render(term.below, style)}}}"
        left, right = ("lfloor", "rfloor") if isinstance(term, Floor) else ("lceil", "rceil")
        return (fraction if plain else rf"\left\{left} {fraction} \right\{right}"), _ATOM
    above = _within(term.above, style, _PRODUCT)
    below = _within(term.below, style, _ATOM)
    if plain:
        return f"{above}/{below}", _PRODUCT
    marks = "⌊⌋" if isinstance(term, Floor) else "⌈⌉"
    return f"{marks[0]}{above}/{below}{marks[1]}", _ATOM


def _latex_name(name: str) -> str:
    head, underscore, tail = name.partition("_")
    plain = head if len(head) == 1 else rf"\mathrm{{{head}}}"
    return plain + (rf"_{{\mathrm{{{tail}}}}}" if underscore else "")
