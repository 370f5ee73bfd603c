"""Fully connected layers. Sources: LeCun et al. 1998, sections II.B and III (the RBF layer)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Boolean, Integer
from archcalc.ops.axes import reach_on, times
from archcalc.ops.base import CHANNELS, DiagnosticError, Operation, Tensor, Weight, product
from archcalc.ops.reach import Everything

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.reach import Reach


class Dense(Operation):
    """[…, in] → […, out], at every position of the other axes. macs: in·out per position;
    connections: uses of weights and biases. Errors: linear-on-spatial."""

    family = "linear"
    weighted = True
    main = "out"

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        if len(t.shape) > 2 and isinstance(t.axes[-1], int):
            raise DiagnosticError(
                "linear-on-spatial",
                f"{self.name} acts on the last axis, which is spatial here",
                label=f"the input is {times(t.shape)}: it would mix {t.shape[-1]} columns, "
                f"not {t.channels} channels",
                help="put flatten before it, or a permute that moves the channels last",
            )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        label = CHANNELS if t.axes[-1] == CHANNELS else None
        return (Tensor((*t.shape[:-1], a.out), (*t.axes[:-1], label)),)

    def macs(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        macs: int = product(x[0].shape) * a.out
        return macs

    def connections(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return self.macs(a, x, y)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        t = x[0]
        if t.axes[-1] == CHANNELS:
            return None
        return reach_on(t, {len(t.axes) - 1: Everything()})

    def channel_reads(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> str:
        return "all" if x[0].axes[-1] == CHANNELS else ""

    def describe(self, a: SimpleNamespace) -> str:
        return str(a.out)


class Linear(Dense):
    """Weights: `weight` [out, in], `bias` [out]. Extra flops: 1 per output if it has a bias."""

    name = "linear"
    summary = "Fully connected layer on the last axis."
    attributes = (
        Attribute("out", Integer(), "Number of output features."),
        Attribute("bias", Boolean(), "Learnable bias.", True),
    )
    example = """\
name: a fully connected layer
input: [256, 6, 6]
layers:
  - flatten
  - linear: 4096
# 256·6·6 = 9,216; 9,216·4,096 = 37,748,736
expect: {output: [4096], params: 37_752_832, macs: 37_748_736}
"""

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        weight = Weight("weight", (a.out, x[0].shape[-1]))
        return (weight, Weight("bias", (a.out,))) if a.bias else (weight,)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return product(y.shape) if a.bias else 0

    def connections(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return self.macs(a, x, y) + self.extra_flops(a, x, y)


class Rbf(Dense):
    """y_i = Σ_j (x_j − w_ij)². Weights: `weight` [out, in], a buffer unless `trainable`.

    macs: one per squared difference, in·out. Extra flops: the in·out subtractions.
    """

    name = "rbf"
    summary = "Euclidean radial basis functions: LeNet-5's output layer."
    source = "LeCun et al. 1998, section II.B, equation 7"
    attributes = (
        Attribute("out", Integer(), "Number of output units."),
        Attribute("trainable", Boolean(), "Whether the centres are trained.", False),
    )
    example = """\
name: LeNet-5's output layer
input: [84]
layers:
  - rbf: 10
# the centres are fixed: 84·10 = 840 numbers, none trained
expect: {output: [10], params: 0, macs: 840}
"""

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        return (Weight("weight", (a.out, x[0].shape[-1]), trainable=a.trainable),)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return self.macs(a, x, y)
