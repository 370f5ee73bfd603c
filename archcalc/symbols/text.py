"""Terms and conditions as readable text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from archcalc.symbols.terms import Divisor, Floor, Largest, Poly, Rounded, Symbol

if TYPE_CHECKING:
    from archcalc.symbols.conditions import Condition
    from archcalc.symbols.terms import Atom, Monomial, Number

SIGNS = {"ge": "≥", "gt": ">", "eq": "=", "ne": "≠"}
_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def written(poly: Poly) -> str:
    """A term as text.

    >>> from archcalc.symbols.division import floor_div
    >>> from archcalc.symbols.terms import number, symbol
    >>> h = symbol("H")
    >>> side = floor_div(h + number(31), number(32))
    >>> written(side * side.scaled(1792) - h)
    '1,792·⌊(H + 31)/32⌋² − H'
    """
    pieces: list[str] = []
    for monomial, c in poly.ordered():
        term = _term(c if c > 0 else -c, monomial)
        if pieces:
            pieces.append(f" − {term}" if c < 0 else f" + {term}")
        else:
            pieces.append(f"−{term}" if c < 0 else term)
    return "".join(pieces) or "0"


def condition(one: Condition) -> str:
    """A condition, with subtracted terms moved to the other side.

    >>> from archcalc.symbols.conditions import Condition
    >>> from archcalc.symbols.terms import number, symbol
    >>> condition(Condition("ne", symbol("width").scaled(4) - number(64)))
    '4·width ≠ 64'
    >>> condition(Condition("ge", number(64) - symbol("width")))
    'width ≤ 64'
    """
    if one.relation in ("whole", "broken"):
        verb = "is an integer" if one.relation == "whole" else "is not an integer"
        return f"{written(one.poly)} {verb}"
    left, right = _sides(one.poly)
    sign = SIGNS[one.relation]
    if not left.terms:
        left, right = _sides(-one.poly)
        sign = {"≥": "≤", ">": "<"}.get(sign, sign)
    return f"{written(left)} {sign} {written(right)}"


def _sides(poly: Poly) -> tuple[Poly, Poly]:
    """The added terms, and the subtracted or constant ones."""
    left = Poly({m: c for m, c in poly.terms.items() if c > 0 and m})
    return left, left - poly


def several(polys: tuple[Poly, ...]) -> str:
    """A shape, or one value per axis."""
    texts = [written(p) for p in polys]
    wrapped = [
        f"({t})" if len(p.terms) > 1 and len(polys) > 1 else t
        for t, p in zip(texts, polys, strict=True)
    ]
    return " × ".join(wrapped)


def _term(c: Number, monomial: Monomial) -> str:
    factors = [_power(a, n) for a, n in Counter(monomial).items()]
    over, under = c.numerator, c.denominator
    if over != 1 or not factors:
        factors.insert(0, f"{over:,}")
    text = "·".join(factors)
    return text if under == 1 else f"{text}/{under}"


def _power(atom: Atom, n: int) -> str:
    base = _atom(atom)
    return base if n == 1 else base + str(n).translate(_POWERS)


def _atom(atom: Atom) -> str:
    if isinstance(atom, Symbol):
        return atom.text
    if isinstance(atom, Floor):
        return _floor(atom)
    parts = ", ".join(written(part) for part in atom.parts())
    if isinstance(atom, Rounded):
        return f"round({parts})"
    assert isinstance(atom, Largest | Divisor)
    return f"max({parts})" if isinstance(atom, Largest) else f"gcd({parts})"


def _floor(atom: Floor) -> str:
    over, under = written(atom.over), written(atom.under)
    if under == "1":
        return f"⌊{over}⌋"
    over = f"({over})" if len(atom.over.terms) > 1 else over
    under = f"({under})" if len(atom.under.terms) > 1 or "·" in under else under
    return f"⌊{over}/{under}⌋"
