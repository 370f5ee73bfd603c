"""Errors that do not depend on values, found in the syntax alone.

The walk only reports what it reaches. It does not reach an unused block, a layer that `when` leaves
out, the other branch of an `if`, or the second invalid attribute of a layer. Here every value is
checked once: whether it can be parsed, whether its names are known there, and, if it uses no names,
whether its attribute accepts it. Errors found here occur with all settings and in every call.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError, Stop
from archcalc.elaborate.calls import named_operand
from archcalc.elaborate.labels import Labels
from archcalc.elaborate.nodes import unknown_label
from archcalc.elaborate.parameters import check_type
from archcalc.elaborate.values import as_count, as_rows, as_truth, row_of
from archcalc.ops.attributes import Number, Reference, look_among
from archcalc.ops.read import read_one
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.expressions import Operand, piece
from archcalc.spec.limits import MAX_ERRORS, stop_at_many
from archcalc.spec.syntax import stands_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from archcalc.diagnostics import Diagnostics, Span
    from archcalc.ops.attributes import Kind
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Block, Layer, Loop, Name, Spec

_UNKNOWN: Any = object()
"""The value of an expression with names."""

_NUMBER = Number()


def check_statically(spec: Spec, diagnostics: Diagnostics) -> None:
    """Reports errors in the net's layers and in all blocks, used or not, except where an error is
    reported already."""
    if len(diagnostics.items) >= MAX_ERRORS:
        return
    with suppress(Stop):
        checker = _Checker(spec, diagnostics)
        checker.labels = Labels([i.name for i in spec.inputs], spec.layers, checker.names)
        checker.body(spec.layers)
        for block in spec.blocks.values():
            checker.block(block)


class _Checker:
    def __init__(self, spec: Spec, diagnostics: Diagnostics) -> None:
        self.blocks = spec.blocks
        self.diagnostics = diagnostics
        # One shared dict: a copy for every loop could take quadratic time in the size of the spec.
        self.names: dict[str, Any] = dict.fromkeys((*spec.variables, "in_channels"))
        self.labels: Labels | None = None  # None: unknown
        self.operands: list[Layer] | None = (
            None  # operations given as defaults, to be checked later
        )
        # Attributes known to be valid. A net repeats the same few numbers, and all its layers may
        # share one default, which may be a list of any length.
        self.right: set[tuple[str, str, str, bool] | int] = set()
        self.told = {_place(d.span) for d in diagnostics.items if d.span is not None}

    def block(self, block: Block) -> None:
        added: list[str] = []
        self.labels, self.operands = None, []
        for parameter in block.parameters:
            if parameter.default is not None:
                self._check(parameter.default, partial(check_type, parameter))
            added += self._enter((parameter.name,))
        for name, value in block.let:
            self._check(value)
            added += self._enter((name,))
        # An operation given as a default sees the names of the body.
        operands, self.operands = self.operands, None
        self.body(operands)
        self.labels = Labels(block.inputs, block.body, self.names)
        self.body(block.body)
        self._leave(added)

    def body(self, layers: Iterable[Layer]) -> None:
        for layer in layers:
            self.layer(layer)

    def layer(self, layer: Layer) -> None:
        kind = layer.kind
        if kind in ("operation", "join"):
            if layer.arguments:
                self._attributes(layer)
        elif kind == "block":
            self._parameters(layer)
        elif kind == "apply":
            self._apply(layer)
        elif kind == "reuse":
            self._reference(layer.word, layer.span)
        if not stands_alone(layer):
            self._beside(layer)

    def _beside(self, layer: Layer) -> None:
        """The modifiers of a layer, and the layers inside it."""
        for name in (layer.name, layer.label, layer.source):
            if name is not None:
                self._name(name)
        if layer.source is not None:
            text, *more = layer.source.parts
            if isinstance(text, str) and not more:
                self._reference(text, layer.source.span)
        if layer.when is not None:
            self._condition(layer.when)
        if layer.init is not None:
            for value in layer.init.arguments.values():
                self._check(value, _number)
        if layer.body:
            self._turns(layer.loop, layer.body)
        for branch in layer.branches:
            self._turns(branch.loop, branch.body, branch.only_if)

    def _attributes(self, layer: Layer) -> None:
        word = layer.word
        for name, value in layer.arguments.items():
            plain_number = value.constant and value.items is None
            key = (word, name, value.text, value.plain) if plain_number else id(value)
            if key in self.right:
                continue
            kind = _kind(word, name)
            if isinstance(kind, Reference):
                self._label_of(value)
            elif self._check(value, partial(read_one, name, kind, rank=None)):
                self.right.add(key)

    def _parameters(self, layer: Layer) -> None:
        block = self.blocks[layer.word]
        for parameter in block.parameters:
            value = layer.arguments.get(parameter.name)
            if value is not None:
                self._check(value, partial(check_type, parameter))
        for name in block.inputs:
            if name in layer.arguments:
                self._label_of(layer.arguments[name])

    def _apply(self, layer: Layer) -> None:
        if layer.word not in self.names:
            try:
                named_operand(layer, layer.word, self.names, self.blocks)
            except DiagnosticError as error:
                self._report(error, layer.span)

    def _name(self, name: Name) -> None:
        for part in name.parts:
            if not isinstance(part, str):
                self._check(part, piece)

    def _condition(self, condition: Value) -> None:
        self._check(condition, partial(as_truth, condition=condition))

    def _turns(
        self, loop: Loop | None, body: tuple[Layer, ...], only_if: Value | None = None
    ) -> None:
        """A body, with the names that its loop binds."""
        added: list[str] = []
        if loop is not None:
            self._loop(loop)
            added = self._enter((*loop.names, "index"))
        if only_if is not None:
            self._condition(only_if)
        self.body(body)
        self._leave(added)

    def _loop(self, loop: Loop) -> None:
        count, table = loop.count, loop.table
        if count is not None:
            self._check(count, partial(as_count, value=count))
        elif table is not None and table.items is None:
            self._check(table, partial(as_rows, table=table))
        elif table is not None and table.items is not None:
            for index, row in enumerate(table.items):
                self._check(row, partial(row_of, loop, index=index))

    def _label_of(self, value: Value) -> None:
        """A value that is a label."""
        for item in value.items or ():
            self._label_of(item)
        if value.items is None and value.layer is None:
            self._check(value, lambda held: self._reference(str(held), value.span))

    def _reference(self, name: str, span: Span) -> None:
        if self.labels is not None and not self.labels.may_hold(name):
            self._report(unknown_label(name, span, self.labels.known), span)

    def _check(self, value: Value, read: Callable[[Any], object] | None = None) -> bool:
        """Reports errors of a value, and, if it uses no names, those of `read` with its result.
        Returns whether there are none."""
        try:
            value.check(self.names)
            held = self._held(value)
            if read is not None and held is not _UNKNOWN:
                read(held)
        except DiagnosticError as error:
            self._report(error, value.span)
            return False
        return True

    def _held(self, value: Value) -> Any:
        """The value if it does not depend on names."""
        if value.constant:
            return value.evaluate({})
        if value.items is not None:
            items = [self._held(item) for item in value.items]
            return tuple(items) if all(item is not _UNKNOWN for item in items) else _UNKNOWN
        if value.layer is not None:
            self._operand(value.layer)
            return Operand(value.layer, {})
        return value.text if value.is_word and value.text not in self.names else _UNKNOWN

    def _operand(self, layer: Layer) -> None:
        """Checks an operation given as a value. It is applied elsewhere, where labels differ."""
        if self.operands is not None:
            self.operands.append(layer)
            return
        labels, self.labels = self.labels, None
        self.layer(layer)
        self.labels = labels

    def _enter(self, names: tuple[str, ...]) -> list[str]:
        """Adds visible names; returns those that were not visible before."""
        added = [name for name in names if name not in self.names]
        self.names.update(dict.fromkeys(added))
        return added

    def _leave(self, added: list[str]) -> None:
        for name in added:
            del self.names[name]

    def _report(self, error: DiagnosticError, span: Span) -> None:
        error.span = error.span or span
        if _place(error.span) not in self.told:
            look_among(error, self.names)
            self.diagnostics.report(error)
            stop_at_many(self.diagnostics, span)


@cache
def _kind(word: str, name: str) -> Kind:
    """The kind of an operation's attribute."""
    return next(a.kind for a in OPERATIONS[word].attributes if a.name == name)


def _place(span: Span) -> tuple[int, int, int]:
    return id(span.file), span.line, span.column


def _number(held: Any) -> object:
    return _NUMBER.read(held, None)
