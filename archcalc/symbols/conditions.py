"""Conditions on terms: term ≥ 0, > 0, = 0, ≠ 0, or integral."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING, NamedTuple

from archcalc.symbols.bounds import lower, never_zero, upper
from archcalc.symbols.terms import Poly, Symbol, number

if TYPE_CHECKING:
    from archcalc.symbols.terms import Atom, Monomial, Number


class Condition(NamedTuple):
    """`relation` is ge (≥ 0), gt (> 0), eq, ne, whole (an integer) or broken (not an integer)."""

    relation: str
    poly: Poly

    def negated(self) -> Condition:
        """The negation."""
        if self.relation in _OPPOSITES:
            return Condition(_OPPOSITES[self.relation], self.poly)
        return Condition("gt" if self.relation == "ge" else "ge", -self.poly)

    def tidy(self) -> Condition:
        """The same condition without common factors, with > as ≥ for integers."""
        relation, poly = self
        if relation == "gt" and poly.whole:
            relation, poly = "ge", poly - number(1)
        if relation in ("eq", "ne"):
            if poly.terms and poly.ordered()[0][1] < 0:
                poly = -poly
            poly = _without_factors(poly)
        return Condition(relation, poly)


_OPPOSITES = {"eq": "ne", "ne": "eq", "whole": "broken", "broken": "whole"}


def truth(condition: Condition) -> bool | None:
    """Whether it holds for every value; None if unknown."""
    relation, poly = condition
    if relation in ("whole", "broken"):
        return True if poly.whole and relation == "whole" else None
    if relation in ("eq", "ne"):
        if not poly.terms:
            return relation == "eq"
        return relation == "ne" if never_zero(poly) else None
    samples = poly.samples
    if samples and min(samples) < 0 < max(samples):
        return None
    low, high = lower(poly), upper(poly)
    if low is not None and (low > 0 or (low == 0 and relation == "ge")):
        return True
    if high is not None and (high < 0 or (high == 0 and relation == "gt")):
        return False
    return None


def _without_factors(poly: Poly) -> Poly:
    """The term divided by its positive common symbols and number: 0 stays 0."""
    if not poly.terms:
        return poly
    monomials = list(poly.terms)
    common: list[Atom] = [a for a in monomials[0] if isinstance(a, Symbol) and a.least > 0]
    for monomial in monomials[1:]:
        common = list((Counter(common) & Counter(monomial)).elements())
    terms: dict[Monomial, Number] = {}
    for monomial, c in poly.terms.items():
        rest = list(monomial)
        for atom in common:
            rest.remove(atom)
        terms[tuple(rest)] = c
    g = gcd(*(c.numerator for c in terms.values()))
    scale = lcm(*(c.denominator for c in terms.values()))
    return Poly(terms).scaled(Fraction(scale, g))
