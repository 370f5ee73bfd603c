"""Inputs that are most likely written in another framework's order of axes.

They are shapes as well, but of one channel in three dimensions, or of 224 channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.axes import times

if TYPE_CHECKING:
    from archcalc.diagnostics import Diagnostics
    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Input

IMAGE = 8
"""Sides from here on look like those of an image."""


def doubt_order(inputs: tuple[Input, ...], diagnostics: Diagnostics) -> None:
    """Warns of inputs whose sides are written out and look like [1, 3, 224, 224] or
    [224, 224, 3]. Sides that vars decide are left alone."""
    for declared in inputs:
        if not all(value.constant for value in declared.shape):
            continue
        sides = tuple(value.evaluate({}) for value in declared.shape)
        if not all(type(side) is int for side in sides):
            continue
        meant, what = _meant(sides)
        if meant:
            diagnostics.warning(
                "unlikely-input",
                "an input in the order of another framework",
                declared.span,
                label=f"{times(sides)} is {what}",
                help=f"if an image is meant, write {list(meant)}",
            )


def _meant(sides: Shape) -> tuple[Shape, str]:
    """The shape that was most likely meant, and what is written; () where all is well."""
    if len(sides) == 4 and sides[0] == 1 and sides[1] in (1, 3) and min(sides[2:]) >= IMAGE:
        return sides[1:], "1 channel with three sides: a shape has no batch axis"
    if len(sides) == 3 and sides[2] in (1, 3) and sides[0] == sides[1] >= IMAGE:
        return (sides[2], *sides[:2]), f"{sides[0]} channels: a shape has them first"
    return (), ""
