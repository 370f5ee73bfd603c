"""The arrows of a diagram: which box reads which, and which arrows bypass the layers of a
branch."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from archcalc.draw.forks import with_forks
from archcalc.draw.model import Arrow

if TYPE_CHECKING:
    from archcalc.draw.build import Builder
    from archcalc.draw.model import Box
    from archcalc.graph import Net, Node

EVEN = 2
"""With more branches than this, all are drawn evenly."""


def arrows_of(built: Builder) -> tuple[Arrow, ...]:
    """All arrows between the boxes."""
    net, owners, ends = built.net, built.owners, built.ends
    found: list[Arrow] = []
    references: list[Arrow] = []
    for target, start, end in built.told:
        read, sizes = _read(net, start, end)
        for tensor in sizes:
            source = _maker(net, tensor, owners, ends)
            if source is not None and source is not target:
                references.append(Arrow(source.id, target.id, main=False, reference=True))
        sources = {tensor: _maker(net, tensor, owners, ends) for tensor in read}
        seen: set[Box] = set()
        for tensor in read:
            source = sources[tensor]
            if source is None or source is target:
                continue
            # Two branches of a join can have the same tensor, which takes two arrows.
            if target.kind == "join" or source not in seen:
                seen.add(source)
                passes = _leads_to(net, tensor, [t for t in read if t != tensor])
                found.append(Arrow(source.id, target.id, passes, target.training_only))
    for box, tensor in built.heads:
        source = _maker(net, tensor, owners, ends)
        if source is not None:
            found.append(Arrow(source.id, box.id, False, box.training_only))
    return (*_with_main(with_forks(built.children, found)), *dict.fromkeys(references))


def _read(net: Net, start: int, end: int) -> tuple[list[int], list[int]]:
    """The tensors that nodes start … end − 1 read from before them, with repetitions; and those of
    which only the size is used."""
    found: list[int] = []
    sizes: list[int] = []
    for node in net.nodes[start:end]:
        data, size = _inputs(node)
        for tensors, into in ((data, found), (size, sizes)):
            for tensor in tensors:
                producer = net.producers[tensor]
                if producer is None or producer < start:
                    into.append(tensor)
    return found, [tensor for tensor in sizes if tensor not in found]


def _inputs(node: Node) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The tensors that a node reads, and the one whose size it uses: `like`, the last input."""
    count = len(node.inputs) - ("like" in node.layer.arguments)
    return node.inputs[:count], node.inputs[count:]


def _with_main(arrows: list[Arrow]) -> tuple[Arrow, ...]:
    """The arrows, with those on the main line marked: the first out of a box and into one.

    Three or more branches are drawn evenly side by side, and none of them is the main one.
    """
    into = Counter(arrow.target for arrow in arrows)
    out = Counter(arrow.source for arrow in arrows if not arrow.training_only)
    left: set[str] = set()
    entered: set[str] = set()
    found: list[Arrow] = []
    for arrow in arrows:
        first = arrow.source not in left and arrow.target not in entered
        even = into[arrow.target] > EVEN or out[arrow.source] > EVEN
        found.append(arrow._replace(main=first and not arrow.skip and not even))
        if not arrow.skip:
            left.add(arrow.source)
            entered.add(arrow.target)
    return tuple(found)


def _maker(net: Net, tensor: int, owners: list[Box | None], ends: dict[int, Box]) -> Box | None:
    producer = net.producers[tensor]
    return ends.get(tensor) if producer is None else owners[producer]


def _leads_to(net: Net, tensor: int, ends: list[int]) -> bool:
    """Whether any of the tensors `ends` depends on a tensor: an arrow from it bypasses layers."""
    producer = net.producers[tensor]
    first = -1 if producer is None else producer
    left = [p for end in ends if (p := net.producers[end]) is not None and p > first]
    seen: set[int] = set(left)
    while left:
        for read in _inputs(net.nodes[left.pop()])[0]:
            if read == tensor:
                return True
            maker = net.producers[read]
            if maker is not None and maker > first and maker not in seen:
                seen.add(maker)
                left.append(maker)
    return False
