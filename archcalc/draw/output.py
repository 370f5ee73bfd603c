"""Pictures as bytes in a format, which the file extension determines."""

from __future__ import annotations

from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcalc.draw.engine import Drawing
    from archcalc.draw.model import Diagram

FORMATS = ("svg", "png", "pdf", "dot")

# A viewer needs four bytes per pixel; Cairo itself draws nothing above 32,767.
MAX_SIDE = 16_384
MAX_PIXELS = 64_000_000

MAX_BOXES = 5_000
"""With more, layout takes seconds to minutes, and the picture is unreadable."""

MAX_SKIPPED_ROWS = 20_000
"""How many rows of boxes all arrows together may skip: the layout of one takes a step for each."""

MAX_SKIPPED_ROWS_EMBEDDED = 1_500
"""The same for the engine that comes with archcalc, which ignores `QUICK`."""

MANY_SKIPPED_ROWS = 1_000

QUICK = {"nslimit": "1", "nslimit1": "1", "mclimit": "0.1"}
"""Graph attributes that bound the iterations of dot's layout."""


class CannotDraw(ValueError):
    """A picture that cannot be drawn as requested; the message suggests an alternative."""


def format_of(target: str) -> str:
    """The format from a file extension; svg for standard output ("-")."""
    if target == "-":
        return "svg"
    ending = Path(target).suffix.lower().removeprefix(".")
    if ending == "gv":
        return "dot"
    if ending not in FORMATS:
        said = f"unknown extension .{ending}" if ending else "no extension"
        raise CannotDraw(f"{target}: {said}; choose from {', '.join(FORMATS)}")
    return ending


def check_boxes(number: int, format_: str) -> None:
    """Raises `CannotDraw` for too many boxes, except for dot."""
    if number > MAX_BOXES and format_ != "dot":
        raise CannotDraw(
            f"{number:,} boxes are too many to draw (at most {MAX_BOXES:,}): "
            "close blocks with --depth, or write .dot"
        )


def check_arrows(built: Diagram, drawing: Drawing, format_: str) -> None:
    """Bounds the layout of long arrows. Raises `CannotDraw` for too many, except for dot."""
    if format_ == "dot":
        return
    from archcalc.draw.engine import NoEngine, engine

    rows = skipped_rows(built)
    try:
        most = MAX_SKIPPED_ROWS_EMBEDDED if engine().embedded else MAX_SKIPPED_ROWS
    except NoEngine:
        return  # reported when the picture is drawn
    if rows > most:
        raise CannotDraw(
            f"the arrows skip {rows:,} rows of boxes, too many to draw (at most {most:,}): "
            "close blocks with --depth, or write .dot"
        )
    if rows > MANY_SKIPPED_ROWS:
        drawing.attr(**QUICK)


def skipped_rows(built: Diagram) -> int:
    """The number of rows that the arrows skip, with every box as high as possible."""
    before: dict[str, list[str]] = {}
    for arrow in built.arrows:
        before.setdefault(arrow.target, []).append(arrow.source)
    rows: dict[str, int] = {}
    for box in TopologicalSorter(before).static_order():
        rows[box] = max((rows[source] + 1 for source in before.get(box, ())), default=0)
    return sum(rows[arrow.target] - rows[arrow.source] - 1 for arrow in built.arrows)


def rendered(drawing: Drawing, format_: str) -> bytes:
    """A diagram in a format. Raises `CannotDraw`."""
    if format_ == "dot":
        return str(drawing.source).encode()
    if format_ == "pdf":
        _need_system_dot()
    if format_ == "png":
        _check_size(_piped(drawing, "svg"))
    return _piped(drawing, format_)


def _piped(drawing: Drawing, format_: str) -> bytes:
    from graphviz.backend import (
        CalledProcessError,
        ExecutableNotFound,
    )

    from archcalc.draw.engine import NoEngine

    try:
        data: bytes = drawing.pipe(format=format_)
    except NoEngine as error:
        raise CannotDraw(str(error)) from error
    except (CalledProcessError, ExecutableNotFound, OSError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        line = said.decode(errors="replace").strip().splitlines()[-1:]
        raise CannotDraw(f"the layout engine failed: {''.join(line)}") from error
    return data


def _need_system_dot() -> None:
    from archcalc.draw.engine import engine

    if engine().embedded:
        raise CannotDraw(
            "pdf needs the system's graphviz (apt install graphviz, brew install graphviz): "
            "the engine that comes with archcalc writes svg and png"
        )


def _check_size(svg: bytes) -> None:
    """Rejects a PNG that is too large for viewers; the SVG of the same picture has its size."""
    width, height = size_of(svg)
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise CannotDraw(
            f"the picture would have {width:,}×{height:,} pixels; a png has at most {MAX_SIDE:,} "
            f"per side and {MAX_PIXELS:,} in total: close blocks with --depth, or write .svg"
        )


def size_of(svg: bytes) -> tuple[int, int]:
    """Width and height in pixels, at 96 dpi, of an SVG that graphviz wrote in points."""
    head = svg[: svg.index(b">", svg.index(b"<svg"))].decode()
    sides = [head.split(f'{name}="')[1].split('pt"')[0] for name in ("width", "height")]
    width, height = (round(float(side) * 96 / 72) for side in sides)
    return width, height
