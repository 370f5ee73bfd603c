"""A walk over a spec with symbolic numbers: the graph, and every decision with its location.

Which numbers are symbols, and their names, is decided here too: spatial sizes of inputs, and vars.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.budget import spend
from archcalc.diagnostics import Diagnostics, SpecError, Stop, nearest
from archcalc.elaborate import elaborate
from archcalc.elaborate.state import State
from archcalc.symbols.conditions import Condition, truth
from archcalc.symbols.formula_conditions import needed_whole, written_whole
from archcalc.symbols.terms import symbol
from archcalc.symbols.traced import is_number, poly_of, trace

if TYPE_CHECKING:
    from types import CodeType

    from archcalc.diagnostics import DiagnosticError, Span
    from archcalc.elaborate.scope import LayerContext
    from archcalc.graph import Net, Node
    from archcalc.ops.base import Facts, Operation, Shape, Tensor
    from archcalc.spec.syntax import Layer, Spec
    from archcalc.symbols.terms import Poly

    Lines = tuple[tuple[CodeType, int], ...]
    Operand = tuple[str, tuple[Poly, ...]]

MOST_SIDE = 2**24
"""The maximum input size (`elaborate` rejects larger ones)."""

TAKEN = ("Max", "Rational")
"""Names of SymPy that the language allows as names of vars."""

SPATIAL = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}


STEPS = 6
"""The cost of a step of the walk."""

DEEPEST = 16
"""How many stack frames above a comparison are recorded; an operation's check is never deeper."""


class Decision(NamedTuple):
    """The outcome of a comparison of symbolic numbers, and its location.

    `path` is the layer's, or that of its scope if it does not belong to a layer. `local`: it only
    affects the layer's own receptive field, no other metric.
    """

    condition: Condition
    path: str
    span: Span | None
    local: bool = False


class Trouble(NamedTuple):
    """An error of the walk; `decisions` are those of the offending layer up to it. `span` is the
    layer's, `told` the location of the diagnostic. `operands` are the tensors that the layer reads,
    if known: their names there, and their shapes."""

    code: str
    message: str
    label: str
    span: Span
    told: Span | None
    path: str
    decisions: tuple[Decision, ...]
    operands: tuple[Operand, ...] = ()


class Recorder:
    """Collects conditions as they are made. `decisions` are those with a known location. With
    `stops` a walk ends at its first error: later layers cannot make the size valid again."""

    def __init__(self, stops: bool = False) -> None:
        self.stops = stops
        self.decisions: list[Decision] = []
        self.troubles: list[Trouble] = []
        self.pending: list[tuple[Condition, Lines]] = []

    def note(self, condition: Condition) -> None:
        """Records the outcome of a comparison."""
        spend(10)
        frame = sys._getframe(1)
        lines: list[tuple[CodeType, int]] = []
        around: Any = frame
        while around is not None and len(lines) < DEEPEST:
            lines.append((around.f_code, around.f_lineno))
            around = around.f_back
        self.pending.append((condition.tidy(), tuple(lines)))

    def take(self) -> list[Condition]:
        """The conditions recorded since the last call."""
        pending = [condition for condition, _ in self.pending]
        self.pending = []
        return pending

    def finish(self, path: str, span: Span | None = None) -> None:
        """Assigns the decisions since the last call to a location."""
        self.decisions += [Decision(c, path, span) for c in self.take()]

    def forget_what_is_told(self, error: DiagnosticError) -> None:
        """Drops the comparisons made while the help of an error is computed. They come after the
        deciding one, from the line that raises it, and belong to no path."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is None:
            return
        code, line = trace.tb_frame.f_code, trace.tb_lineno
        while self.pending and any(c is code and at >= line for c, at in self.pending[-1][1]):
            self.pending.pop()


class TracingState(State):
    """The state of a walk that gives every decision its location."""

    def __init__(self, spec: Spec, diagnostics: Diagnostics, recorder: Recorder) -> None:
        super().__init__(spec, diagnostics)
        self.recorder = recorder
        self.at: Span | None = None

    def step(self, span: Span, weight: int = 1) -> None:
        spend(STEPS * weight)
        self._stop()
        self.recorder.finish("", self.at)
        self.at = span
        super().step(span, weight)

    def report(self, error: DiagnosticError, place: LayerContext, layer: Layer) -> None:
        recorder = self.recorder
        known = error.code != "unknown-tensor"
        decisions: tuple[Decision, ...] = ()
        if known:
            recorder.forget_what_is_told(error)
            path = place.group.path
            decisions = tuple(Decision(c, path, layer.span) for c in recorder.take())
            recorder.decisions += decisions
        super().report(error, place, layer)
        recorder.take()
        if known:
            told = self.diagnostics.items[-1].span
            recorder.troubles.append(
                Trouble(error.code, error.message, error.label, layer.span, told, path, decisions)
            )

    def tensor(self, tensor: Tensor | None, producer: int | None) -> int:
        if producer is None and tensor is not None:
            for side in tensor.shape:
                self._integral(side)
        return super().tensor(tensor, producer)

    def node(
        self,
        place: LayerContext,
        layer: Layer,
        op: Operation,
        path: str,
        inputs: tuple[int, ...],
        attributes: Any,
        facts: Facts | None,
        *,
        invalid: bool = False,
    ) -> Node:
        recorder = self.recorder
        if invalid and recorder.troubles:
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
        made = super().node(place, layer, op, path, inputs, attributes, facts, invalid=invalid)
        self._stop()
        return made

    def _operands(self, place: LayerContext, inputs: tuple[int, ...]) -> tuple[Operand, ...]:
        return tuple(
            (self._called(place, index), tuple(poly_of(n) for n in tensor.shape))
            for index in inputs
            if (tensor := self.tensors[index]) is not None
        )

    def _called(self, place: LayerContext, index: int) -> str:
        """The name of a tensor at a location: its label there, else the path of its layer."""
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
        """Whether only the receptive field needs this decision of a layer."""
        if facts is None:
            return set()
        x = tuple([t for i in inputs if (t := self.tensors[i]) is not None])
        op.reach(attributes, x, facts.outputs[0])
        local = set(self.recorder.take())
        if not local:
            return local
        op.check(attributes, x)
        y = op.outputs(attributes, x)[0]
        op.weights(attributes, x)
        op.macs(attributes, x, y)
        op.extra_flops(attributes, x, y)
        return local - set(self.recorder.take())

    def _integral(self, value: Any) -> None:
        """Records that an attribute or a size must be an integer."""
        if isinstance(value, tuple):
            for entry in value:
                self._integral(entry)
        elif isinstance(value, int) and hasattr(value, "poly"):
            condition = Condition("whole", poly_of(value))
            if truth(condition) is None:
                self.recorder.note(condition)


class Walk(NamedTuple):
    """One walk: the net with symbolic numbers, and the decisions on the way."""

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
    """Walks a spec whose settings and inputs may be symbolic, with `recorder.note`."""
    diagnostics = Diagnostics()
    states: list[TracingState] = []

    def make(spec: Spec, diagnostics: Diagnostics) -> TracingState:
        states.append(TracingState(spec, diagnostics, recorder))
        return states[0]

    net = elaborate(spec, diagnostics, settings=settings, inputs=inputs, make_state=make)
    recorder.finish("", states[0].at)
    return Walk(net, recorder, diagnostics)


class Refused(ValueError):
    """A formula that does not exist, or an unknown name. `help` suggests an alternative."""

    def __init__(self, message: str, help: str = "", span: Span | None = None) -> None:
        super().__init__(f"{message}; {help}" if help else message)
        self.message = message
        self.help = help
        self.span = span


class Axis(NamedTuple):
    """A spatial axis of an input: the input's name, its index in the shape, and its symbol."""

    input: str
    place: int
    name: str

    @property
    def poly(self) -> Poly:
        return symbol(self.name, most=MOST_SIDE)


def axes_of(shapes: dict[str, Shape], taken: dict[str, Any]) -> list[Axis]:
    """The spatial axes of the inputs; their names include the input's if there are several, or if a
    var has the same name."""
    axes: list[Axis] = []
    for name, shape in shapes.items():
        for place, letter in enumerate(("C", *SPATIAL.get(len(shape) - 1, ()))):
            alone = len(shapes) == 1 and letter not in taken
            word = "".join(c if c.isalnum() else "_" for c in name)
            axes.append(Axis(name, place, letter if alone else f"{letter}_{word}"))
    return axes


def own_shapes(spec: Spec, settings: dict[str, Any], inputs: dict[str, Shape]) -> dict[str, Shape]:
    """The shapes of the inputs with these settings. Raises `SpecError` for errors in them."""
    diagnostics = Diagnostics()
    net = elaborate(spec._replace(layers=()), diagnostics, settings=settings, inputs=inputs)
    if diagnostics.failed:
        raise SpecError(diagnostics.items)
    shapes = {name: net.tensors[index] for name, index in net.inputs.items()}
    return {name: tensor.shape for name, tensor in shapes.items() if tensor is not None}


def traced_inputs(
    shapes: dict[str, Shape], free: list[Axis], recorder: Recorder
) -> dict[str, Shape]:
    """The shapes with symbolic numbers for the free axes."""
    made = {name: list(shape) for name, shape in shapes.items()}
    for axis in free:
        side = made[axis.input][axis.place]
        made[axis.input][axis.place] = trace(side, axis.poly, recorder.note)
    return {name: tuple(shape) for name, shape in made.items()}


def variable(name: str, value: Any, whole: bool) -> Poly:
    """The symbol of a var with this value: an integer, or any number."""
    least = -MOST_SIDE if value < 0 else int(whole and value > 0)
    return symbol(f"{name}_" if name in TAKEN else name, whole=whole, least=least)


def numeric(variables: dict[str, Any]) -> dict[str, Any]:
    """The vars that are numbers."""
    return {n: v for n, v in variables.items() if is_number(v) and not isinstance(v, bool)}


def freed_walk(
    spec: Spec, free: tuple[str, ...], settings: dict[str, Any], inputs: dict[str, Shape]
) -> Walk:
    """The walk with these names free: the spatial sizes of the inputs if none are given.

    Raises `Refused` for a name that is neither a spatial size nor a numeric var.
    """
    known = elaborate(spec._replace(layers=()), Diagnostics(), settings=settings, inputs=inputs)
    shapes = own_shapes(spec, settings, inputs)
    axes = _chosen(free, axes_of(shapes, spec.variables), known.variables)
    values = {name: known.variables[name] for name in free if name in known.variables}
    # An input without a free axis keeps the expression in the spec.
    kept = {axis.input for axis in axes} | set(inputs)
    shapes = {name: shape for name, shape in shapes.items() if name in kept}

    def walked(whole: dict[str, bool]) -> Walk:
        recorder = Recorder()
        traced = {
            name: trace(value, variable(name, value, whole[name]), recorder.note)
            for name, value in values.items()
        }
        given = traced_inputs(shapes, axes, recorder)
        return walk(spec, recorder, {**settings, **traced}, given)

    whole = {name: written_whole(spec, name, value) for name, value in values.items()}
    if not any(whole.values()):
        return walked(whole)
    tried = walked(dict.fromkeys(whole, False))
    needed = {
        name: whole[name] and needed_whole(name, value, tried.recorder.decisions)
        for name, value in values.items()
    }
    return walked(needed) if any(needed.values()) else tried


def _chosen(free: tuple[str, ...], axes: list[Axis], variables: dict[str, Any]) -> list[Axis]:
    """The free axes: all spatial ones if no name is given."""
    if not free:
        return [axis for axis in axes if axis.place > 0]
    known = {axis.name: axis for axis in axes}
    numbers = numeric(variables)
    for name in free:
        if name in variables and name not in numbers:
            raise Refused(
                f"{name} is not a number, so it cannot be a symbol of a formula",
                help=f"give the formula for each of its values: --table {name}=…",
            )
        if name not in known and name not in numbers:
            near = nearest(name, [*known, *numbers])
            listed = ", ".join([*known, *numbers])
            raise Refused(
                f"the spec has no spatial size or var {name}",
                help=f"did you mean {near}?" if near else f"there are {listed}",
            )
    return [known[name] for name in free if name in known and name not in variables]
