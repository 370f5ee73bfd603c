"""Exact terms: polynomials with rational coefficients over symbols, floors, maxima and divisors.

Equal atoms are one object, so polynomials compare and multiply at the speed of dictionaries.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from math import gcd
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary
from zlib import crc32

from archcalc.budget import BudgetExceeded, spend

if TYPE_CHECKING:
    from collections.abc import Iterator

Number = int | Fraction


class Atom:
    """A factor of a monomial. `whole`: its values are integers. `text` orders atoms."""

    __slots__ = ("__weakref__", "_samples", "text", "whole")

    def __init__(self, text: str, whole: bool) -> None:
        self.text = text
        self.whole = whole
        self._samples: tuple[Number, ...] | None = None

    @property
    def samples(self) -> tuple[Number, ...]:
        """Its values at the same few sample points for all atoms; None if undefined at one of
        them."""
        if self._samples is None:
            parts = [part.samples for part in self.parts()]
            try:
                self._samples = tuple(self.value(*at) for at in zip(*parts, strict=False))
            except ZeroDivisionError:
                self._samples = ()
        return self._samples

    def value(self, *parts: Number) -> Number:
        """Its value for these values of its parts."""
        raise NotImplementedError

    def parts(self) -> tuple[Poly, ...]:
        """The polynomials inside."""
        return ()


RANGES = [1, 7, 90, 2_000]
"""The range of values, from the minimum, in which the samples of a symbol lie."""


class Symbol(Atom):
    """A free number between `least` and `most` (None: unbounded); an integer, or any number."""

    __slots__ = ("least", "most")

    def __init__(self, name: str, whole: bool, least: int, most: int | None) -> None:
        super().__init__(name, whole)
        self.least = least
        self.most = most
        ranges = RANGES if most is None else [min(n, most - least + 1) for n in RANGES]
        self._samples = tuple(
            least + crc32(f"{name} {i}".encode()) % span for i, span in enumerate(ranges)
        )


class Floor(Atom):
    """⌊over/under⌋; `under` is positive."""

    __slots__ = ("over", "under")

    def __init__(self, over: Poly, under: Poly) -> None:
        super().__init__(f"floor(({over.text})/({under.text}))", True)
        self.over = over
        self.under = under

    def parts(self) -> tuple[Poly, ...]:
        return self.over, self.under

    def value(self, *parts: Number) -> Number:
        over, under = parts
        return over // under


class Largest(Atom):
    """The maximum of several terms."""

    __slots__ = ("of",)

    def __init__(self, of: tuple[Poly, ...]) -> None:
        super().__init__(f"max({', '.join(p.text for p in of)})", all(p.whole for p in of))
        self.of = of

    def parts(self) -> tuple[Poly, ...]:
        return self.of

    def value(self, *parts: Number) -> Number:
        return max(parts)


class Rounded(Atom):
    """Rounding to the nearest integer, halves to even."""

    __slots__ = ("over",)

    def __init__(self, over: Poly) -> None:
        super().__init__(f"round({over.text})", True)
        self.over = over

    def parts(self) -> tuple[Poly, ...]:
        return (self.over,)

    def value(self, *parts: Number) -> Number:
        return round(parts[0])


class Divisor(Atom):
    """The greatest common divisor of two terms."""

    __slots__ = ("a", "b")

    def __init__(self, a: Poly, b: Poly) -> None:
        super().__init__(f"gcd({a.text}, {b.text})", True)
        self.a = a
        self.b = b

    def parts(self) -> tuple[Poly, ...]:
        return self.a, self.b

    def value(self, *parts: Number) -> Number:
        return gcd(*map(int, parts))


LONGEST_TEXT = 100_000
"""Maximum length of an atom's text; the peak memory of Inception-v4 has 20,000."""

DEEPEST = 60
"""How deep atoms may nest, so that recursion over them stays within Python's limit."""

Monomial = tuple[Atom, ...]
"""Atoms by their text, repeated according to their power."""

_known: WeakValueDictionary[Any, Any] = WeakValueDictionary()


def same(kind: type[Any], *made_of: Any) -> Any:
    """The unique atom of this kind with these parts."""
    key = (kind, made_of)
    atom = _known.get(key)
    if atom is None:
        atom = kind(*made_of)
        if len(atom.text) > LONGEST_TEXT or _depth(atom) > DEEPEST:
            raise BudgetExceeded
        spend(len(atom.text) // 8)
        _known[key] = atom
    return atom


def _depth(atom: Atom) -> int:
    return 1 + max((part.depth for part in atom.parts()), default=0)


class Poly:
    """A polynomial: monomials to their non-zero coefficients, integral ones as int."""

    def __init__(self, terms: dict[Monomial, Number]) -> None:
        self.terms = terms

    @cached_property
    def text(self) -> str:
        """Exact but unformatted SymPy source, by which atoms are ordered."""
        return (
            " + ".join("*".join([f"({c})", *(a.text for a in m)]) for m, c in self.ordered()) or "0"
        )

    @cached_property
    def samples(self) -> tuple[Number, ...]:
        """Its values at the same few sample points for all terms; None if undefined at one of
        them."""
        spend(2 * len(self.terms))
        totals: list[Number] = [0] * len(RANGES)
        for monomial, c in self.terms.items():
            for i in range(len(totals)):
                product = c
                for atom in monomial:
                    if not atom.samples:
                        return ()
                    product *= atom.samples[i]
                totals[i] += product
        return tuple(totals)

    @cached_property
    def depth(self) -> int:
        """The nesting depth of its atoms: 0 for a constant, 1 for plain symbols."""
        return max((_depth(atom) for atom in self.atoms()), default=0)

    @cached_property
    def whole(self) -> bool:
        """Whether its values are provably integers."""
        return all(type(c) is int and all(a.whole for a in m) for m, c in self.terms.items())

    @property
    def constant(self) -> Number | None:
        """Its value if it is a constant."""
        if not self.terms:
            return 0
        return self.terms.get(()) if len(self.terms) == 1 else None

    def ordered(self) -> list[tuple[Monomial, Number]]:
        """The terms: highest degree first, then by name."""
        return sorted(self.terms.items(), key=lambda t: (-len(t[0]), [a.text for a in t[0]]))

    def atoms(self) -> Iterator[Atom]:
        """Its atoms, not those inside them."""
        seen = dict.fromkeys(a for m in self.terms for a in m)
        return iter(seen)

    def symbols(self) -> set[Symbol]:
        """All symbols, including those inside floors."""
        return set(self._symbols)

    @cached_property
    def _symbols(self) -> frozenset[Symbol]:
        found: set[Symbol] = set()
        for atom in self.atoms():
            if isinstance(atom, Symbol):
                found.add(atom)
            for part in atom.parts():
                found |= part._symbols
        return frozenset(found)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Poly) and self.terms == other.terms

    def __add__(self, other: Poly) -> Poly:
        spend(len(other.terms) // 4 + 1)
        terms = dict(self.terms)
        for monomial, c in other.terms.items():
            _put(terms, monomial, c)
        return Poly(terms)

    def __neg__(self) -> Poly:
        return Poly({m: -c for m, c in self.terms.items()})

    def __sub__(self, other: Poly) -> Poly:
        return self + -other

    def __mul__(self, other: Poly) -> Poly:
        spend(len(self.terms) * len(other.terms) + 1)
        terms: dict[Monomial, Number] = {}
        for m, c in self.terms.items():
            for n, d in other.terms.items():
                _put(terms, times(m, n), c * d)
        return Poly(terms)

    def scaled(self, factor: Number) -> Poly:
        """Multiplied by a number."""
        return Poly({m: settle(c * factor) for m, c in self.terms.items()}) if factor else ZERO

    def __repr__(self) -> str:
        return f"Poly({self.text})"


def settle(value: Number) -> Number:
    """An integral fraction as an int."""
    return value.numerator if value.denominator == 1 else value


def _put(terms: dict[Monomial, Number], monomial: Monomial, c: Number) -> None:
    total = settle(terms.get(monomial, 0) + c)
    if total:
        terms[monomial] = total
    else:
        terms.pop(monomial, None)


def times(m: Monomial, n: Monomial) -> Monomial:
    """The product of two monomials."""
    if not m or not n:
        return m or n
    spend((len(m) + len(n)) // 4)
    return tuple(sorted(m + n, key=lambda a: a.text))


def number(value: Number) -> Poly:
    """A constant."""
    return Poly({(): settle(value)}) if value else ZERO


def of_atom(atom: Atom) -> Poly:
    """A single atom."""
    return Poly({(atom,): 1})


def symbol(name: str, *, whole: bool = True, least: int = 1, most: int | None = None) -> Poly:
    """A free number."""
    return of_atom(same(Symbol, name, whole, least, most))


ZERO = Poly({})
ONE = Poly({(): 1})
