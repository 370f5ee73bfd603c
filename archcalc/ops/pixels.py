"""Pixel shuffle and unshuffle: channels become rows and columns, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Integer
from archcalc.ops.axes import need_channels_first, times
from archcalc.ops.base import DiagnosticError, Operation, Tensor
from archcalc.ops.reach import MAX_PERIOD, Periodic, Unknown, Window

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.reach import Reach


class PixelShuffle(Operation):
    """[C·r², H, W] → [C, r·H, r·W]: channel c·r² + i·r + j becomes row i and column j of each block
    of r×r. No flops. The receptive field's stride is divided by r."""

    name = "pixel_shuffle"
    family = "resizing"
    summary = "Sub-pixel upsampling: groups of r² channels become blocks of r×r pixels."
    source = "Shi et al. 2016, arXiv:1609.05158, equation 4"
    main = "factor"
    attributes = (Attribute("factor", Integer(), "Upscale factor r."),)
    example = """\
name: ESPCN's last layers
input: [32, 17, 17]
layers:
  - conv: {out: 9, kernel: 3, padding: 1}
  - pixel_shuffle: 3
expect: {output: [1, 51, 51], params: 2601}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        need_channels_first(self.name, x[0], 2, 2)
        channels, cells = x[0].shape[0], a.factor * a.factor
        if channels % cells:
            low = channels // cells * cells
            raise DiagnosticError(
                "does-not-divide",
                "the channels are not divisible by `factor`²",
                attribute="factor",
                label=f"{channels} = {cells}·{channels // cells} + {channels % cells}",
                help=f"use {f'{low} or ' if low else ''}{low + cells} input channels",
            )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        channels, height, width = x[0].shape
        r = a.factor
        return (Tensor((channels // (r * r), height * r, width * r), x[0].axes),)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        if a.factor > MAX_PERIOD:
            return (Unknown(), Unknown())
        same = (0,) * a.factor
        return (Periodic(same, same, 1),) * 2

    def describe(self, a: SimpleNamespace) -> str:
        return f"factor {a.factor}"  # ×2 would read as a count


class PixelUnshuffle(Operation):
    """[C, H, W] → [C·r², H/r, W/r]: the inverse of `pixel_shuffle`, known as space-to-depth,
    YOLOv2's reorg and YOLOv5's focus. No flops. The receptive field is that of all output channels
    together."""

    name = "pixel_unshuffle"
    family = "resizing"
    summary = "Space to depth: blocks of r×r pixels become groups of r² channels."
    main = "factor"
    attributes = (Attribute("factor", Integer(), "Downscale factor r."),)
    example = """\
name: YOLOv2's passthrough layer
input: [64, 26, 26]
layers:
  - pixel_unshuffle: 2
expect: {output: [256, 13, 13], params: 0, receptive_field: 2}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        need_channels_first(self.name, t, 2, 2)
        for axis, n in enumerate(t.shape[1:], 1):
            if n % a.factor:
                raise DiagnosticError(
                    "does-not-divide",
                    "`factor` must divide height and width",
                    attribute="factor",
                    label=f"{n} = {a.factor}·{n // a.factor} + {n % a.factor} "
                    f"(axis {axis} of {times(t.shape)})",
                    help="pad or crop the input to a multiple of it",
                )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        channels, height, width = x[0].shape
        r = a.factor
        return (Tensor((channels * r * r, height // r, width // r), x[0].axes),)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        return (Window(a.factor, a.factor),) * 2

    def describe(self, a: SimpleNamespace) -> str:
        return f"factor {a.factor}"
