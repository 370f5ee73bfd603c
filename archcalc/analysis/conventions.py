"""How other tools count the MACs and parameters of a net, from the facts of its layers.

Each formula is the tool's own rule for a model built from modules, in evaluation mode and for a
batch of one. `specs/conventions.md` lists them; a test measures the tools.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.ops.base import product

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from archcalc.analysis.figures import Totals
    from archcalc.graph import Net, Node
    from archcalc.ops.base import Tensor

    Count = Callable[["Layer"], int]


class Layer(NamedTuple):
    """A layer as the tools see it: its node, its first input and its first output."""

    node: Node
    x: Tensor
    y: Tensor

    @property
    def macs(self) -> int:
        """MACs as archcalc counts them."""
        assert self.node.facts is not None
        return self.node.facts.macs or 0

    @property
    def inputs(self) -> int:
        """Elements of the input."""
        return product(self.x.shape)

    @property
    def outputs(self) -> int:
        """Elements of the output."""
        return product(self.y.shape)

    @property
    def affine(self) -> bool:
        """Whether a norm has a weight and a bias."""
        return self.has("weight")

    def has(self, weight: str) -> bool:
        """Whether the layer has a weight with this name."""
        assert self.node.facts is not None
        return any(w.name == weight for w in self.node.facts.weights)

    def attribute(self, name: str) -> object:
        """The value of an attribute, None if it has none."""
        return getattr(self.node.attributes, name, None)


def bias_additions(layer: Layer) -> int:
    """One addition per output of a convolution or linear layer with a bias."""
    counted = layer.node.op.family in ("convolution", "linear") and layer.has("bias")
    return layer.outputs if counted else 0


def batch_norm(layer: Layer) -> int:
    """One product and one sum per element."""
    return 2 * layer.outputs if layer.node.op.name == "batchnorm" else 0


def at_output(layer: Layer) -> int:
    """Each weight once per output position, for transposed convolutions too."""
    assert layer.node.facts is not None
    weights = layer.node.facts.weights
    if layer.node.op.family != "convolution" or not weights:
        return layer.macs
    return product(weights[0].shape) * product(layer.y.shape[1:])


def _macs(layer: Layer) -> int:
    return layer.macs


_AVERAGES = ("global_avgpool", "adaptive_avgpool")


def _fvcore(layer: Layer) -> int:
    name = layer.node.op.name
    if name == "batchnorm" and layer.attribute("track"):
        return (2 if layer.affine else 1) * layer.inputs
    if layer.node.op.family == "normalisation" and name != "lrn":
        return (5 if layer.affine else 4) * layer.inputs
    if name in _AVERAGES and len(layer.x.shape) == 3:
        return layer.inputs
    if name == "upsample" and len(layer.x.shape) == 3:
        return (1 if layer.attribute("mode") == "nearest" else 4) * layer.outputs
    return layer.macs


_THOP_LINEAR = {2: 5, 3: 11, 4: 31}
"""Flops per output of linear, bilinear and trilinear upsampling, by tensor rank."""


def _thop(layer: Layer) -> int:
    name = layer.node.op.name
    if name in ("batchnorm", "layernorm", "instancenorm"):
        return (4 if layer.affine else 2) * layer.inputs
    if name == "prelu":
        return layer.inputs
    if name == "softmax":
        axis = layer.attribute("axis")
        place = layer.x.channel_axis if axis is None else int(str(axis))
        return 3 * layer.inputs - layer.inputs // layer.x.shape[place]
    if name == "avgpool":
        return layer.outputs
    if name in _AVERAGES:
        return layer.inputs + layer.outputs
    if name == "upsample":
        nearest = layer.attribute("mode") == "nearest"
        return layer.outputs * (1 if nearest else _THOP_LINEAR[len(layer.x.shape)])
    return at_output(layer)


_PTFLOPS_TWICE = ("relu", "prelu", "elu", "gelu")
"""nn.ReLU has a hook and calls F.relu, which is patched: it is counted by both."""

_PTFLOPS_ONCE = ("leaky_relu", "relu6", "silu", "softmax")

_POOLS = ("maxpool", "avgpool", "global_avgpool", "global_maxpool", "adaptive_avgpool")


def _ptflops(layer: Layer) -> int:
    name = layer.node.op.name
    if name in _PTFLOPS_TWICE or name in _POOLS:
        return 2 * layer.inputs
    if name in _PTFLOPS_ONCE:
        return layer.inputs
    if name == "upsample":
        return 2 * layer.outputs
    if layer.node.op.family == "normalisation" and name != "lrn":
        affine = layer.affine and name != "layernorm"  # whose attribute has a different name
        return (2 if affine else 1) * layer.inputs
    return layer.macs + bias_additions(layer)


def _torchinfo(layer: Layer) -> int:
    assert layer.node.facts is not None
    params = layer.node.facts.params or 0  # layers with unknown counts are left out before
    if layer.node.op.family == "convolution":
        return params * product(layer.y.shape[1:])
    return params


class Convention(NamedTuple):
    """How a tool counts. `macs` is None if the tool reports none."""

    rule: str
    macs: Count | None
    buffers_are_params: bool = False


CONVENTIONS: dict[str, Convention] = {
    "paper": Convention("convolution, linear and matrix products; no biases", _macs),
    "fvcore": Convention("plus batch norm 2·n, other norms 5·n, average pooling n", _fvcore),
    "thop": Convention("plus norms 4·n; transposed convolutions at the output", _thop),
    "ptflops": Convention("plus biases, norms 2·n; ReLU and pools counted twice", _ptflops),
    "torchinfo": Convention("params × output positions; other layers: params", _torchinfo),
    "deepspeed": Convention("convolution, linear and matrix products; no biases", _macs),
    "keras": Convention("no MACs; params include the buffers of norms", None, True),
}


def counted(net: Net, nodes: Iterable[Node], count: Count) -> int | None:
    """The sum of a count over layers; None if a layer is unknown."""
    total = 0
    for node in nodes:
        x, y = net.tensors[node.inputs[0]], net.tensors[node.outputs[0]]
        if node.facts is None or node.facts.macs is None or x is None or y is None:
            return None
        total += count(Layer(node, x, y))
    return total


class Counted(NamedTuple):
    """The totals of a net as a tool reports them; None if unknown or not reported."""

    convention: str
    params: int | None
    macs: int | None

    @property
    def rule(self) -> str:
        """A short description of what the tool counts as MACs."""
        return CONVENTIONS[self.convention].rule


def totals_by(convention: str, net: Net, totals: Totals) -> Counted:
    """The totals of a net by a convention; `totals` are archcalc's own."""
    rule = CONVENTIONS[convention]
    params = totals.params
    if rule.buffers_are_params and params is not None:
        params = None if totals.buffers is None else params + totals.buffers
    if rule.macs is None:
        return Counted(convention, params, None)
    run = [node for node in net.nodes if not node.training_only]
    return Counted(convention, params, counted(net, run, rule.macs))
