"""The layout of a picture of feature maps: columns by distance from the input, rows by branch.

A chain stays in one row. If several branches read a tensor, the first continues in its row and each
of the others gets its own row up to the join.
"""

from __future__ import annotations

from math import log2, sqrt
from typing import TYPE_CHECKING, NamedTuple

from archcalc.draw.model import Box

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archcalc.draw.model import Arrow, Diagram, Frame

TALLEST = 150.0
LEAST = 7.0
SLANT = 0.42
"""The shift right and up of an edge that recedes from the viewer, relative to its length."""

SLABS = 4
"""Up to this many identical layers are drawn as adjacent slabs; of more, the first two and the
last."""

BREAK = 16.0
"""The gap that represents omitted slabs."""

Pair = tuple[str, str]


class Volume(NamedTuple):
    """A box with its position: x of its front, y of its centre, the slabs' thickness, height,
    depth.

    `before` are the layers before it that only reshape.
    """

    box: Box
    column: int
    row: int
    thickness: float
    height: float
    depth: float
    before: tuple[str, ...]
    x: float = 0.0
    y: float = 0.0

    @property
    def slabs(self) -> tuple[float, ...]:
        """The left edge of every slab that is drawn."""
        if self.box.count <= SLABS:
            return tuple([self.x + i * self.thickness for i in range(self.box.count)])
        return self.x, self.x + self.thickness, self.x + 2 * self.thickness + BREAK

    @property
    def right(self) -> float:
        return self.slabs[-1] + self.thickness

    @property
    def tall(self) -> float:
        """From the lowest point to the highest."""
        return self.height + self.depth * SLANT

    @property
    def end(self) -> float:
        return self.right + self.depth * SLANT


class Shown(NamedTuple):
    """The part of a diagram that is drawn: boxes, the arrows between them (data, and size
    references), and for each box the layers shown with it."""

    boxes: list[Box]
    data: list[Pair]
    references: list[Pair]
    before: dict[str, tuple[str, ...]]


def shown_of(diagram: Diagram) -> Shown:
    """The boxes that are separate feature maps, and the arrows between them.

    Outputs, layers that only reshape and heads that run in training only are omitted; arrows
    through them are connected.
    """
    arrows = _without_forks(diagram)
    sources: dict[str, list[str]] = {}
    for arrow in arrows:
        if not arrow.reference:
            sources.setdefault(arrow.target, []).append(arrow.source)
    boxes = {box.id: box for box in diagram.boxes}
    drawn: list[Box] = []
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
            drawn.append(box)
    before = {
        box.id: tuple(t for s in sources.get(box.id, ()) for t in told.get(s, ())) for box in drawn
    }
    there = {box.id for box in drawn}
    found: dict[bool, dict[Pair, None]] = {False: {}, True: {}}
    for arrow in arrows:
        source = through.get(arrow.source, arrow.source)
        if source in there and arrow.target in there:
            found[arrow.reference][source, arrow.target] = None
    return Shown(drawn, list(found[False]), list(found[True]), before)


def _without_forks(diagram: Diagram) -> list[Arrow]:
    boxes = {box.id for box in diagram.boxes}
    into = {a.target: a.source for a in diagram.arrows if a.target not in boxes}
    return [
        arrow._replace(source=into.get(arrow.source, arrow.source))
        for arrow in diagram.arrows
        if arrow.target in boxes
    ]


def _reshapes(box: Box, source: Box) -> bool:
    """Whether a box has the elements of the one before it in another shape."""
    if box.family != "shape" or box.sides is None or source.sides is None:
        return False
    return _product(box.sides) == _product(source.sides)


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for length in shape:
        total *= length
    return total


def placed(shown: Shown) -> list[Volume]:
    """The boxes with their columns, rows and sizes; x and y follow from the texts."""
    sources: dict[str, list[str]] = {box.id: [] for box in shown.boxes}
    for source, target in shown.data:
        sources[target].append(source)
    rows = _rows(shown.boxes, sources)
    awaited = {box.id: list(sources[box.id]) for box in shown.boxes}
    for source, target in shown.references:
        awaited[target].append(source)
    columns: dict[str, int] = {}
    for box in shown.boxes:
        columns[box.id] = 1 + max((columns[s] for s in awaited[box.id]), default=-1)
    largest = max((max(box.sides[1:], default=1) for box in shown.boxes if box.sides), default=1)
    return [
        Volume(
            box,
            columns[box.id],
            rows[box.id],
            *_extent(box.sides, largest),
            shown.before[box.id],
        )
        for box in shown.boxes
    ]


def _rows(boxes: Sequence[Box], sources: dict[str, list[str]]) -> dict[str, int]:
    """A row for every box: that of its first source which has no continuation yet."""
    unread = {box.id: 0 for box in boxes}
    for given in sources.values():
        for source in given:
            unread[source] += 1
    last: dict[int, str] = {}  # the last box so far of every row in use
    rows: dict[str, int] = {}
    for box in boxes:
        own = [rows[s] for s in sources[box.id] if last.get(rows[s]) == s]
        free = next(row for row in range(len(last) + 1) if row not in last)
        rows[box.id] = min(own, default=free)
        for source in sources[box.id]:
            unread[source] -= 1
            if unread[source] == 0 and last.get(rows[source]) == source:
                del last[rows[source]]
        last[rows[box.id]] = box.id
        if unread[box.id] == 0:
            del last[rows[box.id]]
    return rows


def _extent(shape: tuple[int, ...] | None, largest: int) -> tuple[float, float, float]:
    """Thickness, height and depth of a map [C, H, W], a line [C, L] or a vector [N]."""
    if shape is None:
        return 12.0, 40.0, 40.0
    if len(shape) == 1:
        return 8.0, min(TALLEST, LEAST + 11 * log2(shape[0] + 1)), 8.0
    thickness = min(4 + 1.4 * sqrt(shape[0]), 90.0)
    height = _edge(shape[-2] if len(shape) > 2 else shape[-1], largest)
    return thickness, height, _edge(shape[-1], largest) if len(shape) > 2 else LEAST


def _edge(length: int, largest: int) -> float:
    # A power below one: otherwise 7 would be a speck next to 224.
    return max(LEAST, TALLEST * float((length / largest) ** 0.55))


class Bracket(NamedTuple):
    """A repeated frame: the ids of its boxes, its text, and the nesting of brackets inside it."""

    ids: frozenset[str]
    text: str
    level: int


def brackets_of(children: Iterable[Box | Frame], ids: set[str]) -> list[Bracket]:
    """A bracket for every repeated frame with boxes among `ids`."""
    found: list[Bracket] = []
    for child in children:
        if isinstance(child, Box):
            continue
        inner = brackets_of(child.children, ids)
        own = frozenset(_ids(child) & ids)
        if child.count > 1 and own:
            beside = ", side by side" if child.kind == "parallel" else ""
            text = f"×{child.count:,}{beside} {child.name}".rstrip()
            found.append(Bracket(own, text, 1 + max((b.level for b in inner), default=0)))
        found += inner
    return found


def _ids(frame: Frame) -> set[str]:
    ids: set[str] = set()
    for child in frame.children:
        ids |= {child.id} if isinstance(child, Box) else _ids(child)
    return ids
