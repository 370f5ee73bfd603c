"""Symbolic numbers: they compute with values and with terms at the same time.

A `Traced` is an int and a `TracedFraction` a fraction, so that all code for numbers works with
them. Arithmetic returns traced numbers; a comparison returns the answer for the concrete value and
is recorded, unless it has the same answer for every value. One number has several views: `poly` is
its simplified term (formulas, valid sizes, code), `origin` the operation that made it (equations).
"""

from __future__ import annotations

import operator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, Any, Self

from archcalc.symbols.conditions import Condition, truth
from archcalc.symbols.division import common_divisor, floor_div, largest, modulo, rounded
from archcalc.symbols.terms import Poly, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archcalc.symbols.terms import Number

    Note = Callable[[Condition], None]


_structural: ContextVar[bool] = ContextVar("structural", default=False)


@contextmanager
def structural_equality() -> Iterator[None]:
    """Inside it, numbers are equal only if their terms are, and no decision is recorded: for passes
    that compare numbers only to save work, and are correct for any outcome."""
    token = _structural.set(True)
    try:
        yield
    finally:
        _structural.reset(token)


_remembering: ContextVar[bool] = ContextVar("remembering", default=False)


@contextmanager
def remembered_origins() -> Iterator[None]:
    """Inside it, numbers keep the operation that made them, unsimplified. Not for whole nets:
    everything that led to a number stays alive."""
    token = _remembering.set(True)
    try:
        yield
    finally:
        _remembering.reset(token)


class _Traced:
    """The common part of both kinds of symbolic number."""

    poly: Poly
    note: Note
    origin: tuple[str, *tuple[Any, ...]] | None = None
    """The operation and its operands (+ - *

    % ** /, neg, max, min, gcd, round), if recorded.
    """

    def calculate(self, sign: str, a: Any, b: Any) -> Any:
        """`a sign b` if either is symbolic; for the expressions of a spec."""
        return calculate(sign, a, b, self.note)

    def maximum(self, other: Any) -> Any:
        """The larger of two numbers, without a decision."""
        larger = largest(self.poly, poly_of(other))
        value = max(plain(self), plain(other))
        return _made(value, larger, self.note, ("max", self, other))

    def minimum(self, other: Any) -> Any:
        """The smaller of two numbers, without a decision."""
        smaller = -largest(-self.poly, -poly_of(other))
        value = min(plain(self), plain(other))
        return _made(value, smaller, self.note, ("min", self, other))

    def gcd(self, other: Any) -> Any:
        """The greatest common divisor, without a decision."""
        divisor = common_divisor(self.poly, poly_of(other))
        value = gcd(int(plain(self)), int(plain(other)))
        return _made(value, divisor, self.note, ("gcd", self, other))

    def lowest_terms(self, other: Any) -> tuple[int, int]:
        """The ratio of two integers in lowest terms; records that they have this ratio."""
        a, b = int(plain(self)), int(plain(other))
        over, under = a // gcd(a, b), b // gcd(a, b)
        condition = Condition("eq", self.poly.scaled(under) - poly_of(other).scaled(over))
        if truth(condition) is None:
            self.note(condition)
        return over, under

    def fixed(self) -> Any:
        """The plain value, if no formula can do without it; records that it has this value."""
        self.note(Condition("eq", self.poly - number(plain(self))))
        return plain(self)

    def __add__(self, other: Any) -> Any:
        return calculate("+", self, other, self.note)

    def __radd__(self, other: Any) -> Any:
        return calculate("+", other, self, self.note)

    def __sub__(self, other: Any) -> Any:
        return calculate("-", self, other, self.note)

    def __rsub__(self, other: Any) -> Any:
        return calculate("-", other, self, self.note)

    def __mul__(self, other: Any) -> Any:
        return calculate("*", self, other, self.note)

    def __rmul__(self, other: Any) -> Any:
        return calculate("*", other, self, self.note)

    def __floordiv__(self, other: Any) -> Any:
        return calculate("//", self, other, self.note)

    def __rfloordiv__(self, other: Any) -> Any:
        return calculate("//", other, self, self.note)

    def __mod__(self, other: Any) -> Any:
        return calculate("%", self, other, self.note)

    def __rmod__(self, other: Any) -> Any:
        return calculate("%", other, self, self.note)

    def __truediv__(self, other: Any) -> Any:
        return calculate("/", self, other, self.note)

    def __rtruediv__(self, other: Any) -> Any:
        return calculate("/", other, self, self.note)

    def __pow__(self, other: Any) -> Any:
        return calculate("**", self, other, self.note)

    def __rpow__(self, other: Any) -> Any:
        return calculate("**", other, self, self.note)

    def __neg__(self) -> Any:
        return _made(-plain(self), -self.poly, self.note, ("neg", self))

    def __pos__(self) -> Any:
        return self

    def __round__(self, digits: None = None) -> Any:
        return _made(round(plain(self)), rounded(self.poly), self.note, ("round", self))

    def __hash__(self) -> int:
        return hash(self.poly)

    def __bool__(self) -> bool:
        return self._holds("ne", 0)

    def __eq__(self, other: object) -> bool:
        return self._holds("eq", other) if is_number(other) else False

    def __ne__(self, other: object) -> bool:
        return self._holds("ne", other) if is_number(other) else True

    def __lt__(self, other: Any) -> Any:
        return not self._holds("ge", other) if is_number(other) else NotImplemented

    def __ge__(self, other: Any) -> Any:
        return self._holds("ge", other) if is_number(other) else NotImplemented

    def __gt__(self, other: Any) -> Any:
        return self._holds("gt", other) if is_number(other) else NotImplemented

    def __le__(self, other: Any) -> Any:
        return not self._holds("gt", other) if is_number(other) else NotImplemented

    def _holds(self, relation: str, other: Any) -> bool:
        condition = Condition(relation, self.poly - poly_of(other))
        known = truth(condition)
        if known is not None:
            return known
        if _structural.get() and relation in ("eq", "ne"):
            return relation == "ne"
        holds: bool = _RELATIONS[relation](plain(self), plain(other))
        self.note(condition if holds else condition.negated())
        return holds


class Traced(_Traced, int):  # type: ignore[misc]  # arithmetic gives traced numbers
    """A symbolic integer. Its term need not be integral: 32·α is 32 if α is 1."""

    __hash__ = _Traced.__hash__

    def __new__(cls, value: int, poly: Poly, note: Note) -> Self:
        made = int.__new__(cls, value)
        made.poly = poly
        made.note = note
        return made

    def __reduce__(self) -> Any:
        return int, (plain(self),)

    @property
    def numerator(self) -> Any:  # fractions compare through it
        return self


class TracedFraction(_Traced, Fraction):  # type: ignore[misc]  # as Traced
    """A symbolic number that is not integral at its current value."""

    __hash__ = _Traced.__hash__

    def __new__(cls, value: Fraction, poly: Poly, note: Note) -> Self:
        made = super().__new__(cls, value)
        made.poly = poly
        made.note = note
        return made


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
_TERMS: dict[str, Callable[[Poly, Poly], Poly]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": floor_div,
    "%": modulo,
}
_RELATIONS = {"eq": operator.eq, "ne": operator.ne, "ge": operator.ge, "gt": operator.gt}


def calculate(sign: str, a: Any, b: Any, note: Note) -> Any:
    """`a sign b` on values and on terms."""
    if not (is_number(a) and is_number(b)):
        return NotImplemented
    if sign == "/":
        return _quotient(a, b, note)
    value = _OPERATIONS[sign](plain(a), plain(b))
    if sign == "**":
        power = poly_of(a)
        if isinstance(b, _Traced):
            b = b.fixed()
        product = number(1)
        for _ in range(b):
            product = product * power
        return _made(value, product, note, (sign, a, b))
    return _made(value, _TERMS[sign](poly_of(a), poly_of(b)), note, (sign, a, b))


def _quotient(a: Any, b: Any, note: Note) -> Any:
    """a/b: by a constant, or if it divides evenly; otherwise the divisor is fixed to its value."""
    value = Fraction(plain(a)) / plain(b)
    over, under = poly_of(a), poly_of(b)
    if under.constant is None:
        whole = floor_div(over, under)
        if whole * under == over:
            return _made(value, whole, note, ("/", a, b))
        under = number(b.fixed())
    quotient = over.scaled(Fraction(1) / (under.constant or 1))
    return _made(value, quotient, note, ("/", a, b))


def _made(
    value: Number, poly: Poly, note: Note, origin: tuple[str, *tuple[Any, ...]] | None = None
) -> Any:
    """A symbolic number, or a plain one if the term is a constant."""
    if poly.constant is not None:
        return poly.constant
    made: Traced | TracedFraction
    if value.denominator == 1:
        made = Traced(value.numerator, poly, note)
    else:
        assert isinstance(value, Fraction)
        made = TracedFraction(value, poly, note)
    if origin is not None and _remembering.get():
        made.origin = origin
    return made


def trace(value: Number, poly: Poly, note: Note) -> Any:
    """A number with this term."""
    return _made(value, poly, note)


def is_number(value: Any) -> bool:
    """Whether a number is symbolic."""
    return isinstance(value, int | Fraction)


def plain(value: Any) -> Any:
    """The plain value."""
    if isinstance(value, int):
        return int(value)
    return Fraction(value._numerator, value._denominator)


def poly_of(value: Any) -> Poly:
    """The term of any number."""
    return value.poly if isinstance(value, _Traced) else number(value)
