"""Writing a body: the syntax is walked once, for all the places where it is elaborated.

What is common to the two ways of writing: as `__init__` and `forward` (`forward.py`), and as the
items of an `nn.Sequential` (`chain.py`).
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError
from archcalc.exporting.expressions import (
    Untranslatable,
    fold,
    literal,
    show,
    substitute,
    translate,
    variables,
)
from archcalc.exporting.lanes import (
    Differs,
    Lane,
    Unroll,
    Wire,
    constant,
    holds,
    holds_truth,
    settled,
)
from archcalc.exporting.layout import Line
from archcalc.exporting.pytorch.emitters import EMITTERS
from archcalc.exporting.pytorch.scope import Here, Scope
from archcalc.exporting.pytorch.site import Callbacks, Names, Site
from archcalc.exporting.pytorch.sizes import Sizes
from archcalc.exporting.refusal import refused
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.expressions import Operand
from archcalc.spec.syntax import Layer

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.scope import Env, Label
    from archcalc.exporting.pytorch.site import Form
    from archcalc.graph import Group, Node
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Name


class Writer(Sizes, ABC):
    """Writes layers one after the other."""

    # -- the walk ---------------------------------------------------------------------------

    def body(self, layers: tuple[Layer, ...], here: Here, wire: Wire | None) -> Wire | None:
        for layer in layers:
            wire = self.layer(layer, here, wire)
        return wire

    def layer(self, layer: Layer, here: Here, wire: Wire | None) -> Wire | None:
        """One layer, in the places where it is present."""
        start = wire
        if layer.source is not None:
            start = self.look_up(self.name_of(layer.source, here), here)
        if layer.when is None:
            return self.present(layer, here, start, wire)
        truths = [self._truth(layer.when, lane, start) for lane in here.lanes]
        lanes = [lane for lane, there in zip(here.lanes, truths, strict=True) if there]
        if not lanes:
            self.program.untried(self.translated(layer.when, here, start), here.lanes)
            return wire
        condition = self.condition(layer.when, here, start, truths)
        if len(lanes) == len(here.lanes):
            self.program.untried(condition, here.lanes)
        there = here._replace(lanes=lanes)
        if not variables(condition):
            return self.present(layer, there, start, wire)
        return self.conditional(layer, here, there, condition, start, wire)

    @abstractmethod
    def present(
        self, layer: Layer, here: Here, start: Wire | None, current: Wire | None
    ) -> Wire | None:
        """A layer that is there in all the places."""

    @abstractmethod
    def conditional(
        self,
        layer: Layer,
        here: Here,
        there: Here,
        condition: Expr,
        start: Wire | None,
        current: Wire | None,
    ) -> Wire | None:
        """A layer that is there where the condition holds."""

    def _truth(self, value: Value, lane: Lane, start: Wire | None) -> bool:
        names = lane.names if start is None else lane.at(lane.tensor(start))
        return bool(value.evaluate(names))

    def condition(self, value: Value, here: Here, start: Wire | None, truths: list[bool]) -> Expr:
        """A condition as an expression that is proved in every place."""
        expr = self.translated(value, here, start)
        if expr is not None and holds_truth(expr, here.lanes, truths):
            return expr
        # Nothing says how it depends on the vars, so they stay as they are.
        self.program.untried(None, here.lanes)
        return literal(constant(here.lanes, truths))

    def merged(
        self,
        here: Here,
        there: Here,
        condition: Expr,
        wires: tuple[Wire, Wire],
        wire: Wire,
    ) -> Wire:
        """The tensor after a condition (`wires`: without the layer, and with it): its lengths are
        told by the condition, unless they are the same both ways."""
        current, result = wires
        present = {id(lane) for lane in there.lanes}
        for lane in here.lanes:
            lane.set(wire, lane.index(result if id(lane) in present else current))
        shapes = [lane.tensor(wire).shape for lane in here.lanes]
        for axis in {**result.dims, **current.dims}:
            actual = [shape[axis] if axis < len(shape) else None for shape in shapes]
            with_, without = result.dims.get(axis), current.dims.get(axis)
            if with_ is not None and without is not None:
                either = with_
                if not equal_otherwise(condition, with_, without):
                    either = fold(ast.IfExp(condition, with_, without))
                if holds(either, here.lanes, actual):
                    wire.dims[axis] = either
        return wire

    # -- names and labels -------------------------------------------------------------------

    def name_of(self, name: Name, here: Here) -> str:
        """A name that must be the same in all places."""
        if len(name.parts) == 1 and isinstance(name.parts[0], str):
            return name.parts[0]
        from archcalc.ops.attributes import shown

        texts = [
            "".join(p if isinstance(p, str) else shown(p.evaluate(lane.names)) for p in name.parts)
            for lane in here.lanes
        ]
        found: str = constant(here.lanes, texts)
        return found

    def label(self, name: str, here: Here) -> Label:
        found = here.scope.find(name)
        if found.builder is not self.builder:
            found = self.program.capture(self.builder, found, name)
        return found

    def look_up(self, name: str, here: Here) -> Wire:
        """The tensor that a label names; the same one in the code as in the graph."""
        return self.label(name, here).wire

    # -- what a layer is --------------------------------------------------------------------

    def site(
        self, layer: Layer, here: Here, nodes: list[Node], wires: list[Wire], names: Names
    ) -> Site:
        for position, wire in enumerate(wires):
            actual = [node.inputs[position] for node in nodes]
            found = [lane.index(wire) for lane in here.lanes]
            if actual != found:  # a label that means another tensor in another turn
                raise Differs(here.lanes, range(len(actual)))

        def hold(expr: Expr) -> str:
            return self.held(expr, here)

        def spelled(expr: Expr) -> str:
            return self.builder.text(self.fitted(expr, here))

        calls = Callbacks(self.number, hold, spelled)
        return Site(self.builder, layer, here.lanes, nodes, wires, names, calls)

    def held(self, expr: Expr, here: Here) -> str:
        """A number for a function that outlives this line: a variable that changes is copied."""
        if not self.builder.moving & set(variables(expr)):
            return self.builder.text(expr)
        if here.loops:
            raise Unroll(here.lanes, range(len(here.lanes)))
        python = self.builder.ids.take("size")
        self.statements.append(Line(f"{python} = ", self.builder.text(expr)))
        return python

    def form(self, site: Site) -> Form:
        return EMITTERS[site.op](site)

    def applied(self, layer: Layer, here: Here) -> tuple[Layer, Env]:
        """The operation or block that a name holds, and the names that its arguments read."""
        held = [lane.names.get(layer.word, layer.word) for lane in here.lanes]
        keys = [id(h.layer) if isinstance(h, Operand) else h for h in held]
        constant(here.lanes, keys)
        first = held[0]
        if isinstance(first, Operand):
            if first.layer.kind not in ("operation", "block"):
                raise refused(layer, f"a {first.layer.kind} given as a parameter")
            # Its names are those of the place where it was written: only their values are known.
            return first.layer._replace(name=None), dict.fromkeys(first.names)
        kind = "operation" if first in OPERATIONS else "block"
        arguments = layer.arguments if kind == "operation" else {}
        return Layer(kind, first, layer.span, arguments), here.env

    # -- initial weights --------------------------------------------------------------------

    def initialised(
        self, layer: Layer, here: Here, start: Wire | None, doc: Doc, nodes: list[Node]
    ) -> Doc:
        """The module with its weights begun as the layer's `init` says."""
        from archcalc.exporting.pytorch.initial import check, wrap

        if layer.init is None:
            return doc
        for node in nodes:
            check(layer, layer.init.method, node)
        arguments: dict[str, str] = {}
        for word, value in layer.init.arguments.items():
            actual = [value.evaluate(lane.names) for lane in here.lanes]
            expr = settled(self.translated(value, here, start), here.lanes, actual)
            arguments[word] = self.builder.text(expr)
        return wrap(self.program, layer.init.method, doc, arguments)

    # -- inline blocks ----------------------------------------------------------------------

    def inline(
        self, layer: Layer, here: Here, start: Wire | None, groups: list[Group], outer: Env
    ) -> Here:
        """The place inside an inline block: its parameters are the caller's expressions."""
        block = self.program.spec.blocks[layer.word]
        lanes: list[Lane] = []
        for lane, group in zip(here.lanes, groups, strict=True):
            names = {**lane.net.variables, **group.arguments}
            inner = lane.inside(group)
            inner.names = names
            if start is not None:
                names["in_channels"] = lane.tensor(start).channels
            for word, value in block.let:
                names[word] = value.evaluate(names)
            names.pop("in_channels", None)
            lanes.append(inner)
        env: Env = dict(self.builder.variables)
        caller = Names(outer, None if start is None else self.channels(here, start))
        for parameter in block.parameters:
            given = layer.arguments.get(parameter.name)
            names_read = caller if given is not None else Names(env, caller["in_channels"])
            bound = given or parameter.default
            assert bound is not None
            actual = [lane.names[parameter.name] for lane in lanes]
            env[parameter.name] = _known(bound, names_read, lanes, actual)
        for word, value in block.let:
            actual = [lane.names[word] for lane in lanes]
            env[word] = _known(value, Names(env, caller["in_channels"]), lanes, actual)
        scope = Scope()
        for word in block.inputs:
            label = str(layer.arguments[word].label(here.lanes[0].names))
            scope.enter(word, self.label(label, here))
        return Here(lanes, env, scope, here.loops)


def _known(value: Value, names: Names, lanes: list[Lane], actual: list[Any]) -> Expr | None:
    """An argument as an expression, None where the values themselves must do."""
    try:
        return settled(translate(value, names), lanes, actual)
    except (Untranslatable, DiagnosticError, SyntaxError, Differs):
        try:
            return literal(constant(lanes, actual))
        except (Differs, Untranslatable):
            return None


def equal_otherwise(condition: Expr, a: Expr, b: Expr) -> bool:
    """Whether a and b are the same where the condition does not hold: `s != 1 or c != w` makes c
    and w so."""
    if show(a) == show(b):
        return True
    if isinstance(condition, ast.BoolOp) and isinstance(condition.op, ast.Or):
        return any(equal_otherwise(part, a, b) for part in condition.values)
    if not isinstance(condition, ast.Compare) or len(condition.ops) != 1:
        return False
    if not isinstance(condition.ops[0], ast.NotEq):
        return False
    left, right = condition.left, condition.comparators[0]
    if {show(left), show(right)} == {show(a), show(b)}:
        return True
    if isinstance(left, ast.Name):
        known = {left.id: right}
        return show(substitute(a, known)) == show(substitute(b, known))
    return False
