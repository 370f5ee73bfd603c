"""Nets built by hand for the tests of the passes, from facts instead of a spec."""

from __future__ import annotations

from types import SimpleNamespace

from archcalc.diagnostics import SourceFile, Span
from archcalc.graph import Group, Net, Node
from archcalc.ops.base import CHANNELS, Facts, Operation, Tensor, Weight, product
from archcalc.spec.syntax import Layer, Spec

FILE = SourceFile("test.yaml", "\n".join(f"layer {n}" for n in range(200)))


def image(*shape: int) -> Tensor:
    """A tensor with channels first and spatial axes labelled by their index."""
    return Tensor(shape, (CHANNELS, *range(len(shape) - 1)))


class Stub(Operation):
    """An operation with the given properties."""

    def __init__(
        self,
        name="stub",
        *,
        join=False,
        weighted=False,
        view=False,
        connections=None,
        moves=None,
        channels_read="",
    ):
        self.name = name
        self.join = join
        self.weighted = weighted
        self.view = view
        self._connections = connections
        self._moves = moves
        self.channels_read = channels_read

    def moves(self, *_given):
        return self._moves

    def connections(self, *_given):
        return self._connections


def facts(*outputs: Tensor, reach=None, weights=(), macs=0, flops=0) -> Facts:
    """Facts whose counts follow from the weights and the outputs."""
    return Facts(
        outputs,
        weights,
        sum(product(w.shape) for w in weights if w.trainable),
        sum(product(w.shape) for w in weights if not w.trainable),
        macs,
        flops,
        sum(product(t.shape) for t in outputs),
        reach,
    )


class Builder:
    """Adds layers one by one. Tensors are indices, as in the net."""

    def __init__(self, **inputs: Tensor) -> None:
        self.tensors: list[Tensor | None] = [None]
        self.producers: list[int | None] = [None]
        self.nodes: list[Node] = []
        self.inputs: dict[str, int] = {}
        self.groups: list[Group] = []
        self.root = Group("net", "", None, 0, None, level=True)
        for name, tensor in (inputs or {"input": image(1, 64)}).items():
            self.inputs[name] = self._tensor(tensor, None)

    def _tensor(self, tensor: Tensor | None, producer: int | None) -> int:
        self.tensors.append(tensor)
        self.producers.append(producer)
        return len(self.tensors) - 1

    def layer(
        self,
        *inputs: int,
        op=None,
        known=True,
        given=None,
        allow=(),
        layer=None,
        moves=None,
        **more,
    ):
        """One layer; `given` are its facts (by default those of a relu). Returns its output."""
        if given is None and known:
            given = facts(self.tensors[inputs[0]])
        index = len(self.nodes)
        made = given.outputs if given is not None else (None,)
        outputs = tuple(self._tensor(t, index) for t in made)
        op = op or Stub(moves=moves)
        if layer is None:
            span = Span(FILE, index + 1, 1, 5)
            layer = Layer("operation", op.name, span, {}, allow=frozenset(allow))
        path = more.pop("path", f"layer{index}")
        node = Node(index, path, op, SimpleNamespace(), inputs, outputs, given, layer=layer, **more)
        self.nodes.append(node)
        return outputs[0] if len(outputs) == 1 else outputs

    def join(self, *inputs: int, moves=None, **more):
        """A join that adds or concatenates its inputs."""
        return self.layer(*inputs, op=Stub("add", join=True, moves=moves), **more)

    def weighted(self, *inputs: int, params=1, **more):
        """A layer with weights that keeps the shape."""
        given = facts(self.tensors[inputs[0]], weights=(Weight("weight", (params,)),))
        return self.layer(*inputs, op=Stub("conv", weighted=True), given=given, **more)

    def group(self, start: int, input: int, output: int, path="block") -> Group:
        """A group of the nodes from `start` on."""
        group = Group("group", path, None, start, self.root, level=True, input=input)
        group.end, group.output = len(self.nodes), output
        return group

    def net(self, output: int | None = None, expected=(), **more) -> Net:
        """The finished net; `output` is the main output."""
        self.root.input = next(iter(self.inputs.values()))
        self.root.output, self.root.end = output, len(self.nodes)
        outputs = more.pop("outputs", {"output": output} if output is not None else {})
        spec = Spec(FILE, "test", None, None, (), {}, {}, (), (), Span(FILE, 1, 1))
        values = {"variables": {}, "overridden": frozenset(), "diagnostics": (), **more}
        return Net(
            "test",
            spec,
            tuple(self.nodes),
            tuple(self.tensors),
            tuple(self.producers),
            self.root,
            self.inputs,
            outputs,
            values["variables"],
            values["overridden"],
            tuple(expected),
            tuple(values["diagnostics"]),
        )
