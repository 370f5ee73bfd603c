"""The table for a terminal: rows closed to the author's blocks, totals, expectations, faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.report import diagnostics, numbers
from archcalc.report.palette import paint
from archcalc.report.rows import rows
from archcalc.report.summary import heading, judged, totals, verdict
from archcalc.report.text import cut, left, printable, right, width, wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.analysis.figures import Report
    from archcalc.report.checked import Checked
    from archcalc.report.rows import Row

_GAP = 2


class _Column(NamedTuple):
    title: str
    text: Callable[[Row], str]


def _operation(row: Row) -> str:
    text = printable(row.operation)
    if row.training_only:
        text += " (training only)"
    return f"✗ {text}" if row.faulty else text


_LAYER = _Column("layer", lambda row: "  " * row.indent + printable(row.label))
_OPERATION = _Column("operation", _operation)
_COUNT = _Column("", lambda row: f"×{row.times:,}" if row.times > 1 else "")
_OUTPUT = _Column("output", lambda row: numbers.shape(row.output))
_PARAMS = _Column("params", lambda row: numbers.grouped(row.totals.params))
_MACS = _Column("macs", lambda row: numbers.grouped(row.totals.macs))
_FLOPS = _Column("flops", lambda row: numbers.grouped(row.totals.flops))
_ACTIVATIONS = _Column("activations", lambda row: numbers.grouped(row.totals.activations))
_FIELD = _Column("field", lambda row: numbers.field(row.receptive_field))
_SHORT_PARAMS = _Column("params", lambda row: numbers.scaled(row.totals.params))
_SHORT_MACS = _Column("macs", lambda row: numbers.scaled(row.totals.macs))

# From the richest to the poorest (the last but one fits 80 columns), each with the cells that the
# operation needs: exact figures are worth more than the end of a long description.
_LAYOUTS: tuple[tuple[int, tuple[_Column, ...]], ...] = (
    (99, (_OUTPUT, _PARAMS, _MACS, _FLOPS, _ACTIVATIONS, _FIELD)),
    (99, (_OUTPUT, _PARAMS, _MACS, _FLOPS, _FIELD)),
    (24, (_OUTPUT, _PARAMS, _MACS, _FIELD)),
    (22, (_OUTPUT, _PARAMS, _SHORT_MACS, _FIELD)),
    (12, (_OUTPUT, _SHORT_PARAMS, _SHORT_MACS, _FIELD)),
    (8, (_OUTPUT, _SHORT_PARAMS, _SHORT_MACS)),
)
_LEAST_LABEL = 12
_LEAST_OPERATION = 8


def table(checked: Checked, *, depth: int | None, columns: int, colour: bool) -> str:
    """Everything that `check` has to say of one spec."""
    parts: list[str] = []
    report = checked.report
    if report is not None:
        parts.append(heading(report, checked.source, colour))
        parts.append(_rows(report, depth, columns, colour))
        parts.append(_totals(report, columns, colour))
    if checked.expectations:
        parts.append(judged(checked, columns, colour))
    parts += [diagnostics.render(d, colour, columns) for d in checked.diagnostics]
    parts.append(verdict(checked, colour))
    return "\n\n".join(part for part in parts if part) + "\n"


def _rows(report: Report, depth: int | None, columns: int, colour: bool) -> str:
    found = rows(report, depth)
    if not found:
        return ""
    known = _up_to_the_fault(found)
    lines = _aligned(known, columns, colour)
    for text in _legend(known, lines[0]):
        lines += [paint(line, "faint", colour) for line in wrap(text, columns)]
    hidden = len(found) - len(known)
    if hidden:
        more = numbers.counted(hidden, "row")
        lines.append(f"… {more} below: unknown, because of the errors above")
    return "\n".join(lines)


def _legend(found: list[Row], head: str) -> list[str]:
    """What the table's signs mean, as far as it has them."""
    lines: list[str] = []
    fields = [row.receptive_field for row in found if row.receptive_field is not None]
    if fields and _FIELD.title in head:
        text = "field: size/stride of the receptive field"
        some = any(field.is_global for field in fields)
        lines.append(f"{text}; all: the whole input as well" if some else text)
    if any(row.times > 1 for row in found):
        lines.append("×N: N equal neighbours, their figures together")
    return lines


def _up_to_the_fault(found: list[Row]) -> list[Row]:
    """The rows down to the last that is known or at fault."""
    end = len(found)
    while end > 1 and found[end - 1].output is None and not found[end - 1].faulty:
        end -= 1
    return found[:end]


def _aligned(found: list[Row], columns: int, colour: bool) -> list[str]:
    counts = (_COUNT,) if any(row.times > 1 for row in found) else ()
    for least, chosen in _LAYOUTS:
        head = (_LAYER, _OPERATION, *counts)
        texts = [[column.text(row) for column in (*head, *chosen)] for row in found]
        titles = [column.title for column in (*head, *chosen)]
        widths = [max(map(width, column)) for column in zip(titles, *texts, strict=True)]
        over = sum(widths) + _GAP * (len(widths) - 1) - columns
        if over <= 0 or widths[1] - over >= least:
            break
    _narrow(widths, columns)
    lines = [paint(_line(titles, widths), "strong", colour)]
    for row, cells in zip(found, texts, strict=True):
        lines.append(paint(_line(cells, widths), _style(row), colour and bool(_style(row))))
    return lines


def _narrow(widths: list[int], columns: int) -> None:
    """Takes what is too wide from the operation, then from the layer's label."""
    for position, least in ((1, _LEAST_OPERATION), (0, _LEAST_LABEL)):
        over = sum(widths) + _GAP * (len(widths) - 1) - columns
        if over > 0:
            widths[position] = max(widths[position] - over, min(widths[position], least))


def _line(cells: list[str], widths: list[int]) -> str:
    texts = [left(cut(cell, limit), limit) for cell, limit in zip(cells[:2], widths, strict=False)]
    texts += [right(cell, limit) for cell, limit in zip(cells[2:], widths[2:], strict=True)]
    return (" " * _GAP).join(texts).rstrip()


def _style(row: Row) -> str:
    if row.faulty:
        return "bad"
    return "faint" if row.training_only else ""


def _totals(report: Report, columns: int, colour: bool) -> str:
    lines: list[str] = []
    found = totals(report)
    if all(figure == numbers.UNKNOWN for _, figure, _ in found):
        return "totals: unknown, because of the errors"
    names = max(len(name) for name, _, _ in found)
    figures = max(width(figure) for _, figure, _ in found)
    for name, figure, remark in found:
        start = f"{name.ljust(names)}  {right(figure, figures)}"
        room = max(columns - names - figures - 2 * _GAP, 20)
        for position, text in enumerate(wrap(remark, room) or [""]):
            before = start if position == 0 else " " * (names + _GAP + figures)
            lines.append(f"{before}  {paint(text, 'faint', colour)}".rstrip())
    return "\n".join(lines)
