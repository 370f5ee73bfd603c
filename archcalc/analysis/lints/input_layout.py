"""The warning about inputs that look like another framework's axis order.

They are valid shapes, but of 32 channels in three dimensions, or of 224 channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.axes import times

if TYPE_CHECKING:
    from archcalc.diagnostics import Diagnostics
    from archcalc.graph import Net
    from archcalc.ops.base import Shape

IMAGE = 8
"""The minimum height or width of an image."""

SIGNAL = 64
"""The minimum length of a signal."""

COLOURS = (1, 3)
"""Plausible numbers of channels of an image or a signal."""


def lint(net: Net, diagnostics: Diagnostics) -> None:
    """Warns about literal input shapes that look like [32, 3, 224, 224] or [224, 224, 3]. Shapes
    that depend on vars are ignored."""
    for declared in net.spec.inputs:
        if not declared.shape or not all(value.constant for value in declared.shape):
            continue
        shape = tuple(value.evaluate({}) for value in declared.shape)
        if not all(type(n) is int for n in shape):
            continue
        meant, what = _meant(shape)
        if meant:
            diagnostics.warning(
                "unlikely-input",
                "`input` looks like another framework's layout",
                declared.span,
                label=f"{times(shape)} is {what}",
                help=f"if {_KINDS[len(meant)]} is meant, write {list(meant)}",
            )


_KINDS = {2: "a signal", 3: "an image", 4: "a volume or a video"}


def _meant(shape: Shape) -> tuple[Shape, str]:
    """The probably intended shape, and a description of the given one; () if it looks right."""
    first, *rest = shape
    least = IMAGE if len(shape) == 4 else SIGNAL
    if len(shape) in (3, 4) and rest[0] in COLOURS and min(rest[1:]) >= least:
        if len(shape) == 3 and first in COLOURS:
            return (), ""  # an image of one or three rows
        channels = "1 channel" if first == 1 else f"{first} channels"
        axes = "three" if len(shape) == 4 else "two"
        return shape[1:], f"{channels} with {axes} spatial axes: a shape has no batch axis"
    if len(shape) > 1 and shape[-1] in COLOURS and _looks_channels_last(shape[:-1], shape[-1]):
        return (shape[-1], *shape[:-1]), f"{first} channels: a shape has them first"
    return (), ""


def _looks_channels_last(spatial: Shape, channels: int) -> bool:
    """Whether the sizes before 1 or 3 look like those of a signal, an image or a volume."""
    if len(spatial) == 1:
        return spatial[0] >= SIGNAL
    if min(spatial) < IMAGE:
        return False
    # 64 channels of a 100×1 map are rare, of a 100×3 map rarer.
    return len(spatial) == 3 or spatial[0] == spatial[1] or (channels == 3 and min(spatial) >= 96)
