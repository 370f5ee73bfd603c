"""The report as Markdown, for a pull request, a README or a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.report import numbers
from archcalc.report.diagnostics import render
from archcalc.report.rows import rows
from archcalc.report.summary import MARKS, ends, finding, settings_by_place, totals, verdict
from archcalc.report.text import printable

if TYPE_CHECKING:
    from archcalc.analysis.figures import Report
    from archcalc.report.checked import Checked
    from archcalc.report.rows import Row

_SPECIAL = "\\`*_[]<>|~&$"


def text(checked: Checked, *, depth: int | None) -> str:
    """A heading, the rows, the totals, the expectations and the faults."""
    report = checked.report
    parts = [f"### {escaped(report.net.name if report else checked.source)}"]
    if report is not None:
        parts.append(_about(report))
        parts.append(_rows(rows(report, depth)))
        parts.append(_totals(report))
    if checked.expectations:
        parts.append(_expectations(checked))
    parts += [_fenced(render(d)) for d in checked.diagnostics]
    parts.append(f"**{verdict(checked, colour=False)}**")
    return "\n\n".join(parts) + "\n"


def _about(report: Report) -> str:
    lines = [escaped(", ".join(ends(report.net)))]
    if report.net.spec.source:
        lines.insert(0, escaped(report.net.spec.source))
    return "  \n".join(lines)


def _rows(found: list[Row]) -> str:
    lines = [
        "| layer | operation | | output | params | macs | receptive field |",
        "|:--|:--|--:|--:|--:|--:|--:|",
    ]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in found]
    return "\n".join(lines)


def _cells(row: Row) -> list[str]:
    operation = escaped(row.operation) + (" (training only)" if row.training_only else "")
    return [
        "&emsp;" * row.indent + escaped(row.label),
        operation,
        f"×{row.times:,}" if row.times > 1 else "",
        numbers.shape(row.output),
        numbers.grouped(row.totals.params),
        numbers.grouped(row.totals.macs),
        numbers.field(row.receptive_field),
    ]


def _totals(report: Report) -> str:
    lines = ["| total | | |", "|:--|--:|:--|"]
    lines += [f"| {name} | {figure} | {remark} |" for name, figure, remark in totals(report)]
    return "\n".join(lines)


def _expectations(checked: Checked) -> str:
    lines = ["| | expected | | | source |", "|:--|:--|--:|:--|:--|"]
    settings = settings_by_place(checked)
    for e in checked.expectations:
        found = finding(e, settings.get(e.span, ""))
        cells = [f"{e.where} {e.what}".strip(), e.expected, found, e.source or ""]
        lines.append(f"| {MARKS[e.holds][0]} | {' | '.join(map(escaped, cells))} |")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text that stands in Markdown as it is."""
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in printable(text))


def _fenced(text: str) -> str:
    """A block of code; longer fences than any run of backticks inside it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"
