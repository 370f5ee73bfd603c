"""Whether regions of sizes cover all sizes, and a size that they leave out."""

from __future__ import annotations

from itertools import product
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

from archcalc.symbols.conditions import Condition, truth
from archcalc.symbols.decide import Undecided, replaced
from archcalc.symbols.free import MOST_SIDE
from archcalc.symbols.sides import ALL
from archcalc.symbols.terms import number, symbol

if TYPE_CHECKING:
    from archcalc.symbols.free import Axis
    from archcalc.symbols.sides import Sides
    from archcalc.symbols.terms import Poly
    from archcalc.symbols.trace import Decision, Walk

TRIED = 12
"""Sides an axis that are tried for a size that no region has, where conditions tie axes."""


class Region(NamedTuple):
    """One walk: where it started, and the sizes that go the same way: `sides` an axis, and
    `coupled` conditions that tie axes together."""

    at: tuple[int, ...]
    walk: Walk
    sides: tuple[Sides, ...]
    coupled: tuple[Decision, ...]

    @property
    def valid(self) -> bool:
        return not self.walk.failed

    def contains(self, at: tuple[int, ...], axes: tuple[Axis, ...]) -> bool:
        """Whether a size is in it."""
        if not all(n in sides for n, sides in zip(at, self.sides, strict=True)):
            return False
        values = {
            next(iter(axis.poly.symbols())): number(side)
            for axis, side in zip(axes, at, strict=True)
        }
        return all(
            _holds(d.condition, replaced(d.condition.poly, values).constant) for d in self.coupled
        )


def uncovered(regions: list[Region], axes: tuple[Axis, ...]) -> tuple[int, ...] | None:
    """A size that is in no region, None where there is none. Raises `Undecided`.

    Sides that all regions treat alike are one class; for each combination of classes the regions
    that have it must between them leave nothing out.
    """
    classes = [_classes([region.sides[i] for region in regions]) for i in range(len(axes))]
    for combined in product(*classes):
        signature = (1 << len(regions)) - 1
        for _, mask in combined:
            signature &= mask
        here = [region for i, region in enumerate(regions) if signature >> i & 1]
        if not here:
            return tuple([side for side, _ in combined])
        if any(not region.coupled for region in here):
            continue
        kinds = [_class(regions, i, mask) for i, (_, mask) in enumerate(combined)]
        left = [_left(region, kinds, axes) for region in here]
        if not exhaustive([conjunction for conjunction in left if conjunction is not None]):
            found = _searched(here, kinds, axes)
            if found is not None:
                return found
    return None


def _left(
    region: Region, kinds: list[Sides], axes: tuple[Axis, ...]
) -> frozenset[Condition] | None:
    """The conditions on several axes that are not settled by the classes of the sides; None where
    one of them cannot hold."""
    values = {
        next(iter(axis.poly.symbols())): _stand_in(axis, sides)
        for axis, sides in zip(axes, kinds, strict=True)
    }
    left: set[Condition] = set()
    for decision in region.coupled:
        relation, poly = decision.condition
        known = truth(Condition(relation, replaced(poly, values)))
        if known is False:
            return None
        if known is None:
            left.add(decision.condition)
    return frozenset(left)


def _stand_in(axis: Axis, sides: Sides) -> Poly:
    """A term for the sides of a class: the number where there is one alone."""
    least = sides.smallest or 1
    if not sides.infinite and _largest(sides) == least:
        return number(least)
    return symbol(f"{axis.name} from {least}", least=least, most=MOST_SIDE)


def exhaustive(conjunctions: list[frozenset[Condition]]) -> bool:
    """Whether at least one of these conjunctions holds whatever is true: by cases."""
    if any(not conjunction for conjunction in conjunctions):
        return True
    if not conjunctions:
        return False
    case = next(iter(conjunctions[0]))
    other = case.negated().tidy()
    return exhaustive([c - {case} for c in conjunctions if other not in c]) and exhaustive(
        [c - {other} for c in conjunctions if case not in c]
    )


def _searched(
    here: list[Region], classes: list[Sides], axes: tuple[Axis, ...]
) -> tuple[int, ...] | None:
    """A size of these classes that no region has; None where all their sizes were looked at."""
    tried = [[n for n in range(1, s.horizon + TRIED + 1) if n in s][:TRIED] for s in classes]
    for at in product(*tried):
        if not any(region.contains(at, axes) for region in here):
            return at
    if all(not s.infinite and n[-1] == _largest(s) for s, n in zip(classes, tried, strict=True)):
        return None
    raise Undecided("conditions tie the axes in ways that were not all met")


def _largest(finite: Sides) -> int:
    return max(n for n in range(1, finite.horizon + 1) if n in finite)


def _class(regions: list[Region], axis: int, mask: int) -> Sides:
    """The sides that exactly these regions have."""
    found = ALL
    for i, region in enumerate(regions):
        found = found & (region.sides[axis] if mask >> i & 1 else ~region.sides[axis])
    return found


def _classes(sets: list[Sides]) -> list[tuple[int, int]]:
    """The smallest side of every class, with the sets (as bits) that it belongs to.

    Everything up to the highest threshold and one common period beyond it stands for all.
    """
    masks: dict[Sides, int] = {}
    for place, one in enumerate(sets):
        masks[one] = masks.get(one, 0) | 1 << place
    distinct = list(masks.items())
    top, period = _common_horizon(list(masks))
    found: dict[int, int] = {}
    for n in range(1, top + period + 1):
        mask = 0
        for one, places in distinct:
            if n in one:
                mask |= places
        found.setdefault(mask, n)
    return [(n, mask) for mask, n in found.items()]


def _common_horizon(sets: list[Sides]) -> tuple[int, int]:
    return max(len(s.small) for s in sets), lcm(*(len(s.residues) for s in sets))


def _holds(condition: Condition, value: object) -> bool:
    assert isinstance(value, int)
    return {"eq": value == 0, "ne": value != 0, "ge": value >= 0, "gt": value > 0}[
        condition.relation
    ]
