"""Regularisation: dropout, stochastic depth and layer scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Number
from archcalc.ops.base import Operation, Tensor, Weight, product

if TYPE_CHECKING:
    from types import SimpleNamespace


class Dropout(Operation):
    """Shape unchanged; no flops (the identity at inference)."""

    name = "dropout"
    family = "regularisation"
    channels_read = "own"
    summary = "Drops individual elements in training."
    source = "Srivastava et al. 2014, JMLR 15"
    main = "p"
    view = True
    attributes = (Attribute("p", Number(0, 1), "Probability of dropping an element.", 0.5),)
    example = """\
name: dropout
input: [4096]
layers:
  - dropout: 0.5
  - linear: 1000
expect: {output: [1000], params: 4_097_000}
"""

    def describe(self, a: SimpleNamespace) -> str:
        return f"p {a.p:g}"


class DropPath(Dropout):
    """Shape unchanged; no flops (the identity at inference)."""

    name = "drop_path"
    summary = "Drops a whole residual branch in training (stochastic depth)."
    source = "Huang et al. 2016, arXiv:1603.09382"
    attributes = (Attribute("p", Number(0, 1), "Probability of dropping the branch."),)
    example = """\
name: stochastic depth
input: [64, 28, 28]
layers:
  - add:
      body:
        - conv: {out: 64, kernel: 3, padding: 1}
        - drop_path: 0.1
      shortcut: []
expect: {output: [64, 28, 28], params: 36_928}
"""


class LayerScale(Operation):
    """Weights: `weight`, one per channel, followed by axes of size 1. Extra flops: 1 per
    element."""

    name = "layer_scale"
    family = "regularisation"
    channels_read = "own"
    summary = "A learnable factor per channel, initially small."
    source = "Touvron et al. 2021, arXiv:2103.17239, section 2"
    main = "init"
    attributes = (Attribute("init", Number(), "Initial value.", 1e-6),)
    example = """\
name: layer scale
input: [96, 56, 56]
layers:
  - layer_scale: 1e-6
expect: {output: [96, 56, 56], params: 96}
"""

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        t = x[0]
        after = len(t.shape) - t.channel_axis - 1
        return (Weight("weight", (t.channels, *(1,) * after)),)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return product(y.shape)

    def describe(self, a: SimpleNamespace) -> str:
        return f"{a.init:g}"
