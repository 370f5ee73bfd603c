"""Pooling over windows. Sizes round down, or up with `ceil`, as PyTorch's `ceil_mode` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Boolean, Padding, PerAxis
from archcalc.ops.axes import need_channels_first
from archcalc.ops.base import DiagnosticError, Operation, Tensor, Weight, product
from archcalc.ops.sliding import describe_kernel, describe_window, too_large, windows

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.reach import Reach, Window

KERNEL = Attribute("kernel", PerAxis(), "Window size.")
STRIDE = Attribute(
    "stride", PerAxis(), "Step between adjacent windows; by default the window size.", None
)
PADDING = Attribute(
    "padding",
    Padding("valid", "same", "same_upper", "same_lower"),
    "Padding, at most half the window; same gives ⌈n/stride⌋ outputs.",
    0,
)
CEIL = Attribute("ceil", Boolean(), "Round the output size up.", False)


class Pool(Operation):
    """[C, n, …] → [C, ⌊(n + p_begin + p_end − d·(k − 1) − 1)/s⌋ + 1, …], or with `ceil` rounded
    up, without a last window that would start in the end padding. Extra flops: one per window
    element and output. Errors: wrong-layout, wrong-rank, window-too-large, bad-value."""

    family = "pooling"
    channels_read = "own"
    main = "kernel"

    def windows(self, a: SimpleNamespace, t: Tensor) -> tuple[Window, ...]:
        stride = a.kernel if a.stride is None else a.stride
        return windows(t.shape[1:], a.kernel, stride, a.padding, self.dilation(a))

    def dilation(self, a: SimpleNamespace) -> tuple[int, ...]:
        return (1,) * len(a.kernel)

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        need_channels_first(self.name, t, 1, 3)
        for axis, w in enumerate(self.windows(a, t), 1):
            n = t.shape[axis]
            if (w.count_ceil(n) if a.ceil else w.count(n)) < 1:
                raise too_large(self.name, t.shape, axis, w, may_pad=False)
            # A padding word always pads by less than the window.
            if not isinstance(a.padding, str) and (w.begin or w.end):
                _check_padding(w)

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        pairs = zip(self.windows(a, t), t.shape[1:], strict=True)
        sides = [w.count_ceil(n) if a.ceil else w.count(n) for w, n in pairs]
        return (Tensor((t.shape[0], *sides), t.axes),)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return product(a.kernel) * product(y.shape)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        return self.windows(a, x[0])

    def describe(self, a: SimpleNamespace) -> str:
        parts = [*describe_kernel(a), *describe_window(a)]
        return ", ".join([*parts, "ceil"] if a.ceil else parts)


class MaxPool(Pool):
    """Padding counts as −∞, so it is never the maximum."""

    name = "maxpool"
    summary = "Max pooling."
    attributes = (
        KERNEL,
        STRIDE,
        PADDING,
        Attribute("dilation", PerAxis(), "Spacing between kernel elements.", 1),
        CEIL,
    )
    example = """\
name: overlapping max pooling
input: [96, 55, 55]
layers:
  - maxpool: {kernel: 3, stride: 2}
# ⌊(55 − 2 − 1)/2⌋ + 1 = 27
expect: {output: [96, 27, 27], params: 0, receptive_field: 3}
"""

    def dilation(self, a: SimpleNamespace) -> tuple[int, ...]:
        dilation: tuple[int, ...] = a.dilation
        return dilation


class AvgPool(Pool):
    """Padding counts as zeros unless `count_include_pad` is false."""

    name = "avgpool"
    summary = "Average pooling."
    attributes = (
        KERNEL,
        STRIDE,
        PADDING,
        CEIL,
        Attribute("count_include_pad", Boolean(), "Whether the mean includes the padding.", True),
    )
    example = """\
name: average pooling
input: [16, 8, 8]
layers:
  - avgpool: 2
expect: {output: [16, 4, 4], params: 0, receptive_field: 2}
"""


class Subsample(Operation):
    """[C, n, …] → [C, ⌊(n − k)/k⌋ + 1, …]: the sum of each window times a coefficient per channel,
    plus a bias per channel. Weights: `weight` [C], `bias` [C]. Extra flops per output: k·… − 1
    additions, one product and the bias. Connections: k·… + 1 per output.
    """

    name = "subsample"
    family = "pooling"
    channels_read = "own"
    summary = (
        "LeNet-5's subsampling: window sums with a trainable coefficient and bias per channel."
    )
    source = "LeCun et al. 1998, section II.B, layers S2 and S4"
    main = "kernel"
    weighted = True
    attributes = (Attribute("kernel", PerAxis(), "Window size and stride.", 2),)
    example = """\
name: LeNet-5's S2
input: [6, 28, 28]
layers:
  - subsample: 2
# 6·2 = 12
expect: {output: [6, 14, 14], params: 12, receptive_field: 2}
"""

    def windows(self, a: SimpleNamespace, t: Tensor) -> tuple[Window, ...]:
        ones = (1,) * len(a.kernel)
        return windows(t.shape[1:], a.kernel, a.kernel, "valid", ones)

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        need_channels_first(self.name, t, 1, 3)
        for axis, w in enumerate(self.windows(a, t), 1):
            if t.shape[axis] < w.kernel:
                raise too_large(self.name, t.shape, axis, w, may_pad=False)

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        sides = [w.count(n) for w, n in zip(self.windows(a, t), t.shape[1:], strict=True)]
        return (Tensor((t.shape[0], *sides), t.axes),)

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        channels = x[0].shape[0]
        return (Weight("weight", (channels,)), Weight("bias", (channels,)))

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return (product(a.kernel) + 1) * product(y.shape)

    def connections(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return (product(a.kernel) + 1) * product(y.shape)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        return self.windows(a, x[0])

    def describe(self, a: SimpleNamespace) -> str:
        return "×".join(map(str, a.kernel))


def _check_padding(w: Window) -> None:
    """PyTorch's rule for symmetric padding; otherwise, no window may lie in padding alone."""
    most = w.span // 2 if w.begin == w.end else w.span - 1
    if w.begin > most or w.end > most:
        raise DiagnosticError(
            "bad-value",
            "pool padding must be at most half the window"
            if w.begin == w.end
            else "pool padding must be smaller than the window",
            attribute="padding",
            label=f"padding {max(w.begin, w.end)}, window {w.span}",
            help=f"use padding of at most {most}, or a pad before the pool",
        )
