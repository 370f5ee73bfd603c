"""The texts of boxes, frames and the heading, as HTML-like labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.draw.html import cell, label, row, styled, table
from archcalc.draw.model import Box
from archcalc.report.text import cut, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.draw.model import Diagram, Frame
    from archcalc.draw.palette import Theme

SMALL = 9
TITLE = 15
MESSAGE_WIDTH = 40
MESSAGE_LINES = 5
ARGUMENT_WIDTH = 36
ARGUMENT_LINES = 3
SHORT = 22
FRAME_WIDTH = 20
FRAME_LINES = 6
BELOW_WIDTH = 30

LEGEND = (
    ("convolution", "convolution"),
    ("linear", "linear"),
    ("pooling", "pooling"),
    ("resizing", "resizing"),
    ("activation", "activation"),
    ("normalisation", "normalisation"),
    ("regularisation", "regularisation"),
    ("arithmetic", "arithmetic"),
    ("shape", "reshaping"),
    ("opaque", "user-defined"),
    ("block", "block, closed"),
    ("join", "join"),
)
"""Families in the order of the legend; others come after them."""


def box_label(box: Box, colours: Theme) -> str:
    """The label of one box."""
    rows: list[str] = []
    if box.branch:
        rows.append(_wide(_small(cut(box.branch, 40), colours)))
    rows += _pill(box, colours) if box.kind in ("input", "output", "join") else _full(box, colours)
    rows += [_wide(_small(mark, colours)) for mark in box.marks]
    if box.figures:
        rows.append(_wide(_small(", ".join(box.figures), colours)))
    if box.message:
        lines = _at_most(wrap(box.message, MESSAGE_WIDTH), MESSAGE_LINES)
        text = [styled(cut(t, MESSAGE_WIDTH), size=SMALL, colour=colours.error_text) for t in lines]
        rows += [_wide(line) for line in text]
    dashed = ",dashed" if box.training_only or box.state == "unknown" else ""
    texts = table(rows, border=0, cellborder=0, cellspacing=0, cellpadding=1)
    return label(
        table(
            [row(cell(texts))],
            border=2 if box.kind == "block" or box.state == "invalid" else 1,
            cellborder=0,
            cellspacing=0,
            cellpadding=3,
            style=f"rounded{dashed}",
            color=colours.error if box.state == "invalid" else colours.line,
            bgcolor=_fill(box, colours),
        )
    )


def _fill(box: Box, colours: Theme) -> str:
    if box.state == "invalid":
        return colours.error_fill
    return colours.unknown_fill if box.state == "unknown" else colours.fill(box.family)


def _full(box: Box, colours: Theme) -> list[str]:
    """Title and attributes; name, absorbed layers, and shape."""
    head, lines = styled(box.title, bold=True), packed(box.detail, ARGUMENT_WIDTH)
    if box.kind != "block" and lines:
        head += styled(f" {box.detail}")
        lines = []
    elif len(lines) == 1 and len(lines[0]) <= SHORT:
        head += styled(f" {lines.pop()}")
    rows = [row(cell(head, align="left"), cell(_count(box.count), align="right"))]
    rows += [_wide(_small(line, colours)) for line in _at_most(lines, ARGUMENT_LINES)]
    more = ", ".join(box.more)
    between = ", " if box.kind == "block" else " + "
    below = f"{box.name}{between}{more}" if more else box.name
    if len(below) > BELOW_WIDTH:
        rows.append(_wide(_small(f"+ {more}", colours)))
        below = box.name
    shape = styled(f"  {box.shape}", size=SMALL + 1)
    rows.append(row(cell(_small(below, colours), align="left"), cell(shape, align="right")))
    return rows


def packed(text: str, limit: int) -> list[str]:
    """Lines of about `limit` characters, broken between arguments only."""
    lines: list[str] = []
    for piece in text.split(", ") if text else []:
        if lines and len(lines[-1]) + len(piece) + 2 <= limit:
            lines[-1] += f", {piece}"
        else:
            lines.append(piece)
    return [f"{line}," for line in lines[:-1]] + lines[-1:]


def _at_most(lines: list[str], number: int) -> list[str]:
    return lines if len(lines) <= number else [*lines[: number - 1], f"{lines[number - 1]} …"]


def _pill(box: Box, colours: Theme) -> list[str]:
    """Everything in one line."""
    head = styled(box.title, bold=True, size=14 if len(box.title) == 1 else None)
    more = " ".join(t for t in (box.detail, ", ".join(box.more)) if t)
    if box.name:
        head = f"{_small(box.name, colours)} {head}"
    if more:
        head += styled(f" {more}", size=SMALL + 1)
    return [row(cell(head, align="left"), cell(styled(f"  {box.shape}"), align="right"))]


def _small(text: str, colours: Theme) -> str:
    return styled(text, size=SMALL, colour=colours.quiet)


def _count(count: int) -> str:
    return styled(f"×{count:,}", bold=True) if count > 1 else ""


def _wide(content: str) -> str:
    return row(cell(content, align="left", colspan=2))


def frame_label(frame: Frame, colours: Theme) -> str:
    """A frame's name, the block call with its arguments, and the number of repetitions."""
    head = [styled(cut(frame.branch, 40), size=SMALL, colour=colours.quiet)]
    head.append(styled(frame.name, bold=True, colour=colours.text))
    if frame.count > 1:
        beside = ", side by side" if frame.kind == "parallel" else ""
        head.append(styled(f"×{frame.count:,}{beside}", bold=True, colour=colours.text))
    call = " ".join(t for t in (frame.title, frame.detail) if t)
    # An arrow enters in the middle: the text of a narrow frame stays on the left.
    branches = sum(isinstance(child, Box) and bool(child.branch) for child in frame.children)
    lines = _at_most(packed(call, ARGUMENT_WIDTH if branches > 2 else FRAME_WIDTH), FRAME_LINES)
    lines += frame.figures
    rows = [_line(" ".join(t for t in head if t))] if any(head) else []
    rows += [_line(_small(line, colours)) for line in lines]
    if not rows:
        return ""
    # An equally wide cell next to it, so that an arrow into the middle misses the text.
    widest = max(len(line) for line in [*lines, frame.name])
    rows[0] = rows[0].replace("</tr>", cell("", width=5 * widest, rowspan=len(rows)) + "</tr>")
    return label(table(rows, border=0, cellborder=0, cellspacing=0, cellpadding=0))


def graph_label(diagram: Diagram, colours: Theme) -> str:
    """The net's name, the facts about it, and the legend."""
    rows = [_line(styled(cut(diagram.name, 80), size=TITLE, bold=True, colour=colours.text))]
    rows += [_line(styled(fact, size=10, colour=colours.quiet)) for fact in diagram.facts]
    legend = _legend(diagram, colours)
    rows += [_line(legend)] if legend else []
    return label(table(rows, border=0, cellborder=0, cellspacing=0, cellpadding=2))


def _line(content: str) -> str:
    return row(cell(content, align="left"))


def legend_entries(boxes: Iterable[Box]) -> list[tuple[str, str]]:
    """The families in a picture, each with its name in the legend."""
    there = {box.family for box in boxes if box.state == "known"} - {"input", "output", ""}
    names = [(family, text) for family, text in LEGEND if family in there]
    return names + [(f, f) for f in sorted(there - {family for family, _ in LEGEND})]


def _legend(diagram: Diagram, colours: Theme) -> str:
    """The families in the picture as coloured cells, and the arrows that need a name."""
    cells = [
        cell(
            styled(text, size=SMALL, colour=colours.text),
            bgcolor=colours.fill(family),
            border=1,
            color=colours.line,
        )
        for family, text in legend_entries(diagram.boxes)
    ]
    if any(arrow.skip for arrow in diagram.arrows):
        cells.append(cell(styled("→ skip", size=SMALL, colour=colours.skip, bold=True)))
    if not cells:
        return ""
    return table([row(*cells)], border=0, cellborder=0, cellspacing=4, cellpadding=2)
