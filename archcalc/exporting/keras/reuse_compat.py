"""The calls of one part of a graph, side by side: which are the same part once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.graph import Group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.graph import Net, Node
    from archcalc.ops.base import Tensor

SIDED = {"channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "maxout", "flatten"}
"""Operations that need the sides of a tensor while the model is made."""

SETTLING = {"global_avgpool", "global_maxpool", "adaptive_avgpool"}
"""Operations that give the same sides whatever enters."""

SIZE = "on another size, where its code is written for one"

ORDER = "where axes or features stand in another order"


def later_calls(first: Group) -> list[Group]:
    """The calls after the first, wherever its label is seen."""
    around = first.parent
    while around is not None and around.kind not in ("net", "group", "block"):
        around = around.parent
    assert around is not None  # the root is a net
    return [g for g in _levels(around) if g.path == first.path and g is not first]


def _levels(group: Group) -> Iterator[Group]:
    """The levels of the path inside a group, in order."""
    for child in group.children:
        if isinstance(child, Group):
            if child.level:
                yield child
            yield from _levels(child)


def called_again(net: Net) -> list[Group]:
    """The later calls of blocks and groups that are called again."""
    found: dict[str, list[Group]] = {}
    for group in _levels(net.root):
        found.setdefault(group.path, []).append(group)
    return [later for calls in found.values() for later in calls[1:]]


def _nodes(net: Net, group: Group) -> tuple[Node, ...]:
    return net.nodes[group.start : group.end]


def read_by(net: Net, group: Group) -> set[int]:
    """The tensors from outside that a group reads, or gives on."""
    made = {i for node in _nodes(net, group) for i in node.outputs}
    read = {i for node in _nodes(net, group) for i in node.inputs}
    return (read | {group.output or 0}) - made


def are_twins(net: Net, first: Group, later: Group) -> bool:
    """Whether one model may serve both calls, as far as the graph tells."""
    if not _as_many(net, first, later):
        return False
    return _as_large(net, first, later) or not _needs_open_sides(net, first)


def _needs_open_sides(net: Net, group: Group) -> bool:
    """Whether an operation needs sides that depend on what enters."""
    settled: set[int] = set()
    for node in _nodes(net, group):
        if node.op.name in SETTLING or settled.issuperset(node.inputs):
            settled.update(node.outputs)
        elif node.op.name in SIDED:
            return True
    return False


def what_differs(net: Net, first: Group, later: Group) -> str:
    """Why the model of the first call does not serve a later one."""
    ours, theirs = (net.tensors[group.input or 0] for group in (first, later))
    if ours is not None and theirs is not None and ours.channels != theirs.channels:
        return "on another number of channels"
    return ORDER if _as_large(net, first, later) else SIZE


def _as_many(net: Net, first: Group, later: Group) -> bool:
    """Whether the same layers stand in both calls, on as many channels."""
    paths = [[node.path for node in _nodes(net, group)] for group in (first, later)]
    return paths[0] == paths[1] and all(
        (a.channels, len(a.shape)) == (b.channels, len(b.shape))
        for a, b in _tensors(net, first, later)
    )


def _as_large(net: Net, first: Group, later: Group) -> bool:
    return all(a.shape == b.shape for a, b in _tensors(net, first, later))


def _tensors(net: Net, first: Group, later: Group) -> list[tuple[Tensor, Tensor]]:
    """The tensors of two calls, side by side, as far as both go: what enters first."""
    nodes = zip(_nodes(net, first), _nodes(net, later), strict=False)
    pairs = [(net.tensors[first.input or 0], net.tensors[later.input or 0])]
    pairs += [
        (net.tensors[i], net.tensors[j])
        for a, b in nodes
        for i, j in zip((*a.inputs, *a.outputs), (*b.inputs, *b.outputs), strict=False)
    ]
    return [(a, b) for a, b in pairs if a is not None and b is not None]


def given_to_twin(
    net: Net, first: Group, later: Group, given: list[int], *, entry: bool
) -> list[int]:
    """For tensors that are given to the first call, those that are given to a later one."""
    found: dict[int, list[int]] = {first.output or 0: [later.output or 0]}
    for a, b in zip(_nodes(net, first), _nodes(net, later), strict=True):
        for i, j in zip(a.inputs, b.inputs, strict=True):
            found.setdefault(i, []).append(j)
    # One tensor may enter the first call and be named in it too.
    named = [
        next((j for j in found[i] if j != later.input), later.input or 0) for i in given[entry:]
    ]
    return [*([later.input or 0] if entry else []), *named]
