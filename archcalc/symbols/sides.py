"""Sets of sides that repeat: some up to a threshold, from there on residues of a period."""

from __future__ import annotations

from math import lcm
from operator import and_, or_
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Sides:
    """A set of integers from 1: `small[n − 1]` says for n up to its length, and beyond it
    n belongs where `residues[n mod len(residues)]`. Kept as short as can be, so that equal sets
    are equal."""

    __slots__ = ("residues", "small")

    def __init__(self, small: Iterable[bool], residues: Iterable[bool]) -> None:
        self.residues = _shortest(tuple(residues))
        kept = list(small)
        period = len(self.residues)
        while kept and kept[-1] == self.residues[len(kept) % period]:
            kept.pop()
        self.small = tuple(kept)

    def __contains__(self, n: int) -> bool:
        if n <= len(self.small):
            return n > 0 and self.small[n - 1]
        return self.residues[n % len(self.residues)]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sides)
            and self.small == other.small
            and self.residues == other.residues
        )

    def __hash__(self) -> int:
        return hash((self.small, self.residues))

    def __and__(self, other: Sides) -> Sides:
        return self._with(other, and_)

    def __or__(self, other: Sides) -> Sides:
        return self._with(other, or_)

    def __invert__(self) -> Sides:
        return Sides([not b for b in self.small], [not b for b in self.residues])

    def __le__(self, other: Sides) -> bool:
        return self & other == self

    def __bool__(self) -> bool:
        return any(self.residues) or any(self.small)

    def _with(self, other: Sides, both: Callable[[bool, bool], bool]) -> Sides:
        top = max(len(self.small), len(other.small))
        period = lcm(len(self.residues), len(other.residues))
        return Sides(
            map(both, self._to(top), other._to(top)),
            map(both, self._repeated(period), other._repeated(period)),
        )

    def _to(self, top: int) -> tuple[bool, ...]:
        """Membership of 1 to `top`, which is not below the threshold."""
        period = len(self.residues)
        start = (len(self.small) + 1) % period
        pattern = self.residues[start:] + self.residues[:start]
        missing = top - len(self.small)
        return self.small + (pattern * (missing // period + 1))[:missing]

    def _repeated(self, period: int) -> tuple[bool, ...]:
        return self.residues * (period // len(self.residues))

    @property
    def horizon(self) -> int:
        """Threshold and one period: what happens up to here says everything."""
        return len(self.small) + len(self.residues)

    @property
    def infinite(self) -> bool:
        return any(self.residues)

    @property
    def smallest(self) -> int | None:
        return next((n for n in range(1, self.horizon + 1) if n in self), None)

    @property
    def rule(self) -> tuple[int, tuple[int, ...]]:
        """(minimum, exceptions): from `minimum`, a member, the residues alone decide; the
        exceptions are the members below it."""
        residues, period = self.residues, len(self.residues)
        start = len(self.small) + 1
        while start > 1 and self.small[start - 2] == residues[(start - 1) % period]:
            start -= 1
        while start > 1 and not self.small[start - 2] and not residues[(start - 1) % period]:
            start -= 1
        first = next((n for n in range(start, start + period) if n in self), start)
        return first, tuple(n for n in range(1, start) if n in self)

    def nearest(self, n: int) -> tuple[int | None, int | None]:
        """The nearest members below and above n."""
        below = next((m for m in range(n - 1, 0, -1) if m in self), None)
        far = max(n, len(self.small)) + len(self.residues)
        above = next((m for m in range(n + 1, far + 1) if m in self), None)
        return below, above


def _shortest(pattern: tuple[bool, ...]) -> tuple[bool, ...]:
    """The shortest pattern that gives the same when repeated."""
    n = len(pattern)
    prime = 2
    while prime <= n:
        while n % prime == 0 and pattern[:n] == pattern[: n // prime] * prime:
            n //= prime
        prime += 1
    return pattern[:n]


ALL = Sides((), (True,))
NONE = Sides((), (False,))


def described(sides: Sides, name: str) -> str:
    """A set of sides in words: "H ≥ 33 and H ≡ 0 (mod 32)"."""
    if not sides:
        return f"no {name}"
    if not sides.infinite:
        return f"{name} = {_runs([n for n in range(1, sides.horizon + 1) if n in sides])}"
    minimum, exceptions = sides.rule
    parts = []
    period = len(sides.residues)
    residues = [r for r in range(period) if sides.residues[r]]
    first = min([r or period for r in residues])
    if minimum > first or (period == 1 and minimum > 1):
        parts.append(f"{name} ≥ {minimum}")
    if period > 1:
        parts.append(_congruence(name, residues, period))
    text = " and ".join(parts) or f"every {name}"
    return f"{text}, or {name} = {_runs(list(exceptions))}" if exceptions else text


def together(named: Iterable[tuple[str, Sides]]) -> list[str]:
    """Several sets in words, equal ones at once: "H, W ≥ 32"."""
    names: dict[Sides, list[str]] = {}
    for name, sides in named:
        names.setdefault(sides, []).append(name)
    return [described(sides, ", ".join(group)) for sides, group in names.items()]


def _congruence(name: str, residues: list[int], period: int) -> str:
    if len(residues) == 1:
        return f"{name} ≡ {residues[0]} (mod {period})"
    if len(residues) == period - 1:
        missing = next(r for r in range(period) if r not in residues)
        return f"{name} ≢ {missing} (mod {period})"
    return f"{name} mod {period} in {{{_runs(residues)}}}"


def _runs(numbers: list[int]) -> str:
    """1, 2, 3, 7 as "1 to 3, 7"."""
    parts: list[str] = []
    start = 0
    for i in range(1, len(numbers) + 1):
        if i == len(numbers) or numbers[i] != numbers[i - 1] + 1:
            first, last = numbers[start], numbers[i - 1]
            if last - first > 1:
                parts.append(f"{first} to {last}")
            else:
                parts += [str(n) for n in numbers[start:i]]
            start = i
    return ", ".join(parts)
