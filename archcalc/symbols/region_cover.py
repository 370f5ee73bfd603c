"""All regions of input sizes in which a walk makes the same decisions, and which are valid.

A walk at one size is correct for all sizes with the same outcome of every comparison: a region.
Each further walk starts at a size that no region covers; when all sizes up to the thresholds and
one period beyond them are covered, all sizes are.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.budget import BudgetExceeded, limited, spend
from archcalc.symbols.conditions import Condition, truth
from archcalc.symbols.division import replaced
from archcalc.symbols.periodicity import is_true, sizes_where
from archcalc.symbols.size_sets import ALL, NONE, SizeSet, Undecided, common_period
from archcalc.symbols.symbolic_walk import (
    MOST_SIDE,
    Axis,
    Recorder,
    axes_of,
    own_shapes,
    traced_inputs,
    walk,
)
from archcalc.symbols.terms import number, symbol

if TYPE_CHECKING:
    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Spec
    from archcalc.symbols.symbolic_walk import Decision, Walk
    from archcalc.symbols.terms import Poly

MOST_WALKS = 400

MOST_STEPS = 500_000
"""The budget of an exploration: about two seconds."""

TRIED = 12
"""Sizes per axis that are tried to find an uncovered one if conditions couple axes."""


class Region(NamedTuple):
    """One walk: its start, and the sizes with the same decisions: `sizes` per axis, and `coupled`
    conditions on several axes."""

    at: tuple[int, ...]
    walk: Walk
    sizes: tuple[SizeSet, ...]
    coupled: tuple[Decision, ...]

    @property
    def valid(self) -> bool:
        return not self.walk.failed

    def contains(self, at: tuple[int, ...], axes: tuple[Axis, ...]) -> bool:
        """Whether a size belongs to it."""
        if not all(n in sizes for n, sizes in zip(at, self.sizes, strict=True)):
            return False
        values = {
            next(iter(axis.poly.symbols())): number(size)
            for axis, size in zip(axes, at, strict=True)
        }
        return all(
            is_true(d.condition.relation, replaced(d.condition.poly, values).terms.get((), 0))
            for d in self.coupled
        )


class Exploration(NamedTuple):
    """All regions. `own` are the spec's own sizes; `why` is the reason why not all sizes could be
    covered ("" if they are); statements about all sizes are unknown then."""

    spec: Spec
    settings: dict[str, Any]
    shapes: dict[str, Shape]
    axes: tuple[Axis, ...]
    own: tuple[int, ...]
    regions: tuple[Region, ...]
    why: str

    def shapes_at(self, at: tuple[int, ...]) -> dict[str, Shape]:
        """The shapes of the inputs with these sizes."""
        return _resized(self.shapes, self.axes, at)

    @property
    def complete(self) -> bool:
        """Whether every size is covered."""
        return not self.why

    @property
    def valid(self) -> tuple[SizeSet, ...]:
        """The valid sizes per axis, each with some sizes of the other axes."""
        return united([region for region in self.regions if region.valid], len(self.axes))

    @property
    def coupled(self) -> bool:
        """Whether the valid sizes are not simply all combinations of the valid sizes per axis."""
        valid = [region for region in self.regions if region.valid]
        return not is_box(valid, [region for region in self.regions if not region.valid])


def united(regions: list[Region], axes: int) -> tuple[SizeSet, ...]:
    """The sizes per axis that occur in any of these regions."""
    found = [NONE] * axes
    for region in regions:
        found = [a | b for a, b in zip(found, region.sizes, strict=True)]
    return tuple(found)


def is_box(regions: list[Region], others: list[Region]) -> bool:
    """Whether these regions contain every combination of their sizes per axis, with `others` as all
    further regions. False if that is not certain."""
    if any(region.coupled for region in regions):
        return False
    sizes = united(regions, len(regions[0].sizes)) if regions else ()
    return not regions or not any(
        all(a & b for a, b in zip(other.sizes, sizes, strict=True)) for other in others
    )


def explore(
    spec: Spec,
    settings: dict[str, Any],
    inputs: dict[str, Shape],
    most_walks: int = MOST_WALKS,
    most_steps: int = MOST_STEPS,
) -> Exploration:
    """Walks until the sizes of all spatial axes are covered, or the budget is used up.

    Raises `SpecError` for errors in the inputs and vars themselves.
    """
    shapes = own_shapes(spec, settings, inputs)
    axes = tuple(axis for axis in axes_of(shapes, spec.variables) if axis.place > 0)
    own = tuple(shapes[axis.input][axis.place] for axis in axes)
    regions: list[Region] = []
    at: tuple[int, ...] | None = own if axes else None
    why = ""
    try:
        with limited(most_steps):
            while at is not None:
                if len(regions) == most_walks:
                    raise Undecided(f"sizes go more than {most_walks} different ways")
                regions.append(_region(spec, settings, shapes, axes, at, bool(regions)))
                at = uncovered(regions, axes)
    except Undecided as undecided:
        why = str(undecided)
    except BudgetExceeded:
        why = "that takes more work than archcalc does for one spec"
    return Exploration(spec, settings, shapes, axes, own, tuple(regions), why)


def _region(
    spec: Spec,
    settings: dict[str, Any],
    shapes: dict[str, Shape],
    axes: tuple[Axis, ...],
    at: tuple[int, ...],
    stops: bool,
) -> Region:
    # The first walk, at the spec's own size, reports all of its errors.
    recorder = Recorder(stops=stops)
    sized = traced_inputs(_resized(shapes, axes, at), list(axes), recorder)
    walked = walk(spec, recorder, settings, sized)
    sizes, coupled = split(recorder.decisions, axes)
    return Region(at, walked, sizes, coupled)


def _resized(
    shapes: dict[str, Shape], axes: tuple[Axis, ...], at: tuple[int, ...]
) -> dict[str, Shape]:
    """The shapes with other sizes along these axes."""
    sized = {name: list(shape) for name, shape in shapes.items()}
    for axis, size in zip(axes, at, strict=True):
        sized[axis.input][axis.place] = size
    return {name: tuple(shape) for name, shape in sized.items()}


def split(
    decisions: list[Decision], axes: tuple[Axis, ...]
) -> tuple[tuple[SizeSet, ...], tuple[Decision, ...]]:
    """The sizes that the decisions allow per axis, and the decisions on several axes."""
    sizes = [ALL] * len(axes)
    coupled: list[Decision] = []
    seen: set[Condition] = set()
    for decision in decisions:
        if decision.local or decision.condition in seen:
            continue
        seen.add(decision.condition)
        place = axis_of(decision.condition, axes)
        if place is None:
            coupled.append(decision)
        else:
            sizes[place] = sizes[place] & where(decision.condition, axes[place])
    return tuple(sizes), tuple(coupled)


def axis_of(condition: Condition, axes: tuple[Axis, ...]) -> int | None:
    """The axis of a condition, None if it is about several."""
    names = {s.text for s in condition.poly.symbols()}
    if len(names) != 1:
        return None
    (name,) = names
    return next(i for i, axis in enumerate(axes) if axis.name == name)


def where(condition: Condition, axis: Axis) -> SizeSet:
    """The sizes of an axis for which a condition holds. Raises `Undecided`."""
    (name,) = axis.poly.symbols()
    return sizes_where(condition, name)


def uncovered(regions: list[Region], axes: tuple[Axis, ...]) -> tuple[int, ...] | None:
    """A size that no region covers, None if there is none. Raises `Undecided`.

    Sizes that all regions treat alike form a class; for each combination of classes, the regions
    that contain it must together cover everything.
    """
    classes = [_classes([region.sizes[i] for region in regions]) for i in range(len(axes))]
    for combined in product(*classes):
        spend(1 + len(regions) // 8)
        signature = (1 << len(regions)) - 1
        for _, mask in combined:
            signature &= mask
        here = [region for i, region in enumerate(regions) if signature >> i & 1]
        if not here:
            return tuple([size for size, _ in combined])
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
    region: Region, kinds: list[SizeSet], axes: tuple[Axis, ...]
) -> frozenset[Condition] | None:
    """The conditions on several axes that the classes of sizes leave open; None if one of them is
    impossible."""
    values = {
        next(iter(axis.poly.symbols())): _stand_in(axis, sizes)
        for axis, sizes in zip(axes, kinds, strict=True)
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


def _stand_in(axis: Axis, sizes: SizeSet) -> Poly:
    """A term for the sizes of a class: a number if there is only one."""
    least = sizes.smallest or 1
    if not sizes.infinite and sizes.largest == least:
        return number(least)
    return symbol(f"{axis.name} from {least}", least=least, most=MOST_SIDE)


def exhaustive(conjunctions: list[frozenset[Condition]]) -> bool:
    """Whether at least one of these conjunctions always holds, by case analysis."""
    spend(1 + len(conjunctions))
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
    here: list[Region], classes: list[SizeSet], axes: tuple[Axis, ...]
) -> tuple[int, ...] | None:
    """A size of these classes that no region covers; None if all their sizes were tried."""
    tried = [_first(sizes) for sizes in classes]
    for at in product(*tried):
        spend(5)
        if not any(region.contains(at, axes) for region in here):
            return at
    if all(not s.infinite and n[-1] == s.largest for s, n in zip(classes, tried, strict=True)):
        return None
    raise Undecided("conditions couple the axes in ways that were not all met")


def _first(sizes: SizeSet) -> list[int]:
    """The first members, computed lazily."""
    found: list[int] = []
    for n, member in enumerate(sizes.up_to(sizes.horizon + TRIED), 1):
        if member:
            found.append(n)
            if len(found) == TRIED:
                break
    return found


def _class(regions: list[Region], axis: int, mask: int) -> SizeSet:
    """The sizes that belong to exactly these regions."""
    found = ALL
    for i, region in enumerate(regions):
        found = found & (region.sizes[axis] if mask >> i & 1 else ~region.sizes[axis])
    return found


def _classes(sets: list[SizeSet]) -> list[tuple[int, int]]:
    """The smallest size of every class, with the sets (as bits) that it belongs to.

    Everything up to the highest threshold and one common period beyond it represents all sizes.
    """
    masks: dict[SizeSet, int] = {}
    for place, one in enumerate(sets):
        masks[one] = masks.get(one, 0) | 1 << place
    horizon = max(len(one.small) for one in masks) + common_period(masks)
    spend(horizon * (4 + len(masks)) // 32)
    members = zip(*(one.up_to(horizon) for one in masks), strict=True)
    found: dict[tuple[int, ...], int] = {}
    for n, member in enumerate(members, 1):
        found.setdefault(member, n)
    places = list(masks.values())
    return [
        (n, sum(bits for bits, has in zip(places, member, strict=True) if has))
        for member, n in found.items()
    ]
