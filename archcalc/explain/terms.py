"""Symbolic numbers as formulas: their operations as a tree, and the tree as text or LaTeX.

The tree is a view of the symbolic integers of `archcalc.symbols`: only trivial parts are simplified
(+ 0, · 1, a − a), and −(−a

b) is shown as a ceiling.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.symbols.terms import symbol
from archcalc.symbols.traced import is_number, plain, trace

if TYPE_CHECKING:
    from fractions import Fraction

    from archcalc.symbols.conditions import Condition

LONG = 100_000
"""From here on numbers need separators."""

_LOWEST = -(2**62)

_SUM, _PRODUCT, _ATOM = 1, 2, 3


class Leaf(NamedTuple):
    """A named quantity: an attribute, a size, a metric of the layer before."""

    name: str
    value: int | Fraction


class Sum(NamedTuple):
    """A sum; a sign of −1 subtracts a term."""

    terms: tuple[tuple[int, Term], ...]


class Product(NamedTuple):
    """A product."""

    factors: tuple[Term, ...]


class Floor(NamedTuple):
    """⌊above/below⌋."""

    above: Term
    below: Term


class Ceiling(NamedTuple):
    """⌈above/below⌉."""

    above: Term
    below: Term


class Call(NamedTuple):
    """A function of several terms: max, min or gcd."""

    word: str
    terms: tuple[Term, ...]


Term = int | Leaf | Sum | Product | Floor | Ceiling | Call


def named(value: int | Fraction, name: str) -> Any:
    """A symbolic number with this value and name."""
    least = 0 if value >= 0 else _LOWEST
    return trace(value, symbol(name, whole=value.denominator == 1, least=least), _ignore)


def _ignore(_: Condition) -> None:
    """The recorder of an equation: it is for the current numbers, so comparisons are ignored."""


def term_of(number: Any) -> Term:
    """The term of any number: a plain one is itself."""
    poly = getattr(number, "poly", None)
    if poly is None:
        value: int = plain(number)
        return value
    if number.origin is None:
        (name,) = poly.symbols()
        return Leaf(name.text, plain(number))
    word, *operands = number.origin
    terms = [term_of(one) for one in operands if is_number(one)]
    if word == "+":
        return _sum((1, terms[0]), (1, terms[1]))
    if word == "-":
        return _sum((1, terms[0]), (-1, terms[1]))
    if word == "*":
        return _product(*terms)
    if word == "//":
        return terms[0] if terms[1] == 1 else Floor(terms[0], terms[1])
    if word == "neg":
        return _negated(terms[0])
    assert word in ("max", "min", "gcd"), f"no formula of an operation has {word}"
    return Call(word, tuple(terms))


def _negated(term: Term) -> Term:
    # −(−a // b) is how a ceiling is written with integer floor division.
    if isinstance(term, Floor) and isinstance(term.above, Sum) and len(term.above.terms) == 1:
        sign, above = term.above.terms[0]
        if sign < 0:
            return Ceiling(above, term.below)
    return Sum(((-1, term),))


def _sum(*parts: tuple[int, Term]) -> Term:
    """The sum, without terms that cancel."""
    terms: list[tuple[int, Term]] = []
    for sign, term in parts:
        own = term.terms if isinstance(term, Sum) else ((1, term),)
        for inner, part in own:
            if (-sign * inner, part) in terms:
                terms.remove((-sign * inner, part))
            elif part != 0 or not isinstance(part, int):
                terms.append((sign * inner, part))
    if len(terms) == 1 and terms[0][0] > 0:
        return terms[0][1]
    return Sum(tuple(terms)) if terms else 0


def _product(*parts: Term) -> Term:
    factors: list[Term] = []
    for term in parts:
        if isinstance(term, Product):
            factors += term.factors
        elif isinstance(term, int) and term == 0:
            return 0
        elif not (isinstance(term, int) and term == 1):
            factors.append(term)
    if not factors:
        return 1
    return factors[0] if len(factors) == 1 else Product(tuple(factors))


def leaves(term: Term) -> list[Leaf]:
    """The quantities in a term, in order of first occurrence."""
    match term:
        case Leaf():
            return [term]
        case Sum():
            parts = [part for _, part in term.terms]
        case Product():
            parts = list(term.factors)
        case Floor() | Ceiling():
            parts = [term.above, term.below]
        case Call():
            parts = list(term.terms)
        case int():
            return []
    return list(dict.fromkeys(leaf for part in parts for leaf in leaves(part)))


class Style(NamedTuple):
    """The style of a formula: `numbers` writes the values instead of the names."""

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
    """The text and its operator precedence."""
    match term:
        case int():
            return _number(term, style)
        case Leaf():
            if style.numbers:
                return _number(term.value, style)
            return (_latex_name(term.name) if style.latex else term.name), _ATOM
        case Sum():
            return _write_sum(term, style)
        case Product():
            times = r" \cdot " if style.latex else "·"
            return times.join(_within(f, style, _PRODUCT) for f in term.factors), _PRODUCT
        case Floor() | Ceiling():
            return _write_quotient(term, style)
        case Call():
            inner = ", ".join(_write(t, style)[0] for t in term.terms)
            return (rf"\{term.word}({inner})" if style.latex else f"{term.word}({inner})"), _ATOM


def _number(value: int | Fraction, style: Style) -> tuple[str, int]:
    text = str(value) if -LONG < value < LONG else f"{value:,}"
    if not style.latex:
        text = text.replace("-", "−")
    return text, _SUM if value < 0 else _ATOM if value.denominator == 1 else _PRODUCT


def _within(term: Term, style: Style, binding: int) -> str:
    text, own = _write(term, style)
    return text if own >= binding else f"({text})"


def _write_sum(term: Sum, style: Style) -> tuple[str, int]:
    """Equal summands are combined: p at both ends is 2·p."""
    counts = Counter(term.terms)
    minus, times = ("-", r" \cdot ") if style.latex else ("−", "·")
    text = ""
    for (sign, part), count in counts.items():
        shown = _within(part, style, _PRODUCT)
        if count > 1:
            shown = f"{count}{times}{shown}"
        if not text and sign > 0:
            text = _write(part, style)[0] if count == 1 else shown
        elif not text:
            text = f"{minus}{shown}"
        else:
            text += f" {'+' if sign > 0 else minus} {shown}"
    return text, _SUM


def _write_quotient(term: Floor | Ceiling, style: Style) -> tuple[str, int]:
    # A single name is divided without a floor if it is divisible: channels by groups.
    exact = isinstance(term, Floor) and isinstance(term.above, Leaf) and _is_exact(term)
    if style.latex:
        fraction = rf"\frac{{{render(term.above, style)}}}{{{render(term.below, style)}}}"
        left, right = ("lfloor", "rfloor") if isinstance(term, Floor) else ("lceil", "rceil")
        return (fraction if exact else rf"\left\{left} {fraction} \right\{right}"), _ATOM
    above = _within(term.above, style, _PRODUCT)
    below = _within(term.below, style, _ATOM)
    if exact:
        return f"{above}/{below}", _PRODUCT
    marks = "⌊⌋" if isinstance(term, Floor) else "⌈⌉"
    return f"{marks[0]}{above}/{below}{marks[1]}", _ATOM


def _is_exact(term: Floor) -> bool:
    above, below = (t.value if isinstance(t, Leaf) else t for t in (term.above, term.below))
    return isinstance(above, int) and isinstance(below, int) and above % below == 0


def _latex_name(name: str) -> str:
    head, underscore, tail = name.partition("_")
    plain = head if len(head) == 1 else rf"\mathrm{{{head}}}"
    return plain + (rf"_{{\mathrm{{{tail}}}}}" if underscore else "")
