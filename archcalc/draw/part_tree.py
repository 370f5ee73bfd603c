"""The author's hierarchy as nested parts, before any of them is closed.

A join, a `do`, a loop and an inline block are replaced by their contents; a group or block is a
part with parts inside, or, if it consists of a single layer, that layer. `folding.py` then merges
normalisation, activation and dropout into the layer before them, and combines identical neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.draw.folding import Wiring, absorb, fold
from archcalc.draw.part import Part
from archcalc.graph import Node

if TYPE_CHECKING:
    from archcalc.graph import Group, Net


def parts_of(net: Net, *, unfold: bool = False) -> list[Part]:
    """The parts of the whole net. `unfold`: every layer is a part of its own."""
    return _contents(net.root, Wiring(net), unfold)


def _contents(group: Group, wiring: Wiring, unfold: bool) -> list[Part]:
    parts = _listed(group, wiring, unfold)
    return parts if unfold else fold(absorb(parts, wiring), wiring)


def _listed(group: Group, wiring: Wiring, unfold: bool) -> list[Part]:
    """The parts of a group, not folded yet."""
    found: list[Part] = []
    for child in group.children:
        if isinstance(child, Node):
            found.append(Part("layer", child.index, child.index + 1, child.outputs[0]))
        elif child.kind == "branch":
            inside = _contents(child, wiring, unfold)
            part = Part("branch", child.start, child.end, child.output, parts=inside)
            part.title = child.title
            found.append(part)
        elif _is_level(child):
            found += _level(child, wiring, unfold)
        else:
            found += _listed(child, wiring, unfold)
    return found


def _is_level(group: Group) -> bool:
    """Whether a group is shown as such. A named join only adds a path component."""
    return group.kind == "group" or (group.kind == "block" and group.level)


def _level(group: Group, wiring: Wiring, unfold: bool) -> list[Part]:
    inside = _contents(group, wiring, unfold)
    if not inside:
        return []  # `when` removed all of it
    only = inside[0]
    if not unfold and len(inside) == 1 and only.kind == "layer" and only.count == 1:
        only.group = group
        return inside
    return [Part("level", group.start, group.end, group.output, parts=inside, group=group)]
