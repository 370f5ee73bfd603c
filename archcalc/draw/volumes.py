"""Feature maps as boxes in perspective, as in papers.

The height and depth of a box represent the map's height and width, its thickness the channels; a
vector is a bar. Unless a depth is given, blocks are opened as long as few arrows bypass other
boxes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.draw.build import build
from archcalc.draw.labels import legend_entries, packed
from archcalc.draw.palette import THEMES
from archcalc.draw.svg import Canvas, shaded, text_width
from archcalc.draw.volume_layout import SLABS, SLANT, brackets_of, placed, shown_of
from archcalc.report.text import cut, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.analysis.figures import Report
    from archcalc.draw.model import Box, Diagram
    from archcalc.draw.palette import Theme
    from archcalc.draw.volume_layout import Bracket, Pair, Shown, Volume

GAP = 24.0
MARGIN = 24.0
LINE = 12.0
BRACKET = 18.0
"""Height of a bracket below the boxes of a frame, including its text."""

FEW = 6
"""With more arrows that bypass other boxes, a block is better left closed."""

MOST_COLUMNS = 32
MOST_ROWS = 4
"""The limit for opening blocks without a given depth."""

TEXT_WIDTH = 16


class _Text(NamedTuple):
    """A line of text below a box."""

    text: str
    size: float
    bold: bool = False


class Picture:
    """The layout of a diagram: the positions of boxes and the routes of arrows."""

    def __init__(self, diagram: Diagram) -> None:
        self.shown: Shown = shown_of(diagram)
        self.volumes = placed(self.shown)
        self.brackets = brackets_of(diagram.children, {box.id for box in self.shown.boxes})
        self.by_id = {volume.box.id: volume for volume in self.volumes}
        self.taken = {(volume.column, volume.row) for volume in self.volumes}
        self.columns = 1 + max((volume.column for volume in self.volumes), default=-1)
        self.rows = 1 + max((volume.row for volume in self.volumes), default=-1)
        self.left: list[float] = []  # the left edge of every column
        self.width = 0.0

    def lay_out(self, top: float) -> float:
        """Sets x and y of every box below `top`; returns the lower edge of the picture."""
        self._columns()
        for row in range(self.rows):
            here = [volume for volume in self.volumes if volume.row == row]
            arcs = [self._lift(one, other) for one, other in self.arcs() if self._row(one) == row]
            highest = max((volume.tall for volume in here), default=0.0)
            centre = top + max(arcs, default=0.0) + highest / 2
            for volume in here:
                self.by_id[volume.box.id] = self.by_id[volume.box.id]._replace(y=centre)
            lines = max((len(_texts(volume)) for volume in here), default=0)
            levels = max((b.level for b in self.brackets if self._lowest(b) == row), default=0)
            top = centre + highest / 2 + LINE * (lines + 1) + BRACKET * levels + GAP / 2
        self.volumes = [self.by_id[volume.box.id] for volume in self.volumes]
        return top

    def _columns(self) -> None:
        x = MARGIN
        for column in range(self.columns):
            here = [volume for volume in self.volumes if volume.column == column]
            room = max(max(volume.end, _text_room(volume)) for volume in here)
            self.left.append(x)
            for volume in here:
                shifted = volume._replace(x=x + (room - volume.end) / 2)
                self.by_id[volume.box.id] = shifted
            x += room + GAP
        self.width = x - GAP

    def _row(self, id: str) -> int:
        return self.by_id[id].row

    def _lowest(self, bracket: Bracket) -> int:
        return max(self._row(id) for id in bracket.ids)

    def bottom(self, bracket: Bracket) -> float:
        """The y coordinate of a frame's bracket."""
        row = self._lowest(bracket)
        here = [volume for volume in self.volumes if volume.row == row]
        highest = max(volume.tall for volume in here)
        lines = max(len(_texts(volume)) for volume in here)
        return here[0].y + highest / 2 + LINE * (lines + 1) + BRACKET * (bracket.level - 1)

    def is_free(self, row: int, after: int, before: int) -> bool:
        """Whether a row has no box between two columns."""
        return not any((column, row) in self.taken for column in range(after + 1, before))

    def arcs(self) -> list[Pair]:
        """The arrows that must pass over other boxes, whichever of the two rows they take."""
        return [
            (one, other)
            for one, other in self.shown.data
            if not any(
                self.is_free(row, self.by_id[one].column, self.by_id[other].column)
                for row in (self._row(one), self._row(other))
            )
        ]

    def _lift(self, one: str, other: str) -> float:
        return lift(self.by_id[one], self.by_id[other])


def lift(one: Volume, other: Volume) -> float:
    """The height of an arc above the boxes."""
    return 22.0 + 7.0 * min(abs(other.column - one.column), 12)


def volumes(report: Report, depth: int | None = None, theme: str = "light") -> str:
    """The picture as SVG, opened to `depth` levels of groups and blocks (None: while it stays
    readable)."""
    colours = THEMES[theme]
    diagram = _fitting(report) if depth is None else build(report, depth=depth)
    picture = Picture(diagram)
    canvas = Canvas(colours)
    bottom = picture.lay_out(_heading(canvas, diagram, picture.shown.boxes, colours))
    arcs = picture.arcs()
    for pair in picture.shown.data:
        if pair not in arcs:
            _arrow(canvas, picture, *pair, colours)
    for volume in picture.volumes:
        _draw(canvas, volume, colours)
    for one, other in arcs:
        _arc(canvas, picture.by_id[one], picture.by_id[other], colours.skip)
    for one, other in picture.shown.references:
        _arc(canvas, picture.by_id[one], picture.by_id[other], colours.quiet, dashed=True)
    for volume in picture.volumes:
        _captions(canvas, volume, picture, colours)
    for bracket in picture.brackets:
        _bracket(canvas, picture, bracket, colours)
    width = max(picture.width, _title_width(diagram)) + MARGIN
    return canvas.finished(width, bottom + MARGIN, diagram.name)


def _fitting(report: Report) -> Diagram:
    """The deepest opening in which few arrows bypass other boxes."""
    best = build(report, depth=1)
    depth = 2
    while True:
        more = build(report, depth=depth)
        picture = Picture(more)
        large = picture.columns > MOST_COLUMNS or picture.rows > MOST_ROWS
        if len(more.boxes) == len(best.boxes) or len(picture.arcs()) > FEW or large:
            return best
        best, depth = more, depth + 1


def _text_room(volume: Volume) -> float:
    return max(text_width(line.text, line.size) for line in _texts(volume))


def _draw(canvas: Canvas, volume: Volume, colours: Theme) -> None:
    """Draws the slabs: front, top and the face of the map."""
    box = volume.box
    fill = colours.error_fill if box.state == "invalid" else colours.fill(box.family)
    if box.state == "unknown":
        fill = colours.unknown_fill
    line = colours.error if box.state == "invalid" else colours.line
    slant = volume.depth * SLANT
    low, high = volume.y + volume.height / 2, volume.y - volume.height / 2
    low, high = low + slant / 2, high + slant / 2
    for a in volume.slabs:
        b = a + volume.thickness
        top = [(a, high), (a + slant, high - slant), (b + slant, high - slant), (b, high)]
        face = [(b, low), (b + slant, low - slant), (b + slant, high - slant), (b, high)]
        canvas.polygon(face, shaded(fill, -0.16), line, stroke_linejoin="round")
        canvas.polygon(top, shaded(fill, 0.35), line, stroke_linejoin="round")
        front = [(a, high), (b, high), (b, low), (a, low)]
        canvas.polygon(front, fill, line, stroke_linejoin="round")
    if box.count > SLABS:
        middle = (volume.slabs[1] + volume.thickness + volume.slabs[2]) / 2 + slant / 2
        canvas.text(middle, volume.y + 4, "…", size=14, anchor="middle", bold=True)


def _arrow(canvas: Canvas, picture: Picture, one: str, other: str, colours: Theme) -> None:
    """A straight arrow within a row; between rows, along the row that is free."""
    a, b = picture.by_id[one], picture.by_id[other]
    start, end = a.end - a.depth * SLANT / 2, b.x - 1
    d = f"M{start:.1f},{a.y:.1f}"
    if a.row != b.row:
        along = picture.is_free(a.row, a.column, b.column)
        turn = picture.left[b.column if along else a.column + 1] - GAP / 2
        d += f"H{turn:.1f}V{b.y:.1f}"
    canvas.path(f"{d}H{end - 4:.1f}", stroke=colours.line, fill="none")
    _head(canvas, end, b.y, "right", colours.line)


def _head(canvas: Canvas, x: float, y: float, way: str, colour: str) -> None:
    if way == "right":
        points = [(x, y), (x - 6, y - 3), (x - 6, y + 3)]
    else:
        points = [(x, y), (x - 3, y - 6), (x + 3, y - 6)]
    canvas.polygon(points, colour, colour)


def _arc(canvas: Canvas, one: Volume, other: Volume, colour: str, *, dashed: bool = False) -> None:
    """An arrow over the boxes in between. Dashed: only a size is used."""
    x1, y1 = _crown(one)
    x2, y2 = _crown(other)
    x2 -= 8 if dashed else 0  # next to the data arrow
    y = min(y1, y2) - lift(one, other)
    d = f"M{x1:.1f},{y1:.1f}C{x1:.1f},{y:.1f} "
    if one.row == other.row:
        d += f"{x2:.1f},{y:.1f} {x2:.1f},{y2 - 5:.1f}"
    else:  # straight down in the target's column, which is free
        bend = (x2 - x1) / 4
        d += f"{x1:.1f},{y:.1f} {x1 + bend:.1f},{y:.1f}H{x2 - GAP:.1f}"
        d += f"Q{x2:.1f},{y:.1f} {x2:.1f},{y + GAP:.1f}V{y2 - 5:.1f}"
    more = {"stroke_dasharray": "4 3"} if dashed else {"stroke_width": "1.8"}
    canvas.path(d, stroke=colour, fill="none", **more)
    _head(canvas, x2, y2, "down", colour)


def _crown(volume: Volume) -> tuple[float, float]:
    """The middle of a box's top."""
    slant = volume.depth * SLANT
    return (volume.x + volume.right + slant) / 2, volume.y - volume.height / 2


def _bracket(canvas: Canvas, picture: Picture, bracket: Bracket, colours: Theme) -> None:
    """Draws the bracket and the count of a repeated frame."""
    inside = [picture.by_id[id] for id in bracket.ids]
    left, right = min(v.x for v in inside), max(v.end for v in inside)
    y = picture.bottom(bracket)
    d = f"M{left:.1f},{y - 4:.1f}V{y:.1f}H{right:.1f}V{y - 4:.1f}"
    canvas.path(d, stroke=colours.quiet, fill="none")
    middle = (left + right) / 2
    canvas.text(middle, y + 11, bracket.text, size=10, anchor="middle", bold=True)


def _texts(volume: Volume) -> list[_Text]:
    """The lines of text below a box."""
    box = volume.box
    lines: list[_Text] = []
    # A name made of the operation and a number, or a number alone, adds nothing.
    if box.name.rstrip("0123456789–") not in ("", box.title):
        lines.append(_Text(cut(box.name, TEXT_WIDTH + 4), 10, True))
    lines.append(_Text(box.shape, 10, True))
    if box.title:
        lines.append(_Text(cut(box.title, TEXT_WIDTH + 4), 10))
    if box.count > 1:
        lines.append(_Text(f"×{box.count:,}", 10, True))
    if box.detail != box.shape:
        lines += _small(packed(box.detail, TEXT_WIDTH), 3)
    # For absorbed layers the name is enough.
    also = [*volume.before, *(box.more if box.kind != "block" else ())]
    lines += _small(packed(", ".join(text.split()[0] for text in also), TEXT_WIDTH), 2)
    return lines + _small(wrap(box.message, 26), 4)


def _small(lines: list[str], most: int) -> list[_Text]:
    return [_Text(cut(line, 26), 9) for line in lines[:most]]


def _captions(canvas: Canvas, volume: Volume, picture: Picture, colours: Theme) -> None:
    """Draws the text below a box."""
    highest = max(other.tall for other in picture.volumes if other.row == volume.row)
    middle = (volume.x + volume.end) / 2
    y = volume.y + highest / 2 + LINE / 2
    invalid = volume.box.state == "invalid"
    for text, size, bold in _texts(volume):
        y += LINE
        colour = colours.error_text if invalid else colours.text
        canvas.text(middle, y, text, size=size, anchor="middle", bold=bold, colour=colour)


def _heading(canvas: Canvas, diagram: Diagram, boxes: Iterable[Box], colours: Theme) -> float:
    """Draws name, facts and legend; returns the top of the picture."""
    y = MARGIN + 6
    canvas.text(MARGIN, y, cut(diagram.name, 80), size=15, bold=True)
    for fact in diagram.facts:
        y += 15
        canvas.text(MARGIN, y, fact, size=10, colour=colours.quiet)
    y += 10
    x = MARGIN
    for family, text in legend_entries(boxes):
        w = text_width(text, 9) + 10
        canvas.rect(x, y, w, 15, colours.fill(family), stroke=colours.line)
        canvas.text(x + w / 2, y + 11, text, size=9, anchor="middle")
        x += w + 6
    return y + 30


def _title_width(diagram: Diagram) -> float:
    lines = [(diagram.name, 15), *((fact, 10) for fact in diagram.facts)]
    return MARGIN + max(text_width(cut(text, 100), size) for text, size in lines)
