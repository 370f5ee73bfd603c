"""The classes of blocks: one a block, or one a kind of call where one cannot serve all."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError
from archcalc.exporting.expressions import (
    Untranslatable,
    name,
    plain,
    translate,
    variables,
)
from archcalc.exporting.lanes import Differs, Lane, Unroll, Wire, settled
from archcalc.exporting.pytorch.builder import Builder, Parameter
from archcalc.exporting.pytorch.chain import write_chain
from archcalc.exporting.pytorch.forward import ForwardWriter
from archcalc.exporting.pytorch.operands import Factories
from archcalc.exporting.pytorch.program import Class
from archcalc.exporting.pytorch.scope import Here, Label, Scope
from archcalc.exporting.pytorch.undecided import undecided_in
from archcalc.exporting.references import References
from archcalc.exporting.trials import calls_of
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.pytorch.program import Program
    from archcalc.exporting.trials import Undecided
    from archcalc.graph import Group, Net
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Block

    Calls = list[tuple[Net, Group]]


JOINED = 8
"""So many classes of one block are tried in pairs, whether one can serve two."""


class BlockWriter:
    """Writes the classes of all blocks that are called."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.written: dict[str, list[Builder]] = {}
        self.undecided: dict[str, Undecided] = {}

    def write(self) -> None:
        """The classes of all blocks that are called, each block after those that it calls."""
        found = self.calls()
        for word, block in self.program.spec.blocks.items():
            if word in found and not block.inline:
                self.write_block(block, found[word])

    def calls(self) -> dict[str, Calls]:
        """The net's own calls of every block."""
        found: dict[str, Calls] = {}
        for net in self.program.nets:
            for word, groups in calls_of(net).items():
                found.setdefault(word, []).extend((net, group) for group in groups)
        return found

    def write_block(self, block: Block, calls: Calls) -> None:
        """The classes of one block: as few as serve its calls."""
        before = self.program.snapshot()
        parts = self._write_parts(block, calls)
        if len(parts) == 1:
            return
        fewer = self._joined(block, parts) if len(parts) <= JOINED else parts
        if len(fewer) < len(parts):
            self._forget(block, before)
            for some in fewer:
                self.write_class(block, [block_lane(*call) for call in some])
        if len(fewer) > 1:
            self.undecided.pop(block.name, None)  # what one of them lacks another may have

    def _write_parts(self, block: Block, calls: Calls) -> list[Calls]:
        """Writes the classes; gives the calls of each."""
        kinds: dict[object, Calls] = {}
        for net, group in calls:
            kinds.setdefault(kind_of(net, group), []).append((net, group))
        waiting = list(kinds.values())
        parts = []
        while waiting:
            some = waiting.pop(0)
            before = self.program.snapshot()
            lanes = [block_lane(net, group) for net, group in some]
            try:
                self.write_class(block, lanes)
                parts.append(some)
            except Differs as differs:
                self.program.restore(before)
                waiting = [*_parted(some, lanes, differs), *waiting]
        return parts

    def _joined(self, block: Block, parts: list[Calls]) -> list[Calls]:
        """The parts that one class can serve after all put together: they were told apart by a
        value that differs from those of another part in more than they do among themselves."""
        found: list[Calls] = []
        for part in parts:
            at = next((i for i, one in enumerate(found) if self._serves_all(block, one, part)), -1)
            if at < 0:
                found.append(part)
            else:
                found[at] = [*found[at], *part]
        return found

    def _serves_all(self, block: Block, some: Calls, others: Calls) -> bool:
        """Whether one class serves these calls and those, and takes only what the author wrote."""
        if kind_of(*some[0]) != kind_of(*others[0]):
            return False
        before, classes = self.program.snapshot(), dict(self.program.class_of)
        written = list(self.written[block.name])
        try:
            self.write_class(block, [block_lane(*call) for call in [*some, *others]])
            made = self.written[block.name][-1]
            return all(parameter.kind != "extra" for parameter in made.parameters.values())
        except Differs:
            return False
        finally:
            self._forget(block, before)
            self.written[block.name], self.program.class_of = written, classes

    def _forget(self, block: Block, before: Any) -> None:
        """Takes classes of a block back."""
        self.program.restore(before)
        self.written.pop(block.name, None)
        self.undecided.pop(block.name, None)

    def write_class(self, block: Block, lanes: list[Lane]) -> None:
        """One class for these calls. Raises `Differs`."""
        builder = Builder(self.program, self.program.class_ids.take_class(block.name), lanes, None)
        builder.note = block.note
        self.program.reserve_attributes(builder)
        scope = Scope()
        entry = self._entry(builder, lanes)
        further = self._further(block, builder, lanes, scope)
        env = self._parameters(block, builder, lanes)
        self._lets(block, builder, lanes, env, entry)
        here = Here(lanes, env, scope)
        if entry is not None and self.program.is_sequential(block.body, lanes):
            builder.base = "nn.Sequential"
            result = write_chain(builder, block.body, here, entry)
        else:
            builder.inputs += ([("x", "Tensor")] if entry is not None else []) + further
            writer = ForwardWriter(builder, References(block.body, self.program.spec.blocks))
            writer.kept |= {word for word, _ in further}
            result = writer.body(block.body, here, entry)
            self.program.close_forward(writer, result)
            if builder.gives_heads:
                builder.inputs.append(("heads", "dict[str, Tensor]"))
        self._operand_defaults(builder, lanes)
        parameters = dict(builder.parameters)
        outputs: dict[int, Expr] = {}
        for axis, known in ({} if result is None else result.dims).items():
            expr = builder.in_parameters(known)
            if set(variables(expr)) <= set(parameters):
                outputs[axis] = expr
        self.program.add_class(builder)
        self.written.setdefault(block.name, []).append(builder)
        made = Class(builder, parameters, outputs)
        undecided = undecided_in(block, made, self.program.alike)
        self.program.alike.clear()
        if undecided is not None:
            self.undecided[block.name] = undecided
        for lane in lanes:
            self.program.class_of[id(lane.group)] = made

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
            default = _constant_default(parameter.default, {**self.program.spec.variables, **own})
            made = Parameter("spec", parameter.name, default)
            python = builder.parameter(parameter.name, made, [plain(v) for v in values])
            own[parameter.name] = name(python)
        env.update(self.program.variables_of(builder, lanes))
        return {**env, **own}

    def _operand_defaults(self, builder: Builder, lanes: list[Lane]) -> None:
        """An operation parameter's default is what the calls have that do not give it."""
        for word, factories in builder.operands.items():
            for lane in lanes:
                layer, text = lane.group.layer, factories.texts.get(id(lane.group))
                if layer is not None and word not in layer.arguments and text is not None:
                    made = Parameter("operation", word, name(text))
                    builder.parameters[factories.python] = made

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


def kind_of(net: Net, group: Group) -> object:
    """What no code can serve together: tensors with other axes."""
    tensors = [group.input, *group.inputs.values()]
    found = [net.tensors[t] for t in tensors if t]
    return tuple((len(t.shape), t.channel_axis) for t in found if t is not None)


def block_lane(net: Net, group: Group) -> Lane:
    """The place that a call makes."""
    return Lane(net, group, {**net.variables, **group.arguments}, {}, group.path + ".")


def _parted(some: Calls, lanes: list[Lane], differs: Differs) -> list[Calls]:
    """The calls told apart by what differs; one by one where that does not part them."""
    keys: dict[int, list[str]] = {}
    for lane, value in differs.keys:
        keys.setdefault(id(lane.root), []).append(repr(value))
    parts: dict[object, Calls] = {}
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
    expr = None
    with suppress(Untranslatable, DiagnosticError, SyntaxError):
        expr = translate(value, env)
    try:
        return settled(expr, lanes, actual)
    except (Differs, Untranslatable):
        return None
