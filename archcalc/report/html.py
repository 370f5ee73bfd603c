"""The report as HTML, for a notebook: the tables of `check`, without a script or a style sheet."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from archcalc.report.columns import DOCUMENT
from archcalc.report.diagnostics import render_all
from archcalc.report.rows import rows
from archcalc.report.summary import MARKS, ends, expectation_cells, totals, verdict
from archcalc.report.text import printable

if TYPE_CHECKING:
    from archcalc.analysis.figures import Report
    from archcalc.report.checked import Checked
    from archcalc.report.rows import Row

_LEFT = ' style="text-align: left"'
_RIGHT = ' style="text-align: right"'


def text(checked: Checked, *, depth: int | None = None) -> str:
    """A heading, the rows, the totals, the diagnostics, and the expectations, collapsed. Text of a
    spec is escaped: it is never markup."""
    report = checked.report
    parts = [f"<strong>{_text(report.net.name if report else checked.source)}</strong>"]
    if report is not None:
        parts.append(_about(report))
        parts.append(_rows(report, rows(report, depth)))
        parts.append(_totals(report))
    parts += [f"<pre>{escape(text)}</pre>" for text in render_all(checked.diagnostics)]
    parts.append(_expectations(checked))
    return "<div>\n" + "\n".join(part for part in parts if part) + "\n</div>"


def _about(report: Report) -> str:
    lines = [_text(", ".join(ends(report.net)))]
    if report.net.spec.source:
        lines.insert(0, _text(report.net.spec.source))
    return f"<br>{'<br>'.join(lines)}"


def _rows(report: Report, found: list[Row]) -> str:
    body = []
    for row in found:
        cells = [_text(column.text(row, report)) for column in DOCUMENT]
        cells[0] = "&emsp;" * row.indent + cells[0]
        body.append(cells)
    return _table([column.title for column in DOCUMENT], body, texts=2)


def _totals(report: Report) -> str:
    # The remark is the last column, so that figures are next to their names.
    lines = "".join(
        f"<tr><th{_LEFT}>{name}</th><td{_RIGHT}>{figure}</td><td{_LEFT}>{_text(remark)}</td></tr>"
        for name, figure, remark in totals(report)
    )
    return f"<table>{lines}</table>"


def _expectations(checked: Checked) -> str:
    said = _text(verdict(checked, colour=False))
    if not checked.expectations:
        return said
    body = [
        [MARKS[e.holds][0], *map(_text, expectation_cells(e, checked))]
        for e in checked.expectations
    ]
    table = _table(["", "", "expected", "", "source"], body, texts=5)
    return f"<details><summary>{said}</summary>{table}</details>"


def _table(heads: list[str], body: list[list[str]], texts: int) -> str:
    """`texts` columns to the left, the others to the right; the cells are HTML."""
    styles = [_LEFT] * texts + [_RIGHT] * (len(heads) - texts)
    lines = [_line("th", heads, styles), *(_line("td", cells, styles) for cells in body)]
    return f"<table>{''.join(lines)}</table>"


def _line(tag: str, cells: list[str], styles: list[str]) -> str:
    inside = zip(cells, styles, strict=True)
    return f"<tr>{''.join(f'<{tag}{style}>{cell}</{tag}>' for cell, style in inside)}</tr>"


def _text(text: str) -> str:
    return escape(printable(text))
