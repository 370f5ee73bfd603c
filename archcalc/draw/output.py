"""Pictures as bytes in a format, which the file extension determines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcalc.draw.engine import Drawing

FORMATS = ("svg", "png", "pdf", "dot")

# A viewer needs four bytes per pixel; Cairo itself draws nothing above 32,767.
MAX_SIDE = 16_384
MAX_PIXELS = 64_000_000

MAX_BOXES = 5_000
"""With more, layout takes seconds to minutes, and the picture is unreadable."""


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
