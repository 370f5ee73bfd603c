"""A whole generated file: the functions of its blocks, and `build`."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import (
    Untranslatable,
    literal,
    name,
    plain,
    variables,
)
from archcalc.codegen.layout import Line, flat
from archcalc.codegen.names import Identifiers, snake
from archcalc.codegen.references import References
from archcalc.elaborate.naming import is_chain
from archcalc.exporting.call_sites import CallSite, NotUniform, SymbolicTensor
from archcalc.exporting.keras.body import BodyWriter
from archcalc.exporting.keras.calls import bound_names, constant_default
from archcalc.exporting.keras.code import Path
from archcalc.exporting.keras.emitters.vector import pooled_flat
from archcalc.exporting.keras.function import CALLED, OWN, Function, Parameter
from archcalc.exporting.keras.helpers import RESERVED
from archcalc.exporting.keras.layer_names import layer_names
from archcalc.exporting.keras.model import build
from archcalc.exporting.keras.strategies import Level, Restart
from archcalc.exporting.keras.writer import Context, Label, Scope
from archcalc.graph import Group
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcalc.codegen.expressions import Expr
    from archcalc.exporting.keras.strategies import Strategy
    from archcalc.exporting.keras.writer import Env
    from archcalc.graph import Net
    from archcalc.spec.syntax import Block

MODULES = frozenset({"math", "itertools"})
"""What is imported where something reads it, beside Keras."""


class Program:
    """The file in the making. `nets` are elaborations of one spec under different vars; what is
    written must hold in all of them. `frozen` vars are written as the values they have."""

    def __init__(
        self,
        nets: Sequence[Net],
        frozen: frozenset[str],
        changed: dict[int, str],
        strategies: set[Strategy],
    ) -> None:
        self.nets = nets
        self.spec = nets[0].spec
        self.frozen = frozen
        self.changed = changed  # which var is another one in a net, by the net's id
        self.strategies = strategies
        self.needed: set[str] = set()  # helpers, by their names
        self.uncovered: set[str] = set()
        self.counters: dict[tuple[int, str], str] = {}
        self.silent: set[int] = set()  # the nodes that nothing is written for, by their ids
        self.heads = False
        self.pooled_flat = pooled_flat(self.spec)
        self.functions: dict[str, Function] = {}
        arguments = frozenset(snake(word) for word in set(self.spec.variables) - frozen)
        own = Identifiers(RESERVED | arguments)
        self.function_ids = {word: own.take(word, "block") for word in self.spec.blocks}
        self.reserved = RESERVED | MODULES | frozenset(self.function_ids.values())
        self.kept = (self.reserved - {*OWN, "model", "build", "count"}) | CALLED

    # -- what writers ask -------------------------------------------------------------------

    @cached_property
    def layer_names(self) -> frozenset[str]:
        """The names that helping layers may not have."""
        return layer_names(self.nets)

    def doubt(self, condition: Expr | None, lanes: list[CallSite]) -> None:
        """Notes a condition that decides alike everywhere: no value tried shows the code, or the
        numbers in the names of later layers, that another would bring. Vars that have a say in it
        must stay as they are: those with which what it reads changes."""
        names = [] if condition is None else variables(condition)
        if condition is not None and not names:
            return
        seen: dict[str | None, set[object]] = {}
        for lane in lanes:
            values = repr([lane.py.get(n) for n in names])
            seen.setdefault(self.changed.get(id(lane.net)), set()).add(values)
        for word in set(self.spec.variables) - self.frozen:
            if condition is None or seen.get(word) != seen.get(None):
                self.uncovered.add(word)

    def counted(self, level: Level) -> list[str]:
        """What is counted in a level while the code runs."""
        found = [m[1] for m in self.strategies if m[0] == "count"]
        return sorted(k[1] for k in found if isinstance(k, tuple) and k[0] == level.key)

    def level(self, block: Block) -> Level:
        return Level(id(block.body), is_chain(block.body, self.spec.blocks, {}))

    # -- blocks -----------------------------------------------------------------------------

    def write(self) -> Function:
        """All functions; gives `build`."""
        calls: dict[str, list[tuple[Net, Group]]] = {}
        for net in self.nets:
            _collect(net, net.root, calls)
        for block in self.spec.blocks.values():
            if block.inline or ("expand", block.name) in self.strategies or block.name not in calls:
                continue
            try:
                self.functions[block.name] = self._function(block, calls[block.name])
            except NotUniform as differs:
                raise Restart(("expand", block.name)) from differs
        return build(self)

    def _function(self, block: Block, calls: list[tuple[Net, Group]]) -> Function:
        lanes = [CallSite(net, g, bound_names(net, g), {}, g.path + ".") for net, g in calls]
        if not all(g.input and g.output for _, g in calls):  # the tensor 0 is none
            raise NotUniform(lanes, range(len(lanes)))
        function = Function(self, self.function_ids[block.name], lanes, block.name)
        function.note = block.note
        function.claim()
        function.tensors = ["x", *(function.ids.take(word, "tensor") for word in block.inputs)]
        parameters = self._parameters(block, function)
        function.variables = self.variables(function)
        env = {**function.variables, **parameters}
        writer = BodyWriter(function, References(block.body, self.spec.blocks))
        level = self.level(block)
        here = Context(lanes, env, Scope(), level, Path((name("name"),)))
        entry = _entry(block, function, here)
        _work_out(block, writer, here, entry)
        writer.start_counting(level)
        result = writer.body(block.body, here, entry)
        if result is None:
            raise NotUniform(lanes, range(len(lanes)))
        writer.check_same(here, result, [group.output or 0 for _, group in calls])
        function.statements.append(Line("return ", flat(result.doc)))
        function.finish()
        return function

    def variables(self, function: Function) -> Env:
        """The spec's vars as a function's arguments; frozen ones as what they are."""
        env: Env = {}
        for word in self.spec.variables:
            value = self.nets[0].variables[word]
            if word in self.frozen or _no_number(value):
                env[word] = None
                with suppress(Untranslatable):
                    env[word] = literal(plain(value))
                continue
            values = [plain(lane.net.variables[word]) for lane in function.lanes]
            default = literal(plain(value))
            env[word] = name(function.parameter(word, Parameter("var", word, default), values))
        return env

    def _parameters(self, block: Block, function: Function) -> Env:
        """The block's own parameters, which hide vars of the same names."""
        env: Env = {}
        words = [p.name for p in block.parameters]
        for parameter in block.parameters:
            word = parameter.name
            values = [lane.names[word] for lane in function.lanes]
            if any(isinstance(v, Operand) for v in values) or parameter.type == "operation":
                env[word] = None
                function.operations[word] = {}
                function.parameter(word, Parameter("operation", word), [])
                continue
            if any(map(_no_number, values)):
                raise NotUniform(function.lanes, map(repr, values))
            default = constant_default(parameter.default, [*words, *self.spec.variables])
            made = Parameter("spec", word, default)
            env[word] = name(function.parameter(word, made, [plain(v) for v in values]))
        return env


def _entry(block: Block, function: Function, here: Context) -> SymbolicTensor:
    """What enters the block; its further tensors become labels."""
    entry = SymbolicTensor("x")
    for lane in here.lanes:
        lane.set(entry, lane.group.input or 0)
    for word, python in zip(block.inputs, function.tensors[1:], strict=True):
        label = here.scope.labels[word] = Label(SymbolicTensor(python))
        for lane in here.lanes:
            lane.set(label.wire, lane.group.inputs[word])
    return entry


def _work_out(block: Block, writer: BodyWriter, here: Context, entry: SymbolicTensor) -> None:
    """The block's `let`: sizes under names."""
    for word, value in block.let:
        actual = [lane.names[word] for lane in here.lanes]
        here.env[word] = None
        with suppress(NotUniform):
            expr = writer.settle(value, here, entry, actual)
            bound = bool(variables(expr))
            here.env[word] = writer.bind(word, expr, here.lanes, actual) if bound else expr


def _collect(net: Net, group: Group, found: dict[str, list[tuple[Net, Group]]]) -> None:
    stack = [group]
    while stack:
        one = stack.pop()
        if one.kind == "block" and one.block is not None:
            found.setdefault(one.block.name, []).append((net, one))
        stack.extend(child for child in reversed(one.children) if isinstance(child, Group))


def _no_number(value: Any) -> bool:
    if isinstance(value, Operand):
        return True
    return type(value) is tuple and any(map(_no_number, value))
