"""The table for a terminal: rows by block, totals, expectations, diagnostics."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from archcalc.report import columns as c
from archcalc.report import diagnostics, numbers
from archcalc.report.palette import paint
from archcalc.report.rows import SCREEN, layer_rows, rows
from archcalc.report.summary import expectations, heading, totals, verdict
from archcalc.report.text import cut, left, printable, right, width, wrap

if TYPE_CHECKING:
    from archcalc.analysis.figures import Report
    from archcalc.report.checked import Checked
    from archcalc.report.columns import Column
    from archcalc.report.rows import Row

_GAP = 2


class View(NamedTuple):
    """The options of a table.

    `depth`: levels to open, None for what fits a screen. `unfold`: a row for each activation.
    `sort`: "params", "macs" or "memory": single layers, the costliest first. `expect`: "failed" or
    "all" expectations.
    """

    depth: int | None = None
    unfold: bool = False
    sort: str | None = None
    expect: str = "failed"


# From the widest to the narrowest layout (the last but two fits 80 columns), each with the cells
# that the operation needs at least.
_LAYOUTS: tuple[tuple[int, tuple[Column, ...]], ...] = (
    (
        99,
        (c.OUTPUT, c.PARAMS, c.PARAMS_SHARE, c.MACS, c.MACS_SHARE, c.FLOPS, c.ACTIVATIONS, c.FIELD),
    ),
    (99, (c.OUTPUT, c.PARAMS, c.PARAMS_SHARE, c.MACS, c.MACS_SHARE, c.FLOPS, c.FIELD)),
    (28, (c.OUTPUT, c.PARAMS, c.PARAMS_SHARE, c.MACS, c.MACS_SHARE, c.FIELD)),
    (26, (c.OUTPUT, c.PARAMS, c.PARAMS_SHARE, c.SHORT_MACS, c.MACS_SHARE, c.FIELD)),
    (16, (c.OUTPUT, c.SHORT_PARAMS, c.PARAMS_SHARE, c.SHORT_MACS, c.MACS_SHARE, c.FIELD)),
    (10, (c.OUTPUT, c.SHORT_PARAMS, c.SHORT_MACS, c.FIELD)),
    (8, (c.OUTPUT, c.SHORT_PARAMS, c.SHORT_MACS)),
    (0, (c.SHORT_PARAMS, c.SHORT_MACS)),
)
_LEAST_LABEL = 8
_LEAST_OPERATION = 8
_HEAVY = 10  # a layer with 1/10 of the net's parameters or macs is highlighted


def table(
    checked: Checked, view: View, columns: int, colour: bool, explained: set[str] | None = None
) -> str:
    """Everything that `check` reports for one spec. `explained` holds the codes of diagnostics
    whose explanation earlier specs of the same run have pointed to."""
    parts: list[str] = []
    report = checked.report
    if report is not None:
        parts.append(heading(report, checked.source, columns, colour))
        parts.append(_rows(report, view, columns, colour))
        parts.append(_totals(report, columns, colour))
    parts.append(expectations(checked, columns, colour, everything=view.expect == "all"))
    parts += diagnostics.render_all(checked.diagnostics, colour, columns, explained)
    parts.append(verdict(checked, colour))
    return "\n\n".join(part for part in parts if part) + "\n"


def _rows(report: Report, view: View, columns: int, colour: bool) -> str:
    if view.sort:
        return _sorted_rows(report, view, columns, colour)
    found = rows(report, view.depth, unfold=view.unfold)
    if not found:
        return ""
    known = _up_to_the_error(found)
    lines = _aligned(report, known, None, columns, colour)
    lines += _legend(known, lines[0], columns, colour)
    hidden = len(found) - len(known)
    if hidden:
        more = numbers.counted(hidden, "row")
        lines.append(f"… {more} below: unknown, because of the errors above")
    return "\n".join(lines)


def chosen_rows(report: Report, view: View) -> list[Row]:
    """The rows of a view: those of the hierarchy, or the single layers with the costliest first, as
    many as fit a screen unless a depth is given."""
    if not view.sort:
        return rows(report, view.depth, unfold=view.unfold)
    found = _by_cost(report, view)
    return found if view.depth is not None else found[:SCREEN]


def _by_cost(report: Report, view: View) -> list[Row]:
    """The layers with non-zero costs, the costliest first; unknown ones before all others."""

    def cost(row: Row) -> int | None:
        if view.sort == "memory":
            return c.memory(row, report)
        figure: int | None = getattr(row.totals, view.sort or "")
        return figure

    found = [row for row in layer_rows(report, unfold=view.unfold) if not row.training_only]
    unknown = [row for row in found if cost(row) is None]
    known = [(amount, row) for row in found if (amount := cost(row))]
    return unknown + [row for _, row in sorted(known, key=lambda pair: -pair[0])]


def _sorted_rows(report: Report, view: View, columns: int, colour: bool) -> str:
    found = chosen_rows(report, view)
    if not found:
        return f"no layer has {view.sort}"
    extra = (c.MEMORY,) if view.sort == "memory" else ()
    lines = _aligned(report, found, extra, columns, colour)
    more = len(_by_cost(report, view)) - len(found)
    if more:
        lines.append(f"… {numbers.counted(more, 'more layer')} (--depth all lists them)")
    lines += _legend(found, lines[0], columns, colour)
    if view.sort == "memory":
        text = f"memory: weights, buffers and outputs as {report.dtype}"
        lines += [paint(line, "faint", colour) for line in wrap(text, columns)]
    return "\n".join(lines)


def _legend(found: list[Row], head: str, columns: int, colour: bool) -> list[str]:
    """The legend of the signs that occur in the table."""
    notes: list[str] = []
    if c.PARAMS_SHARE.title in head:
        notes.append("%: share of the net's params and macs")
    fields = [row.receptive_field for row in found if row.receptive_field is not None]
    if fields and c.FIELD.title in head:
        notes.append("RF: size/stride of the receptive field")
        if any(field.is_global for field in fields):
            notes.append("*: global, covers the full input")
    if any(row.times > 1 for row in found):
        notes.append("×N: N identical blocks or layers, totals")
    lines = [""] if notes else []
    for note in notes:
        joined = f"{lines[-1]}; {note}" if lines[-1] else note
        lines[-1:] = [joined] if width(joined) <= columns else [lines[-1], note]
    return [paint(part, "faint", colour) for line in lines for part in wrap(line, columns)]


def _up_to_the_error(found: list[Row]) -> list[Row]:
    """The rows down to the last that is known or has an error."""
    end = len(found)
    while end > 1 and found[end - 1].output is None and not found[end - 1].invalid:
        end -= 1
    return found[:end]


def _aligned(
    report: Report,
    found: list[Row],
    extra: tuple[Column, ...] | None,
    columns: int,
    colour: bool,
) -> list[str]:
    """The header and the rows in the widest layout that fits, without empty columns. `extra`
    replaces the receptive field."""
    made: dict[Column, list[str]] = {}  # the cells of each column, formatted once for all layouts
    for least, layout in _LAYOUTS:
        chosen = layout
        if extra is not None:
            chosen = (*(column for column in layout if column is not c.FIELD), *extra)
        shown = (c.LAYER, c.OPERATION, c.COUNT, *chosen)
        for column in shown:
            if column not in made:
                made[column] = _cells(column, found, report)
        filled = [any(made[column]) for column in shown]
        shown = tuple(compress(shown, (True, True, *filled[2:])))
        titles = [column.title for column in shown]
        widths = [max(width(column.title), *map(width, made[column])) for column in shown]
        over = sum(widths) + _gaps(shown) - columns
        if over <= 0 or widths[1] - over >= least:
            break
    _narrow(widths, columns - _gaps(shown))
    lines = [paint(_line(titles, widths, shown), "strong", colour)]
    texts = zip(*(made[column] for column in shown), strict=True)
    for row, cells in zip(found, texts, strict=True):
        lines.append(_painted(_line(list(cells), widths, shown), widths[0], row, report, colour))
    return lines


def _gaps(shown: tuple[Column, ...]) -> int:
    return sum(column.gap for column in shown[1:])


def _cells(column: Column, found: list[Row], report: Report) -> list[str]:
    """The texts of a column; texts of the spec are made printable."""
    texts = [column.text(row, report) for row in found]
    if column is c.LAYER:
        return ["  " * row.indent + printable(t) for row, t in zip(found, texts, strict=True)]
    return [printable(text) for text in texts] if column is c.OPERATION else texts


def _narrow(widths: list[int], room: int) -> None:
    """Shortens the operation, then the layer's label, to the available width."""
    for position, least in ((1, _LEAST_OPERATION), (0, _LEAST_LABEL)):
        over = sum(widths) - room
        if over > 0:
            widths[position] = max(widths[position] - over, min(widths[position], least))


def _line(cells: list[str], widths: list[int], shown: tuple[Column, ...]) -> str:
    line = left(cut(cells[0], widths[0]), widths[0])
    line += " " * shown[1].gap + left(cut_operation(cells[1], widths[1]), widths[1])
    for cell, limit, column in zip(cells[2:], widths[2:], shown[2:], strict=True):
        line += " " * column.gap + right(cell, limit)
    return line.rstrip()


def cut_operation(text: str, limit: int) -> str:
    """An operation in at most `limit` cells: attributes are cut before the activation is.

    >>> cut_operation("conv 3×3, 64, pad 1 + relu", 20), cut_operation("conv 3×3, 64 + relu", 20)
    ('conv 3×3, 64… + relu', 'conv 3×3, 64 + relu')
    """
    head, plus, tail = text.partition(" + ")
    room = limit - width(plus + tail)
    if width(text) > limit and plus and room >= _LEAST_OPERATION:
        return cut(head, room) + plus + tail
    return cut(text, limit)


def _painted(line: str, label: int, row: Row, report: Report, colour: bool) -> str:
    if not colour:
        return line
    if row.invalid or row.training_only:
        return paint(line, "bad" if row.invalid else "faint", colour)
    if row.is_level:
        return paint(line[:label], "level", colour) + line[label:]
    if _heavy(row, report):
        return paint(line, "strong", colour)
    free = row.totals.params == 0 and row.totals.macs == 0
    return paint(line, "faint" if free else "", colour)


def _heavy(row: Row, report: Report) -> bool:
    """Whether a layer has a large share of the net's parameters or macs."""
    pairs = [(row.totals.params, report.totals.params), (row.totals.macs, report.totals.macs)]
    return any(part and total and part * _HEAVY >= total for part, total in pairs)


def _totals(report: Report, columns: int, colour: bool) -> str:
    lines: list[str] = []
    found = totals(report)
    if all(figure == numbers.UNKNOWN for _, figure, _ in found):
        return "totals: unknown, because of the errors"
    names = max(len(name) for name, _, _ in found)
    figures = max(width(figure) for _, figure, _ in found)
    for name, figure, remark in found:
        gap = " " * (names - len(name) + _GAP + figures - width(figure))
        start = f"{name}{gap}{paint(figure, 'strong', colour)}"
        room = max(columns - names - figures - 2 * _GAP, 20)
        for position, text in enumerate(wrap(remark, room) or [""]):
            before = start if position == 0 else " " * (names + _GAP + figures)
            lines.append(f"{before}  {paint(text, 'faint', colour)}".rstrip())
    return "\n".join(lines)
