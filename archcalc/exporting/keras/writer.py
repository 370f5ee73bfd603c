"""Writing a body: the syntax is walked once, for all the places where it is elaborated.

A tensor knows its channels when the code runs (`x.shape[-1]`), so that blocks, loops and conditions
are written as the author wrote them; every expression is proved in all the places.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.expressions import (
    Untranslatable,
    literal,
    name,
    substitute,
    translate,
    variables,
)
from archcalc.codegen.layout import assign, flat
from archcalc.codegen.refusal import refused
from archcalc.diagnostics import DiagnosticError
from archcalc.elaborate.naming import is_chain
from archcalc.exporting.call_sites import (
    CallSite,
    NotUniform,
    SymbolicTensor,
    constant,
    expr_or_constant,
    holds_truth,
)
from archcalc.exporting.keras.code import Nest, Path, Statement
from archcalc.exporting.keras.counters import new_counter
from archcalc.exporting.keras.names import local_name
from archcalc.exporting.keras.strategies import Level
from archcalc.ops.attributes import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.references import References
    from archcalc.exporting.keras.function import Function
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Layer, Name

CHANNELS = "in_channels"
"""The variable that stands for `x.shape[-1]` while an expression is proved."""

Env = dict[str, "Expr | None"]


class Recall(NamedTuple):
    """How a layer is called again, by a `reuse`, at a place, on a tensor; and the labels whose
    tensors such a call reads."""

    call: Callable[[Layer, Context, SymbolicTensor | None], SymbolicTensor | None]
    reads: tuple[str, ...]


class Label:
    """What a label stands for: its tensor, how its layer is called again, and whether both are
    there for training only."""

    def __init__(self, wire: SymbolicTensor, *, training: bool = False) -> None:
        self.wire = wire
        self.again: Recall | None = None
        self.training = training

    def given_as(self, wire: SymbolicTensor) -> Label:
        """The label where its tensor is given to a model: its layer is called as around it."""
        inside = Label(wire, training=self.training)
        inside.again = self.again
        return inside


class Scope:
    """The labels of one body; references see them and those of the bodies around it."""

    def __init__(self, around: Scope | None = None) -> None:
        self.around = around
        self.labels: dict[str, Label] = {}

    def find(self, word: str) -> Label:
        scope: Scope | None = self
        while scope is not None:
            if word in scope.labels:
                return scope.labels[word]
            scope = scope.around
        raise KeyError(word)

    def visible(self) -> dict[str, Label]:
        """All labels that references see."""
        around = {} if self.around is None else self.around.visible()
        return {**around, **self.labels}


class Context(NamedTuple):
    """Where code is written: the places, the names as the code has them, labels, the level of the
    path, and the indices of the loops around."""

    lanes: list[CallSite]
    env: Env
    scope: Scope
    level: Level
    path: Path
    indices: tuple[str, ...] = ()


class BaseWriter(ABC):
    """Walks layers, works values out, keeps labels. `target` is the variable written to."""

    training = False  # whether a head that is there for training only is being written

    def __init__(self, function: Function, references: References) -> None:
        self.function = function
        self.program = function.program
        self.references = references
        self.statements: list[Statement] = function.statements
        self.target = function.own["x"]

    def body(
        self, layers: tuple[Layer, ...], here: Context, wire: SymbolicTensor | None
    ) -> SymbolicTensor | None:
        for layer in layers:
            wire = self.layer(layer, here, wire)
        return wire

    def layer(
        self, layer: Layer, here: Context, wire: SymbolicTensor | None
    ) -> SymbolicTensor | None:
        """One layer, in the places where it is present."""
        start = wire
        if layer.source is not None:
            start = self.find(layer, here, self.name_of(layer.source, here)).wire
        if layer.when is None:
            return self.present(layer, here, start, wire)
        truths = [self.truth(layer.when, lane, start) for lane in here.lanes]
        lanes = [lane for lane, there in zip(here.lanes, truths, strict=True) if there]
        numbered = layer.name is None or here.level.chain
        if not lanes or (numbered and len(lanes) == len(here.lanes)):
            self.program.doubt(self.proposed(layer.when, here, start), here.lanes)
        if not lanes:
            return wire
        condition = self.condition(layer.when, here, start, truths)
        there = here._replace(lanes=lanes)
        if not variables(condition):
            return self.present(layer, there, start, wire)
        return self.conditional(layer, here, there, condition, start, wire)

    @abstractmethod
    def present(
        self,
        layer: Layer,
        here: Context,
        start: SymbolicTensor | None,
        current: SymbolicTensor | None,
    ) -> SymbolicTensor | None:
        """A layer that is there in all the places."""

    def conditional(
        self,
        layer: Layer,
        here: Context,
        there: Context,
        condition: Expr,
        start: SymbolicTensor | None,
        current: SymbolicTensor | None,
    ) -> SymbolicTensor | None:
        """A layer that is there where the condition holds."""
        if current is None and not layer.head:
            raise NotUniform(here.lanes, [lane in there.lanes for lane in here.lanes])
        if current is not None and not layer.head:
            moved = self.as_target(here, current)
            start = moved if start is current else start
            current = moved
        inside, result = self.apart(lambda: self._into_target(layer, there, start, current))
        if inside:
            self.statements.append(Nest("if ", self.function.text(condition), inside))
        if layer.head or current is None or result is None:
            return current
        wire = SymbolicTensor(self.target)
        present = {id(lane) for lane in there.lanes}
        for lane in here.lanes:
            lane.set(wire, lane.index(result if id(lane) in present else current))
        return wire

    def _into_target(
        self,
        layer: Layer,
        there: Context,
        start: SymbolicTensor | None,
        current: SymbolicTensor | None,
    ) -> SymbolicTensor | None:
        result = self.present(layer._replace(when=None), there, start, current)
        if result is not None and not layer.head:
            return self.as_target(there, result)
        return result

    def apart(
        self, write: Callable[[], SymbolicTensor | None]
    ) -> tuple[list[Statement], SymbolicTensor | None]:
        """What is written, apart from the rest, and the tensor that it gives."""
        kept, self.statements = self.statements, []
        try:
            result = write()
            return self.statements, result
        finally:
            self.statements = kept

    # -- values -----------------------------------------------------------------------------

    def truth(self, value: Value, lane: CallSite, start: SymbolicTensor | None) -> bool:
        names = lane.names if start is None else lane.at(lane.tensor(start))
        return bool(value.evaluate(names))

    def names(self, here: Context, start: SymbolicTensor | None) -> Env:
        """The names that a layer's expressions read; notes the channels for the proof."""
        if start is None:
            return {**here.env, CHANNELS: None}
        for lane in here.lanes:
            lane.py[CHANNELS] = lane.tensor(start).channels
        return {**here.env, CHANNELS: name(CHANNELS)}

    def proposed(self, value: Value, here: Context, start: SymbolicTensor | None) -> Expr | None:
        """The value as an expression, not yet proved."""
        try:
            return translate(value, self.names(here, start))
        except (Untranslatable, DiagnosticError, SyntaxError):
            return None

    def settle(
        self,
        value: Value | None,
        here: Context,
        start: SymbolicTensor | None,
        actual: list[Any],
        prove: Callable[[Expr | None, list[CallSite], list[Any]], Expr] = expr_or_constant,
    ) -> Expr:
        """An expression that is proved to have these values. Raises `NotUniform`."""
        expr = None if value is None else self.proposed(value, here, start)
        try:
            found = prove(expr, here.lanes, actual)
        except Untranslatable:
            raise NotUniform(here.lanes, map(repr, actual)) from None
        return self.at_run_time(found, start)

    def at_run_time(self, expr: Expr, start: SymbolicTensor | None) -> Expr:
        """The expression with the tensor asked for its channels."""
        if CHANNELS not in variables(expr):
            return expr
        assert start is not None
        asked = ast.Subscript(
            ast.Attribute(name(flat(start.doc)), "shape", ast.Load()), literal(-1), ast.Load()
        )
        return substitute(expr, {CHANNELS: asked})

    def condition(
        self, value: Value, here: Context, start: SymbolicTensor | None, truths: list[bool]
    ) -> Expr:
        expr = self.proposed(value, here, start)
        if expr is not None and holds_truth(expr, here.lanes, truths):
            return self.at_run_time(expr, start)
        # Nothing says how it depends on the vars, so they stay as they are.
        self.program.doubt(None, here.lanes)
        return literal(constant(here.lanes, truths))

    def name_of(self, label: Name, here: Context) -> str:
        """A name that must be the same in all places."""
        if len(label.parts) == 1 and isinstance(label.parts[0], str):
            return label.parts[0]
        texts = [
            "".join(p if isinstance(p, str) else shown(p.evaluate(lane.names)) for p in label.parts)
            for lane in here.lanes
        ]
        found: str = constant(here.lanes, texts)
        return found

    # -- tensors ----------------------------------------------------------------------------

    def find(self, layer: Layer, here: Context, word: str) -> Label:
        """The label that a layer names. What a head makes for training only is not there, in the
        code, where heads are not asked for."""
        label = here.scope.find(word)
        if label.training and not (self.training or layer.training_only):
            raise refused(
                layer,
                f"reading or calling {word} where it is made for training only",
                "leave its training_only out, or read what is before the head",
                "Keras",
            )
        return label

    def as_target(self, here: Context, wire: SymbolicTensor) -> SymbolicTensor:
        """The tensor in the variable that is written to."""
        if wire.doc == self.target:
            return wire
        self.statements.append(assign(self.target, wire.doc))
        return self.new(here, self.target, [lane.index(wire) for lane in here.lanes])

    def new(self, here: Context, doc: str, tensors: list[int]) -> SymbolicTensor:
        wire = SymbolicTensor(doc)
        for lane, tensor in zip(here.lanes, tensors, strict=True):
            lane.set(wire, tensor)
        return wire

    def outer(
        self, here: Context, groups: list[Any], result: SymbolicTensor | None
    ) -> SymbolicTensor | None:
        """What a part gives, for the places around it."""
        if result is None:
            return None
        return self.new(here, flat(result.doc), [group.output or 0 for group in groups])

    def check_same(self, here: Context, wire: SymbolicTensor, actual: list[int]) -> None:
        """Raises `NotUniform` where the code would read another tensor than the graph."""
        try:
            found = [lane.index(wire) for lane in here.lanes]
        except KeyError:
            found = []
        if actual != found:
            raise NotUniform(here.lanes, range(len(here.lanes)))

    def local(self, layer: Layer, here: Context, paths: list[str], word: str) -> Path:
        """The name of a layer or level."""
        return here.path / local_name(self, layer, here, paths, word)

    def held(self, path: Path) -> Path:
        """The name, in a variable where it is counted while the code runs."""
        if not path.counted():
            return path
        python = self.function.ids.take("level")
        self.statements.append(assign(python, self.function.path(path)))
        return Path((name(python),))

    def enter(self, layer: Layer, here: Context, path: Path, groups: list[Any]) -> Context:
        """The place inside a level that a group or a named join makes."""
        chain = layer.kind == "group" and is_chain(layer.body, self.program.spec.blocks, {})
        lanes = [
            CallSite(lane.net, group, lane.names, lane.py, group.path + ".", lane)
            for lane, group in zip(here.lanes, groups, strict=True)
        ]
        level = Level(id(layer.body or layer.branches), chain)
        self.start_counting(level)
        return here._replace(lanes=lanes, scope=Scope(here.scope), level=level, path=path)

    def start_counting(self, level: Level) -> None:
        """Makes the counters of a level whose layers are counted while the code runs."""
        for word in self.program.counted(level):
            counter = self.function.ids.take(f"{word}_number" if word else "number")
            self.program.counters[(level.key, word)] = counter
            self.function.counters.append(counter)
            self.statements.append(new_counter(counter, "1" if word else ""))
