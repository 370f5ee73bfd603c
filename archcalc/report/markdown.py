"""The report as Markdown, for a pull request, a README or a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.report.columns import DOCUMENT
from archcalc.report.diagnostics import render_all
from archcalc.report.summary import MARKS, ends, expectation_cells, totals, verdict
from archcalc.report.table import View, chosen_rows
from archcalc.report.text import printable

if TYPE_CHECKING:
    from archcalc.analysis.figures import Report
    from archcalc.report.checked import Checked
    from archcalc.report.rows import Row

_SPECIAL = "\\`*_[]<>|~&$"


def text(checked: Checked, view: View) -> str:
    """A heading, the rows, the totals, the expectations and the diagnostics."""
    report = checked.report
    parts = [f"### {escaped(report.net.name if report else checked.source)}"]
    if report is not None:
        parts.append(_about(report))
        parts.append(_rows(report, chosen_rows(report, view)))
        parts.append(_totals(report))
    if checked.expectations:
        parts.append(_expectations(checked))
    parts += [_fenced(one) for one in render_all(checked.diagnostics)]
    parts.append(f"**{verdict(checked, colour=False)}**")
    return "\n\n".join(parts) + "\n"


def _about(report: Report) -> str:
    lines = [escaped(", ".join(ends(report.net)))]
    if report.net.spec.source:
        lines.insert(0, escaped(report.net.spec.source))
    return "  \n".join(lines)


def _rows(report: Report, found: list[Row]) -> str:
    lines = [
        f"| {' | '.join(column.title for column in DOCUMENT)} |",
        f"|{'|'.join([':--'] * 2 + ['--:'] * (len(DOCUMENT) - 2))}|",
    ]
    for row in found:
        cells = [escaped(column.text(row, report)) for column in DOCUMENT]
        cells[0] = "&emsp;" * row.indent + cells[0]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _totals(report: Report) -> str:
    lines = ["| total | | |", "|:--|--:|:--|"]
    lines += [f"| {name} | {figure} | {remark} |" for name, figure, remark in totals(report)]
    return "\n".join(lines)


def _expectations(checked: Checked) -> str:
    lines = ["| | expected | | | source |", "|:--|:--|--:|:--|:--|"]
    for e in checked.expectations:
        cells = map(escaped, expectation_cells(e, checked))
        lines.append(f"| {MARKS[e.holds][0]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text escaped for Markdown."""
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in printable(text))


def _fenced(text: str) -> str:
    """A code block, with a fence longer than any run of backticks inside it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"
