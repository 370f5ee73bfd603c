"""Checks of the axes of an operation's inputs, and shapes as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Integer
from archcalc.ops.base import CHANNELS, DiagnosticError

if TYPE_CHECKING:
    from archcalc.ops.base import Shape, Tensor
    from archcalc.ops.reach import Reach


def times(shape: Shape) -> str:
    """A shape as text: 64×56×56."""
    return "×".join(map(str, shape))


def need_channels_first(name: str, t: Tensor, least: int, most: int, vector: str = "") -> None:
    """Raises `DiagnosticError` unless channels come first, with `least` to `most` further axes.
    `vector` is the help if there are too few."""
    axes = t.axes
    if axes[0] != CHANNELS:
        raise _not_first(name, t)
    if not least <= len(axes) - 1 <= most:
        raise _wrong_rank(name, t, least, most, vector)


def _not_first(name: str, t: Tensor) -> DiagnosticError:
    where = f"axis {t.axes.index(CHANNELS)}" if CHANNELS in t.axes else "no axis"
    order = [t.channel_axis, *(i for i in range(len(t.axes)) if i != t.channel_axis)]
    return DiagnosticError(
        "wrong-layout",
        f"{name} needs the channels on the first axis",
        label=f"the input is {times(t.shape)}, with the channels on {where}",
        help=f"put `permute: {order}` before it",
    )


def _wrong_rank(name: str, t: Tensor, least: int, most: int, vector: str) -> DiagnosticError:
    rank = len(t.axes) - 1
    needed = f"{least} to {most}" if least != most else str(least)
    if rank < least:
        help = vector or "reshape to channels and spatial axes before it; on a vector use linear"
    else:
        help = "merge axes with flatten or reshape before it"
    return DiagnosticError(
        "wrong-rank",
        f"{name} needs {needed} spatial axes",
        label=f"the input is {times(t.shape)}, with {rank}",
        help=help,
    )


def place_of(t: Tensor, axis: int | None, attribute: str = "axis") -> int:
    """The index of an axis: `axis` may be negative (−1 is the last); None is the channels."""
    if axis is None:
        return t.channel_axis
    rank = len(t.shape)
    if not -rank <= axis < rank:
        raise DiagnosticError(
            "wrong-rank",
            f"`{attribute}`: the input has no axis {axis}",
            attribute=attribute,
            label=f"{times(t.shape)} has the axes 0 to {rank - 1}",
            help=f"write an axis from {-rank} to {rank - 1}",
        )
    return axis % rank


def spatial_places(t: Tensor) -> list[int]:
    """The indices of all axes but the channels, in the order of `Facts.reach`."""
    return [i for i, label in enumerate(t.axes) if label != CHANNELS]


def reach_on(t: Tensor, reaches: dict[int, Reach]) -> tuple[Reach | None, ...] | None:
    """`Facts.reach` from reaches by axis index; "the same position" for all other axes."""
    if not reaches:
        return None
    return tuple([reaches.get(i) for i in spatial_places(t)])


AXIS = Attribute("axis", Integer(None), "Axis index, from 0; by default the channels.", None)


def replaced(shape: Shape, place: int, length: int) -> Shape:
    """The shape with another size of one axis."""
    return (*shape[:place], length, *shape[place + 1 :])
