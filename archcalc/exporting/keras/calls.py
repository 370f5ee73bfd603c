"""Blocks: a call of the block's function, or its body where it is called."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import (
    Untranslatable,
    name,
    plain,
    show,
    translate,
    variables,
)
from archcalc.codegen.layout import Call, Line, Prefixed, assign, flat
from archcalc.codegen.references import References
from archcalc.diagnostics import DiagnosticError
from archcalc.exporting.call_sites import (
    CallSite,
    NotUniform,
    SymbolicTensor,
    constant,
    expr_or_constant,
)
from archcalc.exporting.keras.shared import SharedWriter
from archcalc.exporting.keras.writer import CHANNELS, Context, Label, Scope

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc
    from archcalc.exporting.keras.code import Path
    from archcalc.exporting.keras.function import Function
    from archcalc.exporting.keras.writer import Env, Recall
    from archcalc.spec.syntax import Block, Layer


class CallWriter(SharedWriter):
    """Adds blocks."""

    def block(
        self, layer: Layer, named: Layer, here: Context, start: SymbolicTensor | None, env: Env
    ) -> tuple[SymbolicTensor | None, Recall | None]:
        groups: list[Any] = [lane.take() for lane in here.lanes]
        block = self.program.spec.blocks[layer.word]
        if block.inline:
            inside = self._inside(layer, here, start, groups, env)
            return self.outer(here, groups, self.body(block.body, inside, start)), None
        path = self.local(named, here, [g.path for g in groups], layer.word)

        def write(
            there: Context, some: list[Any], entry: SymbolicTensor | None, path: Path
        ) -> SymbolicTensor | None:
            if layer.word in self.program.functions:
                made = self._call(layer, there, entry, some, path, env)
                self.statements.append(assign(self.target, made))
                return self.new(there, self.target, [g.output for g in some])
            return self._expanded(layer, there, entry, some, path, env)

        return self.part(layer, named, here, start, groups, path, write)

    def _expanded(
        self,
        layer: Layer,
        here: Context,
        start: SymbolicTensor | None,
        groups: list[Any],
        path: Path,
        env: Env,
    ) -> SymbolicTensor | None:
        """A block's body where it is called: a level, in which its own labels are named."""
        block = self.program.spec.blocks[layer.word]
        level = self.program.level(block)
        path = self.held(path)
        self.start_counting(level)
        inside = self._inside(layer, here, start, groups, env)._replace(level=level, path=path)
        around = self.references
        self.references = References(block.body, self.program.spec.blocks)
        result = self.body(block.body, inside, start)
        self.references = around
        return result

    def _call(
        self,
        layer: Layer,
        here: Context,
        start: SymbolicTensor | None,
        groups: list[Any],
        path: Path,
        env: Env,
    ) -> Call:
        """A call of a block's function."""
        function = self.program.functions[layer.word]
        block = self.program.spec.blocks[layer.word]
        assert start is not None
        given: list[Doc] = [flat(start.doc)]
        for word in block.inputs:
            text = str(layer.arguments[word].label(here.lanes[0].names))
            wire = self.find(layer, here, text).wire
            self.check_same(here, wire, [group.inputs[word] for group in groups])
            given.append(flat(wire.doc))
        for python in function.positional():
            expr = self._argument(layer, here, start, groups, function, python, env)
            default = function.parameters[python].default
            if default is None:
                given.append(self.function.text(expr))
            elif show(expr) != show(default):
                given.append(Prefixed(f"{python}=", self.function.text(expr)))
        for python in function.keywords():
            own = self.function.variables[function.parameters[python].word]
            assert own is not None
            given.append(Prefixed(f"{python}=", self.function.text(own)))
        given.append(Prefixed("name=", self.function.path(path)))
        return Call(function.name, tuple(given))

    def _argument(
        self,
        layer: Layer,
        here: Context,
        start: SymbolicTensor,
        groups: list[Any],
        function: Function,
        python: str,
        env: Env,
    ) -> Expr:
        word = function.parameters[python].word
        if function.parameters[python].kind == "operation":
            return self._operand(layer, here, groups, function, word)
        actual = [group.arguments[word] for group in groups]
        value = layer.arguments.get(word)
        if value is not None:
            return self.settle(value, here._replace(env=env), start, actual)
        block = self.program.spec.blocks[layer.word]
        default = next(p.default for p in block.parameters if p.name == word)
        before: Env = dict(self.function.variables)
        for parameter in block.parameters:
            if parameter.name == word:
                break
            expr = None
            with suppress(NotUniform):
                given = layer.arguments.get(parameter.name, parameter.default)
                # A default reads the names of the block, an argument those of the caller.
                names = env if parameter.name in layer.arguments else before
                values = [group.arguments[parameter.name] for group in groups]
                expr = self.settle(given, here._replace(env=names), start, values)
            before[parameter.name] = None if expr is None or "shape" in show(expr) else expr
        return self.settle(default, here._replace(env=before), start, actual)

    def _operand(
        self, layer: Layer, here: Context, groups: list[Any], function: Function, word: str
    ) -> Expr:
        """An operation as an argument: a function of a tensor and a name."""
        known = function.operations[word]
        texts = [known.get(id(group), "") for group in groups]
        try:
            return name(constant(here.lanes, texts))
        except NotUniform:
            value = layer.arguments.get(word)
            if value is None or value.text not in self.function.operations:
                raise
            own = self.function.operations[value.text]
            for lane, text in zip(here.lanes, texts, strict=True):
                if own.setdefault(id(lane.root.group), text) != text:
                    raise
            return self._operation_parameter(value.text)

    def _operation_parameter(self, word: str) -> Expr:
        """The function's own parameter that holds an operation."""
        for python, parameter in self.function.parameters.items():
            if parameter.kind == "operation" and parameter.word == word:
                return name(python)
        raise KeyError(word)

    def _inside(
        self,
        layer: Layer,
        here: Context,
        start: SymbolicTensor | None,
        groups: list[Any],
        env: Env,
    ) -> Context:
        """The place inside a block that is written where it is called."""
        block = self.program.spec.blocks[layer.word]
        lanes = []
        for lane, group in zip(here.lanes, groups, strict=True):
            inner = lane.inside(group)
            inner.names = bound_names(lane.net, group)
            if not block.inline:
                inner.prefix = group.path + "."
            lanes.append(inner)
        known = self._known(layer, block, here, lanes, start, env)
        scope = Scope()
        for word in block.inputs:
            text = str(layer.arguments[word].label(here.lanes[0].names))
            scope.labels[word] = Label(self.find(layer, here, text).wire)
        return here._replace(lanes=lanes, env=known, scope=scope)

    def _known(
        self,
        layer: Layer,
        block: Block,
        here: Context,
        lanes: list[CallSite],
        start: SymbolicTensor | None,
        env: Env,
    ) -> Env:
        """The names inside a block that is written where it is called."""
        known: Env = dict(self.function.variables)
        for parameter in block.parameters:
            value = layer.arguments.get(parameter.name)
            names = env if value is not None else dict(known)
            actual = [lane.names[parameter.name] for lane in lanes]
            known[parameter.name] = self._bound(
                parameter.name, value or parameter.default, here._replace(env=names), start, actual
            )
        there = here._replace(lanes=lanes, env=known)
        for word, given in block.let:
            actual = [lane.names[word] for lane in lanes]
            known[word] = self._bound(word, given, there, start, actual)
        return known

    def _bound(
        self, word: str, value: Any, here: Context, start: SymbolicTensor | None, actual: list[Any]
    ) -> Expr | None:
        """What a name stands for inside; what reads a tensor is computed at once."""
        try:
            expr = None if value is None else self.proposed(value, here, start)
            found = expr_or_constant(expr, here.lanes, actual)
        except (NotUniform, Untranslatable):
            return None
        if CHANNELS not in variables(found):
            return found
        return self.bind(word, self.at_run_time(found, start), here.lanes, actual)

    def bind(self, word: str, expr: Expr, lanes: list[CallSite], actual: list[Any]) -> Expr:
        """A size under a name, left out where nothing reads it."""
        python = self.function.ids.take(word)
        for lane, value in zip(lanes, actual, strict=True):
            lane.py[python] = plain(value)
        line = Line(f"{python} = ", show(expr))
        self.statements.append(line)
        self.function.optional.append((python, line, expr))
        return name(python)


def bound_names(net: Any, group: Any) -> dict[str, Any]:
    """The names that are known inside a block's call."""
    names = {**net.variables, **group.arguments}
    tensor = net.tensors[group.input] if group.input else None
    if tensor is not None:
        names[CHANNELS] = tensor.channels
    for word, value in group.block.let:
        names[word] = value.evaluate(names)
    names.pop(CHANNELS, None)
    return names


def constant_default(value: Any, names: list[str]) -> Expr | None:
    """A parameter's default where it is the same in every call."""
    if value is None:
        return None
    try:
        found = translate(value, {**dict.fromkeys(names), CHANNELS: None})
    except (Untranslatable, SyntaxError, DiagnosticError):
        return None
    return None if variables(found) else found
