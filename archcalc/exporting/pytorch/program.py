"""A whole generated file: its classes in order, and the helpers that they need."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from archcalc.elaborate.naming import is_chain
from archcalc.exporting.expressions import (
    Untranslatable,
    literal,
    name,
    plain,
    substitute,
    translate,
    variables,
)
from archcalc.exporting.layout import Line, assign
from archcalc.exporting.names import Identifiers
from archcalc.exporting.pytorch.attributes import Attribute
from archcalc.exporting.pytorch.builder import Builder, Captured, Parameter
from archcalc.exporting.pytorch.calls import inner_escapes
from archcalc.exporting.pytorch.chain import ChainWriter
from archcalc.exporting.pytorch.forward import ForwardWriter
from archcalc.exporting.pytorch.helpers import NAMES
from archcalc.exporting.pytorch.lanes import Differs, Lane, Unroll, Wire, holds
from archcalc.exporting.pytorch.operands import Factories
from archcalc.exporting.pytorch.references import References
from archcalc.exporting.pytorch.scope import Label, Scope
from archcalc.exporting.pytorch.writer import Here
from archcalc.graph import Group
from archcalc.spec.expressions import Operand
from archcalc.spec.names import MODULE_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcalc.exporting.expressions import Expr
    from archcalc.graph import Net
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Block, Layer, Spec


class Class:
    """A block's class that has been written: what a call of it needs to know."""

    def __init__(
        self, builder: Builder, parameters: dict[str, Parameter], outputs: dict[int, Expr]
    ) -> None:
        self.builder = builder
        self.all_parameters = parameters  # those that the code reads are in builder.parameters
        self.outputs = outputs
        self.lanes = {id(lane.group): lane for lane in builder.lanes}


class Program:
    """The file in the making. `nets` are elaborations of one spec under different vars; what is
    written must hold in all of them. `frozen` vars are written as the numbers they have."""

    def __init__(
        self, nets: Sequence[Net], frozen: frozenset[str], changed: dict[int, str]
    ) -> None:
        self.nets = nets
        self.changed = changed  # which var is another one in a net, by the net's id
        self.spec = nets[0].spec
        self.frozen = frozen
        self.helpers: set[str] = set()
        self.classes: list[Builder] = []
        self.class_ids = Identifiers(NAMES)
        self.class_of: dict[int, Class] = {}
        self.doubtful: set[str] = set()
        self._captured_wires: dict[tuple[str, int], Wire] = {}

    def snapshot(self) -> Any:
        return set(self.helpers), len(self.classes), set(self.class_ids.used), set(self.doubtful)

    def restore(self, before: Any) -> None:
        self.helpers = set(before[0])
        del self.classes[before[1] :]
        self.class_ids.used = set(before[2])
        self.doubtful = set(before[3])

    # -- what writers ask -------------------------------------------------------------------

    def untried(self, condition: Expr | None, lanes: list[Lane]) -> None:
        """Notes a condition that comes out the same everywhere. What the code would be like the
        other way nobody has seen, so vars that have a say in it must stay as they are: those with
        which what it reads changes."""
        names = [] if condition is None else variables(condition)
        if condition is not None and not names:
            return
        seen: dict[str | None, set[object]] = {}
        for lane in lanes:
            values = repr([lane.py.get(n) for n in names])
            seen.setdefault(self.changed.get(id(lane.net)), set()).add(values)
        for word in set(self.spec.variables) - self.frozen:
            if condition is None or seen.get(word) != seen.get(None):
                self.doubtful.add(word)

    def has_heads(self, lanes: list[Lane]) -> bool:
        """Whether the block called here gives heads."""
        found = [self.class_of.get(id(lane.peek())) for lane in lanes]
        return any(c is not None and c.builder.gives_heads for c in found)

    def extra(self, builder: Builder, lanes: list[Lane], actual: list[int], hint: str) -> Expr:
        """A parameter for a number that nothing else gives; the model itself takes none."""
        if builder.base == "root":
            raise Differs(lanes, actual)
        values: dict[int, int] = {}
        for lane, value in zip(lanes, actual, strict=True):
            if values.setdefault(id(lane.root), value) != value:
                raise Differs(lanes, actual)
        every = [values.get(id(lane), 0) for lane in builder.lanes]
        for python, parameter in builder.parameters.items():
            if parameter.kind == "extra" and [b.py[python] for b in builder.lanes] == every:
                return name(python)
        python = builder.parameter(hint, Parameter("extra", hint), every)
        for lane, value in zip(lanes, actual, strict=True):
            lane.py[python] = value
        return name(python)

    def capture(self, builder: Builder, label: Label, word: str) -> Label:
        """A label of a class around, passed to the forward pass of the one inside."""
        assert builder.outer is not None
        outer = (
            label if label.builder is builder.outer else self.capture(builder.outer, label, word)
        )
        for one in builder.captured:
            if one.key is outer.wire:
                return Label(self._captured_wires[one.python, id(builder)], builder)
        python = builder.forward_ids.take(word, "tensor")
        wire = Wire(python, outer.wire.dims, simple=True, typed=True)
        assert builder.around is not None
        for lane, around in zip(builder.lanes, builder.around.lanes, strict=True):
            lane.set(wire, around.index(outer.wire))
        builder.captured.append(Captured(python, "Tensor", str(outer.wire.doc), outer.wire))
        self._captured_wires[python, id(builder)] = wire
        return Label(wire, builder)

    def capture_module(
        self, builder: Builder, owner: Builder, attribute: Attribute, word: str
    ) -> Attribute:
        """A module of a class around, passed to the forward pass of the one inside."""
        if builder is owner:
            return attribute
        assert builder.outer is not None
        outer = self.capture_module(builder.outer, owner, attribute, word)
        for one in builder.captured:
            if one.key == outer:
                return Attribute(one.python, passed=True)
        python = builder.forward_ids.take(word, "module")
        text = outer.text(builder.outer)
        builder.captured.append(Captured(python, "nn.Module", text, outer))
        return Attribute(python, passed=True)

    # -- classes ----------------------------------------------------------------------------

    def reserve_attributes(self, builder: Builder) -> None:
        """No attribute that is made up may take the name of a layer."""
        taken = builder.attributes.used
        taken |= MODULE_NAMES
        for lane in builder.lanes:
            start = len(lane.prefix)
            for node in lane.net.nodes[lane.group.start : lane.group.end]:
                if node.path.startswith(lane.prefix):
                    taken.add(node.path[start:].partition(".")[0])

    def add_class(self, builder: Builder) -> None:
        builder.finish()
        self.classes.append(builder)

    def close_forward(self, writer: ForwardWriter, result: Wire | None) -> None:
        """The end of a forward pass."""
        builder = writer.builder
        if result is None:
            builder.returns = "None"
            return
        if not result.typed:
            declared = any(n == "x" for n, _ in builder.inputs)
            writer.forward.append(assign("x" if declared else "output: Tensor", result.doc))
            result = Wire("x" if declared else "output", simple=True)
        writer.forward.append(Line("return ", result.doc))

    def write_blocks(self) -> None:
        """The classes of all blocks that are called, each block after those that it calls."""
        found: dict[str, list[tuple[Net, Group]]] = {}
        for net in self.nets:
            _collect(net, net.root, found)
        for word, block in self.spec.blocks.items():
            if word in found and not block.inline:
                self._write_block(block, found[word])

    def _write_block(self, block: Block, calls: list[tuple[Net, Group]]) -> None:
        kinds: dict[object, list[tuple[Net, Group]]] = {}
        for net, group in calls:
            kinds.setdefault(_kind(net, group), []).append((net, group))
        waiting = list(kinds.values())
        while waiting:
            some = waiting.pop(0)
            before = self.snapshot()
            lanes = [_block_lane(net, group) for net, group in some]
            try:
                self._write_class(block, lanes)
            except Differs as differs:
                self.restore(before)
                waiting = [*_parted(some, lanes, differs), *waiting]

    def _write_class(self, block: Block, lanes: list[Lane]) -> None:
        builder = Builder(self, self.class_ids.take_class(block.name), lanes, None)
        builder.note = block.note
        self.reserve_attributes(builder)
        scope = Scope()
        entry = self._entry(builder, lanes)
        further = self._further(block, builder, lanes, scope)
        env = self._parameters(block, builder, lanes)
        self._lets(block, builder, lanes, env, entry)
        here = Here(lanes, env, scope)
        if entry is not None and self.is_sequential(block.body, lanes):
            result = self._chain(builder, block.body, here, entry)
        else:
            builder.inputs += ([("x", "Tensor")] if entry is not None else []) + further
            writer = ForwardWriter(builder, References(block.body, self.spec.blocks))
            writer.kept |= {word for word, _ in further}
            result = writer.body(block.body, here, entry)
            self.close_forward(writer, result)
            if builder.gives_heads:
                builder.inputs.append(("heads", "dict[str, Tensor]"))
        self._operand_defaults(builder, lanes)
        parameters = dict(builder.parameters)
        outputs: dict[int, Expr] = {}
        lets = dict(_let_values(builder))
        for axis, known in ({} if result is None else result.dims).items():
            expr = substitute(substitute(known, {**lets, **builder.closed}), lets)
            if set(variables(expr)) <= set(parameters):
                outputs[axis] = expr
        self.add_class(builder)
        made = Class(builder, parameters, outputs)
        for lane in lanes:
            self.class_of[id(lane.group)] = made

    def _entry(self, builder: Builder, lanes: list[Lane]) -> Wire | None:
        """The tensor that enters, its channels a parameter."""
        inputs = [lane.group.input for lane in lanes]
        if not all(inputs):
            return None
        wire = Wire("x", simple=True, typed=True)
        for lane, index in zip(lanes, inputs, strict=True):
            lane.set(wire, index or 0)
        tensors = [lane.tensor(wire) for lane in lanes]
        values = [t.channels for t in tensors]
        python = builder.parameter("in_channels", Parameter("channels", ""), values)
        wire.dims[tensors[0].channel_axis] = name(python)
        return wire

    def _further(
        self, block: Block, builder: Builder, lanes: list[Lane], scope: Scope
    ) -> list[tuple[str, str]]:
        """The tensors that a block takes beside the one that enters."""
        arguments: list[tuple[str, str]] = []
        for word in block.inputs:
            python = builder.forward_ids.take(word, "tensor")
            wire = Wire(python, simple=True, typed=True)
            for lane in lanes:
                lane.set(wire, lane.group.inputs[word])
            tensors = [lane.tensor(wire) for lane in lanes]
            values = [t.channels for t in tensors]
            parameter = Parameter("input", word)
            channels = builder.parameter(f"{word}_channels", parameter, values)
            wire.dims[tensors[0].channel_axis] = name(channels)
            scope.enter(word, Label(wire, builder))
            arguments.append((python, "Tensor"))
        return arguments

    def _parameters(self, block: Block, builder: Builder, lanes: list[Lane]) -> dict[str, Any]:
        env: dict[str, Expr | None] = {}
        own: dict[str, Expr | None] = {}
        for parameter in block.parameters:
            values = [lane.group.arguments[parameter.name] for lane in lanes]
            if parameter.type == "operation":
                python = builder.parameter(
                    parameter.name, Parameter("operation", parameter.name), []
                )
                builder.operands[parameter.name] = Factories(python)
            if parameter.type == "operation" or any(_no_number(v) for v in values):
                own[parameter.name] = None
                continue
            default = _constant_default(parameter.default, {**self.spec.variables, **own})
            made = Parameter("spec", parameter.name, default)
            python = builder.parameter(parameter.name, made, [plain(v) for v in values])
            own[parameter.name] = name(python)
        env.update(self._variables(builder, lanes))
        return {**env, **own}

    def _operand_defaults(self, builder: Builder, lanes: list[Lane]) -> None:
        """An operation parameter's default is what the calls have that do not give it."""
        for word, factories in builder.operands.items():
            for lane in lanes:
                layer, text = lane.group.layer, factories.texts.get(id(lane.group))
                if layer is not None and word not in layer.arguments and text is not None:
                    made = Parameter("operation", word, name(text))
                    builder.parameters[factories.python] = made

    def _variables(self, builder: Builder, lanes: list[Lane]) -> dict[str, Expr | None]:
        """The vars: each a parameter where it is not frozen."""
        for word in self.spec.variables:
            values = [lane.net.variables[word] for lane in lanes]
            if word in self.frozen:
                try:
                    builder.variables[word] = literal(values[0])
                except Untranslatable:
                    builder.variables[word] = None
                continue
            default = literal(self.nets[0].variables[word])
            made = Parameter("var", word, default)
            python = builder.parameter(word, made, [plain(v) for v in values])
            builder.variables[word] = name(python)
        return dict(builder.variables)

    def _lets(
        self,
        block: Block,
        builder: Builder,
        lanes: list[Lane],
        env: dict[str, Expr | None],
        entry: Wire | None,
    ) -> None:
        for word, value in block.let:
            actual = []
            for lane in lanes:
                names = lane.names if entry is None else lane.at(lane.tensor(entry))
                lane.names[word] = value.evaluate(names)
                actual.append(lane.names[word])
            channels = None if entry is None else next(iter(entry.dims.values()))
            expr = _let_expression(value, {**env, "in_channels": channels}, lanes, actual)
            if expr is None:
                env[word] = None
            elif not variables(expr):
                env[word] = expr
            else:
                python = builder.ids.take(word)
                builder.lets.append((python, expr))
                for lane, one in zip(lanes, actual, strict=True):
                    lane.py[python] = plain(one)
                env[word] = name(python)

    def is_sequential(self, body: tuple[Layer, ...], lanes: list[Lane]) -> bool:
        """Whether a level is best an nn.Sequential: a chain with weights under mere positions."""
        if not is_chain(body, self.spec.blocks, {}) or inner_escapes(body, self.spec.blocks):
            return False
        for lane in lanes:
            for node in lane.net.nodes[lane.group.start : lane.group.end]:
                if node.facts is not None and node.facts.weights:
                    first = node.path[len(lane.prefix) :].partition(".")[0]
                    if not first.isidentifier() or not first.isascii():
                        return True
        return False

    def _chain(
        self, builder: Builder, body: tuple[Layer, ...], here: Here, entry: Wire
    ) -> Wire | None:
        builder.base = "nn.Sequential" if builder.base != "root" else "root"
        writer = ChainWriter(builder)
        result = writer.body(body, here, entry)
        builder.init += writer.constructor()
        return result

    def write_model(self) -> Builder:
        """The model itself."""
        spec = self.spec
        lanes = [Lane(net, net.root, dict(net.variables), {}, "") for net in self.nets]
        builder = Builder(self, self.class_ids.take_class(_title(spec)), lanes, None)
        builder.base = "root"
        self.reserve_attributes(builder)
        env = self._variables(builder, lanes)
        references = References(spec.layers, spec.blocks)
        scope = Scope()
        entry = self._inputs(builder, lanes, env, references, scope)
        here = Here(lanes, env, scope)
        one = len(spec.inputs) == 1 and entry is not None
        if one and self.is_sequential(spec.layers, lanes):
            assert entry is not None
            self._chain(builder, spec.layers, here, entry)
            builder.inputs = []
            builder.base = "nn.Sequential"
        else:
            self._model_forward(builder, references, here, entry)
            builder.base = "nn.Module"
        self.add_class(builder)
        return builder

    def _inputs(
        self,
        builder: Builder,
        lanes: list[Lane],
        env: dict[str, Expr | None],
        references: References,
        scope: Scope,
    ) -> Wire | None:
        entry = None
        for declared in self.spec.inputs:
            single = len(self.spec.inputs) == 1
            if single and not references.tensor(declared.name):
                python = "x"
            else:
                word = "image" if declared.name == "input" else declared.name
                python = builder.forward_ids.take(word, "tensor")
            wire = Wire(python, simple=True, typed=True)
            for lane in lanes:
                lane.set(wire, lane.net.inputs[declared.name])
            shapes = [lane.tensor(wire).shape for lane in lanes]
            expr = None
            with suppress(Untranslatable, SyntaxError):
                expr = translate(declared.shape[0], env)
            values = [shape[0] for shape in shapes]
            if expr is None or not holds(expr, lanes, values):
                expr = literal(values[0]) if len(set(values)) == 1 else None
            if expr is not None:
                wire.dims[0] = expr
            builder.inputs.append((python, "Tensor"))
            scope.enter(declared.name, Label(wire, builder))
            entry = wire if single else None
        return entry

    def _model_forward(
        self, builder: Builder, references: References, here: Here, entry: Wire | None
    ) -> None:
        writer = ForwardWriter(builder, references)
        writer.kept |= {word for word, _ in builder.inputs if word != "x"}
        result = writer.body(self.spec.layers, here, entry)
        if not builder.gives_heads:
            self.close_forward(writer, result)
            return
        builder.forward.insert(0, Line("heads: dict[str, Tensor] = ", "{}"))
        if result is None:
            builder.returns = "dict[str, Tensor]"
            builder.forward.append(Line("return ", "heads"))
            return
        if not result.simple:
            result = writer.simple(here, result)
        whole = f'{{"output": {result.doc}, **heads}}'
        builder.returns = "dict[str, Tensor]"
        if self._training_heads():
            builder.returns = "Tensor | dict[str, Tensor]"
            whole += f" if heads else {result.doc}"
        builder.forward.append(Line("return ", whole))

    def _training_heads(self) -> bool:
        """Whether every head runs in training only, so that the model then gives one tensor."""
        net = self.nets[0]
        for word, tensor in net.outputs.items():
            producer = net.producers[tensor]
            if word == "output" or producer is None:
                continue
            if not net.nodes[producer].training_only:
                return False
        return True


def _title(spec: Spec) -> str:
    """The net's name; a text that has none is called Net."""
    return "Net" if spec.name.startswith("<") else spec.name


def _collect(net: Net, group: Group, found: dict[str, list[tuple[Net, Group]]]) -> None:
    stack = [group]
    while stack:
        one = stack.pop()
        if one.kind == "block" and one.block is not None:
            found.setdefault(one.block.name, []).append((net, one))
        stack.extend(child for child in reversed(one.children) if isinstance(child, Group))


def _kind(net: Net, group: Group) -> object:
    """What no code can serve together: tensors with other axes."""
    tensors = [group.input, *group.inputs.values()]
    found = [net.tensors[t] for t in tensors if t]
    return tuple((len(t.shape), t.channel_axis) for t in found if t is not None)


def _block_lane(net: Net, group: Group) -> Lane:
    return Lane(net, group, {**net.variables, **group.arguments}, {}, group.path + ".")


def _parted(
    some: list[tuple[Net, Group]], lanes: list[Lane], differs: Differs
) -> list[list[tuple[Net, Group]]]:
    """The calls told apart by what differs; one by one where that does not part them."""
    keys: dict[int, list[str]] = {}
    for lane, value in differs.keys:
        keys.setdefault(id(lane.root), []).append(repr(value))
    parts: dict[object, list[tuple[Net, Group]]] = {}
    for lane, call in zip(lanes, some, strict=True):
        parts.setdefault(tuple(keys.get(id(lane), ())), []).append(call)
    if len(parts) == 1 or isinstance(differs, Unroll):
        if len(some) == 1:
            raise differs
        return [some[:1], some[1:]]
    return list(parts.values())


def _constant_default(value: Value | None, names: Mapping[str, object]) -> Expr | None:
    """A parameter's default where it is the same in every call: a number, a list or a word."""
    if value is None:
        return None
    try:
        return translate(value, {**dict.fromkeys(names), "in_channels": None})
    except (Untranslatable, SyntaxError):
        return None


def _no_number(value: Any) -> bool:
    if isinstance(value, Operand):
        return True
    return type(value) is tuple and any(map(_no_number, value))


def _let_expression(
    value: Value, env: dict[str, Any], lanes: list[Lane], actual: list[Any]
) -> Expr | None:
    from archcalc.diagnostics import Fault
    from archcalc.exporting.pytorch.lanes import settled

    expr = None
    with suppress(Untranslatable, Fault, SyntaxError):
        expr = translate(value, env)
    try:
        return settled(expr, lanes, actual)
    except (Differs, Untranslatable):
        return None


def _let_values(builder: Builder) -> list[tuple[str, Expr]]:
    """The lets in terms of the parameters alone."""
    found: dict[str, Expr] = {}
    for word, expr in builder.lets:
        found[word] = substitute(expr, found)
    return list(found.items())
