"""Sets of sizes that repeat: some up to a threshold, from there on the residues of a period."""

from __future__ import annotations

from itertools import pairwise
from math import lcm
from typing import TYPE_CHECKING

from archcalc.budget import spend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONGEST = 200_000
"""The longest threshold and period that are followed."""

MOST_RUNS = 8
"""Numbers, or runs of them, that a text lists."""

_FLIPPED = bytes([1, 0]) + bytes(254)


class Undecided(Exception):
    """A question about all sizes that has no answer within the limits."""


class SizeSet:
    """A set of integers from 1: `small[n − 1]` is 1 where n, up to its length, belongs; beyond it
    n belongs where `residues[n mod len(residues)]` is 1. Kept as short as can be, so that equal
    sets are equal."""

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
        """Raises `Undecided` where the two repeat together only after too many sizes."""
        top = max(len(self.small), len(other.small))
        period = common_period((self, other))
        spend(2 + (top + period) // 16)
        # The bytes are 0 and 1, so that an operation on the numbers they spell is one on each.
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
        """The residues of a multiple of the period."""
        return self.residues * (period // len(self.residues))

    @property
    def horizon(self) -> int:
        """Threshold and one period: membership up to here decides all."""
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
        """The largest member of a finite set that is not empty."""
        return self.small.rfind(1) + 1

    @property
    def rule(self) -> tuple[int, tuple[int, ...]]:
        """(minimum, exceptions): from `minimum`, a member, the residues alone decide; the
        exceptions are the members below it."""
        start = len(self.small) + 1
        # Back over sizes that are not members whatever is said of them.
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
    """After how many sizes all of them repeat together. Raises `Undecided`."""
    period = lcm(*{len(one.residues) for one in sets})
    if period > LONGEST:
        raise Undecided(f"the conditions repeat together only every {period:,} sizes")
    return period


def _shortest(pattern: bytes) -> bytes:
    """The pattern without its repetitions."""
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
    """A set of sizes in words: "H ≥ 33 and H ≡ 0 (mod 32)"."""
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
    """Several sets in words, equal ones at once: "H, W ≥ 32"."""
    names: dict[SizeSet, list[str]] = {}
    for name, sizes in named:
        names.setdefault(sizes, []).append(name)
    return [described(sizes, ", ".join(group)) for sizes, group in names.items()]


def _congruences(name: str, residues: list[int], period: int) -> list[str]:
    """Residues in words: by the prime powers in the period where these are independent."""
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
    """1, 2, 3, 7 as "1 to 3, 7"; the first of many, and how many there are."""
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
