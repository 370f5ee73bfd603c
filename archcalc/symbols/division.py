"""Floors, maxima, roundings and common divisors of terms, simplified as they arise.

The rules, for integral R and positive integers: ⌊(d·R + P)/d⌋ = R + ⌊P/d⌋; ⌊(⌊P/b⌋ + R)/d⌋ = ⌊(P +
b·R)/(b·d)⌋; ⌊(g·R + c)/(g·e)⌋ = ⌊(R + ⌊c/g⌋)/e⌋; ⌊−R/d⌋ = −⌊(R + d − 1)/d⌋; and a floor of a
maximum is the maximum of floors. So the size after ten layers is a single floor.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd, lcm
from typing import TYPE_CHECKING

from archcalc.symbols.bounds import never_below
from archcalc.symbols.terms import (
    ZERO,
    Divisor,
    Floor,
    Largest,
    Poly,
    Rounded,
    Symbol,
    number,
    of_atom,
    same,
    settle,
)

if TYPE_CHECKING:
    from archcalc.symbols.terms import Atom, Monomial, Number


@lru_cache(maxsize=4096)  # walks at many sizes need the same ones
def floor_div(over: Poly, under: Poly) -> Poly:
    """⌊over/under⌋. A non-constant `under` is assumed to be positive."""
    divisor = under.constant
    if divisor is None:
        return _floor_by_terms(over, under)
    if divisor < 0:
        over, divisor = -over, -divisor
    scale = lcm(divisor.denominator, *(c.denominator for c in over.terms.values()))
    return _floor(over.scaled(scale), settle(divisor * scale).numerator)


def modulo(over: Poly, under: Poly) -> Poly:
    """The remainder of the floor division."""
    return over - under * floor_div(over, under)


def _floor(over: Poly, d: int) -> Poly:
    """⌊over/d⌋ with integral coefficients and d > 0."""
    outside, inside = _take_out(over, d)
    inside, d = _reduced(inside, d)
    constant = inside.terms.get((), 0)
    outside = outside + number(constant // d)
    inside = inside + number(constant % d - constant)
    if inside.constant is not None:
        return outside  # the rest is 0 ≤ constant < d
    # A maximum is distributed first: its parts (n and ⌈n/s⌉·s of a `same` padding) then collapse.
    spread = _spread(inside, d)
    if spread is not None:
        return outside + spread
    if inside.whole:
        if inside.ordered()[0][1] < 0:
            return outside - _floor(-inside + number(d - 1), d)
        merged = _merged(inside, number(d))
        if merged is not None:
            return outside + merged
    return outside + of_atom(same(Floor, inside, number(d)))


def _take_out(over: Poly, d: int) -> tuple[Poly, Poly]:
    """The part divisible by d, divided; and the rest."""
    outside: dict[Monomial, Number] = {}
    inside: dict[Monomial, Number] = {}
    for monomial, c in over.terms.items():
        quotient = 0
        if monomial and all(a.whole for a in monomial):
            quotient = (c.numerator // d) if c > 0 else -(-c.numerator // d)
        if quotient:
            outside[monomial] = quotient
        if c - quotient * d:
            inside[monomial] = c - quotient * d
    return Poly(outside), Poly(inside)


def _reduced(over: Poly, d: int) -> tuple[Poly, int]:
    """Both without their common factor, which a constant need not have if the rest is integral."""
    factors = [c.numerator for m, c in over.terms.items() if m or not over.whole]
    g = gcd(d, *factors)
    if g == 1:
        return over, d
    return Poly({m: q for m, c in over.terms.items() if (q := c // g)}), d // g


def _merged(inside: Poly, under: Poly) -> Poly | None:
    """⌊(⌊P/b⌋ + R)/d⌋ as one floor, for integral R and d."""
    for monomial, c in inside.ordered():
        if c == 1 and len(monomial) == 1 and isinstance(monomial[0], Floor):
            floor = monomial[0]
            rest = inside - of_atom(floor)
            return floor_div(floor.over + rest * floor.under, floor.under * under)
    return None


def _spread(inside: Poly, d: int) -> Poly | None:
    """The floor of a maximum (or of a difference to one), distributed over its parts."""
    for monomial, c in inside.terms.items():
        if len(monomial) == 1 and isinstance(monomial[0], Largest):
            rest = inside - Poly({monomial: c})
            floors = [_floor(rest + part.scaled(c), d) for part in monomial[0].of]
            return largest(*floors) if c > 0 else -largest(*(-f for f in floors))
    return None


def _floor_by_terms(over: Poly, under: Poly) -> Poly:
    """⌊over/under⌋ by polynomial division; what cannot be divided stays in a floor."""
    merged = _merged(over, under) if over.whole and under.whole else None
    if merged is not None:
        return merged
    scale = lcm(*(c.denominator for p in (over, under) for c in p.terms.values()))
    over, under = over.scaled(scale), under.scaled(scale)
    lead, lead_c = under.ordered()[0]
    outside, stay, rest = ZERO, ZERO, over
    while rest.terms:
        monomial, c = rest.ordered()[0]
        left = _without(monomial, lead)
        if left is None or c % lead_c or not all(a.whole for a in left):
            stay, rest = stay + Poly({monomial: c}), rest - Poly({monomial: c})
            continue
        quotient = Poly({left: c // lead_c})
        outside, rest = outside + quotient, rest - quotient * under
    if stay.terms and len(under.terms) > 1 and outside.terms:
        # Division by several terms left a remainder: the undivided form is simpler.
        outside, stay = ZERO, over
    if not stay.terms:
        return outside
    stay, under = _cancelled(stay, under)
    if under.constant is not None:
        return outside + floor_div(stay, under)
    return outside + of_atom(same(Floor, stay, under))


def _without(monomial: Monomial, factor: Monomial) -> Monomial | None:
    left = list(monomial)
    for atom in factor:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


def _cancelled(over: Poly, under: Poly) -> tuple[Poly, Poly]:
    """Both without the common atoms and integer of all their terms."""
    monomials = [*over.terms, *under.terms]
    common: list[Atom] = list(monomials[0])
    for monomial in monomials[1:]:
        left = list(monomial)
        kept = []
        for atom in common:
            if atom in left:
                left.remove(atom)
                kept.append(atom)
        common = kept
    g = gcd(*(c.numerator for c in (*over.terms.values(), *under.terms.values())))
    shared = tuple(common)
    return _divided(over, shared, g), _divided(under, shared, g)


def _divided(poly: Poly, by: Monomial, g: int) -> Poly:
    terms: dict[Monomial, Number] = {}
    for monomial, c in poly.terms.items():
        left = _without(monomial, by)
        assert left is not None
        terms[left] = c // g
    return Poly(terms)


def largest(*parts: Poly) -> Poly:
    """The maximum of several terms, without those that another one provably bounds."""
    kept: list[Poly] = _parts_of(parts[0])  # none of these is superfluous
    for part in parts[1:]:
        for one in _parts_of(part):
            if not any(never_below(other, one) for other in kept):
                kept = [other for other in kept if not never_below(one, other)]
                kept.append(one)
    if len(kept) == 1:
        return kept[0]
    return of_atom(same(Largest, tuple(sorted(kept, key=lambda p: p.text))))


def _parts_of(poly: Poly) -> list[Poly]:
    """The parts of a maximum; of anything else, itself."""
    if len(poly.terms) == 1:
        ((monomial, c),) = poly.terms.items()
        if c == 1 and len(monomial) == 1 and isinstance(monomial[0], Largest):
            return list(monomial[0].of)
    return [poly]


def common_divisor(a: Poly, b: Poly) -> Poly:
    """The greatest common divisor of two positive terms."""
    for one, other in ((a, b), (b, a)):
        if one.constant == 1 or other == one:
            return one
        if one.constant is None and _multiple(other, one):
            return one
    if a.constant is not None and b.constant is not None:
        return number(gcd(int(a.constant), int(b.constant)))
    first, second = sorted((a, b), key=lambda p: p.text)
    return of_atom(same(Divisor, first, second))


def _multiple(a: Poly, b: Poly) -> bool:
    """Whether a is an integer multiple of b."""
    monomial, c = next(iter(b.terms.items()))
    factor, left = divmod(a.terms.get(monomial, 0), c)
    return not left and bool(factor) and b.scaled(factor) == a


def rounded(poly: Poly) -> Poly:
    """The rounded term; an integral one is itself."""
    if poly.whole:
        return poly
    if poly.constant is not None:
        return number(round(poly.constant))
    return of_atom(same(Rounded, poly))


def replaced(poly: Poly, values: dict[Symbol, Poly]) -> Poly:
    """The term with symbols substituted, simplified again."""
    total = ZERO
    for monomial, c in poly.terms.items():
        product = number(c)
        for atom in monomial:
            product = product * _replaced_atom(atom, values)
        total = total + product
    return total


def _replaced_atom(atom: Atom, values: dict[Symbol, Poly]) -> Poly:
    if isinstance(atom, Symbol):
        return values.get(atom, of_atom(atom))
    parts = [replaced(part, values) for part in atom.parts()]
    if isinstance(atom, Floor):
        return floor_div(parts[0], parts[1])
    if isinstance(atom, Rounded):
        return rounded(parts[0])
    if isinstance(atom, Divisor):
        return common_divisor(parts[0], parts[1])
    return largest(*parts)
