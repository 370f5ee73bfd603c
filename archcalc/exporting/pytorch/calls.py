"""Modules that are classes of the generated code: blocks, and groups that are no plain chain."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import DiagnosticError
from archcalc.elaborate.naming import is_chain
from archcalc.exporting.expressions import (
    Untranslatable,
    name,
    show,
    substitute,
    translate,
    variables,
)
from archcalc.exporting.lanes import Differs, Lane, Unroll, Wire, constant, settled
from archcalc.exporting.layout import Call, Prefixed
from archcalc.exporting.pytorch.scope import Scope
from archcalc.exporting.pytorch.site import Names
from archcalc.exporting.references import escapes

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.program import Class
    from archcalc.exporting.pytorch.scope import Env, Here
    from archcalc.exporting.pytorch.writer import Writer
    from archcalc.graph import Group
    from archcalc.spec.syntax import Layer


class Made(NamedTuple):
    """A module: how it is made, what is known of the tensor it gives, and what its call takes
    beside the tensor that enters."""

    doc: Doc
    outputs: dict[int, Expr]
    extra: tuple[str, ...] = ()


def instance(
    writer: Writer, layer: Layer, here: Here, start: Wire | None, groups: list[Group], env: Env
) -> Made:
    """A call of a block: an instance of its class."""
    classes = [writer.program.class_of.get(id(group)) for group in groups]
    made = classes[0]
    if made is None or any(one is not made for one in classes):
        raise Differs(here.lanes, map(id, classes))
    arguments = _Arguments(writer, layer, here, start, groups, made, env)
    given: list[Doc] = []
    for python in made.builder.ordered():
        expr = arguments.get(python)
        default = made.builder.parameters[python].default
        text = writer.builder.text(writer.fitted(expr, here))
        if default is None:
            given.append(text)
        elif show(expr) != show(default):
            given.append(Prefixed(f"{python}=", text))
    extra: list[str] = []
    block = writer.program.spec.blocks[layer.word]
    for word in block.inputs:
        label = str(layer.arguments[word].label(here.lanes[0].names))
        extra.append(str(writer.look_up(label, here).doc))
    if made.builder.gives_heads:
        writer.builder.gives_heads = True
        extra.append("heads")
    outputs = {}
    for axis, expr in made.outputs.items():
        values = {v: arguments.known(v) for v in variables(expr)}
        known = {v: e for v, e in values.items() if e is not None}
        if len(known) == len(values):
            outputs[axis] = substitute(expr, known)
    return Made(Call(made.builder.name, tuple(given)), outputs, tuple(extra))


class _Arguments:
    """The arguments of one call, as expressions of the caller, each proved."""

    def __init__(
        self,
        writer: Writer,
        layer: Layer,
        here: Here,
        start: Wire | None,
        groups: list[Group],
        made: Class,
        env: Env,
    ) -> None:
        self.writer = writer
        self.layer = layer
        self.here = here
        self.start = start
        self.groups = groups
        self.made = made
        self.env = env
        self._found: dict[str, Expr] = {}

    def known(self, python: str) -> Expr | None:
        try:
            return self.get(python)
        except (Differs, KeyError):
            return None

    def get(self, python: str) -> Expr:
        if python not in self._found:
            self._found[python] = self._work_out(python)
        return self._found[python]

    def _work_out(self, python: str) -> Expr:
        parameter = self.made.all_parameters[python]
        lanes, writer = self.here.lanes, self.writer
        if parameter.kind == "var":
            found = writer.builder.variables[parameter.word]
            assert found is not None
            return found
        if parameter.kind == "operation":
            return self._operation(parameter.word)
        actual = [self.made.lanes[id(group)].py[python] for group in self.groups]
        if parameter.kind == "channels":
            assert self.start is not None
            axis = constant(lanes, [lane.tensor(self.start).channel_axis for lane in lanes])
            return writer.number(lanes, actual, self.start.dims.get(axis), "in_channels")
        if parameter.kind == "input":
            label = str(self.layer.arguments[parameter.word].label(lanes[0].names))
            wire = writer.look_up(label, self.here)
            axis = constant(lanes, [lane.tensor(wire).channel_axis for lane in lanes])
            return writer.number(lanes, actual, wire.dims.get(axis), f"{parameter.word}_channels")
        if parameter.kind == "extra":
            return writer.number(lanes, actual, None, parameter.word)
        return self._written(parameter.word, [g.arguments[parameter.word] for g in self.groups])

    def _operation(self, word: str) -> Expr:
        """What makes an operation's module: one of PyTorch's, or the caller's own parameter."""
        factories = self.made.builder.operands[word]
        texts = [factories.texts.get(id(group), "nn.Identity") for group in self.groups]
        try:
            return name(constant(self.here.lanes, texts))
        except Differs:
            value = self.layer.arguments.get(word)
            own = self.writer.builder.operands.get(value.text) if value is not None else None
            if own is None or own.takes not in (None, factories.takes):
                raise
            own.takes = factories.takes
            if not all(own.note(lane, t) for lane, t in zip(self.here.lanes, texts, strict=True)):
                raise
            return name(own.python)

    def _written(self, word: str, actual: list[Any]) -> Expr:
        """An argument as it was written, or the parameter's default under these arguments."""
        channels = None
        if self.start is not None:
            channels = self.writer.channels(self.here, self.start)
        value = self.layer.arguments.get(word)
        names = Names(self.env, channels)
        if value is None:
            block = self.writer.program.spec.blocks[self.layer.word]
            value = next(p.default for p in block.parameters if p.name == word)
            names = Names(self._before(word), channels)
        expr = None
        if value is not None:
            with suppress(Untranslatable, DiagnosticError, SyntaxError):
                expr = translate(value, names)
        return settled(expr, self.here.lanes, actual)

    def _before(self, word: str) -> Env:
        """The parameters before one, and the vars: what its default may read."""
        env = dict(self.writer.builder.variables)
        for python, parameter in self.made.all_parameters.items():
            if parameter.kind == "spec" and parameter.word == word:
                break
            if parameter.kind == "spec":
                env[parameter.word] = self.known(python)
        return env


def group_module(
    writer: Writer, layer: Layer, here: Here, start: Wire | None, groups: list[Group]
) -> Made:
    """A group or named join: an nn.Sequential where it is a plain chain, else its own class."""
    spec = writer.program.spec
    chain = layer.kind == "group" and is_chain(layer.body, spec.blocks, {})
    if chain and start is not None and not inner_escapes(layer.body, spec.blocks):
        return _sequential(writer, layer, here, start, groups)
    try:
        return _own_class(writer, layer, here, start, groups)
    except Unroll as differs:
        raise Differs(here.lanes, range(len(here.lanes))) from differs


def inner_escapes(body: tuple[Layer, ...], blocks: Any) -> bool:
    """Whether a group somewhere in a chain reads a label of the bodies around it."""
    for layer in body:
        if layer.kind in ("group", "do") and layer.body:
            if layer.kind == "group" and escapes(layer.body, blocks):
                return True
            if inner_escapes(layer.body, blocks):
                return True
    return False


def _sequential(writer: Writer, layer: Layer, here: Here, start: Wire, groups: list[Group]) -> Made:
    from archcalc.exporting.pytorch.chain import ChainWriter

    lanes = [
        Lane(lane.net, group, lane.names, lane.py, group.path + ".", lane)
        for lane, group in zip(here.lanes, groups, strict=True)
    ]
    chain = ChainWriter(writer.builder)
    inside = here._replace(lanes=lanes, scope=Scope(here.scope))
    result = chain.body(layer.body, inside, start)
    doc = chain.sequential(writer.statements)
    return Made(doc, {} if result is None else dict(result.dims))


def _own_class(
    writer: Writer, layer: Layer, here: Here, start: Wire | None, groups: list[Group]
) -> Made:
    from archcalc.exporting.pytorch.inner import InnerClass

    inner = InnerClass(writer, layer, here, start, groups)
    return inner.write()
