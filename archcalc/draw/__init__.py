"""Diagrams of an architecture, and pictures of receptive fields.

`part_tree.py` reads the author's hierarchy, `build.py` converts it to boxes, frames and arrows
(`model.py`), and one file per picture draws them: `dot.py` (the diagram, for graphviz),
`volumes.py` (feature maps in perspective), `field.py` (a receptive field). `engine.py` finds the
layout program, `output.py` writes files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.analysis.figures import Report
    from archcalc.draw.engine import Drawing


def diagram(
    report: Report,
    *,
    depth: int | None = None,
    unfold: bool = False,
    show: Iterable[str] = (),
    theme: str = "light",
    direction: str = "down",
) -> Drawing:
    """The diagram of a net, as a `graphviz.Digraph`.

    `depth`: how many levels of groups and blocks are open, None for what fits a page. `unfold`:
    every layer separately. `show`: any of params, macs, receptive_field and memory. `theme`: light
    or dark; `direction`: down or right.
    """
    from archcalc.draw.build import build
    from archcalc.draw.dot import to_graphviz

    data = build(report, depth=depth, unfold=unfold, show=show)
    return to_graphviz(data, theme=theme, direction=direction)
