"""Where a layer stands while it is read: what it may call, and the defaults in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from archcalc.diagnostics import Span
    from archcalc.ops.base import Operation
    from archcalc.spec.expressions import Value
    from archcalc.spec.reader import Reader
    from archcalc.spec.syntax import Block

Defaults = dict[str, "dict[str, Value] | None"]
"""Per operation, the arguments it has unless others are written; None: they could not be read."""


Calls = dict[str, dict[str, "Span"]]
"""Per block, the blocks that its body calls, and where."""


class Callee(NamedTuple):
    """What a call may say: of an operation its attributes, of a block its parameters and inputs."""

    name: str
    accepts: dict[str, None]
    required: tuple[str, ...]
    main: str | None  # what a lone value gives
    operation: Operation | None
    block: Block | None  # with an empty body: calls are read before all bodies are


class Scope:
    """What can be seen from a file's layers, or from a block's body."""

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
        self.callees = callees  # operations, and the blocks known so far: one dict for all scopes
        self.calls = calls  # filled in as bodies are read: one dict for all scopes
        self.defaults = defaults
        self.block = block  # whose body this is; None for the net's own layers
        # blocks whose declaration has been reported, so that calls of them are not: for all scopes
        self.invalid: set[str] = set() if invalid is None else invalid

    def inside(self, block: Block, defaults: Defaults) -> Scope:
        """The scope of a block's body: its own defaults come before the file's."""
        merged = dict(self.defaults)
        for operation, arguments in defaults.items():
            before = merged.get(operation, {})
            unread = before is None or arguments is None
            merged[operation] = None if unread else {**(before or {}), **(arguments or {})}
        return Scope(self.reader, self.callees, self.calls, merged, block, self.invalid)


def operation_callees() -> dict[str, Callee]:
    """All operations."""
    from archcalc.ops.attributes import REQUIRED
    from archcalc.ops.registry import OPERATIONS

    return {
        name: Callee(
            name,
            dict.fromkeys(a.name for a in operation.attributes),
            tuple(a.name for a in operation.attributes if a.default is REQUIRED),
            operation.main,
            operation,
            None,
        )
        for name, operation in OPERATIONS.items()
    }


def block_callee(block: Block) -> Callee:
    """A block, from its parameters and inputs. A lone value is the first parameter."""
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
