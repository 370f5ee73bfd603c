"""The picture of the README: ResNet-50 as feature maps, and its bottleneck block as an inset.

Both parts are what `archcalc render` draws; this script puts them into one SVG per theme:

    python examples/front_page.py

The committed files were drawn with the layout engine that comes with archcalc, as the test
`tests/draw/test_pictures.py` does; the system's graphviz sets the texts a little differently.
"""

from __future__ import annotations

import re
from pathlib import Path

from archcalc.draw import diagram
from archcalc.draw.palette import THEMES
from archcalc.draw.volumes import volumes
from archcalc.pipeline import check

PICTURES = Path(__file__).parent / "pictures"

BLOCK = """\
extends: resnet50
name: One bottleneck of layer1
source: 1×1 reduces the channels, 3×3 convolves, 1×1 restores them
input: [256, 56, 56]
layers:
  - bottleneck: {width: 64}
"""

MARGIN = 24.0
"""Pixels between the inset and the edge of the picture."""


def picture(theme: str) -> str:
    """The picture as SVG. `theme` is "light" or "dark"."""
    net, block = check("resnet50").report, check(BLOCK).report
    assert net is not None
    assert block is not None
    colours = THEMES[theme]
    outer = volumes(net, depth=1, theme=theme)
    inner = str(
        diagram(block, depth=2, theme=theme, direction="right").pipe("svg", encoding="utf-8")
    )
    width, height = _size(outer)
    inner_width, inner_height = _size(inner)
    inset_width = width - 2 * MARGIN
    inset_height = inner_height * inset_width / inner_width
    left, right = _extent(outer, "layer1")
    top = height - MARGIN
    funnel = (
        f"{left:.0f},{top - 22:.0f} {right:.0f},{top - 22:.0f} "
        f"{right + 40:.0f},{top:.0f} {left - 40:.0f},{top:.0f}"
    )
    frame = f'fill="none" stroke="{colours.frame}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width:.0f} {top + inset_height + MARGIN:.0f}" role="img">\n'
        f"<title>ResNet-50 and its bottleneck block</title>\n"
        f'<rect width="100%" height="100%" fill="{colours.background}"/>\n'
        + outer
        + f'<polygon points="{funnel}" fill="{colours.frame_fills[0]}" '
        f'stroke="{colours.frame}"/>\n'
        + _placed(inner, MARGIN, top, inset_width, inset_height)
        + f'<rect x="{MARGIN:.0f}" y="{top:.0f}" width="{inset_width:.0f}" '
        f'height="{inset_height:.0f}" {frame}/>\n</svg>\n'
    )


def _size(svg: str) -> tuple[float, float]:
    """Width and height of a drawing, in the units of its view box."""
    found = re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', svg)
    assert found is not None
    return float(found[1]), float(found[2])


def _extent(svg: str, name: str) -> tuple[float, float]:
    """The left and right edge of the caption that begins with a name."""
    found = re.search(rf'<text x="([\d.]+)"[^>]*>{name}</text>', svg)
    assert found is not None
    return float(found[1]) - 28, float(found[1]) + 28


def _placed(svg: str, x: float, y: float, width: float, height: float) -> str:
    """A drawing as an element of another one, at a position and in a size."""
    start = svg.index("<svg")
    placement = f'<svg x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}"'
    element = re.sub(r'<svg width="[^"]*" height="[^"]*"', placement, svg[start:], count=1)
    return element.rstrip() + "\n"


def main() -> None:
    """Writes the two files."""
    for theme in THEMES:
        (PICTURES / f"front_page_{theme}.svg").write_text(picture(theme), encoding="utf-8")


if __name__ == "__main__":
    main()
