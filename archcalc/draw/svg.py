"""A small SVG writer: shapes and text, with all text of the spec escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.report.text import printable, width

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.draw.palette import Theme

FONT = "Helvetica, Arial, sans-serif"

_TABLE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})

Point = tuple[float, float]


def escaped(text: str) -> str:
    """The text so that it stays text in an element or an attribute.

    >>> escaped("</text><script>")
    '&lt;/text&gt;&lt;script&gt;'
    """
    return printable(text).translate(_TABLE)


def text_width(text: str, size: float) -> float:
    """An upper estimate of the width of a text in Helvetica."""
    return 0.58 * size * width(text)


class Canvas:
    """Elements in drawing order; `finished` makes a whole document of them."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.parts: list[str] = []

    def polygon(self, points: Iterable[Point], fill: str, stroke: str, **more: str) -> None:
        where = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
        self._add("polygon", points=where, fill=fill, stroke=stroke, **more)

    def rect(self, x: float, y: float, w: float, h: float, fill: str, **more: str) -> None:
        sides = {"x": _short(x), "y": _short(y), "width": _short(w), "height": _short(h)}
        self._add("rect", **sides, fill=fill, **more)

    def path(self, d: str, **more: str) -> None:
        self._add("path", d=d, **more)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 11,
        bold: bool = False,
        anchor: str = "start",
        colour: str = "",
    ) -> None:
        """A line of text on the baseline y. `anchor`: start, middle or end."""
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(
            f'<text x="{_short(x)}" y="{_short(y)}" font-size="{size:g}" text-anchor="{anchor}"'
            f'{weight} fill="{colour or self.theme.text}">{escaped(text)}</text>'
        )

    def finished(self, w: float, h: float, title: str) -> str:
        """The document, `w` by `h` pixels; `title` is for screen readers."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="{h:.0f}"'
            f' viewBox="0 0 {w:.0f} {h:.0f}" font-family="{FONT}" role="img">\n'
            f"<title>{escaped(title)}</title>\n"
            f'<rect width="100%" height="100%" fill="{self.theme.background}"/>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )

    def _add(self, element: str, **attributes: str) -> None:
        told = "".join(f' {name.replace("_", "-")}="{v}"' for name, v in attributes.items())
        self.parts.append(f"<{element}{told}/>")


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def shaded(colour: str, part: float) -> str:
    """A colour blended with black (part < 0) or white (part > 0)."""
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    end = 255 if part > 0 else 0
    return "#" + "".join(f"{round(c + (end - c) * abs(part)):02X}" for c in channels)
