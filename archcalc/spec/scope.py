"""Parser scopes: what a layer can call, and the lexical defaults."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcalc.diagnostics import Span
    from archcalc.ops.attributes import Kind
    from archcalc.ops.base import Operation
    from archcalc.spec.expressions import Value
    from archcalc.spec.reader import Reader
    from archcalc.spec.syntax import Block

Defaults = dict[str, "dict[str, Value] | None"]
"""Default arguments per operation; None if they could not be parsed."""


Calls = dict[str, dict[str, "Span"]]
"""The blocks that each block's body calls, with the locations of the calls."""


NONE: Mapping[str, Kind] = MappingProxyType({})


class Callee(NamedTuple):
    """The signature of an operation (its attributes) or a block (its parameters and inputs)."""

    name: str
    accepts: dict[str, None]
    required: tuple[str, ...]
    main: str | None  # what a single value sets
    operation: Operation | None
    block: Block | None  # with an empty body: calls are parsed before all bodies are
    literal: Mapping[str, Kind] = NONE  # attributes that are not expressions


class Scope:
    """What is visible from a file's layers, or from a block's body."""

    __slots__ = ("block", "callees", "calls", "defaults", "invalid", "reader")

    def __init__(
        self,
        reader: Reader,
        callees: dict[str, Callee],
        calls: Calls,
        defaults: Defaults,
        block: Block | None = None,
        invalid: set[str] | None = None,
    ) -> None:
        self.reader = reader
        self.callees = (
            callees  # operations, and the blocks known so far: one dict shared by all scopes
        )
        self.calls = calls  # filled in while bodies are parsed: one dict shared by all scopes
        self.defaults = defaults
        self.block = block  # the block of this body; None for the net's own layers
        # blocks whose declaration was reported, so calls of them are not: shared by all scopes
        self.invalid: set[str] = set() if invalid is None else invalid

    def inside(self, block: Block, defaults: Defaults) -> Scope:
        """The scope of a block's body: its own defaults take precedence over the file's."""
        merged = dict(self.defaults)
        for operation, arguments in defaults.items():
            before = merged.get(operation, {})
            unread = before is None or arguments is None
            merged[operation] = None if unread else {**(before or {}), **(arguments or {})}
        return Scope(self.reader, self.callees, self.calls, merged, block, self.invalid)


def operation_callees() -> dict[str, Callee]:
    """The signatures of all operations."""
    from archcalc.ops.attributes import REQUIRED, NamedValues, Text
    from archcalc.ops.registry import OPERATIONS

    literal = (Text, NamedValues)
    return {
        name: Callee(
            name,
            dict.fromkeys(a.name for a in operation.attributes),
            tuple(a.name for a in operation.attributes if a.default is REQUIRED),
            operation.main,
            operation,
            None,
            {a.name: a.kind for a in operation.attributes if isinstance(a.kind, literal)},
        )
        for name, operation in OPERATIONS.items()
    }


def block_callee(block: Block) -> Callee:
    """The signature of a block. A single value is the first parameter."""
    names = [p.name for p in block.parameters]
    required = [p.name for p in block.parameters if p.default is None]
    return Callee(
        block.name,
        dict.fromkeys((*names, *block.inputs)),
        (*required, *block.inputs),
        names[0] if names else None,
        None,
        block,
    )
