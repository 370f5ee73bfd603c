"""A user-defined layer: archcalc only knows what the spec states about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.ops.attributes import (
    Attribute,
    ClassPath,
    Count,
    NamedShapes,
    NamedValues,
    OutputShape,
    References,
)
from archcalc.ops.axes import times
from archcalc.ops.base import CHANNELS, DiagnosticError, Facts, Operation, Tensor, Weight, product
from archcalc.ops.reach import Unknown

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.reach import Reach


class Opaque(Operation):
    """Metrics that the spec does not state are unknown, and so is every total that includes them:
    `params` (unless `weights` are listed), `macs`, `flops`, the receptive field.

    PyTorch export imports the class and calls it with `arguments` as keywords; its `forward` takes
    the current tensor, then those of `inputs`. Other targets report an error for the layer.
    """

    name = "opaque"
    family = "opaque"
    summary = "A user-defined layer, given by its PyTorch class."
    main = "class"
    weighted = True
    reads_all = True
    attributes = (
        Attribute("class", ClassPath(), "Module and class, such as mypkg.ops.DeformConv2d."),
        Attribute("output", OutputShape(), "Output shape; by default the input's.", None),
        Attribute("inputs", References(), "Labels of additional input tensors.", None),
        Attribute("weights", NamedShapes(), "Trainable weights: name and shape.", None),
        Attribute("buffers", NamedShapes(), "Buffers: name and shape.", None),
        Attribute("params", Count(), "Number of parameters; by default that of `weights`.", None),
        Attribute("macs", Count(), "MACs per sample.", None),
        Attribute("arguments", NamedValues(), "Keyword arguments of the class.", None),
    )
    example = """\
name: a bilinear layer, which reads two vectors
input: {left: [16], right: [8]}
layers:
  - from: left
    opaque:
      class: torch.nn.Bilinear
      inputs: right
      output: [4]
      weights: {weight: [4, in_channels, 8], bias: [4]}
      arguments: {in1_features: in_channels, in2_features: 8, out_features: 4}
# 4·16·8 + 4
expect: {output: [4], params: 516}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        if a.output is not None and "same" in a.output and len(a.output) != len(t.shape):
            raise DiagnosticError(
                "wrong-rank",
                "`same` needs as many axes in the output as in the input",
                attribute="output",
                label=f"{len(a.output)} axes, but the input is {times(t.shape)}",
                help="write the size of every axis",
            )
        listed = sum(product(shape) for _, shape in a.weights or ())
        if a.weights is not None and a.params is not None and a.params != listed:
            raise DiagnosticError(
                "bad-value",
                "`params` differs from the sizes of `weights`",
                attribute="params",
                label=f"{a.params}, but the weights have {listed}",
                help="leave params out",
            )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        if a.output is None:
            return (t,)
        if len(a.output) == len(t.shape):
            sizes = [n if m == "same" else m for m, n in zip(a.output, t.shape, strict=True)]
            return (Tensor(tuple(sizes), t.axes),)
        return (Tensor(a.output, (CHANNELS, *(None for _ in a.output[1:]))),)

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        trained = [Weight(name, shape) for name, shape in a.weights or ()]
        kept = [
            Weight(name, shape, trainable=False, counted=not name.endswith("num_batches_tracked"))
            for name, shape in a.buffers or ()
        ]
        return (*trained, *kept)

    def macs(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int | None:
        macs: int | None = a.macs
        return macs

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int | None:
        return None

    def connections(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int | None:
        return None

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...]:
        return (Unknown(),) * sum(label != CHANNELS for label in x[0].axes)

    def describe(self, a: SimpleNamespace) -> str:
        name: str = vars(a)["class"]
        return name.rpartition(".")[2]

    def facts(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Facts:
        facts = super().facts(a, x)
        if a.weights is not None:
            return facts
        unknown = a.params is None
        buffers: Any = None if unknown and a.buffers is None else facts.buffers
        return facts._replace(params=a.params, buffers=buffers)
