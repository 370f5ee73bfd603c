"""Normalisation, with PyTorch's attribute names and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Boolean, Integer, Number
from archcalc.ops.axes import need_channels_first, reach_on, spatial_places, times
from archcalc.ops.base import CHANNELS, DiagnosticError, Operation, Tensor, Weight, product
from archcalc.ops.grouping import uneven
from archcalc.ops.reach import Everything

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.reach import Reach

AFFINE = Attribute("affine", Boolean(), "Learnable scale and shift per channel.", True)
EPS = Attribute("eps", Number(0), "Added to the variance.", 1e-5)
STATISTICS = 5
"""Extra flops per element if statistics are computed at inference: the sum for the mean, the
difference from it, its square, the sum of squares, the product with 1/√variance."""


class Norm(Operation):
    """Shape unchanged."""

    family = "normalisation"

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        channels = (x[0].shape[0],)
        return (Weight("weight", channels), Weight("bias", channels)) if a.affine else ()


class BatchNorm(Norm):
    """Weights: `weight`, `bias` [C] if affine; buffers `running_mean`, `running_var` [C] and the
    uncounted `num_batches_tracked` if tracked. Extra flops per element: 2 (one product and one sum
    at inference); if untracked, 5 for the batch statistics and 2 if affine."""

    name = "batchnorm"
    summary = "Batch normalisation per channel."
    source = "Ioffe & Szegedy 2015, arXiv:1502.03167, algorithms 1 and 2"
    channels_read = "own"
    attributes = (
        AFFINE,
        EPS,
        Attribute("momentum", Number(0, 1), "Momentum of the running statistics.", 0.1),
        Attribute("track", Boolean(), "Keep running statistics and use them at inference.", True),
    )
    example = """\
name: batch normalisation
input: [3, 32, 32]
layers:
  - conv: {out: 64, kernel: 3, bias: false}
  - batchnorm
  - relu
# 3·64·3·3 + 2·64
expect: {output: [64, 30, 30], params: 1856, buffers: 128}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        need_channels_first(self.name, x[0], 0, 3)

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        found = super().weights(a, x)
        if not a.track:
            return found
        channels = (x[0].shape[0],)
        return (
            *found,
            Weight("running_mean", channels, trainable=False),
            Weight("running_var", channels, trainable=False),
            Weight("num_batches_tracked", (), trainable=False, counted=False),
        )

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        # Without running statistics it uses those of the current feature map, at inference too.
        return None if a.track else reach_on(x[0], {i: Everything() for i in spatial_places(x[0])})

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return (2 if a.track else STATISTICS + (2 if a.affine else 0)) * product(y.shape)


class Lrn(Operation):
    """y_c = x_c / (k + alpha/size · Σ x²)^beta, summed over `size` neighbouring channels.

    Extra flops per element: the square, size sums, a product and a sum, the power, the quotient.
    """

    name = "lrn"
    family = "normalisation"
    summary = "Local response normalisation over neighbouring channels."
    source = "Krizhevsky et al. 2012, section 3.3 (there k = 2, and alpha is not divided by size)"
    main = "size"
    attributes = (
        Attribute("size", Integer(), "Number of channels summed.", 5),
        Attribute("alpha", Number(), "Factor of the sum of squares.", 1e-4),
        Attribute("beta", Number(), "Exponent.", 0.75),
        Attribute("k", Number(), "Additive constant (LRN's k).", 1.0),
    )
    example = """\
name: local response normalisation
input: [96, 55, 55]
layers:
  - lrn: {size: 5, alpha: 0.0005, k: 2}
expect: {output: [96, 55, 55], params: 0}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        vector = "PyTorch normalizes feature maps only: move lrn before the flatten"
        need_channels_first(self.name, x[0], 1, 3, vector)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        flops: int = (a.size + 5) * product(y.shape)
        return flops

    def describe(self, a: SimpleNamespace) -> str:
        return str(a.size)


class LayerNorm(Norm):
    """Weights: `weight`, `bias` over the normalised axes. Extra flops per element: 5 for the
    statistics, 2 if affine."""

    name = "layernorm"
    summary = "Normalisation over the last axes."
    source = "Ba, Kiros & Hinton 2016, arXiv:1607.06450"
    main = "axes"
    attributes = (
        Attribute("axes", Integer(), "Number of last axes normalised together.", 1),
        Attribute("affine", Boolean(), "Learnable scale and shift per element.", True),
        Attribute("bias", Boolean(), "Whether affine includes the shift.", True),
        EPS,
    )
    example = """\
name: layer normalisation of the channels
input: [96, 56, 56]
layers:
  - permute: [1, 2, 0]
  - layernorm
  - permute: [2, 0, 1]
expect: {output: [96, 56, 56], params: 192}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        if a.axes > len(x[0].shape):
            raise DiagnosticError(
                "wrong-rank",
                "layernorm normalises more axes than the input has",
                attribute="axes",
                label=f"{a.axes} axes, but the input is {times(x[0].shape)}",
                help=f"use at most {len(x[0].shape)}",
            )

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        shape = x[0].shape[-a.axes :]
        if not a.affine:
            return ()
        return (Weight("weight", shape), Weight("bias", shape))[: 2 if a.bias else 1]

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        affine = 0 if not a.affine else 2 if a.bias else 1
        return (STATISTICS + affine) * product(y.shape)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        t = x[0]
        last = range(len(t.axes) - a.axes, len(t.axes))
        return reach_on(t, {i: Everything() for i in last if t.axes[i] != CHANNELS})

    def describe(self, a: SimpleNamespace) -> str:
        return "" if a.axes == 1 else f"{a.axes} axes"


class StatisticsNorm(Norm):
    """Statistics over the spatial axes, so every output depends on all positions. Weights:
    `weight`, `bias` [C] if affine. Extra flops per element: 5 for the statistics, 2 if affine."""

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return (STATISTICS + (2 if a.affine else 0)) * product(y.shape)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        return reach_on(x[0], {i: Everything() for i in spatial_places(x[0])})


class GroupNorm(StatisticsNorm):
    __doc__ = StatisticsNorm.__doc__

    name = "groupnorm"
    summary = "Normalisation over groups of channels and the spatial axes."
    source = "Wu & He 2018, arXiv:1803.08494"
    main = "groups"
    attributes = (Attribute("groups", Integer(), "Number of channel groups."), AFFINE, EPS)
    example = """\
name: group normalisation
input: [64, 28, 28]
layers:
  - groupnorm: 32
expect: {output: [64, 28, 28], params: 128}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        need_channels_first(self.name, x[0], 0, 3)
        channels = x[0].shape[0]
        if channels % a.groups:
            raise uneven(a.groups, channels, "input channels", channels)

    def describe(self, a: SimpleNamespace) -> str:
        return f"groups {a.groups}"


class InstanceNorm(StatisticsNorm):
    __doc__ = StatisticsNorm.__doc__

    name = "instancenorm"
    summary = "Normalisation of each channel over the spatial axes."
    source = "Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022"
    attributes = (
        Attribute("affine", Boolean(), "Learnable scale and shift per channel.", False),
        EPS,
    )
    example = """\
name: instance normalisation
input: [32, 64, 64]
layers:
  - instancenorm: {affine: true}
expect: {output: [32, 64, 64], params: 64}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        vector = "one value per channel has no statistics of its own: use layernorm or batchnorm"
        need_channels_first(self.name, x[0], 1, 3, vector)


class L2Norm(Norm):
    """x / max(‖x‖, eps), with the norm over the channels at each position, times `weight` [C].
    Extra flops per element: 4 (square, sum, division, scale)."""

    name = "l2_norm"
    summary = "L2 normalisation over the channels with a learnable scale per channel."
    source = "Liu et al. 2015, arXiv:1506.04579 (ParseNet), section 3.3"
    channels_read = "all"
    main = "scale"
    attributes = (
        Attribute("scale", Number(), "Initial value of the scale.", 1.0),
        Attribute("eps", Number(0), "Smallest norm to divide by.", 1e-12),
    )
    example = """\
name: SSD's normalisation of conv4_3
input: [512, 38, 38]
layers:
  - l2_norm: 20
expect: {output: [512, 38, 38], params: 512}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        need_channels_first(self.name, x[0], 0, 3)

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        return (Weight("weight", (x[0].shape[0],)),)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return 4 * product(y.shape)

    def describe(self, a: SimpleNamespace) -> str:
        return f"scale {a.scale:g}"
