"""A diagram for graphviz: boxes as HTML-like tables, frames as clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.draw.engine import Drawing
from archcalc.draw.labels import box_label, frame_label, graph_label
from archcalc.draw.model import Box
from archcalc.draw.palette import THEMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcalc.draw.model import Arrow, Diagram, Frame
    from archcalc.draw.palette import Theme

# A font whose metrics every engine knows; the picture names a fallback.
FONT = "Helvetica"
DIRECTIONS = {"down": "TB", "right": "LR"}


def to_graphviz(diagram: Diagram, *, theme: str = "light", direction: str = "down") -> Drawing:
    """The diagram as a graphviz object, in a theme of `palette.py`, laid out down or right."""
    colours = THEMES[theme]
    graph = Drawing("network")
    graph.attr(
        bgcolor=colours.background,
        compound="false",
        fontname=FONT,
        fontsize="11",
        label=graph_label(diagram, colours),
        labeljust="l",
        labelloc="t",
        newrank="true",
        nodesep="0.25",
        pad="0.15",
        rankdir=DIRECTIONS[direction],
        ranksep="0.22",
    )
    graph.attr("node", fontname=FONT, fontsize="11", fontcolor=colours.text, shape="plain")
    graph.attr("edge", arrowsize="0.6", color=colours.line)
    _contents(graph, diagram.children, colours, 0)
    forks = {arrow.source for arrow in diagram.arrows} - {box.id for box in diagram.boxes}
    for arrow in diagram.arrows:
        _arrow(graph, arrow, colours, forks)
    return graph


def _contents(
    graph: Drawing,
    children: Sequence[Box | Frame],
    colours: Theme,
    level: int,
) -> None:
    for child in children:
        if isinstance(child, Box) and child.kind == "fork":
            graph.node(child.id, label="", shape="point", width="0.06", color=colours.line)
        elif isinstance(child, Box):
            graph.node(child.id, label=box_label(child, colours))
        else:
            _frame(graph, child, colours, level)


def _frame(graph: Drawing, frame: Frame, colours: Theme, level: int) -> None:
    with graph.subgraph(name=f"cluster_{frame.id}") as inside:
        dashed = "" if frame.kind == "level" else ",dashed"
        inside.attr(
            color=colours.frame,
            fillcolor=colours.frame_fills[level % len(colours.frame_fills)],
            label=frame_label(frame, colours),
            style=f"rounded,filled{dashed}",
        )
        _contents(inside, frame.children, colours, level + 1)


def _arrow(graph: Drawing, arrow: Arrow, colours: Theme, forks: set[str]) -> None:
    if arrow.skip:
        style = {"color": colours.skip, "penwidth": "1.8", "class": "skip"}
    elif arrow.reference:
        style = {"color": colours.quiet, "style": "dashed", "constraint": "false"}
        style |= {"label": "size", "fontsize": "8", "fontcolor": colours.quiet}
    elif arrow.training_only:
        style = {"style": "dashed"}
    else:
        style = {}
    if arrow.target in forks:
        style["arrowhead"] = "none"
    graph.edge(arrow.source, arrow.target, weight="10" if arrow.main else None, **style)
