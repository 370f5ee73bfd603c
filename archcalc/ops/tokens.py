"""Tensors of tokens, [positions, channels]: learned tensors and self-attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Boolean, Integer, Integers, Number
from archcalc.ops.axes import place_of, reach_on, times
from archcalc.ops.base import CHANNELS, DiagnosticError, Operation, Tensor, Weight, product
from archcalc.ops.reach import Everything

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.base import Axis
    from archcalc.ops.reach import Reach


class Parameter(Operation):
    """A tensor of `shape` that does not depend on the input, the same for every sample. The
    `state_dict` key of its weight is the path of the layer. No MACs, no flops."""

    name = "parameter"
    family = "tokens"
    summary = "A learned tensor: a class token, a position embedding, a scale."
    main = "shape"
    reads_input = False
    attributes = (
        Attribute("shape", Integers(), "Shape of the tensor."),
        Attribute(
            "channels",
            Integer(None),
            "Index of its channel axis; by default that of the current tensor.",
            None,
        ),
        Attribute("batch", Boolean(), "The weight has a leading axis of size 1.", False),
        Attribute("value", Number(), "Initial value.", 0),
    )
    example = """\
name: a position embedding
input: [196, 768]
layers:
  - permute: [1, 0]
  - add:
      tokens: []
      position: [{name: pos_embed, parameter: {shape: [768, 196], batch: true}}]
expect: {output: [768, 196], params: 150_528}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        self._channel_axis(a, x[0])

    def _channel_axis(self, a: SimpleNamespace, t: Tensor) -> int:
        rank = len(a.shape)
        if a.channels is None:
            return t.channel_axis if rank == len(t.shape) else 0
        return place_of(Tensor(a.shape, (None,) * rank), a.channels, "channels")

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        axes: list[Axis] = [None] * len(a.shape)
        axes[self._channel_axis(a, x[0])] = CHANNELS
        return (Tensor(a.shape, tuple(axes)),)

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        return (Weight("", (1, *a.shape) if a.batch else a.shape),)

    def describe(self, a: SimpleNamespace) -> str:
        return times(a.shape)


class Attention(Operation):
    """[n, C] → [n, C]: every position is a weighted sum of all positions, head by head.

    Weights, as in PyTorch's MultiheadAttention: `in_proj_weight` [3C, C], `in_proj_bias` [3C],
    `out_proj.weight` [C, C], `out_proj.bias` [C]. macs: 4·n·C² of the projections, 2·n²·C of
    queries times keys and scores times values. Extra flops: 6 per score (scaling and softmax) and 1
    per bias and position."""

    name = "attention"
    family = "tokens"
    summary = "Multi-head self-attention over the positions of [positions, channels]."
    source = "Vaswani et al. 2017, arXiv:1706.03762, section 3.2"
    main = "heads"
    weighted = True
    channels_read = "all"
    attributes = (
        Attribute("heads", Integer(), "Number of heads; divides the channels."),
        Attribute("bias", Boolean(), "Learnable biases of the projections.", True),
    )
    example = """\
name: an attention block on tokens
input: [192, 14, 14]
layers:
  - flatten: {start: 1}
  - permute: [1, 0]
  - add:
      body: [layernorm: {axes: 1}, attention: 3]
      shortcut: []
# 4·192² + 4·192 + 2·192; 4·196·192² + 2·196²·192
expect: {output: [196, 192], params: 148_608, macs: 43_653_120}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        if len(t.shape) != 2:
            raise DiagnosticError(
                "wrong-rank",
                "attention needs two axes: positions and channels",
                label=f"the input is {times(t.shape)}",
                help="merge the spatial axes with flatten: {start: 1}, then permute: [1, 0]",
            )
        if t.axes[1] != CHANNELS:
            raise DiagnosticError(
                "wrong-layout",
                "attention needs the channels on the last axis",
                label=f"the input is {times(t.shape)}, with the channels on axis 0",
                help="put `permute: [1, 0]` before it",
            )
        if t.shape[1] % a.heads:
            channels = t.shape[1]
            raise DiagnosticError(
                "does-not-divide",
                "`heads` must divide the channels",
                attribute="heads",
                label=f"{channels} = {a.heads}·{channels // a.heads} + {channels % a.heads}",
                help="choose a divisor of the channels",
            )

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        c = x[0].shape[1]
        inner, outer = Weight("in_proj_weight", (3 * c, c)), Weight("out_proj.weight", (c, c))
        if not a.bias:
            return inner, outer
        return inner, Weight("in_proj_bias", (3 * c,)), outer, Weight("out_proj.bias", (c,))

    def macs(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        n, c = x[0].shape
        macs: int = 4 * n * c * c + 2 * n * n * c
        return macs

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        n = x[0].shape[0]
        scores: int = 6 * a.heads * n * n
        return scores + (4 * product(y.shape) if a.bias else 0)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        return reach_on(x[0], {0: Everything()})

    def describe(self, a: SimpleNamespace) -> str:
        return f"{a.heads} head{'' if a.heads == 1 else 's'}"
