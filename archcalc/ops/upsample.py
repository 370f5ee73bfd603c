"""Upsampling, with the conventions of PyTorch's `interpolate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.arithmetic import ceil_div, lowest_terms
from archcalc.ops.attributes import Attribute, Boolean, PerAxis, Reference, Word
from archcalc.ops.axes import need_channels_first
from archcalc.ops.base import DiagnosticError, Operation, Tensor, product
from archcalc.ops.reach import MAX_PERIOD, Periodic, Unknown
from archcalc.ops.resize import need_one_of, need_same_rank
from archcalc.ops.sliding import per_axis

if TYPE_CHECKING:
    from types import SimpleNamespace
    from typing import Any

    from archcalc.ops.reach import Reach


class Factor(PerAxis):
    """An integer scale factor per spatial axis."""

    def read(self, value: Any, rank: int | None) -> tuple[int, ...]:
        try:
            return super().read(value, rank)
        except DiagnosticError as error:
            if error.code == "not-an-integer":
                error.advice = (
                    "upsample factors are integers: for another size write size: or like:; to "
                    "reduce the size use a pool or a stride"
                )
            raise


class Upsample(Operation):
    """[C, n, …] → [C, scale·n, …], or to `size`, or to the spatial size of `like`. Extra flops:
    none for nearest; for linear a weighted sum of 2^axes elements, 2·2^axes per output."""

    name = "upsample"
    family = "resizing"
    channels_read = "own"
    summary = "Nearest-neighbour or linear upsampling."
    main = "scale"
    attributes = (
        Attribute("scale", Factor(), "Scale factor of the spatial axes.", None),
        Attribute("size", PerAxis(), "Spatial size of the output.", None),
        Attribute("like", Reference(), "Upsample to the spatial size of this tensor.", None),
        Attribute("mode", Word("nearest", "linear"), "linear is bilinear on two axes.", "nearest"),
        Attribute(
            "align_corners",
            Boolean(),
            "As in PyTorch: the corner elements of input and output coincide.",
            False,
        ),
    )
    example = """\
name: upsampling
input: [256, 16, 16]
layers:
  - upsample: {scale: 2, mode: linear}
  - conv: {out: 128, kernel: 3, padding: 1}
expect: {output: [128, 32, 32], params: 295_040}
"""

    def _sides(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[int, ...]:
        if a.scale is not None:
            return tuple([n * s for n, s in zip(x[0].shape[1:], a.scale, strict=True)])
        size: tuple[int, ...] = a.size if a.size is not None else x[1].shape[1:]
        return size

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        need_channels_first(self.name, t, 1, 3)
        need_one_of(a, "scale", "size", "like")
        if a.like is not None:
            need_same_rank(t, x[1])
        if a.align_corners and a.mode == "nearest":
            raise DiagnosticError(
                "bad-value",
                "`align_corners` needs linear interpolation",
                attribute="align_corners",
                label="mode is nearest",
                help="add mode: linear, or leave align_corners out",
            )

    def _ratios(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], sides: tuple[int, ...]
    ) -> list[tuple[int, int]]:
        """Input and output size per axis; (1, scale) if the pattern depends only on the scale."""
        if a.scale is not None and not a.align_corners:
            return [(1, s) for s in a.scale]
        return list(zip(x[0].shape[1:], sides, strict=True))

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (Tensor((x[0].shape[0], *self._sides(a, x)), x[0].axes),)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        if a.mode == "nearest":
            return 0
        cells: int = 2 ** (len(y.shape) - 1)
        return 2 * cells * product(y.shape)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        pairs = self._ratios(a, x, y.shape[1:])
        if a.mode == "nearest":
            return tuple([copied(n, out) for n, out in pairs])
        return tuple([interpolated(n, out, a.align_corners) for n, out in pairs])

    def describe(self, a: SimpleNamespace) -> str:
        parts = ["×" + per_axis(a.scale)] if a.scale is not None else []
        parts += ["to " + per_axis(a.size)] if a.size is not None else []
        parts += [f"like {a.like}"] if a.like is not None else []
        return ", ".join([*parts, a.mode])


def copied(n: int, out: int) -> Periodic | Unknown:
    """Output j reads input ⌊j·n/out⌋."""
    advance, period = lowest_terms(n, out)
    if period > MAX_PERIOD:
        return Unknown()
    cells = tuple([j * advance // period for j in range(period)])
    return Periodic(cells, cells, advance)


def interpolated(n: int, out: int, aligned: bool) -> Periodic | Unknown:
    """Output j reads the two inputs around a point, or the one at that point.

    The point is j·(n − 1)/(out − 1) with aligned corners, else (j + 1/2)·n/out − 1/2; beyond the
    border PyTorch repeats the outermost element, which counts here as padding.
    """
    one_cell = aligned and (n == 1 or out == 1)
    apart = aligned and not one_cell
    advance, period = lowest_terms(n - 1, out - 1) if apart else lowest_terms(n, out)
    if period > MAX_PERIOD:
        return Unknown()
    if one_cell:
        # Only the first element is read; the period is the output size, so advance is never used.
        zeros = (0,) * period
        return Periodic(zeros, zeros, advance)
    if aligned:
        points = [(j * advance, period) for j in range(period)]
    else:
        points = [((2 * j + 1) * advance - period, 2 * period) for j in range(period)]
    return Periodic(
        tuple([over // under for over, under in points]),
        tuple([ceil_div(over, under) for over, under in points]),
        advance,
    )
