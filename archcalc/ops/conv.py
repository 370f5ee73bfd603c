"""Convolution, plain and depthwise.

Sources: LeCun et al. 1998; Dumoulin & Visin 2016, arXiv:1603.07285; depthwise: Howard et al. 2017,
arXiv:1704.04861, section 3.1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from archcalc.ops.attributes import Attribute, Boolean, Integer, Padding, PerAxis, Table
from archcalc.ops.axes import need_channels_first
from archcalc.ops.base import DiagnosticError, Operation, Tensor, Weight, product
from archcalc.ops.grouping import check_groups
from archcalc.ops.sliding import describe_kernel, describe_window, too_large, windows

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.reach import Reach, Window

KERNEL = Attribute("kernel", PerAxis(), "Kernel size.")
STRIDE = Attribute("stride", PerAxis(), "Step between adjacent windows.", 1)
PADDING = Attribute(
    "padding",
    Padding("valid", "same", "same_upper", "same_lower", "full"),
    "Zero padding. same gives ⌈n/stride⌋ outputs, an odd row at the end (same_upper) or the start "
    "(same_lower); full is dilation·(kernel − 1) at both ends.",
    0,
)
DILATION = Attribute("dilation", PerAxis(), "Spacing between kernel elements.", 1)
BIAS = Attribute("bias", Boolean(), "Learnable per-channel bias.", True)


class Convolution(Operation, ABC):
    """[C, n, …] → [out, ⌊(n + p_begin + p_end − d·(k − 1) − 1)/s⌋ + 1, …].

    macs: one per weight and output position. Extra flops: 1 per output if it has a bias.
    Connections: uses of weights and biases. Errors: wrong-layout, wrong-rank, window-too-large,
    does-not-divide.
    """

    family = "convolution"
    weighted = True

    def windows(self, a: SimpleNamespace, t: Tensor) -> tuple[Window, ...]:
        return windows(t.shape[1:], a.kernel, a.stride, a.padding, a.dilation)

    @abstractmethod
    def maps(self, a: SimpleNamespace, channels: int) -> int:
        """The number of output channels."""

    @abstractmethod
    def weight_shape(self, a: SimpleNamespace, channels: int) -> tuple[int, ...]:
        """The shape of `weight`."""

    def check_maps(self, a: SimpleNamespace, channels: int) -> None:
        """Raises `DiagnosticError` if the channels do not match the attributes."""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        need_channels_first(self.name, t, 1, 3)
        self.check_maps(a, t.shape[0])
        axis = 1
        for w in self.windows(a, t):
            if t.shape[axis] + w.begin + w.end < w.span:
                raise too_large(self.name, t.shape, axis, w, may_pad=True)
            axis += 1

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        sides = [w.count(n) for w, n in zip(self.windows(a, t), t.shape[1:], strict=True)]
        return (Tensor((self.maps(a, t.shape[0]), *sides), t.axes),)

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        channels = x[0].shape[0]
        weight = Weight("weight", self.weight_shape(a, channels))
        if a.bias:
            return (weight, Weight("bias", (self.maps(a, channels),)))
        return (weight,)

    def macs(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return product(self.weight_shape(a, x[0].shape[0])) * product(y.shape[1:])

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return product(y.shape) if a.bias else 0

    def connections(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return self.macs(a, x, y) + self.extra_flops(a, x, y)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        return self.windows(a, x[0])


class Conv(Convolution):
    """Weights: `weight` [out, C/groups, k, …], `bias` [out].

    With `connections`, output channel i reads only the input channels in row i: `weight` is then
    [Σ row lengths, k, …], the kernels of all rows in order, and only these count in macs.
    """

    name = "conv"
    summary = "Convolution over 1 to 3 spatial axes."
    source = "LeCun et al. 1998, section II; sizes: Dumoulin & Visin 2016, arXiv:1603.07285"
    main = "out"
    attributes = (
        Attribute("out", Integer(), "Number of output channels."),
        KERNEL,
        STRIDE,
        PADDING,
        DILATION,
        Attribute(
            "groups", Integer(), "Number of channel groups; each output reads its own group.", 1
        ),
        BIAS,
        Attribute(
            "connections",
            Table(),
            "For each output channel, the list of input channels that it reads, from 0.",
            None,
        ),
    )
    example = """\
name: a convolution
input: [3, 32, 32]
layers:
  - conv: {out: 16, kernel: 5, stride: 2, padding: 2}
# ⌊(32 + 2 + 2 − 4 − 1)/2⌋ + 1 = 16; 3·5·5·16 + 16 = 1,216; 1,200·16·16 = 307,200
expect: {output: [16, 16, 16], params: 1216, macs: 307_200, receptive_field: 5}
"""

    def maps(self, a: SimpleNamespace, channels: int) -> int:
        out: int = a.out
        return out

    def weight_shape(self, a: SimpleNamespace, channels: int) -> tuple[int, ...]:
        if a.connections is not None:
            return (sum(map(len, a.connections)), *a.kernel)
        return (a.out, channels // a.groups, *a.kernel)

    def check_maps(self, a: SimpleNamespace, channels: int) -> None:
        if a.groups != 1:
            check_groups(a.groups, channels, a.out)
        if a.connections is not None:
            _check_connections(a, channels)

    def channel_reads(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> str:
        if a.connections is not None:
            return ""
        return "all" if a.groups == 1 else "own" if a.groups == x[0].shape[0] else ""

    def describe(self, a: SimpleNamespace) -> str:
        parts = [*describe_kernel(a), str(a.out), *describe_window(a)]
        if a.groups != 1:
            parts.append(f"groups {a.groups}")
        if a.connections is not None:
            parts.append("table")
        return ", ".join(parts)


class DepthwiseConv(Convolution):
    """Weights: `weight` [multiplier·C, 1, k, …], `bias` [multiplier·C]; the output channels of
    one input channel are adjacent, as in a convolution with C groups."""

    name = "depthwise_conv"
    summary = "Convolution of each channel separately."
    source = "Howard et al. 2017, arXiv:1704.04861, section 3.1"
    main = "kernel"
    channels_read = "own"
    attributes = (
        KERNEL,
        Attribute("multiplier", Integer(), "Output channels per input channel.", 1),
        STRIDE,
        PADDING,
        DILATION,
        BIAS,
    )
    example = """\
name: a depthwise convolution
input: [32, 112, 112]
layers:
  - depthwise_conv: {kernel: 3, padding: 1, bias: false}
# 32·3·3 = 288; 288·112·112 = 3,612,672
expect: {output: [32, 112, 112], params: 288, macs: 3_612_672}
"""

    def maps(self, a: SimpleNamespace, channels: int) -> int:
        maps: int = a.multiplier * channels
        return maps

    def weight_shape(self, a: SimpleNamespace, channels: int) -> tuple[int, ...]:
        return (a.multiplier * channels, 1, *a.kernel)

    def describe(self, a: SimpleNamespace) -> str:
        parts = [*describe_kernel(a), *describe_window(a)]
        if a.multiplier != 1:
            parts.append(f"multiplier {a.multiplier}")
        return ", ".join(parts)


def _check_connections(a: Any, channels: int) -> None:
    if a.groups != 1:
        raise DiagnosticError(
            "bad-value",
            "`connections` and `groups` exclude each other",
            attribute="connections",
            label=f"groups is {a.groups}",
            help="leave groups out: the table lists what each output channel reads",
        )
    rows = len(a.connections)
    if rows != a.out:
        raise DiagnosticError(
            "bad-value",
            "`connections` needs one row per output channel",
            attribute="connections",
            label=f"{rows} rows, but out is {a.out}",
            help=f"give {a.out} rows" + (f", or out: {rows}" if rows else ""),
        )
    for number, row in enumerate(a.connections):
        _check_row(number, row, channels)


def _check_row(number: int, row: tuple[int, ...], channels: int) -> None:
    outside = [m for m in row if m >= channels]
    if outside:
        what, help = f"reads channel {outside[0]}", f"input channels are 0 to {channels - 1}"
    elif not row:
        what, help = "is empty", "list at least one input channel for every output channel"
    elif len(set(row)) != len(row):
        what, help = "lists a channel twice", "list each channel once per row"
    else:
        return
    raise DiagnosticError(
        "bad-value",
        "each row of `connections` lists the input channels of one output channel",
        attribute="connections",
        label=f"row {number} {what}; the input has {channels} channels",
        help=help,
    )
