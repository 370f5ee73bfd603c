"""Every way that the sizes of the inputs can go, and which of them are valid.

A walk at one size holds for all sizes that decide every comparison as it did. So the sizes are
covered by walks: each further one starts at a size that none before it covers, and when all sizes
up to the thresholds and one period beyond are covered, all sizes are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.symbols.cover import Region, uncovered
from archcalc.symbols.decide import Undecided, sides_where
from archcalc.symbols.free import Axis, axes_of, own_shapes, traced_inputs
from archcalc.symbols.sides import ALL, Sides
from archcalc.symbols.trace import Recorder, walk

if TYPE_CHECKING:
    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Spec
    from archcalc.symbols.conditions import Condition
    from archcalc.symbols.trace import Decision

MOST_WALKS = 400


class Exploration(NamedTuple):
    """All regions. `own` are the spec's own sizes; `complete` is False where the sizes could not
    all be covered (`why` says so), and the sets then hold only for what was looked at."""

    spec: Spec
    settings: dict[str, Any]
    axes: tuple[Axis, ...]
    own: tuple[int, ...]
    regions: tuple[Region, ...]
    why: str

    @property
    def complete(self) -> bool:
        return not self.why

    @property
    def valid(self) -> tuple[Sides, ...]:
        """The valid sides an axis, some sides of the other axes going with each."""
        found = [Sides((), (False,))] * len(self.axes)
        for region in self.regions:
            if region.valid:
                found = [a | b for a, b in zip(found, region.sides, strict=True)]
        return tuple(found)

    @property
    def coupled(self) -> bool:
        """Whether the valid sizes are not just the valid sides of each axis, combined."""
        if any(region.coupled for region in self.regions if region.valid):
            return True
        invalid = [region for region in self.regions if not region.valid]
        valid = self.valid
        return any(
            all(a & b for a, b in zip(region.sides, valid, strict=True)) for region in invalid
        )


def explore(
    spec: Spec,
    settings: dict[str, Any],
    inputs: dict[str, Shape],
    most_walks: int = MOST_WALKS,
    most_work: int | None = None,
) -> Exploration:
    """Walks until the sizes of all spatial axes are covered. Faults of the inputs themselves
    leave no axes. `most_work` bounds the sides that are looked at, over all walks."""
    shapes = own_shapes(spec, settings, inputs)
    axes = tuple(axis for axis in axes_of(shapes, spec.variables) if axis.place > 0)
    own = tuple(shapes[axis.input][axis.place] for axis in axes)
    regions: list[Region] = []
    work = 0
    at: tuple[int, ...] | None = own
    why = ""
    while at is not None:
        if len(regions) == most_walks:
            why = f"more than {most_walks} kinds of size"
            break
        try:
            regions.append(_region(spec, settings, shapes, axes, at, bool(regions)))
            work += _work(regions)
            if most_work is not None and work > most_work:
                why = "the sizes that differ are too many"
                break
            at = uncovered(regions, axes)
        except Undecided as undecided:
            why = str(undecided)
            break
    return Exploration(spec, settings, axes, own, tuple(regions), why)


def _work(regions: list[Region]) -> int:
    """About how many sides the newest walk makes one look at."""
    newest = regions[-1]
    sides = sum(one.horizon for one in newest.sides)
    return sides * (len(newest.walk.recorder.decisions) + len(regions))


def _region(
    spec: Spec,
    settings: dict[str, Any],
    shapes: dict[str, Shape],
    axes: tuple[Axis, ...],
    at: tuple[int, ...],
    stops: bool,
) -> Region:
    # The first walk, at the spec's own size, tells all of its faults.
    recorder = Recorder(stops=stops)
    sized = {name: list(shape) for name, shape in shapes.items()}
    for axis, side in zip(axes, at, strict=True):
        sized[axis.input][axis.place] = side
    shapes = {name: tuple(shape) for name, shape in sized.items()}
    walked = walk(spec, recorder, settings, traced_inputs(shapes, list(axes), recorder))
    sides, coupled = split(recorder.decisions, axes)
    return Region(at, walked, sides, coupled)


def split(
    decisions: list[Decision], axes: tuple[Axis, ...]
) -> tuple[tuple[Sides, ...], tuple[Decision, ...]]:
    """The sides that the decisions leave to each axis, and the decisions about several axes."""
    sides = [ALL] * len(axes)
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
            sides[place] = sides[place] & where(decision.condition, axes[place])
    return tuple(sides), tuple(coupled)


def axis_of(condition: Condition, axes: tuple[Axis, ...]) -> int | None:
    """The one axis that a condition is about, None where it is about several."""
    names = {s.text for s in condition.poly.symbols()}
    if len(names) != 1:
        return None
    (name,) = names
    return next(i for i, axis in enumerate(axes) if axis.name == name)


def where(condition: Condition, axis: Axis) -> Sides:
    """The sides of an axis for which a condition about it holds."""
    (name,) = axis.poly.symbols()
    return sides_where(condition, name)
