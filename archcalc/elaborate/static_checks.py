"""What is wrong as written, whatever the values: judged from the syntax alone.

The walk tells the errors of what it comes to. It does not come to a block that is never called, a
layer that `when` leaves out, the other side of an `if`, or the second attribute in error of one
layer. Here every value is looked at once: whether it can be read, whether each name in it can be
seen there, and, where no name can change it, whether it is one that its attribute takes. What is
told here is wrong under all settings and at every call.
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
"""A value that names decide."""

_NUMBER = Number()


def check_statically(spec: Spec, diagnostics: Diagnostics) -> None:
    """Adds what is wrong with the net's layers and with all blocks, called or not, except at
    places where something is told already."""
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
        # One dict for all places: a copy at every loop could take the square of the spec's size.
        self.names: dict[str, Any] = dict.fromkeys((*spec.variables, "in_channels"))
        self.labels: Labels | None = None  # None: not known
        self.operands: list[Layer] | None = None  # given as defaults, to be looked at later
        # Attributes that are right. A net has the same few numbers again and again, and all its
        # layers may share one default, which may be a list of any length.
        self.right: set[tuple[str, str, str, bool] | int] = set()
        self.told = {_place(d.span) for d in diagnostics.items if d.span is not None}

    def block(self, block: Block) -> None:
        added: list[str] = []
        self.labels, self.operands = None, []
        for parameter in block.parameters:
            if parameter.default is not None:
                self._judge(parameter.default, partial(check_type, parameter))
            added += self._enter((parameter.name,))
        for name, value in block.let:
            self._judge(value)
            added += self._enter((name,))
        # An operation that is a default sees what the body sees.
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
        """What stands beside the operation, and the layers inside."""
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
                self._judge(value, _number)
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
            elif self._judge(value, partial(read_one, name, kind, rank=None)):
                self.right.add(key)

    def _parameters(self, layer: Layer) -> None:
        block = self.blocks[layer.word]
        for parameter in block.parameters:
            value = layer.arguments.get(parameter.name)
            if value is not None:
                self._judge(value, partial(check_type, parameter))
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
                self._judge(part, piece)

    def _condition(self, condition: Value) -> None:
        self._judge(condition, partial(as_truth, condition=condition))

    def _turns(
        self, loop: Loop | None, body: tuple[Layer, ...], only_if: Value | None = None
    ) -> None:
        """A body, with what its loop binds."""
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
            self._judge(count, partial(as_count, value=count))
        elif table is not None and table.items is None:
            self._judge(table, partial(as_rows, table=table))
        elif table is not None and table.items is not None:
            for index, row in enumerate(table.items):
                self._judge(row, partial(row_of, loop, index=index))

    def _label_of(self, value: Value) -> None:
        """A value that is a label."""
        if value.items is None and value.layer is None:
            self._judge(value, lambda held: self._reference(str(held), value.span))

    def _reference(self, name: str, span: Span) -> None:
        if self.labels is not None and not self.labels.may_hold(name):
            self._report(unknown_label(name, span, self.labels.known), span)

    def _judge(self, value: Value, read: Callable[[Any], object] | None = None) -> bool:
        """Tells what is wrong with a value, and, where no name decides it, with what `read` makes
        of it. Gives whether nothing is."""
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
        """What a value is, whatever the values of the names."""
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
        """An operation given as a value. It is applied elsewhere, where there are other labels."""
        if self.operands is not None:
            self.operands.append(layer)
            return
        labels, self.labels = self.labels, None
        self.layer(layer)
        self.labels = labels

    def _enter(self, names: tuple[str, ...]) -> list[str]:
        """Lets names be seen; gives those that could not be seen before."""
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
