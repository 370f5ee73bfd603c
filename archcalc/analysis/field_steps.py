"""The effect of one layer on the receptive field along each axis of the net's input.

Axes are identified by their labels, so a permute needs no special case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.ops.base import CHANNELS
from archcalc.ops.reach import Everything, Periodic, Unknown, Window

if TYPE_CHECKING:
    from archcalc.ops.base import Facts, Tensor


class Step(NamedTuple):
    """A window or pattern along `axis`, or one of the effects below."""

    axis: int
    reach: Window | Periodic | str


EVERYTHING = "everything"  # every position is read, and positions are kept
POOLED = "pooled"  # every position is read, and at most one is left
ENDED = "ended"  # positions can no longer be distinguished along this axis (a reshape)
LOST = "lost"  # each of several outputs has its own positions (a split)

SPREAD = "spread"
UNTRACKED = "untracked"

Branch = dict[int, str]
"""How a join reads one branch along an axis, if not elementwise: `SPREAD`, its one element at every
position; `UNTRACKED`, its axis cannot be distinguished in the output."""


def steps_of(given: Tensor, facts: Facts) -> tuple[Step, ...]:
    """The steps of a layer with one input; unchanged axes have none."""
    made, reach = facts.outputs[0], facts.reach
    steps: list[Step] = []
    place = -1  # among the axes for which a reach is given
    for axis, side in zip(given.axes, given.shape, strict=True):
        place += axis != CHANNELS
        if not isinstance(axis, int):
            continue
        own = reach[place] if reach is not None else None
        left = made.shape[made.axes.index(axis)] if axis in made.axes else 0
        if isinstance(own, Everything):
            steps.append(Step(axis, POOLED if left <= 1 < side else EVERYTHING))
        elif isinstance(own, Unknown):
            steps.append(Step(axis, LOST))
        elif left == 0:
            steps.append(Step(axis, ENDED if len(facts.outputs) == 1 else LOST))
        elif own is not None and not _is_identity(own):
            steps.append(Step(axis, own))
    return tuple(steps)


def branches_of(given: list[Tensor], made: Tensor) -> tuple[Branch, ...]:
    """How a join reads its branches."""
    branches: list[Branch] = []
    for tensor in given:
        branch: Branch = {}
        for place, axis in enumerate(tensor.axes):
            if isinstance(axis, int):
                if made.axes[place : place + 1] != (axis,):
                    branch[axis] = UNTRACKED
                elif tensor.shape[place] < made.shape[place]:
                    branch[axis] = SPREAD
        branches.append(branch)
    return tuple(branches)


def _is_identity(reach: Window | Periodic) -> bool:
    if isinstance(reach, Window):
        return reach.kernel == 1 and reach.stride == 1 and reach.begin == 0
    return reach.first == reach.last == (0,) and reach.advance == 1
