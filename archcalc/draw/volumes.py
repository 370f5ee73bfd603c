"""Feature maps as boxes in perspective, as papers draw them.

A box's height and depth follow the map's sides, its thickness the channels; a vector is a bar.
Layers and closed blocks stand one after the other in execution order, so a chain is what reads
best: without a depth asked for, blocks are opened as long as few arrows pass by other boxes.
"""

from __future__ import annotations

from math import log2, sqrt
from typing import TYPE_CHECKING, NamedTuple

from archcalc.draw.build import build
from archcalc.draw.labels import legend_entries, packed
from archcalc.draw.palette import THEMES
from archcalc.draw.svg import Canvas, shaded, text_width
from archcalc.report.text import cut, wrap

if TYPE_CHECKING:
    from archcalc.analysis.figures import Report
    from archcalc.draw.model import Box, Diagram
    from archcalc.draw.palette import Theme

TALLEST = 150.0
LEAST = 7.0
SLANT = 0.42
"""How far an edge that goes away from the reader moves right and up, for its length."""

GAP = 24.0
MARGIN = 24.0
LINE = 12.0
SLABS = 4
"""So many equal layers are drawn as slabs beside each other; more have their number alone."""

FEW = 6
"""So many arrows may pass by other boxes before a block is better left closed."""

TEXT_WIDTH = 16


class _Volume(NamedTuple):
    """A box with its place: x of its front, the slabs' thickness, height and depth."""

    box: Box
    x: float
    thickness: float
    height: float
    depth: float
    slabs: int
    before: tuple[str, ...]  # layers on the way to it that only reshape

    @property
    def right(self) -> float:
        return self.x + self.thickness * self.slabs

    @property
    def tall(self) -> float:
        """From the lowest point to the highest."""
        return self.height + self.depth * SLANT

    @property
    def end(self) -> float:
        return self.right + self.depth * SLANT


class _Text(NamedTuple):
    """A line below a box."""

    text: str
    size: float
    bold: bool = False


def volumes(report: Report, depth: int | None = None, theme: str = "light") -> str:
    """The picture as SVG, opened to `depth` levels of groups and blocks (None: while it stays
    readable)."""
    colours = THEMES[theme]
    diagram = _fitting(report) if depth is None else build(report, depth=depth)
    shown, before, targets = _shown(diagram)
    placed, width = _placed(shown, before)
    canvas = Canvas(colours)
    top = _heading(canvas, diagram, colours)
    arcs = [(a, b) for a, b in targets if abs(_index(shown, b) - _index(shown, a)) != 1]
    over = max((_lift(shown, a, b) for a, b in arcs), default=0.0)
    highest = max((v.tall for v in placed), default=0.0)
    centre = top + over + highest / 2
    by_id = {volume.box.id: volume for volume in placed}
    for one, other in targets:
        if (one, other) not in arcs:
            _arrow(canvas, by_id[one], by_id[other], centre, colours)
    for volume in placed:
        _draw(canvas, volume, centre, colours)
    for one, other in arcs:
        _arc(canvas, by_id[one], by_id[other], centre, _lift(shown, one, other), colours)
    lowest = max((_captions(canvas, v, centre, highest, colours) for v in placed), default=centre)
    width = max(width, _title_width(diagram)) + MARGIN
    return canvas.finished(width, lowest + MARGIN, diagram.name)


def _fitting(report: Report) -> Diagram:
    """The deepest opening in which few arrows pass by other boxes."""
    best = build(report, depth=1)
    depth = 2
    while True:
        more = build(report, depth=depth)
        shown, _, targets = _shown(more)
        passing = sum(abs(_index(shown, b) - _index(shown, a)) != 1 for a, b in targets)
        if len(more.boxes) == len(best.boxes) or passing > FEW or len(shown) > 2 * TEXT_WIDTH:
            return best
        best, depth = more, depth + 1


def _index(shown: list[Box], id: str) -> int:
    return next(i for i, box in enumerate(shown) if box.id == id)


def _shown(
    diagram: Diagram,
) -> tuple[list[Box], dict[str, tuple[str, ...]], list[tuple[str, str]]]:
    """The boxes that are maps of their own, what is told before each, and the arrows between them.

    Outputs, layers that only reshape and heads that run in training only are left out; an arrow
    through them goes on to the next.
    """
    sources: dict[str, list[str]] = {}
    for arrow in _without_forks(diagram):
        sources.setdefault(arrow[1], []).append(arrow[0])
    boxes = {box.id: box for box in diagram.boxes}
    shown: list[Box] = []
    through: dict[str, str] = {}
    told: dict[str, tuple[str, ...]] = {}
    for box in diagram.boxes:
        if box.kind == "output" or box.training_only:
            continue
        given = [through.get(source, source) for source in sources.get(box.id, ())]
        if len(given) == 1 and _reshapes(box, boxes[given[0]]):
            through[box.id] = given[0]
            told[box.id] = (*told.get(sources[box.id][0], ()), box.title)
        else:
            shown.append(box)
    before = {
        box.id: tuple(t for s in sources.get(box.id, ()) for t in told.get(s, ())) for box in shown
    }
    pairs = {
        (through.get(source, source), box.id): None
        for box in shown
        for source in sources.get(box.id, ())
    }
    there = {box.id for box in shown}
    return shown, before, [pair for pair in pairs if pair[0] in there]


def _without_forks(diagram: Diagram) -> list[tuple[str, str]]:
    boxes = {box.id for box in diagram.boxes}
    into = {a.target: a.source for a in diagram.arrows if a.target not in boxes}
    return [(into.get(a.source, a.source), a.target) for a in diagram.arrows if a.target in boxes]


def _reshapes(box: Box, source: Box) -> bool:
    """Whether a box holds the numbers of the one before it, in another shape."""
    if box.family != "shape" or box.sides is None or source.sides is None:
        return False
    return _product(box.sides) == _product(source.sides)


def _product(sides: tuple[int, ...]) -> int:
    total = 1
    for side in sides:
        total *= side
    return total


def _placed(shown: list[Box], before: dict[str, tuple[str, ...]]) -> tuple[list[_Volume], float]:
    """The boxes one after the other, and where the last one ends."""
    largest = max((max(box.sides[1:], default=1) for box in shown if box.sides), default=1)
    placed: list[_Volume] = []
    x = MARGIN
    for box in shown:
        thickness, height, depth = _extent(box.sides, largest)
        slabs = min(box.count, SLABS)
        volume = _Volume(box, x, thickness, height, depth, slabs, before[box.id])
        texts = max(text_width(line.text, line.size) for line in _texts(volume))
        room = max(volume.end - x, texts)
        shift = (room - (volume.end - x)) / 2
        placed.append(volume._replace(x=x + shift))
        x += room + GAP
    return placed, x - GAP


def _extent(sides: tuple[int, ...] | None, largest: int) -> tuple[float, float, float]:
    """Thickness, height and depth of a map [C, H, W], a line [C, L] or a vector [N]."""
    if sides is None:
        return 12.0, 40.0, 40.0
    if len(sides) == 1:
        return 8.0, min(TALLEST, LEAST + 11 * log2(sides[0] + 1)), 8.0
    thickness = min(4 + 1.4 * sqrt(sides[0]), 90.0)
    height = _side(sides[-2] if len(sides) > 2 else sides[-1], largest)
    return thickness, height, _side(sides[-1], largest) if len(sides) > 2 else LEAST


def _side(side: int, largest: int) -> float:
    # A power below one: 7 beside 224 would be a speck.
    return max(LEAST, TALLEST * float((side / largest) ** 0.55))


def _draw(canvas: Canvas, volume: _Volume, centre: float, colours: Theme) -> None:
    """The slabs: front, top and the side that shows the map."""
    box = volume.box
    fill = colours.fault_fill if box.state == "faulty" else colours.fill(box.family)
    if box.state == "unknown":
        fill = colours.unknown_fill
    line = colours.fault if box.state == "faulty" else colours.line
    slant = volume.depth * SLANT
    low, high = centre + volume.height / 2, centre - volume.height / 2
    low, high = low + slant / 2, high + slant / 2
    for i in range(volume.slabs):
        a, b = volume.x + i * volume.thickness, volume.x + (i + 1) * volume.thickness
        top = [(a, high), (a + slant, high - slant), (b + slant, high - slant), (b, high)]
        side = [(b, low), (b + slant, low - slant), (b + slant, high - slant), (b, high)]
        canvas.polygon(side, shaded(fill, -0.16), line, stroke_linejoin="round")
        canvas.polygon(top, shaded(fill, 0.35), line, stroke_linejoin="round")
        front = [(a, high), (b, high), (b, low), (a, low)]
        canvas.polygon(front, fill, line, stroke_linejoin="round")


def _arrow(canvas: Canvas, one: _Volume, other: _Volume, centre: float, colours: Theme) -> None:
    start, end = one.end - one.depth * SLANT / 2, other.x - 1
    canvas.path(f"M{start:.1f},{centre:.1f}H{end - 4:.1f}", stroke=colours.line, fill="none")
    _head(canvas, end, centre, "right", colours.line)


def _head(canvas: Canvas, x: float, y: float, way: str, colour: str) -> None:
    if way == "right":
        points = [(x, y), (x - 6, y - 3), (x - 6, y + 3)]
    else:
        points = [(x, y), (x - 3, y - 6), (x + 3, y - 6)]
    canvas.polygon(points, colour, colour)


def _lift(shown: list[Box], one: str, other: str) -> float:
    """How far an arc rises above the boxes."""
    return 22.0 + 7.0 * min(abs(_index(shown, other) - _index(shown, one)), 12)


def _arc(
    canvas: Canvas, one: _Volume, other: _Volume, centre: float, lift: float, colours: Theme
) -> None:
    """An arrow over what stands between two boxes."""
    x1, y1 = _crown(one, centre)
    x2, y2 = _crown(other, centre)
    y = min(y1, y2) - lift
    d = f"M{x1:.1f},{y1:.1f}C{x1:.1f},{y:.1f} {x2:.1f},{y:.1f} {x2:.1f},{y2 - 5:.1f}"
    canvas.path(d, stroke=colours.skip, stroke_width="1.8", fill="none")
    _head(canvas, x2, y2, "down", colours.skip)


def _crown(volume: _Volume, centre: float) -> tuple[float, float]:
    """The middle of a box's top."""
    slant = volume.depth * SLANT
    return (volume.x + volume.right + slant) / 2, centre - volume.height / 2


def _texts(volume: _Volume) -> list[_Text]:
    """The lines below a box."""
    box = volume.box
    lines: list[_Text] = []
    # A name made of the operation and a number, or a number alone, tells nothing more.
    if box.name.rstrip("0123456789–") not in ("", box.title):
        lines.append(_Text(cut(box.name, TEXT_WIDTH + 4), 10, True))
    lines.append(_Text(box.shape, 10, True))
    count = f" ×{box.count:,}" if box.count > 1 else ""
    lines.append(_Text(cut(box.title or box.name, TEXT_WIDTH + 4) + count, 10))
    if box.detail != box.shape:
        lines += _small(packed(box.detail, TEXT_WIDTH), 3)
    # Of a layer that is told beside another its name is enough here.
    also = [*volume.before, *(box.more if box.kind != "block" else ())]
    lines += _small(packed(", ".join(text.split()[0] for text in also), TEXT_WIDTH), 2)
    return lines + _small(wrap(box.message, 26), 4)


def _small(lines: list[str], most: int) -> list[_Text]:
    return [_Text(cut(line, 26), 9) for line in lines[:most]]


def _captions(
    canvas: Canvas, volume: _Volume, centre: float, highest: float, colours: Theme
) -> float:
    """The lines below a box; gives the last one's baseline."""
    middle = (volume.x + volume.end) / 2
    y = centre + highest / 2 + LINE / 2
    faulty = volume.box.state == "faulty"
    for text, size, bold in _texts(volume):
        y += LINE
        colour = colours.fault_text if faulty else colours.text
        canvas.text(middle, y, text, size=size, anchor="middle", bold=bold, colour=colour)
    return y


def _heading(canvas: Canvas, diagram: Diagram, colours: Theme) -> float:
    """Name, facts and legend; gives where the picture may begin."""
    y = MARGIN + 6
    canvas.text(MARGIN, y, cut(diagram.name, 80), size=15, bold=True)
    for fact in diagram.facts:
        y += 15
        canvas.text(MARGIN, y, fact, size=10, colour=colours.quiet)
    y += 10
    x = MARGIN
    for family, text in legend_entries(_shown(diagram)[0]):
        w = text_width(text, 9) + 10
        canvas.rect(x, y, w, 15, colours.fill(family), stroke=colours.line)
        canvas.text(x + w / 2, y + 11, text, size=9, anchor="middle")
        x += w + 6
    return y + 30


def _title_width(diagram: Diagram) -> float:
    lines = [(diagram.name, 15), *((fact, 10) for fact in diagram.facts)]
    return MARGIN + max(text_width(cut(text, 100), size) for text, size in lines)
