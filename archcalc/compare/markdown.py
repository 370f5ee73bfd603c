"""A comparison as Markdown, with exact figures: for a pull request or a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.compare import words
from archcalc.compare.differences import differences, name
from archcalc.compare.rows import costly, rows
from archcalc.report import numbers
from archcalc.report.markdown import escaped
from archcalc.report.summary import ends

if TYPE_CHECKING:
    from archcalc.analysis.figures import Totals
    from archcalc.compare.data import Comparison
    from archcalc.compare.differences import Difference


def text(found: Comparison, *, depth: int | None) -> str:
    """A heading, the nets, the totals, the blocks, and for each further net its differences."""
    names = [escaped(name(side.spec, side.settings)) for side in found.sides]
    parts = [f"### {' · '.join(names)}", _nets(found, names), _totals(found, names)]
    parts.append(_blocks(found, names, depth))
    for other in range(1, len(found.sides)):
        parts += _differences(found, names, other, depth)
    return "\n\n".join(parts) + "\n"


def _nets(found: Comparison, names: list[str]) -> str:
    lines = []
    for side, asked in zip(found.sides, names, strict=True):
        net = side.report.net
        shapes = escaped(", ".join(ends(net)))
        lines.append(f"- **{escaped(net.name)}** ({asked}): {shapes}")
    return "\n".join(lines)


def _table(heads: list[str], body: list[list[str]], texts: int) -> str:
    """`texts` columns to the left, the others to the right."""
    marks = [":--"] * texts + ["--:"] * (len(heads) - texts)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, marks, *body))


def _totals(found: Comparison, names: list[str]) -> str:
    heads = ["total", names[0], *(cell for one in names[1:] for cell in (one, "ratio"))]
    body = []
    for figure in found.totals:
        cells = [words.title(figure), words.value(figure, 0)]
        for position in range(1, len(names)):
            cells.append(words.value(figure, position))
            cells.append(words.times_and_change(figure.values[position], figure.values[0]))
        body.append(cells)
    return _table(heads, body, 1)


def _blocks(found: Comparison, names: list[str], depth: int | None) -> str:
    heads = ["layer"]
    for figure in ("params", "macs"):
        heads.append(f"{figure}, {names[0]}")
        heads += [cell for one in names[1:] for cell in (one, "ratio")]
    body = []
    for row in costly(rows(found.rows, depth)):
        label = "&emsp;" * row.indent + escaped(row.label)
        cells = [f"{label} (training only)" if row.training_only else label]
        for figure in ("params", "macs"):
            values = [_figure(totals, figure) for totals in row.totals]
            cells.append(_shown(row.totals[0], values[0]))
            for totals, value in zip(row.totals[1:], values[1:], strict=True):
                cells += [_shown(totals, value), words.times(value, values[0])]
        body.append(cells)
    return _table(heads, body, 1)


def _figure(totals: Totals | None, figure: str) -> int | None:
    number: int | None = None if totals is None else getattr(totals, figure)
    return number


def _shown(totals: Totals | None, value: int | None) -> str:
    return words.ABSENT if totals is None else numbers.grouped(value)


def _differences(found: Comparison, names: list[str], other: int, depth: int | None) -> list[str]:
    chosen = differences(found, other, depth)
    parts = [f"**Differences, {names[0]} → {names[other]}**"]
    body = [_entry(entry) for entry in chosen.entries if entry.weighs]
    if body:
        a, b = (found.sides[i].report.totals for i in (0, other))
        sums = [
            words.signed(None if x is None or y is None else y - x)
            for x, y in ((a.params, b.params), (a.macs, b.macs))
        ]
        body.append(["**sum**", "", *sums])
        parts.append(_table(["layer", "", "params", "macs"], body, 2))
    remarks = [words.slight(kind) for kind in chosen.slight]
    if chosen.quiet:
        remarks.append(words.quiet(chosen.quiet))
    if remarks:
        parts.append("\n".join([words.SLIGHT, "", *(f"- {escaped(one)}" for one in remarks)]))
    elif not body:
        parts.append(words.EQUAL)
    return parts


def _entry(entry: Difference) -> list[str]:
    change = escaped(entry.change) + (f" ×{entry.times}" if entry.times > 1 else "")
    amounts = [words.signed(entry.amounts.params), words.signed(entry.amounts.macs)]
    return [escaped(words.place(entry)), change, *amounts]
