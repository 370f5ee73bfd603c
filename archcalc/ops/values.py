"""Elementwise arithmetic: scale, abs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Number
from archcalc.ops.base import Operation, Tensor, product

if TYPE_CHECKING:
    from types import SimpleNamespace


class Scale(Operation):
    """Shape unchanged. Extra flops: 1 per element."""

    name = "scale"
    family = "arithmetic"
    channels_read = "own"
    summary = "Multiplication with a constant."
    source = "Szegedy et al. 2016, arXiv:1602.07261, section 3.3 (residuals scaled down)"
    main = "factor"
    attributes = (Attribute("factor", Number(), "The constant."),)
    example = """\
name: a residual scaled down
input: [256, 35, 35]
layers:
  - add:
      body:
        - conv: {out: 256, kernel: 1}
        - scale: 0.17
      shortcut: []
expect: {output: [256, 35, 35], params: 65_792}
"""

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return product(y.shape)

    def describe(self, a: SimpleNamespace) -> str:
        return f"×{a.factor:g}"


class Abs(Operation):
    """Shape unchanged. Extra flops: 1 per element."""

    name = "abs"
    family = "arithmetic"
    channels_read = "own"
    summary = "The elementwise absolute value."
    example = """\
name: rectification by absolute value
input: [8, 16, 16]
layers:
  - abs
expect: {output: [8, 16, 16], params: 0}
"""

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return product(y.shape)
