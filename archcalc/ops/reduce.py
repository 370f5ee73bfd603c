"""Global pooling, adaptive pooling and mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.arithmetic import common_divisor, lowest_terms
from archcalc.ops.attributes import Attribute, Boolean, Integers, PerAxis
from archcalc.ops.axes import need_channels_first, place_of, reach_on, spatial_places, times
from archcalc.ops.base import CHANNELS, DiagnosticError, Operation, Tensor, product
from archcalc.ops.reach import MAX_PERIOD, Axes, Everything, Periodic, Unknown, Window
from archcalc.ops.sliding import per_axis

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.reach import Movement, Reach


class GlobalPool(Operation):
    """[C, n, …] → [C, 1, …]: the axes are kept with size 1. Extra flops: one per input element."""

    family = "pooling"
    channels_read = "own"

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        need_channels_first(self.name, x[0], 1, 3)

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        return (Tensor((t.shape[0], *(1,) * (len(t.shape) - 1)), t.axes),)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return product(x[0].shape)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        return (Everything(),) * (len(y.shape) - 1)


class GlobalAvgPool(GlobalPool):
    __doc__ = GlobalPool.__doc__

    name = "global_avgpool"
    summary = "Global average pooling; the spatial axes are kept with size 1."
    source = "Lin, Chen & Yan 2013, arXiv:1312.4400, section 3.2"
    example = """\
name: global average pooling
input: [2048, 7, 7]
layers:
  - global_avgpool
  - flatten
expect: {output: [2048], params: 0}
"""


class GlobalMaxPool(GlobalPool):
    __doc__ = GlobalPool.__doc__

    name = "global_maxpool"
    summary = "Global max pooling; the spatial axes are kept with size 1."
    example = """\
name: global max pooling
input: [512, 14, 14]
layers:
  - global_maxpool
expect: {output: [512, 1, 1], params: 0}
"""


class AdaptiveAvgPool(Operation):
    """[C, n, …] → [C, output, …]: output i is the mean of the inputs ⌊i·n/output⌋ to
    ⌈(i + 1)·n/output⌉ − 1, as in PyTorch. Extra flops: one per element read."""

    name = "adaptive_avgpool"
    family = "pooling"
    channels_read = "own"
    summary = "Average pooling to a given output size."
    main = "output"
    attributes = (Attribute("output", PerAxis(), "Spatial size of the output."),)
    example = """\
name: adaptive pooling
input: [256, 13, 13]
layers:
  - adaptive_avgpool: 6
expect: {output: [256, 6, 6], params: 0}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        need_channels_first(self.name, x[0], 1, 3)

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (Tensor((x[0].shape[0], *a.output), x[0].axes),)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        cells = [_cells(n, out) for n, out in zip(x[0].shape[1:], a.output, strict=True)]
        return x[0].shape[0] * product(tuple(cells))

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        # One output per axis is global pooling.
        return tuple(
            [
                Everything() if out == 1 else shares(n, out)
                for n, out in zip(x[0].shape[1:], a.output, strict=True)
            ]
        )

    def describe(self, a: SimpleNamespace) -> str:
        return "to " + per_axis(a.output)


def _cells(n: int, out: int) -> int:
    """Σ over outputs of the elements read: n, and one more for each of the out − 1 borders i·n/out
    that is not integral, where neighbours share an element; gcd(n, out) − 1 of them are."""
    cells: int = n + out - common_divisor(n, out)
    return cells


def shares(n: int, out: int) -> Window | Periodic | Unknown:
    """Output i reads ⌊i·n/out⌋ to ⌈(i + 1)·n/out⌉ − 1: a window if n/out is integral."""
    advance, period = lowest_terms(n, out)
    if period == 1:
        return Window(advance, advance)
    if period > MAX_PERIOD:
        return Unknown()
    outputs = range(period)
    return Periodic(
        tuple([i * advance // period for i in outputs]),
        tuple([-(-(i + 1) * advance // period) - 1 for i in outputs]),
        advance,
    )


class Mean(Operation):
    """With `keepdim` the axes are kept with size 1. Extra flops: one per input element."""

    name = "mean"
    family = "pooling"
    summary = "The mean over axes."
    main = "axes"
    attributes = (
        Attribute(
            "axes", Integers(None), "Axis indices, from 0; by default the spatial ones.", None
        ),
        Attribute("keepdim", Boolean(), "Whether the axes are kept with size 1.", False),
    )
    example = """\
name: a mean over height and width
input: [1280, 7, 7]
layers:
  - mean: [1, 2]
expect: {output: [1280], params: 0}
"""

    def _places(self, a: SimpleNamespace, t: Tensor) -> list[int]:
        if a.axes is None:
            return spatial_places(t)
        return [place_of(t, axis, "axes") for axis in a.axes]

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        places = self._places(a, t)
        if not places:
            raise DiagnosticError(
                "wrong-rank",
                "mean needs an axis to reduce",
                label=f"the input is {times(t.shape)}, without spatial axes",
                help="give axes, counted from 0, or leave mean out",
            )
        if len(set(places)) != len(places):
            raise DiagnosticError(
                "bad-value",
                "`axes` lists an axis twice",
                attribute="axes",
                label=f"{list(a.axes)} on {times(t.shape)}",
                help="list each axis once",
            )
        if len(places) == len(t.shape) and not a.keepdim:
            raise DiagnosticError(
                "wrong-rank",
                "mean would reduce every axis",
                attribute="axes",
                label=f"{times(t.shape)} has only the axes {places}",
                help="keep them with keepdim: true",
            )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        gone = set(self._places(a, t))
        if a.keepdim:
            return (Tensor(tuple([1 if i in gone else n for i, n in enumerate(t.shape)]), t.axes),)
        left = [i for i in range(len(t.shape)) if i not in gone]
        return (Tensor(tuple([t.shape[i] for i in left]), tuple([t.axes[i] for i in left])),)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return product(x[0].shape)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        t = x[0]
        spatial = [i for i in self._places(a, t) if t.axes[i] != CHANNELS]
        return reach_on(t, {i: Everything() for i in spatial})

    def moves(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Movement | None:
        gone = self._places(a, x[0])
        kept = [i for i in range(len(x[0].shape)) if i not in gone]
        return None if a.keepdim else Axes(tuple(kept))

    def describe(self, a: SimpleNamespace) -> str:
        return "" if a.axes is None else "axes " + ", ".join(map(str, a.axes))
