"""A walk over a spec with traced numbers: the graph, and every decision with its place."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import Diagnostics, Stop
from archcalc.elaborate import elaborate
from archcalc.elaborate.state import State
from archcalc.symbols.conditions import Condition, truth
from archcalc.symbols.traced import poly_of

if TYPE_CHECKING:
    from types import CodeType

    from archcalc.diagnostics import Fault, Span
    from archcalc.elaborate.place import Place
    from archcalc.graph import Net, Node
    from archcalc.ops.base import Facts, Operation, Shape, Tensor
    from archcalc.spec.syntax import Layer, Spec
    from archcalc.symbols.terms import Poly

    Lines = tuple[tuple[CodeType, int], ...]
    Operand = tuple[str, tuple[Poly, ...]]

DEEPEST = 16
"""How many calls above a comparison are remembered; an operation's check is never so deep."""


class Decision(NamedTuple):
    """A comparison of traced numbers, as it came out, and where.

    `path` is the layer's, that of the level around it where it is not a layer's own. `local`: it
    shapes only what the layer says of its receptive field, no other figure.
    """

    condition: Condition
    path: str
    span: Span | None
    local: bool = False


class Trouble(NamedTuple):
    """A fault that the walk met; `decisions` are those of the layer at fault up to it. `span` is
    the layer's, `told` what the diagnostic points at. `operands` are the tensors that the layer
    reads, where these are known: what each is called there, and its shape."""

    code: str
    message: str
    label: str
    span: Span
    told: Span | None
    path: str
    decisions: tuple[Decision, ...]
    operands: tuple[Operand, ...] = ()


class Recorder:
    """Takes the conditions as they are made. `decisions` are those whose place is known. With
    `stops` a walk ends at its first fault: what comes after cannot make the size valid again."""

    def __init__(self, stops: bool = False) -> None:
        self.stops = stops
        self.decisions: list[Decision] = []
        self.troubles: list[Trouble] = []
        self.pending: list[tuple[Condition, Lines]] = []

    def note(self, condition: Condition) -> None:
        """A comparison has come out so."""
        frame = sys._getframe(1)
        lines: list[tuple[CodeType, int]] = []
        around: Any = frame
        while around is not None and len(lines) < DEEPEST:
            lines.append((around.f_code, around.f_lineno))
            around = around.f_back
        self.pending.append((condition.tidy(), tuple(lines)))

    def take(self) -> list[Condition]:
        """The conditions since the last time."""
        pending = [condition for condition, _ in self.pending]
        self.pending = []
        return pending

    def finish(self, path: str, span: Span | None = None) -> None:
        """What was decided since the last time was decided here."""
        self.decisions += [Decision(c, path, span) for c in self.take()]

    def forget_what_is_told(self, fault: Fault) -> None:
        """What a fault says of itself (its help) compares numbers too. Those comparisons come
        after the one that decided, from the line that raises it, and belong to no path."""
        trace = fault.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is None:
            return
        code, line = trace.tb_frame.f_code, trace.tb_lineno
        while self.pending and any(c is code and at >= line for c, at in self.pending[-1][1]):
            self.pending.pop()


class TracingState(State):
    """The state of a walk that gives every decision its place."""

    def __init__(self, spec: Spec, diagnostics: Diagnostics, recorder: Recorder) -> None:
        super().__init__(spec, diagnostics)
        self.recorder = recorder
        self.at: Span | None = None

    def step(self, span: Span, weight: int = 1) -> None:
        self._stop()
        self.recorder.finish("", self.at)
        self.at = span
        super().step(span, weight)

    def report(self, fault: Fault, place: Place, layer: Layer) -> None:
        recorder = self.recorder
        known = fault.code != "unknown-tensor"
        decisions: tuple[Decision, ...] = ()
        if known:
            recorder.forget_what_is_told(fault)
            path = place.group.path
            decisions = tuple(Decision(c, path, layer.span) for c in recorder.take())
            recorder.decisions += decisions
        super().report(fault, place, layer)
        recorder.take()
        if known:
            told = self.diagnostics.items[-1].span
            recorder.troubles.append(
                Trouble(fault.code, fault.message, fault.label, layer.span, told, path, decisions)
            )

    def tensor(self, tensor: Tensor | None, producer: int | None) -> int:
        if producer is None and tensor is not None:
            for side in tensor.shape:
                self._integral(side)
        return super().tensor(tensor, producer)

    def node(
        self,
        place: Place,
        layer: Layer,
        op: Operation,
        path: str,
        inputs: tuple[int, ...],
        attributes: Any,
        facts: Facts | None,
        *,
        faulty: bool = False,
    ) -> Node:
        recorder = self.recorder
        if faulty and recorder.troubles:
            last = recorder.troubles[-1]
            operands = self._operands(place, inputs)
            recorder.troubles[-1] = last._replace(path=path, operands=operands)
        for value in vars(attributes).values() if attributes is not None else ():
            self._integral(value)
        conditions = recorder.take()
        if conditions:
            local = self._local(op, attributes, inputs, facts)
            recorder.decisions += [
                Decision(c, path, layer.span, local=c in local) for c in conditions
            ]
        made = super().node(place, layer, op, path, inputs, attributes, facts, faulty=faulty)
        self._stop()
        return made

    def _operands(self, place: Place, inputs: tuple[int, ...]) -> tuple[Operand, ...]:
        return tuple(
            (self._called(place, index), tuple(poly_of(n) for n in tensor.shape))
            for index in inputs
            if (tensor := self.tensors[index]) is not None
        )

    def _called(self, place: Place, index: int) -> str:
        """What a tensor is called at a place: its label there, else the path of its layer."""
        for name in place.scope.visible():
            label = place.scope.find(name)
            if label is not None and label.tensor == index:
                return name
        producer = self.producers[index]
        return "the input" if producer is None else self.nodes[producer].path

    def _stop(self) -> None:
        if self.recorder.stops and self.recorder.troubles:
            raise Stop

    def _local(
        self, op: Operation, attributes: Any, inputs: tuple[int, ...], facts: Facts | None
    ) -> set[Condition]:
        """What the receptive field alone asks of a layer."""
        if facts is None:
            return set()
        x = tuple([t for i in inputs if (t := self.tensors[i]) is not None])
        op.reach(attributes, x, facts.outputs[0])
        local = set(self.recorder.take())
        op.check(attributes, x)
        y = op.outputs(attributes, x)[0]
        op.weights(attributes, x)
        op.macs(attributes, x, y)
        op.extra_flops(attributes, x, y)
        return local - set(self.recorder.take())

    def _integral(self, value: Any) -> None:
        """An attribute or a side has been read as an integer: its term must be one."""
        if isinstance(value, tuple):
            for entry in value:
                self._integral(entry)
        elif isinstance(value, int) and hasattr(value, "poly"):
            condition = Condition("whole", poly_of(value))
            if truth(condition) is None:
                self.recorder.note(condition)


class Walk(NamedTuple):
    """One walk: the net with traced numbers in it, and what was decided on the way."""

    net: Net
    recorder: Recorder
    diagnostics: Diagnostics

    @property
    def failed(self) -> bool:
        return self.diagnostics.failed


def walk(
    spec: Spec,
    recorder: Recorder,
    settings: dict[str, Any],
    inputs: dict[str, Shape],
) -> Walk:
    """Walks a spec whose settings and inputs may be traced with `recorder.note`."""
    diagnostics = Diagnostics()
    states: list[TracingState] = []

    def make(spec: Spec, diagnostics: Diagnostics) -> TracingState:
        states.append(TracingState(spec, diagnostics, recorder))
        return states[0]

    net = elaborate(spec, diagnostics, settings=settings, inputs=inputs, make_state=make)
    recorder.finish("", states[0].at)
    return Walk(net, recorder, diagnostics)
