"""Activations over an axis or over groups of channels: softmax, log_softmax, maxout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Integer
from archcalc.ops.axes import AXIS, place_of, reach_on, replaced
from archcalc.ops.base import CHANNELS, DiagnosticError, Operation, Tensor, product
from archcalc.ops.reach import Everything

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.reach import Reach


class Softmax(Operation):
    """Shape unchanged. Extra flops: 5 per element (maximum, difference, exp, sum, quotient)."""

    name = "softmax"
    family = "activation"
    summary = "exp(x) divided by its sum along an axis."
    main = "axis"
    attributes = (AXIS,)
    example = """\
name: a classifier's last layers
input: [512]
layers:
  - linear: 10
  - softmax
expect: {output: [10], params: 5130}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        place_of(x[0], a.axis)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return 5 * product(y.shape)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        t = x[0]
        place = place_of(t, a.axis)
        return None if t.axes[place] == CHANNELS else reach_on(t, {place: Everything()})

    def describe(self, a: SimpleNamespace) -> str:
        return "" if a.axis is None else f"axis {a.axis}"


class LogSoftmax(Softmax):
    """Shape unchanged. Extra flops: 5 per element (maximum, difference, exp, sum, difference)."""

    name = "log_softmax"
    summary = "The logarithm of softmax."
    example = """\
name: log-probabilities
input: [512]
layers:
  - linear: 10
  - log_softmax
expect: {output: [10], params: 5130}
"""


class Maxout(Operation):
    """[C, …] → [C/pieces, …]: output c is the maximum of the channels c·pieces to
    (c + 1)·pieces − 1. Extra flops: pieces − 1 comparisons per output."""

    name = "maxout"
    family = "activation"
    summary = "The maximum over groups of adjacent channels."
    source = "Goodfellow et al. 2013, arXiv:1302.4389"
    main = "pieces"
    attributes = (Attribute("pieces", Integer(), "Channels per group.", 2),)
    example = """\
name: a maxout layer
input: [3, 32, 32]
layers:
  - conv: {out: 64, kernel: 3, padding: 1}
  - maxout: 2
expect: {output: [32, 32, 32], params: 1792}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        channels = x[0].channels
        if channels % a.pieces:
            low = channels // a.pieces * a.pieces
            raise DiagnosticError(
                "does-not-divide",
                "`pieces` must divide the channels",
                attribute="pieces",
                label=f"{channels} = {a.pieces}·{channels // a.pieces} + {channels % a.pieces}",
                help=f"give the layer before it {low or a.pieces} or {low + a.pieces} channels",
            )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        return (Tensor(replaced(t.shape, t.channel_axis, t.channels // a.pieces), t.axes),)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        flops: int = (a.pieces - 1) * product(y.shape)
        return flops

    def describe(self, a: SimpleNamespace) -> str:
        return f"{a.pieces} pieces"
