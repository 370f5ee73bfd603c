"""Eventually periodic sets of sizes: explicit up to a threshold, then residues of a period."""

from __future__ import annotations

from itertools import pairwise
from math import lcm
from typing import TYPE_CHECKING

from archcalc.budget import spend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONGEST = 200_000
"""The maximum threshold and period."""

MOST_RUNS = 8
"""How many numbers, or ranges of them, a text lists."""

_FLIPPED = bytes([1, 0]) + bytes(254)


class Undecided(Exception):
    """A question about all sizes that cannot be answered within the limits."""


class SizeSet:
    """A set of integers from 1: `small[n − 1]` is 1 if n is a member, for n up to its length;
    beyond it n is a member if `residues[n mod len(residues)]` is 1. Normalised to the shortest
    form, so that equal sets are equal."""

    __slots__ = ("residues", "small")

    def __init__(self, small: Iterable[int], residues: Iterable[int]) -> None:
        self.residues = _shortest(bytes(residues))
        kept = bytes(small)
        period = len(self.residues)
        end = len(kept)
        while end and kept[end - 1] == self.residues[end % period]:
            end -= 1
        self.small = kept[:end]

    def __contains__(self, n: int) -> bool:
        if n <= len(self.small):
            return n > 0 and bool(self.small[n - 1])
        return bool(self.residues[n % len(self.residues)])

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, SizeSet)
            and self.small == other.small
            and self.residues == other.residues
        )

    def __hash__(self) -> int:
        return hash((self.small, self.residues))

    def __and__(self, other: SizeSet) -> SizeSet:
        return self._with(other, int.__and__)

    def __or__(self, other: SizeSet) -> SizeSet:
        return self._with(other, int.__or__)

    def __invert__(self) -> SizeSet:
        return SizeSet(self.small.translate(_FLIPPED), self.residues.translate(_FLIPPED))

    def __le__(self, other: SizeSet) -> bool:
        return self & other == self

    def __bool__(self) -> bool:
        return 1 in self.residues or 1 in self.small

    def __repr__(self) -> str:
        return f"<SizeSet: {described(self, 'n')}>"

    def _with(self, other: SizeSet, both: Callable[[int, int], int]) -> SizeSet:
        """Raises `Undecided` if the common period of the two is too long."""
        top = max(len(self.small), len(other.small))
        period = common_period((self, other))
        spend(2 + (top + period) // 16)
        # The bytes are 0 and 1, so an operation on the integers that they encode acts on each of
        # them.
        a, b = ((one.up_to(top), one.repeated(period)) for one in (self, other))
        small, residues = (
            both(int.from_bytes(x), int.from_bytes(y)).to_bytes(len(x))
            for x, y in zip(a, b, strict=True)
        )
        return SizeSet(small, residues)

    def up_to(self, top: int) -> bytes:
        """Membership of 1 to `top`."""
        if top <= len(self.small):
            return self.small[:top]
        period = len(self.residues)
        start = (len(self.small) + 1) % period
        pattern = self.residues[start:] + self.residues[:start]
        missing = top - len(self.small)
        return self.small + (pattern * (missing // period + 1))[:missing]

    def repeated(self, period: int) -> bytes:
        """The residues for a multiple of the period."""
        return self.residues * (period // len(self.residues))

    @property
    def horizon(self) -> int:
        """Threshold plus one period: membership up to here determines the set."""
        return len(self.small) + len(self.residues)

    @property
    def infinite(self) -> bool:
        return 1 in self.residues

    @property
    def smallest(self) -> int | None:
        """The smallest member, None for the empty set."""
        return self.up_to(self.horizon).find(1) + 1 or None

    @property
    def largest(self) -> int:
        """The largest member of a finite, non-empty set."""
        return self.small.rfind(1) + 1

    @property
    def rule(self) -> tuple[int, tuple[int, ...]]:
        """(minimum, exceptions): from `minimum`, a member, membership depends on the residue only;
        the exceptions are the members below it."""
        start = len(self.small) + 1
        # Skip backwards over sizes that are not members.
        while start > 1 and not self.small[start - 2] and not self._residue(start - 1):
            start -= 1
        ahead = self.up_to(self.horizon)[start - 1 :].find(1)
        below = self.small[: start - 1]
        return start + max(0, ahead), tuple(n for n, member in enumerate(below, 1) if member)

    def _residue(self, n: int) -> int:
        return self.residues[n % len(self.residues)]

    def nearest(self, n: int) -> tuple[int | None, int | None]:
        """The nearest members below and above n."""
        period, threshold = len(self.residues), len(self.small)
        first = max(threshold + 1, n - period)
        repeating = [self._residue(m) for m in range(first, n)]
        below = bytes(repeating).rfind(1)
        under = first + below if below >= 0 else self.small[: n - 1].rfind(1) + 1
        over = self.small.find(1, n) + 1
        if not over:
            first = max(threshold, n) + 1
            above = bytes([self._residue(m) for m in range(first, first + period)]).find(1)
            over = first + above if above >= 0 else 0
        return under or None, over or None


def common_period(sets: Iterable[SizeSet]) -> int:
    """The common period. Raises `Undecided`."""
    period = lcm(*{len(one.residues) for one in sets})
    if period > LONGEST:
        raise Undecided(f"the conditions repeat together only every {period:,} sizes")
    return period


def _shortest(pattern: bytes) -> bytes:
    """The shortest pattern with the same repetition."""
    n = len(pattern)
    for prime in _primes_of(n):
        while n % prime == 0 and pattern[:n] == pattern[: n // prime] * prime:
            n //= prime
    return pattern[:n]


def _primes_of(n: int) -> list[int]:
    found = []
    prime = 2
    while prime * prime <= n:
        if n % prime == 0:
            found.append(prime)
            while n % prime == 0:
                n //= prime
        prime += 1
    return [*found, n] if n > 1 else found


ALL = SizeSet((), (1,))
NONE = SizeSet((), (0,))


def described(sizes: SizeSet, name: str) -> str:
    """A set of sizes as text: "H ≥ 33 and H ≡ 0 (mod 32)"."""
    if not sizes:
        return f"no {name}"
    if not sizes.infinite:
        return f"{name} = {_runs([n for n in range(1, sizes.horizon + 1) if n in sizes])}"
    minimum, exceptions = sizes.rule
    period = len(sizes.residues)
    residues = [r for r in range(period) if sizes.residues[r]]
    first = min([r or period for r in residues])
    parts = [f"{name} ≥ {minimum}"] if minimum > first or minimum > period == 1 else []
    parts += _congruences(name, residues, period)
    text = " and ".join(parts) or f"every {name}"
    return f"{text}, or {name} = {_runs(list(exceptions))}" if exceptions else text


def together(named: Iterable[tuple[str, SizeSet]]) -> list[str]:
    """Several sets as text, equal ones combined: "H, W ≥ 32"."""
    names: dict[SizeSet, list[str]] = {}
    for name, sizes in named:
        names.setdefault(sizes, []).append(name)
    return [described(sizes, ", ".join(group)) for sizes, group in names.items()]


def _congruences(name: str, residues: list[int], period: int) -> list[str]:
    """Residues as text: by the prime powers of the period if these are independent."""
    if period == 1:
        return []
    if len(residues) == 1 or len(residues) == period - 1:
        return [_congruence(name, residues, period)]
    factors = []
    for prime in _primes_of(period):
        factor = prime
        while period % (factor * prime) == 0:
            factor *= prime
        factors.append((factor, sorted({r % factor for r in residues})))
    independent = 1
    for _, kept in factors:
        independent *= len(kept)
    if independent != len(residues):
        factors = [(period, residues)]
    return [_congruence(name, kept, factor) for factor, kept in factors if len(kept) < factor]


def _congruence(name: str, residues: list[int], period: int) -> str:
    if len(residues) == 1:
        return f"{name} ≡ {residues[0]} (mod {period})"
    if len(residues) == period - 1:
        missing = sum(range(period)) - sum(residues)
        return f"{name} ≢ {missing} (mod {period})"
    return f"{name} mod {period} in {{{_runs(residues)}}}"


def _runs(numbers: list[int]) -> str:
    """1, 2, 3, 7 as "1 to 3, 7"; the first ones of many, with their number."""
    starts = [0, *(i for i, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1)]
    parts: list[str] = []
    for start, end in zip(starts, [*starts[1:], len(numbers)], strict=True):
        first, last = numbers[start], numbers[end - 1]
        if last - first > 1:
            parts.append(f"{first} to {last}")
        else:
            parts += [str(n) for n in numbers[start:end]]
    if len(parts) <= 2 * MOST_RUNS:
        return ", ".join(parts)
    return f"{', '.join(parts[:MOST_RUNS])}, … ({len(numbers):,} in all, up to {numbers[-1]:,})"
