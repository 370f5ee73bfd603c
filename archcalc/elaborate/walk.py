"""The walk over the layers of a spec. The package docstring lists what is where."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from archcalc.budget import spend
from archcalc.diagnostics import DiagnosticError, Stop
from archcalc.elaborate import calls, joins
from archcalc.elaborate.naming import Level, is_chain
from archcalc.elaborate.nodes import add_operation, look_up, no_tensor
from archcalc.elaborate.scope import Label, LayerContext, Scope
from archcalc.elaborate.start import only_input, open_inputs, variables_in_force
from archcalc.elaborate.state import LAYER, MAX_LAYERS, NOTHING, TURN, State, weight_of
from archcalc.elaborate.values import (
    loop_turns,
    optional_name,
    read_name,
    set_in_channels,
    truth,
)
from archcalc.graph import Group, Net, Node
from archcalc.ops.attributes import Number

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.diagnostics import Diagnostics
    from archcalc.elaborate.scope import Made
    from archcalc.graph import Expected
    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Init, Layer, Spec

_NUMBER = Number()


def elaborate(
    spec: Spec,
    diagnostics: Diagnostics,
    *,
    settings: dict[str, Any] | None = None,
    inputs: dict[str, Shape] | None = None,
    make_state: Callable[[Spec, Diagnostics], State] = State,
) -> Net:
    """The graph of a spec, with `settings` for its vars and `inputs` for its inputs.

    Never raises for errors in the spec: they go to `diagnostics`, and what they hide is unknown in
    the net. Uses steps of the current budget. A symbolic walk passes its own state.
    """
    state = make_state(spec, diagnostics)
    root = Group("net", "", None, 0, None, level=True, title=spec.name)
    level = Level("", is_chain(spec.layers, spec.blocks, state.chains))
    place = LayerContext({}, level, Scope(None), root)
    known_inputs: dict[str, int] = {}
    output = NOTHING
    try:
        state.names = variables_in_force(state, settings or {})
        place.names.update(state.names)
        known_inputs = open_inputs(state, place, inputs or {})
        start = only_input(state, known_inputs)
        root.input = start
        output = Walker(state).body(spec.layers, start, place)
    except Stop:
        # A limit was reached, and the diagnostics say so. The part built so far is useless, and
        # would cost the passes and the table more than the limit allows.
        state.clear(root)
    spend(state.steps)
    if not state.nodes and diagnostics.failed:
        with suppress(Stop):  # of a state that stops at every error
            node = state.unread(place, _all_layers(spec), NOTHING, "layers", invalid=True)
            output = node.outputs[0]
    for layer in spec.unread:
        with suppress(Stop):
            node = state.unread(place, layer, NOTHING, layer.word, invalid=True)
            output = node.outputs[0]
    state.close(root, output)
    if output != NOTHING:
        state.outputs = {"output": output, **state.outputs}
    expected: list[Expected] = state.expected
    set_in_channels(state, place, root.input or NOTHING)
    expected += calls.net_expectations(spec, root, place.names)
    return Net(
        spec.name,
        spec,
        tuple(state.nodes),
        tuple(state.tensors),
        tuple(state.producers),
        root,
        known_inputs,
        state.outputs,
        state.variables(),
        frozenset(settings or ()) | {f"input {name}" for name in inputs or ()},
        tuple(expected),
        tuple(diagnostics.items),
    )


def _all_layers(spec: Spec) -> Layer:
    """The placeholder for the layers of a spec if none could be parsed."""
    from archcalc.spec.syntax import Layer

    return Layer("error", "layers", spec.span, {})


class Walker:
    """Walks bodies and layers; every handler returns the layer's output tensor."""

    def __init__(self, state: State) -> None:
        self.state = state

    def body(self, layers: tuple[Layer, ...], tensor: int, place: LayerContext) -> int:
        """Walks layers in sequence; returns the last tensor."""
        for layer in layers:
            tensor = self.layer(layer, tensor, place)
        return tensor

    def layer(self, layer: Layer, tensor: int, place: LayerContext) -> int:
        """Walks one layer; errors are reported here, and then the output is unknown."""
        self.state.step(layer.span, LAYER + self.state.weight(layer))
        try:
            return self._present(layer, tensor, place)
        except DiagnosticError as error:
            self.state.report(error, place, layer)
            unknown = self._unread(layer, tensor, place, invalid=error.code != "unknown-tensor")
            self._labels_of_unknown(layer, unknown, place)
            return tensor if layer.head else unknown

    def _unread(self, layer: Layer, start: int, place: LayerContext, *, invalid: bool) -> int:
        """The output of a layer with an error; adds a node for it unless it has added its own."""
        state = self.state
        last = place.group.children[-1] if place.group.children else None
        if last is not None and last.layer is layer and isinstance(last, Node):
            return state.tensor(None, None)
        if isinstance(last, Group) and last.layer is layer and last.output is not None:
            return state.tensor(None, None)
        name = layer.name or layer.label
        word = layer.word or layer.kind
        with suppress(DiagnosticError):
            word = read_name(name, place) if name is not None else word
        inside = place.inside(place.group)
        inside.training_only = place.training_only or layer.training_only
        path = place.level.prefix + word
        node = state.unread(inside, layer, start, path, invalid=invalid)
        if layer.head:
            with suppress(DiagnosticError):
                self._output(node.outputs[0], path, layer)
        return node.outputs[0]

    def _present(self, layer: Layer, tensor: int, place: LayerContext) -> int:
        state = self.state
        start = tensor
        if layer.source is not None:
            start = look_up(place, read_name(layer.source, place), layer.source.span).tensor
        set_in_channels(state, place, start)
        try:
            if layer.when is not None and not truth(layer.when, place):
                return tensor
            if layer.training_only and not place.training_only:
                place = place.inside(place.group)
                place.training_only = True
            return self.present(layer, start, tensor, place, None)
        except DiagnosticError as error:
            if error.code == "unknown-tensor" and start == NOTHING:
                raise no_tensor(layer) from error
            raise

    def present(
        self, layer: Layer, start: int, current: int, place: LayerContext, path: str | None
    ) -> int:
        """Walks a layer that is present. `path` is given if a layer is reused."""
        first = len(self.state.nodes)
        target, result, path = self.dispatch(layer, start, place, path)
        if layer.expect and target is not None:
            set_in_channels(self.state, place, start)
            self.state.expect(place, target, layer)
        if layer.init is not None:
            set_in_channels(self.state, place, start)
            self._check_init(layer, layer.init, target, place)
        self.enter_labels(layer, result, place, path, first)
        if layer.head:
            label = layer.name or layer.label
            if path is None and label is not None:
                path = place.level.prefix + read_name(label, place)
            self._output(result, path, layer)
            return current
        return result

    def dispatch(self, layer: Layer, start: int, place: LayerContext, path: str | None) -> Made:
        """The layer's part of the tree, its output tensor, and its path if it has one."""
        match layer.kind:
            case "operation":
                return self._operation(layer, start, place, path)
            case "block":
                return calls.call_block(self, layer, start, place, path)
            case "join":
                return joins.walk_join(self, layer, start, place, path)
            case "do":
                return self._do(layer, start, place)
            case "group":
                return self._group(layer, start, place, path)
            case "apply":
                return calls.apply(self, layer, start, place, path)
            case "reuse":
                return calls.reuse(self, layer, start, place)
            case "tensor":
                return self._tensor(layer, start)
            case _:
                return self._error(layer, start, place)

    def _operation(self, layer: Layer, start: int, place: LayerContext, path: str | None) -> Made:
        if path is None:
            path = place.level.take(optional_name(layer.name, place), layer.word, layer)
        node = add_operation(self.state, place, layer, (start,), path)
        # After a split there is no current tensor: the next layer chooses one.
        return node, node.outputs[0] if node.op.name != "split" else NOTHING, path

    def _group(self, layer: Layer, start: int, place: LayerContext, path: str | None) -> Made:
        if path is None:
            path = place.level.take(optional_name(layer.name, place), "group", layer)
        group = self.state.open(place, "group", layer, start, path)
        inside = place.inside(group, level=self.level(path, layer.body), scope=Scope(place.scope))
        result = self.body(layer.body, start, inside)
        self.state.close(group, result)
        return group, result, path

    def _do(self, layer: Layer, start: int, place: LayerContext) -> Made:
        if layer.loop is None:
            group = self.state.open(place, "do", layer, start)
            result = self.body(layer.body, start, place.inside(group))
        else:
            group = self.state.open(place, "loop", layer, start)
            result = self._turns(layer, start, place.inside(group))
        self.state.close(group, result)
        return group, result, None

    def _turns(self, layer: Layer, tensor: int, place: LayerContext) -> int:
        state = self.state
        assert layer.loop is not None
        turns = loop_turns(layer.loop, place.names)
        for index, values in enumerate(turns):
            state.step(layer.span, TURN + weight_of(place.names))
            before = len(state.nodes)
            group = state.open(place, "turn", layer, tensor, arguments={**values, "index": index})
            names = {**place.names, **group.arguments}
            tensor = self.body(layer.body, tensor, place.inside(group, names=names))
            state.close(group, tensor)
            if index == 0 and (len(state.nodes) - before) * len(turns) > MAX_LAYERS:
                layers = (len(state.nodes) - before) * len(turns)
                state.too_many(layer.loop.span, f"{len(turns):,} turns make {layers:,} layers")
        return tensor

    def _tensor(self, layer: Layer, start: int) -> Made:
        if start == NOTHING:
            raise no_tensor(layer)
        return None, start, None

    def _error(self, layer: Layer, start: int, place: LayerContext) -> Made:
        """A layer that could not be parsed: already reported, and its output is unknown."""
        path = place.level.take(optional_name(layer.name, place), layer.word or "layer", layer)
        node = self.state.unread(place, layer, start, path, invalid=True)
        return node, node.outputs[0], path

    def level(self, path: str, body: tuple[Layer, ...]) -> Level:
        """The path scope that a group or block opens at `path`."""
        chain = is_chain(body, self.state.spec.blocks, self.state.chains)
        return Level(path + ".", chain)

    def enter_labels(
        self, layer: Layer, result: int, place: LayerContext, path: str | None, first: int
    ) -> None:
        """Adds the labels of a layer's `name` and `as`."""
        for name in (layer.name, layer.label):
            if name is not None:
                label = Label(
                    result, name.span, layer, place.names, path, first, len(self.state.nodes)
                )
                self.state.label(place, read_name(name, place), label)

    def _labels_of_unknown(self, layer: Layer, unknown: int, place: LayerContext) -> None:
        for name in (layer.name, layer.label):
            if name is None:
                continue
            with suppress(
                DiagnosticError
            ):  # if the name itself is invalid, which is reported already
                place.scope.labels.setdefault(
                    read_name(name, place), Label(unknown, name.span, layer)
                )

    def _check_init(
        self, layer: Layer, init: Init, target: Node | Group | None, place: LayerContext
    ) -> None:
        """Reports an `init` on a layer without weights, and arguments that are not numbers."""
        if layer.kind == "reuse":
            self.state.report(_misplaced_init(init, "write it on the layer itself"), place, layer)
        elif not isinstance(target, Node):
            self.state.report(_misplaced_init(init, "write it on the layers inside"), place, layer)
        elif target.facts is not None and not target.facts.weights:
            self.state.report(_misplaced_init(init, "leave it out"), place, layer)
        for value in init.arguments.values():
            try:
                _NUMBER.read(value.evaluate(place.names), None)
            except DiagnosticError as error:
                error.span = error.span or value.span
                self.state.report(error, place, layer)

    def _output(self, result: int, path: str | None, layer: Layer) -> None:
        """Adds an output of the net, named by the last part of its path (or its label), or by the
        full path if that name is taken. Raises `DiagnosticError` if that is taken too."""
        outputs = self.state.outputs
        name = path.rpartition(".")[2] if path else f"head{len(outputs) + 1}"
        if path and name in outputs:
            name = path
        if path and name in outputs:
            raise DiagnosticError(
                "duplicate-name",
                f"duplicate output name `{name}`",
                label="a loop or a reuse repeats this head under the same name",
                help="make it differ per iteration, as in name: head$(index + 1)",
                span=layer.span,
            )
        outputs[name if name != "output" else "output_head"] = result


def _misplaced_init(init: Init, help: str) -> DiagnosticError:
    return DiagnosticError(
        "misplaced-key",
        "`init` needs a layer with weights",
        label="this layer has none of its own",
        help=help,
        span=init.span,
    )
