"""Provable bounds of terms: lower bounds, and comparisons that hold for every size.

Sound, not complete: if no bound is found the result is None, and the comparison remains a
condition.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import ceil, gcd
from typing import TYPE_CHECKING

from archcalc.budget import spend
from archcalc.symbols.terms import (
    ONE,
    ZERO,
    Divisor,
    Floor,
    Largest,
    Poly,
    Rounded,
    Symbol,
    number,
    of_atom,
    settle,
)

if TYPE_CHECKING:
    from archcalc.symbols.terms import Atom, Monomial, Number

MOST_CASES = 64
"""How many combinations of maxima are tried."""


@lru_cache(maxsize=4096)
def lower(poly: Poly) -> Number | None:
    """A lower bound; None if none is found."""
    bound = _lower(poly, MOST_CASES)
    if bound is not None and poly.whole:
        return ceil(bound)
    return bound


def upper(poly: Poly) -> Number | None:
    """An upper bound."""
    bound = lower(-poly)
    return None if bound is None else -bound


def never_below(a: Poly, b: Poly) -> bool:
    """Whether a ≥ b is provable."""
    if a == b:
        return True
    if any(x < y for x, y in zip(a.samples, b.samples, strict=False)):
        return False
    bound = lower(a - b)
    return bound is not None and bound >= 0


def never_zero(poly: Poly) -> bool:
    """Whether it is provably not 0: by its bounds, or because a divisor of all terms but the
    constant does not divide the constant."""
    if poly.whole:
        g = gcd(*(c.numerator for m, c in poly.terms.items() if m))
        if g and poly.terms.get((), 0) % g:
            return True
    samples = poly.samples
    if samples and min(samples) <= 0 <= max(samples):
        return False
    low, high = lower(poly), upper(poly)
    return (low is not None and low > 0) or (high is not None and high < 0)


def _lower(poly: Poly, cases: int) -> Number | None:
    """Standalone floors are relaxed first, so that common parts cancel."""
    while True:
        spend(len(poly.terms) + 1)
        found = next(
            ((m, c) for m, c in poly.terms.items() if len(m) == 1 and not isinstance(m[0], Symbol)),
            None,
        )
        if found is None:
            return _lower_of_products(poly)
        monomial, c = found
        rest = poly - Poly({monomial: c})
        atom = monomial[0]
        if isinstance(atom, Largest):
            return _lower_of_cases(rest, atom, c, cases)
        bound = _least(atom) if c > 0 else _most(atom)
        if bound is None:
            return None
        poly = rest + bound.scaled(c)


def _lower_of_cases(rest: Poly, atom: Largest, c: Number, cases: int) -> Number | None:
    cases //= len(atom.of)
    if not cases:
        return None
    bounds = [_lower(rest + part.scaled(c), cases) for part in atom.of]
    known = [b for b in bounds if b is not None]
    if c > 0:
        return max(known, default=None)
    return min(known) if len(known) == len(bounds) else None


def _least(atom: Atom) -> Poly | None:
    """A lower bound of a floor or divisor, as a term."""
    if isinstance(atom, Floor):
        d = atom.under.constant
        if d is None:
            low = lower(atom.over)
            return ZERO if low is not None and low >= 0 else None
        slack = d - 1 if atom.over.whole and type(d) is int else d
        return (atom.over - number(slack)).scaled(Fraction(1) / d)
    if isinstance(atom, Rounded):
        return atom.over - number(Fraction(1, 2))
    return ONE if isinstance(atom, Divisor) else None


def _most(atom: Atom) -> Poly | None:
    """An upper bound of a floor or divisor, as a term."""
    if isinstance(atom, Floor):
        d = atom.under.constant
        if d is not None:
            return atom.over.scaled(Fraction(1) / d)
        low = lower(atom.over)
        return atom.over if low is not None and low >= 0 else None
    if isinstance(atom, Rounded):
        return atom.over + number(Fraction(1, 2))
    if isinstance(atom, Divisor):
        return atom.a if atom.a.constant is not None else atom.b
    return None


def _lower_of_products(poly: Poly) -> Number | None:
    """Every atom of a product is bounded separately; all must be provably non-negative."""
    total = ZERO
    for monomial, c in poly.terms.items():
        product = number(c)
        for atom in monomial:
            factor = of_atom(atom) if isinstance(atom, Symbol) else _bounded(atom, c > 0)
            if factor is None:
                return None
            product = product * factor
        total = total + product
    return _lower_of_symbols(total)


def _bounded(atom: Atom, below: bool) -> Poly | None:
    """A bound in symbols only for a non-negative atom."""
    low = lower(of_atom(atom))
    if low is None or low < 0:
        return None
    if below:
        return number(low)
    if isinstance(atom, Largest):
        return None
    most = _most(atom)
    return None if most is None else _without_floors(most)


def _without_floors(poly: Poly) -> Poly | None:
    """The term with floors of positive coefficient relaxed upwards."""
    total = ZERO
    for monomial, c in poly.terms.items():
        product = number(c)
        for atom in monomial:
            factor = of_atom(atom)
            if not isinstance(atom, Symbol):
                bound = _bounded(atom, c < 0)
                if bound is None:
                    return None
                factor = bound
            product = product * factor
        total = total + product
    return total


def _lower_of_symbols(poly: Poly) -> Number | None:
    """With every symbol written as its minimum plus a non-negative rest."""
    moved = ZERO
    for monomial, c in poly.terms.items():
        product = number(c)
        for atom in monomial:
            assert isinstance(atom, Symbol)
            product = product * (of_atom(atom) + number(atom.least))
        moved = moved + product
    bound: Number = moved.terms.get((), 0)
    for monomial, c in moved.terms.items():
        if monomial and c < 0:
            room = _room(monomial)
            if room is None:
                return None
            bound += c * room
    return settle(bound)


def _room(monomial: Monomial) -> int | None:
    """The maximum of a product of the symbols' rests."""
    room = 1
    for atom in monomial:
        assert isinstance(atom, Symbol)
        if atom.most is None:
            return None
        room *= atom.most - atom.least
    return room
