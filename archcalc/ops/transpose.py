"""Transposed convolution, also called deconvolution or fractionally strided convolution.

Source: Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4; names as PyTorch's ConvTranspose.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from archcalc.ops.arithmetic import fixed, maximum
from archcalc.ops.attributes import Attribute, Integer, Padding, PerAxis
from archcalc.ops.axes import need_channels_first
from archcalc.ops.base import DiagnosticError, Operation, Tensor, Weight, product
from archcalc.ops.conv import BIAS, DILATION, KERNEL
from archcalc.ops.grouping import check_groups
from archcalc.ops.reach import MAX_PERIOD, Periodic, Unknown, Window
from archcalc.ops.sliding import describe_kernel, describe_window, per_axis

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.reach import Reach


class ConvTranspose(Operation):
    """[C, n, …] → [out, (n − 1)·s − p_begin − p_end + d·(k − 1) + output_padding + 1, …].

    Weights: `weight` [C, out/groups, k, …], `bias` [out]. macs: every input element is
    multiplied with out/groups·k·… weights, so C·n·…·out/groups·k·… (products that padding crops
    away are counted too, as in PyTorch's flop counter). Extra flops: 1 per output if it has a bias.
    Errors: wrong-layout, wrong-rank, does-not-divide, bad-value.
    """

    name = "conv_transpose"
    family = "convolution"
    summary = "Transposed convolution: upsamples by its stride."
    source = "Dumoulin & Visin 2016, arXiv:1603.07285, chapter 4"
    main = "out"
    weighted = True
    attributes = (
        Attribute("out", Integer(), "Number of output channels."),
        KERNEL,
        Attribute("stride", PerAxis(), "Distance of adjacent input positions in the output.", 1),
        Attribute(
            "padding",
            Padding("valid", "same", "same_upper", "same_lower"),
            "Rows and columns cropped from the output. same gives an output of stride·n; if the "
            "number to crop is odd, more is cropped at the end (same_upper) or start (same_lower).",
            0,
        ),
        Attribute("output_padding", PerAxis(0), "Rows added at the end of the output.", 0),
        DILATION,
        Attribute(
            "groups", Integer(), "Number of channel groups; each output reads its own group.", 1
        ),
        BIAS,
    )
    example = """\
name: a transposed convolution
input: [64, 14, 14]
layers:
  - conv_transpose: {out: 32, kernel: 2, stride: 2}
# (14 − 1)·2 + 2 = 28; 64·32·2·2 + 32 = 8,224; 64·14·14·32·2·2 = 1,605,632
expect: {output: [32, 28, 28], params: 8224, macs: 1_605_632}
"""

    def settle(self, a: SimpleNamespace) -> None:
        """Replaces padding words. `valid` crops nothing. `same` crops d·(k − 1) + 1 − s, which
        leaves s·n; if that is negative, rows are added at the end (ONNX ConvTranspose auto_pad;
        Keras and TensorFlow do the same)."""
        if not isinstance(a.padding, str):
            return
        if a.padding == "valid":
            a.padding = ((0, 0),) * len(a.kernel)
            return
        if any(a.output_padding):
            raise DiagnosticError(
                "bad-value",
                "padding: same determines output_padding itself",
                attribute="output_padding",
                label="it is also given here",
                help="leave output_padding out, or give the padding as numbers",
            )
        surplus = [
            d * (k - 1) + 1 - s for k, s, d in zip(a.kernel, a.stride, a.dilation, strict=True)
        ]
        halves = [(maximum(n, 0) // 2, maximum(n, 0) - maximum(n, 0) // 2) for n in surplus]
        lower = a.padding == "same_lower"
        a.padding = tuple([(large, small) if lower else (small, large) for small, large in halves])
        a.output_padding = tuple([maximum(-n, 0) for n in surplus])

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        need_channels_first(self.name, t, 1, 3)
        if a.groups != 1:
            check_groups(a.groups, t.shape[0], a.out)
        for s, d, extra in zip(a.stride, a.dilation, a.output_padding, strict=True):
            if extra >= s and extra >= d:
                raise DiagnosticError(
                    "bad-value",
                    "`output_padding` must be smaller than the stride or the dilation",
                    attribute="output_padding",
                    label=f"output_padding {extra}, stride {s}, dilation {d}",
                    help=f"use at most {max(s, d) - 1}",
                )
        for axis, side in enumerate(self._sides(a, t)):
            if side < 1:
                raise _nothing_left(a, axis, side)

    def _sides(self, a: SimpleNamespace, t: Tensor) -> list[int]:
        return [
            (n - 1) * s - begin - end + d * (k - 1) + extra + 1
            for n, k, s, (begin, end), extra, d in zip(
                t.shape[1:],
                a.kernel,
                a.stride,
                a.padding,
                a.output_padding,
                a.dilation,
                strict=True,
            )
        ]

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (Tensor((a.out, *self._sides(a, x[0])), x[0].axes),)

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        weight = Weight("weight", (x[0].shape[0], a.out // a.groups, *a.kernel))
        return (weight, Weight("bias", (a.out,))) if a.bias else (weight,)

    def macs(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        macs: int = product(x[0].shape) * (a.out // a.groups) * product(a.kernel)
        return macs

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return product(y.shape) if a.bias else 0

    def connections(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return self.macs(a, x, y) + self.extra_flops(a, x, y)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        return tuple(
            [
                _window(k, begin, d)
                if s == 1
                else scattered(fixed(k), fixed(s), fixed(begin), fixed(d))
                for k, s, (begin, _), d in zip(
                    a.kernel, a.stride, a.padding, a.dilation, strict=True
                )
            ]
        )

    def channel_reads(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> str:
        return "all" if a.groups == 1 else "own" if a.groups == x[0].shape[0] else ""

    def describe(self, a: SimpleNamespace) -> str:
        parts = [*describe_kernel(a), str(a.out), *describe_window(a)]
        if any(a.output_padding):
            parts.append("output pad " + per_axis(a.output_padding))
        if a.groups != 1:
            parts.append(f"groups {a.groups}")
        return ", ".join(parts)


def _window(k: int, begin: int, d: int) -> Window:
    """With stride 1: output o reads o + begin − d·(k − 1) + {0, d, …, (k − 1)·d}."""
    return Window(k, 1, d * (k - 1) - begin, 0, d)


def scattered(k: int, s: int, begin: int, d: int) -> Periodic | Unknown:
    """Output o reads input i if o + begin = i·s + d·t for a kernel element t.

    The elements of one output are s/gcd(d, s) apart, and so its inputs d/gcd(d, s). An output that
    no element reaches (k < s, or d and s with a common divisor) reads nothing: first = last + 1.
    """
    if s > MAX_PERIOD:
        return Unknown()
    common = gcd(d, s)
    cycle = s // common
    cell = {d * t % s: t for t in range(min(k, cycle))}
    first: list[int] = []
    last: list[int] = []
    for o in range(begin, begin + s):
        if o % s in cell:
            t = cell[o % s]
            last.append((o - d * t) // s)
            first.append((o - d * (t + (k - 1 - t) // cycle * cycle)) // s)
        else:
            last.append(o // s)
            first.append(o // s + 1)
    return Periodic(tuple(first), tuple(last), 1, d // common)


def _nothing_left(a: SimpleNamespace, axis: int, side: int) -> DiagnosticError:
    begin, end = a.padding[axis]
    whole = side + begin + end
    return DiagnosticError(
        "bad-value",
        "the padding of conv_transpose leaves no output",
        attribute="padding",
        label=f"an output of {whole} less {begin} + {end} is {side} (axis {axis + 1})",
        help=f"use at most {whole - 1} in total",
    )
