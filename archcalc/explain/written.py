"""Integers that remember how they came about.

`Written` goes through the formulas of `archcalc.ops` like any integer and keeps the term: a sum, a
product, a floor of a quotient. `render` writes a term with names or with the numbers put in.
"""

from __future__ import annotations

from math import gcd
from typing import Any, NamedTuple, Self


class Leaf(NamedTuple):
    """A quantity with a name: an attribute, a side, a figure of the layer before."""

    name: str
    value: int


class Sum(NamedTuple):
    """Terms added up; a sign of −1 takes one away."""

    terms: tuple[tuple[int, Term], ...]


class Product(NamedTuple):
    """Factors multiplied."""

    factors: tuple[Term, ...]


class Floor(NamedTuple):
    """⌊above/below⌋."""

    above: Term
    below: Term


class Ceiling(NamedTuple):
    """⌈above/below⌉."""

    above: Term
    below: Term


class Extreme(NamedTuple):
    """The largest or the smallest of some terms: `word` is max or min."""

    word: str
    terms: tuple[Term, ...]


Term = int | Leaf | Sum | Product | Floor | Ceiling | Extreme


class Written(int):
    """An integer with the term it is the value of."""

    term: Term

    def __new__(cls, value: int, term: Term) -> Self:
        made = super().__new__(cls, value)
        made.term = term
        return made

    def __add__(self, other: Any) -> Any:
        return _make(int.__add__(self, other), _sum((1, self.term), (1, term_of(other))))

    def __radd__(self, other: Any) -> Any:
        return _make(int.__add__(self, other), _sum((1, term_of(other)), (1, self.term)))

    def __sub__(self, other: Any) -> Any:
        return _make(int.__sub__(self, other), _sum((1, self.term), (-1, term_of(other))))

    def __rsub__(self, other: Any) -> Any:
        return _make(int.__rsub__(self, other), _sum((1, term_of(other)), (-1, self.term)))

    def __neg__(self) -> Any:
        term = self.term
        # −(−a // b) is how a ceiling is written with the floor that integers have.
        if isinstance(term, Floor) and isinstance(term.above, Sum) and len(term.above.terms) == 1:
            sign, above = term.above.terms[0]
            if sign < 0:
                return _make(int.__neg__(self), Ceiling(above, term.below))
        return _make(int.__neg__(self), Sum(((-1, term),)))

    def __mul__(self, other: Any) -> Any:
        return _make(int.__mul__(self, other), _product(self.term, term_of(other)))

    def __rmul__(self, other: Any) -> Any:
        return _make(int.__mul__(self, other), _product(term_of(other), self.term))

    def __floordiv__(self, other: Any) -> Any:
        return _make(int.__floordiv__(self, other), _floor(self.term, term_of(other)))

    def __rfloordiv__(self, other: Any) -> Any:
        return _make(int.__rfloordiv__(self, other), _floor(term_of(other), self.term))

    def maximum(self, other: int) -> Written:
        """For `archcalc.ops.arithmetic.maximum`."""
        return Written(max(int(self), int(other)), Extreme("max", (self.term, term_of(other))))

    def minimum(self, other: int) -> Written:
        """For `archcalc.ops.arithmetic.minimum`."""
        return Written(min(int(self), int(other)), Extreme("min", (self.term, term_of(other))))

    def gcd(self, other: int) -> int:
        """For `archcalc.ops.arithmetic`: a period of a pattern, of which no figure is made."""
        return gcd(int(self), int(other))


def _make(value: Any, term: Term) -> Any:
    return value if value is NotImplemented else Written(value, term)


def term_of(number: int) -> Term:
    """The term of any integer: itself where it remembers none."""
    return number.term if isinstance(number, Written) else number


def _sum(*parts: tuple[int, Term]) -> Term:
    """The sum, what is added and taken away again left out."""
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


def _floor(above: Term, below: Term) -> Term:
    return above if isinstance(below, int) and below == 1 else Floor(above, below)
