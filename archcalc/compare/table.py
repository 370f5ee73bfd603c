"""A comparison for a terminal: the nets, their totals, their blocks, their differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.compare import words
from archcalc.compare.differences import differences, name
from archcalc.compare.rows import costly, rows
from archcalc.report import numbers
from archcalc.report.palette import paint
from archcalc.report.summary import ends
from archcalc.report.text import cut, left, printable, right, width, wrap

if TYPE_CHECKING:
    from archcalc.analysis.figures import Totals
    from archcalc.compare.data import Comparison, Side
    from archcalc.compare.differences import Difference
    from archcalc.compare.rows import Row

_GAP = "  "
_LEAST_TEXT = 24
_MOST_PATH = 26


def text(found: Comparison, *, depth: int | None, columns: int, colour: bool) -> str:
    """The complete output of `compare`."""
    names = [[printable(part) for part in (side.spec, *side.settings)] for side in found.sides]
    short = _short(names, columns)
    parts = [
        _heading(found, short, columns, colour),
        _totals(found, names, columns, colour),
        _blocks(found, short, depth, columns, colour),
    ]
    parts += [
        _differences(found, other, depth, columns, colour) for other in range(1, len(found.sides))
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _short(names: list[list[str]], columns: int) -> list[list[str]]:
    """The heading of each net's columns: its spec, with settings on separate lines; a letter if
    that is too wide for two columns side by side."""
    room = (columns - 12 - len(names) * 4 - (len(names) - 1) * 16) // (2 * len(names))
    if len({tuple(one) for one in names}) == len(names) and all(
        width(part) <= max(room, 6) for one in names for part in one
    ):
        return names
    return [[chr(ord("A") + position % 26)] for position in range(len(names))]


def _heading(found: Comparison, names: list[list[str]], columns: int, colour: bool) -> str:
    lines: list[str] = []
    for side, heads in zip(found.sides, names, strict=True):
        net = side.report.net
        asked = _asked(side)
        letter = "" if heads[0] == printable(side.spec) else f"{heads[0]}: "
        line = f"{letter}{paint(printable(net.name), 'strong', colour)} ({asked})"
        shapes = ", ".join(ends(net))
        if width(f"{letter}{net.name} ({asked}), {shapes}") <= columns:
            lines.append(f"{line}, {shapes}")
        else:
            lines += [line, *(f"  {part}" for part in wrap(shapes, columns - 2))]
    return "\n".join(lines)


def _asked(side: Side) -> str:
    return printable(name(side.spec, side.settings))


def _totals(found: Comparison, names: list[list[str]], columns: int, colour: bool) -> str:
    """One line per metric; each net's value, and from the second net on its ratio to the first."""
    for short in (False, True):
        table = [_total_heads(names, line) for line in range(max(map(len, names)))]
        height = len(table)
        for figure in found.totals:
            cells = [words.title(figure)]
            for position in range(len(found.sides)):
                cells.append(words.value(figure, position, short=short))
                if position:
                    cells.append(words.times_and_change(figure.values[position], figure.values[0]))
            table.append(cells)
        lines = _aligned(table)
        if max(map(width, lines)) <= columns:
            break
    return _headed(lines, height, colour)


def _total_heads(names: list[list[str]], line: int) -> list[str]:
    cells = [""]
    for position, heads in enumerate(names):
        cells.append(heads[line] if line < len(heads) else "")
        if position:
            cells.append("ratio" if line == 0 else "")
    return cells


def _blocks(
    found: Comparison, names: list[list[str]], depth: int | None, columns: int, colour: bool
) -> str:
    """The rows with params and macs side by side, or one table below the other if they are too
    wide."""
    chosen = costly(rows(found.rows, depth))
    if not chosen:
        return ""
    lines, height = _block_table(chosen, names, ("params", "macs"))
    if max(map(width, lines)) <= columns:
        return _headed(lines, height, colour)
    parts = []
    for figure in ("params", "macs"):
        lines, height = _block_table(chosen, names, (figure,))
        parts.append(_headed(lines, height, colour))
    return "\n\n".join(parts)


def _block_table(
    chosen: list[Row], names: list[list[str]], figures: tuple[str, ...]
) -> tuple[list[str], int]:
    """The lines, and the number of heading lines."""
    height = max(map(len, names))
    table = [["", *(c for f in figures for c in [f, *[""] * (2 * len(names) - 2)])]]
    for line in range(height):
        heads = _total_heads(names, line)[1:]
        table.append(["layer" if line == 0 else "", *(heads * len(figures))])
    for row in chosen:
        cells = ["  " * row.indent + printable(row.label)]
        for figure in figures:
            values = [_figure(totals, figure) for totals in row.totals]
            for position, known in enumerate(values):
                cells.append(known[1])
                if position:
                    cells.append(words.times(known[0], values[0][0]))
        if row.training_only:
            cells[0] += " (training only)"
        table.append(cells)
    limit = max(width(cells[0]) for cells in table)
    table = [[cut(cells[0], min(limit, _MOST_PATH)), *cells[1:]] for cells in table]
    return _aligned(table), height + 1


def _figure(totals: Totals | None, figure: str) -> tuple[int | None, str]:
    if totals is None:
        return None, words.ABSENT
    number: int | None = getattr(totals, figure)
    return number, numbers.scaled(number)


def _aligned(table: list[list[str]]) -> list[str]:
    """Lines of cells: the first column left-aligned, the others right-aligned."""
    widths = [max(map(width, column)) for column in zip(*table, strict=True)]
    lines = []
    for cells in table:
        texts = [left(cells[0], widths[0])]
        texts += [right(cell, limit) for cell, limit in zip(cells[1:], widths[1:], strict=True)]
        lines.append(_GAP.join(texts).rstrip())
    return lines


def _headed(lines: list[str], height: int, colour: bool) -> str:
    heads = [paint(line, "strong", colour) for line in lines[:height]]
    return "\n".join([*heads, *lines[height:]])


def _differences(
    found: Comparison, other: int, depth: int | None, columns: int, colour: bool
) -> str:
    chosen = differences(found, other, depth)
    head = "differences"
    if len(found.sides) > 2:
        head += f", {_asked(found.sides[0])} → {_asked(found.sides[other])}"
    lines = [paint(head, "strong", colour)]
    entries = [entry for entry in chosen.entries if entry.weighs]
    if entries:
        lines += _entries(found, entries, other, columns)
    remarks = [words.slight(kind) for kind in chosen.slight]
    if chosen.quiet:
        remarks.append(words.quiet(chosen.quiet))
    if remarks:
        lines.append(words.SLIGHT)
    elif not entries:
        lines.append(words.EQUAL)
    for remark in remarks:
        first, *rest = wrap(printable(remark), columns - 2 * len(_GAP))
        lines += [_GAP + first, *(2 * _GAP + part for part in rest)]
    return "\n".join(lines)


def _entries(found: Comparison, entries: list[Difference], other: int, columns: int) -> list[str]:
    """One line per entry, its text wrapped; below them the sum."""
    sums = [_difference(found, other, figure) for figure in (0, 2)]
    amounts = [[words.signed(e.amounts.params), words.signed(e.amounts.macs)] for e in entries]
    amounts.append([words.signed(amount) for amount in sums])
    widths = [max(width(row[i]) for row in (*amounts, ["params", "macs"])) for i in range(2)]
    paths = [*(cut(printable(words.place(e)), _MOST_PATH) for e in entries), "sum"]
    texts = [printable(e.change) + (f" ×{e.times}" if e.times > 1 else "") for e in entries]
    path_width, text_width = max(map(width, paths)), max(map(width, texts))
    room = columns - path_width - sum(widths) - 3 * len(_GAP)
    room = min(text_width, max(room, _LEAST_TEXT))

    def line(path: str, text: str, figures: list[str]) -> str:
        cells = [left(path, path_width), left(text, room)]
        cells += [right(figure, limit) for figure, limit in zip(figures, widths, strict=True)]
        return _GAP.join(cells).rstrip()

    lines = [line("", "", ["params", "macs"])]
    for path, text, figures in zip(paths, [*texts, ""], amounts, strict=True):
        first, *rest = wrap(text, room) or [""]
        lines.append(line(path, first, figures))
        lines += [" " * (path_width + len(_GAP)) + part for part in rest]
    return lines


def _difference(found: Comparison, other: int, figure: int) -> int | None:
    a, b = (found.sides[i].report.totals[figure] for i in (0, other))
    return None if a is None or b is None else b - a
