"""The state of one elaboration: nodes, tensors, errors, and the limits on its size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError, Note, Stop
from archcalc.elaborate.weights import weight_of_layer
from archcalc.graph import Expected, Group, Node
from archcalc.ops.attributes import look_among
from archcalc.ops.base import UnreadLayer
from archcalc.spec.expressions import INVALID
from archcalc.spec.limits import stop_at_many

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.diagnostics import Diagnostics, Span
    from archcalc.elaborate.scope import Label, LayerContext
    from archcalc.ops.base import Facts, Operation, Tensor
    from archcalc.spec.syntax import Layer, Spec

# An untrusted spec must be rejected before it takes seconds or hundreds of megabytes.
MAX_LAYERS = 120_000
MAX_STEPS = 500_000
MAX_CALL_DEPTH = 50

# The relative cost of a step.
LAYER, TURN, BRANCH, CALL, NEW_FACTS, FAULT = 1, 2, 2, 5, 14, 9

NOTHING = 0
"""The index of "no tensor": `tensors[0]` is always None (unknown)."""


def weight_of(names: dict[str, Any]) -> int:
    """The cost of a copy of the names, which a label or an expectation may keep: 0 if they are
    few."""
    return max(0, len(names) - 32) // 4


class State:
    """The graph under construction."""

    def __init__(self, spec: Spec, diagnostics: Diagnostics) -> None:
        self.spec = spec
        self.diagnostics = diagnostics
        self.nodes: list[Node] = []
        self.tensors: list[Tensor | None] = [None]
        self.producers: list[int | None] = [None]
        self.outputs: dict[str, int] = {}
        self.expected: list[Expected] = []
        self.names: dict[str, Any] = {}  # the values of vars, and which are invalid
        self.steps = 0
        self.facts: dict[Any, Facts] = {}
        self.read: dict[Any, SimpleNamespace] = {}
        self.chains: dict[int, bool] = {}
        self.weights: dict[int, int] = {}

    def weight(self, layer: Layer) -> int:
        """The cost of evaluating a layer's values, computed once."""
        key = id(layer)  # which lives as long as the spec
        weight = self.weights.get(key)
        if weight is None:
            self.weights[key] = weight = weight_of_layer(layer)
        return weight

    def variables(self) -> dict[str, Any]:
        """The values of the valid vars."""
        return {name: value for name, value in self.names.items() if name != INVALID}

    def tensor(self, tensor: Tensor | None, producer: int | None) -> int:
        """Adds a tensor (None: unknown) and returns its index."""
        self.tensors.append(tensor)
        self.producers.append(producer)
        return len(self.tensors) - 1

    def step(self, span: Span, weight: int = LAYER) -> None:
        """Counts a layer, a call or an iteration, and raises `Stop` beyond the limit."""
        self.steps += weight
        if len(self.nodes) > MAX_LAYERS:
            self.too_many(span, f"more than {MAX_LAYERS:,} layers")
        if self.steps > MAX_STEPS:
            self.too_many(span, "the turns, calls and branches up to here are too many")

    def too_many(self, span: Span, label: str) -> None:
        """Ends the walk because the net has too many layers."""
        self.diagnostics.error(
            "too-many-layers",
            f"a net has at most {MAX_LAYERS:,} layers",
            span,
            label=label,
            help="check the counts of the loops around this layer",
        )
        raise Stop

    def clear(self, root: Group) -> None:
        """Discards the graph."""
        root.children.clear()
        self.nodes.clear()
        self.expected.clear()
        self.outputs.clear()

    def report(self, error: DiagnosticError, place: LayerContext, layer: Layer) -> None:
        """Reports an error with its location and the block calls that lead there."""
        if error.code == "unknown-tensor":
            return  # in_channels of an unknown tensor: the error that caused it is already reported
        span = error.span or _argument_span(error, layer) or layer.span
        self.step(span, FAULT)
        notes: list[Note] = []
        if place.again is not None and place.again.span != span:
            notes.append(Note("called again here", place.again.span))
        call = place.call
        while call is not None:
            notes.append(Note(f"in this call of {call.block}", call.layer.span))
            call = call.around
        look_among(error, place.names)
        self.diagnostics.report(error, span, tuple(notes))
        stop_at_many(self.diagnostics, span)

    def node(
        self,
        place: LayerContext,
        layer: Layer,
        op: Operation,
        path: str,
        inputs: tuple[int, ...],
        attributes: SimpleNamespace | None,
        facts: Facts | None,
        *,
        invalid: bool = False,
    ) -> Node:
        """Adds a node and its output tensors to the graph and to the tree."""
        index = len(self.nodes)
        if facts is None:
            outputs: tuple[int, ...] = (self.tensor(None, index),)
        elif len(facts.outputs) == 1:
            outputs = (self.tensor(facts.outputs[0], index),)
        else:
            outputs = tuple(self.tensor(t, index) for t in facts.outputs)
        shared = self._shared(place, path, facts)
        node = Node(
            index,
            path,
            op,
            attributes,
            inputs,
            outputs,
            facts,
            layer,
            shared,
            place.training_only,
            invalid,
        )
        self.nodes.append(node)
        place.group.children.append(node)
        return node

    def unread(
        self, place: LayerContext, layer: Layer, start: int, path: str, *, invalid: bool
    ) -> Node:
        """Adds a node for a layer that could not be parsed, so that its metrics, and all totals
        that include it, are unknown."""
        for child in place.group.children[-1:]:
            if isinstance(child, Group):
                self._close_open(child)
        op = UnreadLayer(layer.word)
        return State.node(self, place, layer, op, path, (start,), None, None, invalid=invalid)

    def _close_open(self, group: Group) -> None:
        """Closes a group that the walk has left because of an error, and those open inside it."""
        if group.output is None:
            for child in group.children[-1:]:
                if isinstance(child, Group):
                    self._close_open(child)
            self.close(group, self.tensor(None, None))

    def _shared(self, place: LayerContext, path: str, facts: Facts | None) -> int | None:
        if place.again is None or path not in place.again.nodes:
            return None
        first = self.nodes[place.again.nodes[path]]
        if first.facts is not None and facts is not None and first.facts.weights != facts.weights:
            raise DiagnosticError(
                "reuse-mismatch",
                "a reused layer must keep its weights' shapes",
                label=f"{path} has {_weights(first.facts)}; here it would need {_weights(facts)}",
                help="call it on a tensor with the same number of channels",
                span=place.again.span,
            )
        return first.index if first.shared is None else first.shared

    def open(
        self,
        place: LayerContext,
        kind: str,
        layer: Layer | None,
        input: int,
        path: str | None = None,
        **more: Any,
    ) -> Group:
        """Opens a group in the tree. A `path` makes it a path component."""
        if path is None:
            where, level = place.group.path, False
        else:
            where, level = path, True
        group = Group(
            kind, where, layer, len(self.nodes), place.group, level=level, input=input, **more
        )
        place.group.children.append(group)
        return group

    def close(self, group: Group, output: int) -> None:
        group.end = len(self.nodes)
        group.output = output

    def expect(self, place: LayerContext, target: Node | Group, layer: Layer) -> None:
        """Records the expectations on a layer."""
        for case in layer.expect:
            self.step(layer.span, weight_of(place.names))
            self.expected.append(Expected(target, case, dict(place.names)))

    def label(self, place: LayerContext, name: str, label: Label) -> None:
        """Adds a label; two in one body are an error, repetitions by a loop are not."""
        before = place.scope.labels.get(name)
        if before is not None and before.layer is not label.layer:
            raise DiagnosticError(
                "duplicate-name",
                f"duplicate label `{name}`",
                label="the second",
                help="give one of them another name",
                span=label.span,
                notes=(Note("the first is here", before.span),),
            )
        place.scope.labels[name] = label


def _argument_span(error: DiagnosticError, layer: Layer) -> Span | None:
    value = layer.arguments.get(error.attribute) if error.attribute else None
    return value.span if value is not None else None


def _weights(facts: Facts) -> str:
    return ", ".join(f"{w.name} {'×'.join(map(str, w.shape)) or '1'}" for w in facts.weights)
