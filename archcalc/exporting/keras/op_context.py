"""One operation as an emitter sees it: its attributes as proved expressions, its axes."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.expressions import evaluate, literal, variables
from archcalc.codegen.refusal import refused
from archcalc.exporting.call_sites import NotUniform, constant
from archcalc.exporting.keras.code import SEPARATOR, keras_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import SimpleNamespace

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc
    from archcalc.diagnostics import DiagnosticError
    from archcalc.exporting.call_sites import CallSite, SymbolicTensor
    from archcalc.exporting.keras.code import Path
    from archcalc.exporting.keras.operations import OperationWriter as Writer
    from archcalc.graph import Node
    from archcalc.ops.base import Tensor
    from archcalc.spec.syntax import Layer


class Make(NamedTuple):
    """A layer that is made and called. `weighted`: it has the operation's weights."""

    layer: Doc
    weighted: bool = False


class Compute(NamedTuple):
    """An expression of the tensor."""

    write: Callable[[str], Doc]


Steps = list[Make | Compute]


class OpContext:
    """An operation in all the places where one piece of code stands for it.

    Tensors have their channels last in the code: the channel axis of the graph's shape moved to
    the end, the others in order. `place` says where an axis has gone.
    """

    def __init__(
        self,
        writer: Writer,
        layer: Layer,
        lanes: list[CallSite],
        nodes: list[Node],
        wires: list[SymbolicTensor],
        path: Path,
        settle: Callable[[str, list[Any], bool], Expr],
    ) -> None:
        self.writer = writer
        self.layer = layer
        self.lanes = lanes
        self.nodes = nodes
        self.wires = wires
        self._path = path
        self._settle = settle

    @property
    def name(self) -> str:
        """The layer's name, as code."""
        return self.writer.function.path(self._path)

    def part(self, word: str) -> str:
        """The name of a helping layer: with a number where a layer of the net has it."""
        taken = self.writer.program.layer_names
        own = [keras_name(node.path) for node in self.nodes]
        words = (word if n == 1 else f"{word}{n}" for n in count(1))
        free = next(w for w in words if not any(f"{o}{SEPARATOR}{w}" in taken for o in own))
        return self.writer.function.path(self._path / free)

    def places(self) -> Iterator[tuple[CallSite, Node]]:
        """Every place with the node that stands there."""
        return zip(self.lanes, self.nodes, strict=True)

    # -- values -----------------------------------------------------------------------------

    def attributes(self) -> list[SimpleNamespace]:
        return [node.attributes for node in self.nodes if node.attributes is not None]

    def same(self, values: list[Any]) -> Any:
        """The value that all places have. Raises `NotUniform`."""
        return constant(self.lanes, values)

    def values(self, attribute: str) -> list[Any]:
        return [getattr(a, attribute) for a in self.attributes()]

    def value(self, attribute: str) -> Any:
        """An attribute that must be the same everywhere, because the code's form depends on it."""
        return self.same(self.values(attribute))

    def expr_or_constant(self, name: str, values: list[Any]) -> Expr:
        """An attribute as an expression that has these values. Raises `NotUniform`."""
        return self._settle(name, values, True)

    def attribute(self, name: str, *, channels: bool = True) -> Expr:
        """An attribute as an expression; `channels` where it may ask the tensor for its own,
        which it may not once that is permuted."""
        return self._settle(name, self.values(name), channels)

    def per_axis(self, name: str, values: list[Any] | None = None) -> Expr:
        """An attribute with a number an axis; one number for all axes stays one number."""
        actual = self.values(name) if values is None else values
        for candidates in (actual, [one(v) for v in actual], [mixed(v) for v in actual]):
            try:
                found = self.expr_or_constant(name, candidates)
            except NotUniform:
                continue
            if variables(found):
                return found
        return literal(one(self.same(actual)))

    def text(self, expr: Expr) -> str:
        return self.writer.function.text(expr)

    def unless(self, expr: Expr, default: Any) -> str | None:
        """The expression's text, None where it is the default."""
        if not variables(expr) and evaluate(expr, {}) == default:
            return None
        return self.text(expr)

    def doc(self, attribute: str, default: Any = None) -> str | None:
        """An attribute's text, None where it has the default that Keras has too."""
        return self.unless(self.attribute(attribute), default)

    # -- tensors ----------------------------------------------------------------------------

    def inputs(self, which: int = 0) -> list[Tensor]:
        return [lane.tensor(self.wires[which]) for lane in self.lanes]

    def outputs(self) -> list[Tensor]:
        found = [lane.net.tensors[node.outputs[0]] for lane, node in self.places()]
        return [t for t in found if t is not None]

    @property
    def rank(self) -> int:
        """The number of axes beside the channels."""
        found: int = self.same([len(t.shape) - 1 for t in self.inputs()])
        return found

    def place(self, axes: list[int]) -> int:
        """An axis of the input, given for every place in the graph's order: where it stands in the
        code, counted with the batch; -1 for the channels."""
        found = [
            -1 if axis == t.channel_axis else order(t).index(axis) + 1
            for axis, t in zip(axes, self.inputs(), strict=True)
        ]
        result: int = self.same(found)
        return result

    def order(self, tensors: list[Tensor]) -> tuple[int, ...]:
        """The graph's axes in the code's order."""
        found: tuple[int, ...] = self.same([order(t) for t in tensors])
        return found

    # -- what the code needs ------------------------------------------------------------------

    def need(self, helper: str) -> str:
        """Asks for a helper to be written above the functions."""
        self.writer.program.needed.add(helper)
        return helper

    def refuse(self, what: str, help: str = "") -> DiagnosticError:
        return refused(self.layer, what, help, "Keras")


def order(t: Tensor) -> tuple[int, ...]:
    """The axes of a tensor as the code has them: the channels last."""
    channels = t.channel_axis
    return (*(i for i in range(len(t.shape)) if i != channels), channels)


def shape(t: Tensor) -> tuple[int, ...]:
    """The shape of a tensor as the code has it, without the batch."""
    return tuple(t.shape[i] for i in order(t))


def one(value: Any) -> Any:
    """(3, 3) as 3; ((1, 1), (1, 1)) as 1."""
    if isinstance(value, tuple) and value:
        first = value[0]
        if all(v == first for v in value):
            return one(first) if isinstance(first, tuple) else first
    return value


def mixed(value: Any) -> Any:
    """((1, 1), (0, 0)) as (1, 0)."""
    if isinstance(value, tuple) and all(isinstance(v, tuple) and len(set(v)) == 1 for v in value):
        return tuple(v[0] for v in value)
    return value
