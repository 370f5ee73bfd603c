"""Where a condition on one symbol holds: decided for every size, by periodicity.

With numbers for the other symbols, a term is a polynomial in n on every residue class of its period
(with a maximum: from the size where its parts no longer cross). Its values at degree + 1 sizes of a
class determine that polynomial, and its differences determine from where on its sign is constant.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from itertools import combinations, pairwise
from math import comb, factorial, gcd, lcm
from typing import TYPE_CHECKING

from archcalc.budget import spend
from archcalc.symbols.size_sets import LONGEST, SizeSet, Undecided
from archcalc.symbols.terms import Divisor, Floor, Largest, Poly, Rounded, Symbol

if TYPE_CHECKING:
    from archcalc.symbols.conditions import Condition
    from archcalc.symbols.terms import Atom, Number


@lru_cache(maxsize=256)
def sizes_where(condition: Condition, name: Symbol) -> SizeSet:
    """The sizes for which a condition on one integer symbol holds. Raises `Undecided`."""
    poly = condition.poly
    period = period_of(poly, name)
    threshold = _settled(poly, name, period)
    if threshold + period > LONGEST:
        raise _too_long(threshold + period)
    values = evaluated(poly, name, list(range(1, threshold + period + 1)))
    member = bytes([is_true(condition.relation, v) for v in values])
    tail, start = member[threshold:], -(threshold + 1) % period
    return SizeSet(member[:threshold], tail[start:] + tail[:start])


def _too_long(period: int) -> Undecided:
    return Undecided(f"a condition repeats only every {period:,} sizes")


def is_true(relation: str, value: Number) -> bool:
    """Whether a condition holds if its term has this value."""
    if relation == "ge":
        return value >= 0
    if relation == "gt":
        return value > 0
    if relation == "eq":
        return value == 0
    if relation == "ne":
        return value != 0
    return (value.denominator == 1) == (relation == "whole")


def period_of(poly: Poly, name: Symbol) -> int:
    """A number of steps after which every floor in the term has changed by an integer."""
    period = lcm(*(c.denominator for c in poly.terms.values()))
    for atom in poly.atoms():
        period = lcm(period, _period_of_atom(atom, name))
        if period > LONGEST:
            raise _too_long(period)
    return period


def _period_of_atom(atom: Atom, name: Symbol) -> int:
    if isinstance(atom, Symbol):
        return 1
    if isinstance(atom, Floor):
        return _period_under(atom.over, atom.under.constant, name)
    if isinstance(atom, Rounded):
        return _period_under(atom.over, 4, name)
    if isinstance(atom, Divisor):
        constant = atom.a.constant or atom.b.constant
        moving = atom.b if atom.a.constant is not None else atom.a
        return _period_under(moving, constant, name)
    assert isinstance(atom, Largest)
    return lcm(*(period_of(part, name) for part in atom.of))


def _period_under(over: Poly, under: Number | None, name: Symbol) -> int:
    """The number of steps until ⌊over/under⌋ changes by an integer."""
    if under is None:
        raise Undecided("a size is divided by another")
    inner = period_of(over, name)
    degree = degree_of(over)
    if degree == 1 and type(under) is int and not _maxima(over):
        values = evaluated(over, name, [1, 1 + inner])
        return inner * (under // gcd(under, int(values[1] - values[0])))
    return inner * int(under) * factorial(degree)


def degree_of(poly: Poly) -> int:
    """An upper bound of its growth."""
    return max((sum(_degree_of_atom(a) for a in m) for m in poly.terms), default=0)


def _degree_of_atom(atom: Atom) -> int:
    if isinstance(atom, Symbol):
        return 1
    if isinstance(atom, Divisor):
        return 0
    return max(degree_of(part) for part in atom.parts())


def _settled(poly: Poly, name: Symbol, period: int) -> int:
    """A size beyond which, on every residue class, the sign of the term is constant."""
    start = 0
    for atom in _maxima(poly):
        for one, other in combinations(atom.of, 2):
            gap = one - other
            start = max(start, _settled(gap, name, period_of(gap, name)))
    degree = degree_of(poly)
    if degree == 0:
        return start
    if (degree + 1) * period + start > LONGEST:
        raise _too_long(period)
    sizes = [start + 1 + r + t * period for r in range(period) for t in range(degree + 1)]
    values = evaluated(poly, name, sizes)
    turns, most = 0, LONGEST // period
    spend(4 * len(sizes))
    for r in range(period):
        turns = max(turns, _last_turn(values[r * (degree + 1) : (r + 1) * (degree + 1)], most))
    return start + turns * period


def _maxima(poly: Poly, seen: dict[Atom, None] | None = None) -> list[Largest]:
    """All different maxima in a term."""
    seen = {} if seen is None else seen
    for atom in poly.atoms():
        if atom not in seen:
            seen[atom] = None
            for part in atom.parts():
                _maxima(part, seen)
    return [atom for atom in seen if isinstance(atom, Largest)]


def _last_turn(values: list[Number], most: int) -> int:
    """The first index from which on the sign of the polynomial through these values at 0, 1, … is
    constant. Raises `Undecided` beyond `most`.

    Where the polynomial and all its differences have the sign of the leading one, its sign is
    constant.
    """
    differences = []
    row = list(values)
    while row:
        differences.append(row[0])
        row = [b - a for a, b in pairwise(row)]
    while differences and differences[-1] == 0:
        differences.pop()
    if len(differences) < 2:
        return 0
    sign = 1 if differences[-1] > 0 else -1
    if _settled_from(differences, 0, sign):
        return 0
    if not _settled_from(differences, most, sign):
        raise Undecided("a condition is settled only at very large sizes")
    # From there on it stays constant: the first such index is found by bisection.
    return bisect_left(range(most), True, key=lambda t: _settled_from(differences, t, sign))


def _settled_from(differences: list[Number], t: int, sign: int) -> bool:
    """Whether the polynomial and all its differences have this sign at t, and therefore after
    it."""
    shifted = [
        sum(d * comb(t, k) for k, d in enumerate(differences[i:])) for i in range(len(differences))
    ]
    return all(sign * d >= 0 for d in shifted) and sign * shifted[0] > 0


def evaluated(poly: Poly, name: Symbol, sizes: list[int]) -> list[Number]:
    """The term's values with these sizes for its one symbol."""
    return _values(poly, name, sizes, {})


def _values(
    poly: Poly, name: Symbol, sizes: list[int], known: dict[Atom, list[Number]]
) -> list[Number]:
    spend(len(sizes) * sum(len(m) + 1 for m in poly.terms) // 8 + 1)
    total: list[Number] = [0] * len(sizes)
    for monomial, c in poly.terms.items():
        term: list[Number] = [c] * len(sizes)
        for atom in monomial:
            if atom not in known:
                known[atom] = _atom_values(atom, name, sizes, known)
            term = [a * b for a, b in zip(term, known[atom], strict=True)]
        total = [a + b for a, b in zip(total, term, strict=True)]
    return total


def _atom_values(
    atom: Atom, name: Symbol, sizes: list[int], known: dict[Atom, list[Number]]
) -> list[Number]:
    if isinstance(atom, Symbol):
        if atom is not name:
            raise Undecided(f"{atom.text} is free too")
        return list(sizes)
    parts = [_values(part, name, sizes, known) for part in atom.parts()]
    if isinstance(atom, Floor):
        return [a // b for a, b in zip(*parts, strict=True)]
    if isinstance(atom, Rounded):
        return [round(a) for a in parts[0]]
    if isinstance(atom, Divisor):
        return [gcd(int(a), int(b)) for a, b in zip(*parts, strict=True)]
    return [max(row) for row in zip(*parts, strict=True)]
