"""The picture of a receptive field: the input region that one output position depends on."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, NamedTuple

from archcalc.draw.output import CannotDraw
from archcalc.draw.palette import THEMES
from archcalc.draw.paths import TooLarge, count_paths, plane_of
from archcalc.draw.svg import Canvas, text_width
from archcalc.graph import Node, NoSuchLayer
from archcalc.report import numbers
from archcalc.report.summary import field_remark
from archcalc.report.text import cut

if TYPE_CHECKING:
    from archcalc.analysis.figures import ReceptiveField, Report
    from archcalc.draw.palette import Theme
    from archcalc.draw.paths import Grid, Plane
    from archcalc.graph import Net

SIDE = 460.0
LARGEST_CELL = 26.0
LINES_FROM = 5.0
"""Lines between positions are drawn from this cell size in pixels."""

SHADES = 20
MARGIN = 24.0


class Span(NamedTuple):
    """A window along an axis: its first position and its length."""

    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length


class Scale(NamedTuple):
    """The mapping of positions to pixels: `x0`, `y0` is the corner of position (0, 0)."""

    x0: float
    y0: float
    cell: float

    def x(self, column: float) -> float:
        return self.x0 + column * self.cell

    def y(self, row: float) -> float:
        return self.y0 + row * self.cell


def field_picture(report: Report, path: str, theme: str = "light") -> str:
    """The picture as SVG: the input's grid, the windows of the layer's middle output position and
    of the next one, and the positions that are read, shaded by the number of paths from them.

    Raises `CannotDraw` for a layer that does not exist, is unknown, or has no receptive field.
    """
    net = report.net
    target = _output_of(net, path)
    source = next(iter(net.inputs.values()), 0)  # tensor 0 is unknown
    given, made = net.tensors[source], net.tensors[target]
    plane = plane_of(given) if given is not None else None
    if given is None or made is None:
        raise CannotDraw(f"the output of {path} is unknown, because of an error before it")
    if plane is None:
        raise CannotDraw("the input has no spatial axes, so there is no receptive field to draw")
    out_rows, out_columns = plane.sides(made)
    cell = (out_rows // 2, out_columns // 2)
    try:
        grid = count_paths(net, source, target, cell, plane)
    except TooLarge as error:
        raise CannotDraw(str(error)) from error
    field = report.receptive_field_of(target)
    windows = tuple(
        _window(field, axis, position, side)
        for axis, position, side in zip(_axes(plane), cell, _sides(grid), strict=True)
    )
    texts = _texts(report, path, made.shape, cell, field, grid, windows)
    steps = [
        step if position + 1 < positions else 0
        for step, position, positions in zip(
            _steps(field, plane), cell, (out_rows, out_columns), strict=True
        )
    ]
    return _Picture(theme, grid, windows, (steps[0], steps[1])).drawn(report.net.name, texts)


def _output_of(net: Net, path: str) -> int:
    """The output tensor of the layer, block or group with a path."""
    try:
        part = net.find(path)
    except NoSuchLayer as unknown:
        raise CannotDraw(str(unknown)) from unknown
    output = part.outputs[0] if isinstance(part, Node) else part.output
    if output is None:
        raise CannotDraw(f"the output of {path} is unknown")
    return output


def _axes(plane: Plane) -> tuple[int | None, int]:
    return plane.rows, plane.columns


def _sides(grid: Grid) -> tuple[int, int]:
    return len(grid), len(grid[0])


def _window(field: ReceptiveField | None, axis: int | None, position: int, side: int) -> Span:
    """The window along an axis; the whole axis if it is unknown."""
    if field is None or axis is None or axis >= len(field.size):
        return Span(0, side)
    size, stride, offset = field.size[axis], field.stride[axis], field.offset[axis]
    if size is None or stride is None or offset is None:
        return Span(0, side)
    return Span(int(offset + position * stride), size)


def _steps(field: ReceptiveField | None, plane: Plane) -> tuple[int, int]:
    """The shift of the next output's window; 0 if it is unknown."""
    found = []
    for axis in _axes(plane):
        known = field is not None and axis is not None and axis < len(field.stride)
        stride = field.stride[axis] if known and field is not None and axis is not None else None
        found.append(int(stride) if stride is not None else 0)
    return found[0], found[1]


def _texts(
    report: Report,
    path: str,
    shape: tuple[int, ...],
    cell: tuple[int, int],
    field: ReceptiveField | None,
    grid: Grid,
    windows: tuple[Span, ...],
) -> list[str]:
    """The text above the picture."""
    rows, columns = windows
    one_axis = len(grid) == 1
    place = f"{cell[1]}" if one_axis else f"({cell[0]}, {cell[1]})"
    lines = [f"{cut(path, 60)}: output {numbers.shape(shape)}, position {place}"]
    if field is not None:
        lines.append(f"receptive field {numbers.per_axis(field.size)}, {field_remark(field)}")
    read = sum(1 for row in grid for paths in row if paths)
    inside = _overlap(rows, len(grid)) * _overlap(columns, len(grid[0]))
    sides = f"{columns.length}" if one_axis else f"{rows.length}×{columns.length}"
    total = rows.length * columns.length
    outside = f", {total - inside:,} of them outside the input" if inside < total else ""
    lines.append(f"reads {read:,} positions; the window has {sides} = {total:,}{outside}")
    if report.net.tensors and len(field.size if field else ()) > 2:
        lines.append("the plane of the last two axes")
    return lines


def _overlap(span: Span, side: int) -> int:
    return max(0, min(span.end, side) - max(span.start, 0))


class _Picture:
    """Draws the grid, the windows and the legend."""

    def __init__(
        self, theme: str, grid: Grid, windows: tuple[Span, ...], steps: tuple[int, int]
    ) -> None:
        self.colours: Theme = THEMES[theme]
        self.canvas = Canvas(self.colours)
        self.grid = grid
        self.rows, self.columns = windows
        self.steps = steps
        self.most = max(max(row) for row in grid)
        self.least = min((paths for row in grid for paths in row if paths), default=0)

    def drawn(self, name: str, texts: list[str]) -> str:
        canvas = self.canvas
        canvas.text(MARGIN, MARGIN + 8, cut(name, 60), size=15, bold=True)
        y = MARGIN + 11
        for text in texts:
            y += 16
            canvas.text(MARGIN, y, text, size=11)
        scale, right, bottom = self._scaled(y + 20)
        self._padding(scale)
        self._positions(scale)
        self._lines(scale)
        self._window_frames(scale)
        bottom = self._legend(bottom + 18)
        width = max(right, max(text_width(t, 11) for t in texts) + MARGIN, 360.0)
        return canvas.finished(width + MARGIN, bottom + MARGIN, f"receptive field in {name}")

    def _scaled(self, top: float) -> tuple[Scale, float, float]:
        """The scale that fits the input, the window and the next one; right and bottom edge."""
        first_row, last_row = self._extent(self.rows, len(self.grid), self.steps[0])
        first_column, last_column = self._extent(self.columns, len(self.grid[0]), self.steps[1])
        longest = max(last_row - first_row, last_column - first_column)
        # A whole number of pixels per position, or of positions per pixel: no seams between shades.
        cell = min(LARGEST_CELL, SIDE // longest) if longest <= SIDE else 1 / -(-longest // SIDE)
        scale = Scale(MARGIN - first_column * cell, round(top - first_row * cell), cell)
        return scale, scale.x(last_column), scale.y(last_row)

    def _extent(self, span: Span, side: int, step: int) -> tuple[int, int]:
        return min(0, span.start), max(side, span.end + step)

    def _padding(self, scale: Scale) -> None:
        """The part of the window outside the input."""
        outside = (
            self.rows.start < 0
            or self.columns.start < 0
            or self.rows.end > len(self.grid)
            or self.columns.end > len(self.grid[0])
        )
        if outside:
            self._rect(scale, self.rows, self.columns, self.colours.other, fill_opacity="0.6")

    def _rect(self, scale: Scale, rows: Span, columns: Span, fill: str, **more: str) -> None:
        self.canvas.rect(
            scale.x(columns.start),
            scale.y(rows.start),
            columns.length * scale.cell,
            rows.length * scale.cell,
            fill,
            **more,
        )

    def _positions(self, scale: Scale) -> None:
        """The input, with the positions that are read, by runs of equal shade."""
        whole = Span(0, len(self.grid)), Span(0, len(self.grid[0]))
        self._rect(scale, *whole, self.colours.background, stroke=self.colours.line)
        runs: dict[int, list[str]] = {}
        for row, counts in enumerate(self.grid):
            column = 0
            while column < len(counts):
                shade = self._shade(counts[column])
                start = column
                while column < len(counts) and self._shade(counts[column]) == shade:
                    column += 1
                if shade:
                    runs.setdefault(shade, []).append(self._run(scale, row, start, column))
        for shade, parts in sorted(runs.items()):
            fill = self._colour(shade)
            self.canvas.path("".join(parts), fill=fill, shape_rendering="crispEdges")

    def _run(self, scale: Scale, row: int, start: int, end: int) -> str:
        x, y = scale.x(start), scale.y(row)
        w, h = (end - start) * scale.cell, scale.cell
        return f"M{x:g} {y:g}h{w:g}v{h:g}h-{w:g}z"

    def _shade(self, paths: int) -> int:
        """0 for none, else 1 … SHADES on a log scale."""
        if paths == 0:
            return 0
        if self.most == self.least:
            return SHADES
        part = (log(paths) - log(self.least)) / (log(self.most) - log(self.least))
        return 1 + round((SHADES - 1) * part)

    def _colour(self, shade: int) -> str:
        part = (shade - 1) / (SHADES - 1)
        dark = self.colours.background < "#8"
        low, high = ((24, 58, 84), (140, 214, 255)) if dark else ((205, 228, 243), (0, 62, 110))
        return "#" + "".join(
            f"{round(a + (b - a) * part):02X}" for a, b in zip(low, high, strict=True)
        )

    def _lines(self, scale: Scale) -> None:
        """The lines between positions, if these are large enough."""
        if scale.cell < LINES_FROM:
            return
        rows, columns = len(self.grid), len(self.grid[0])
        d = "".join(
            f"M{scale.x(c):.1f} {scale.y(0):.1f}V{scale.y(rows):.1f}" for c in range(columns + 1)
        )
        d += "".join(
            f"M{scale.x(0):.1f} {scale.y(r):.1f}H{scale.x(columns):.1f}" for r in range(rows + 1)
        )
        self.canvas.path(d, stroke=self.colours.frame, stroke_width="0.5", fill="none")

    def _window_frames(self, scale: Scale) -> None:
        """The window, and dashed the one of the next output position."""
        down, along = self.steps
        if len(self.grid) == 1:
            down = 0
        if down or along:
            rows = Span(self.rows.start + down, self.rows.length)
            columns = Span(self.columns.start + along, self.columns.length)
            self._rect(
                scale, rows, columns, "none", stroke=self.colours.line,
                stroke_dasharray="5 3", stroke_width="1.2",
            )  # fmt: skip
        self._rect(
            scale, self.rows, self.columns, "none", stroke=self.colours.error, stroke_width="2"
        )

    def _legend(self, y: float) -> float:
        """The legend; returns its lower edge."""
        canvas, colours = self.canvas, self.colours
        x = MARGIN
        canvas.rect(x, y, 16, 12, "none", stroke=colours.error, stroke_width="2")
        canvas.text(x + 22, y + 10, "window of this position", size=10)
        x += 160
        if any(self.steps):
            canvas.rect(x, y, 16, 12, "none", stroke=colours.line, stroke_dasharray="4 2")
            canvas.text(x + 22, y + 10, f"of the next, {self._moved()} further", size=10)
        y += 22
        x = MARGIN
        if self.most > self.least:
            for shade in range(1, SHADES + 1):
                canvas.rect(x + 7 * (shade - 1), y, 7.2, 12, self._colour(shade))
            x += 7 * SHADES + 6
            ends = f"{numbers.grouped(self.least)} to {numbers.grouped(self.most)}"
            paths = f"{ends} paths, on a log scale"
        else:
            canvas.rect(x, y, 16, 12, self._colour(SHADES))
            x += 22
            each = numbers.counted(self.most, "path")
            paths = f"read, by {each} each" if self.most else "nothing is read"
        canvas.text(x, y + 10, paths, size=10)
        return y + 12

    def _moved(self) -> str:
        down, along = self.steps
        return f"{along}" if down in (along, 0) else f"{down}×{along}"
