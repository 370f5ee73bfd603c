"""Values in the context of a layer: conditions, names, and the bindings of loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError
from archcalc.elaborate.state import MAX_STEPS
from archcalc.ops.arithmetic import fixed
from archcalc.ops.attributes import BOOLEANS, advise, integer, name_subject, shown, wrong
from archcalc.spec.expressions import piece
from archcalc.spec.limits import MAX_NAME
from archcalc.spec.name_rules import check_label

if TYPE_CHECKING:
    from archcalc.elaborate.scope import LayerContext
    from archcalc.elaborate.state import State
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Loop, Name


def set_in_channels(state: State, place: LayerContext, tensor: int) -> None:
    """Makes the number of input channels available to expressions; absent if unknown."""
    known = state.tensors[tensor]
    if known is None:
        place.names.pop("in_channels", None)
    else:
        place.names["in_channels"] = known.channels


def truth(condition: Value, place: LayerContext) -> bool:
    """The truth value of a `when` or `only_if`. Raises `DiagnosticError` for any other value."""
    return as_truth(condition.evaluate(place.names), condition)


def as_truth(value: Any, condition: Value) -> bool:
    """The value of a condition as a bool. Raises `DiagnosticError`."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value not in BOOLEANS:
        error = _unknown("true or false", value, condition)
        advise(error, "as in when: depth > 1")
        raise error
    raise DiagnosticError(
        "wrong-type",
        "a condition must be true or false",
        label=f"evaluates to {shown(value)}",
        help=f"write {BOOLEANS[value]}"
        if isinstance(value, str)
        else "write a comparison, as in depth > 1",
        span=condition.span,
    )


def _unknown(needed: str, word: str, value: Value) -> DiagnosticError:
    """The error of a word that is not a name."""
    error = wrong(needed, word)
    error.span = value.span
    return error


def read_name(name: Name, place: LayerContext) -> str:
    """A name with its `$(…)` parts substituted."""
    if len(name.parts) == 1 and isinstance(name.parts[0], str):
        return name.parts[0]
    text = "".join([p if isinstance(p, str) else _piece(p, place) for p in name.parts])
    reason = check_label(text)
    if reason is not None:
        size = f"{len(text):,} characters" if len(text) > MAX_NAME else repr(text)
        raise DiagnosticError(
            "invalid-name",
            reason,
            label=f"evaluates to {size}",
            help="choose another name",
            span=name.span,
        )
    return text


def _piece(part: Value, place: LayerContext) -> str:
    """The text of a `$(…)` part of a name."""
    value = part.evaluate(place.names)
    try:
        return piece(value)
    except DiagnosticError as error:
        error.span = part.span
        raise


def optional_name(name: Name | None, place: LayerContext) -> str | None:
    """The name, None if the layer has none."""
    return None if name is None else read_name(name, place)


def loop_turns(loop: Loop, names: dict[str, Any]) -> list[dict[str, Any]]:
    """The names bound in each iteration of a loop, including `index`. Raises `DiagnosticError`."""
    if loop.count is not None:
        return [{"index": i} for i in range(as_count(loop.count.evaluate(names), loop.count))]
    assert loop.table is not None
    rows = as_rows(loop.table.evaluate(names), loop.table)
    return [{**row_of(loop, row, index), "index": index} for index, row in enumerate(rows)]


def as_rows(rows: Any, table: Value) -> tuple[Any, ...]:
    """The value of a loop's table as a tuple. Raises `DiagnosticError`."""
    if isinstance(rows, str):
        raise _unknown("a list", rows, table)
    if not isinstance(rows, tuple):
        raise DiagnosticError(
            "wrong-type",
            "`in` must be a list",
            label=f"got {shown(rows)}",
            help="write in: [64, 128, 256], or a list of lists for several names",
            span=table.span,
        )
    return rows


def as_count(held: Any, value: Value) -> int:
    """The value of a `repeat` as an integer. Raises `DiagnosticError`."""
    try:
        count = integer(held)
    except DiagnosticError as error:
        error.span = error.span or value.span
        name_subject(error, "`repeat`")
        advise(error, "as in repeat: 3; to loop over a list write for: x, in: [...]")
        raise
    if count < 0:
        raise DiagnosticError(
            "bad-value",
            "`repeat` must be at least 0",
            label=f"got {count}",
            help="use max(0, …), or check the expression",
            span=value.span,
        )
    if count > MAX_STEPS:
        raise DiagnosticError(
            "too-many-layers",
            f"a loop has at most {MAX_STEPS:,} iterations",
            label=f"got {count:,}" if count < 10**30 else "got far more",
            help="check the count",
            span=value.span,
        )
    turns: int = fixed(count)
    return turns


def row_of(loop: Loop, row: Any, index: int) -> dict[str, Any]:
    """The names bound by a row of the table. Raises `DiagnosticError`."""
    names = loop.names
    if len(names) == 1:
        return {names[0]: row}
    if not isinstance(row, tuple) or len(row) != len(names):
        assert loop.table is not None
        rows = loop.table.items
        count = len(row) if isinstance(row, tuple) else 1
        raise DiagnosticError(
            "bad-table",
            "each row of the table must have one entry per loop name",
            label=f"{shown(row)} has {'1 entry' if count == 1 else f'{count} entries'}, "
            f"and there are {len(names)} names: {', '.join(names)}",
            help=f"write it as [{', '.join('…' for _ in names)}]",
            span=(rows[index] if rows else loop.table).span,
        )
    return dict(zip(names, row, strict=True))
