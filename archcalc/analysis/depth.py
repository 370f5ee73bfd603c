"""Weight layers on the longest and the shortest path, and the exact number of paths.

After Veit, Wilber & Belongie 2016, arXiv:1605.06431: a stack of n residual blocks has 2^n paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.analysis.figures import Depth

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.analysis.context import AnalysisContext
    from archcalc.graph import Group, Net, Node

Lengths = tuple[int, int, int]
"""Longest, shortest and number of the paths that lead to a tensor."""

START: Lengths = (0, 0, 1)


def run(context: AnalysisContext) -> None:
    """The depth from any input to the main output (to all outputs if there is no main one)."""
    net = context.net
    if "output" in net.outputs:
        ends = [net.outputs["output"]]
    else:
        trained = {t for node in net.nodes if node.training_only for t in node.outputs}
        ends = [t for t in net.outputs.values() if t not in trained]
    context.depth = _between(net, net.nodes, net.inputs.values(), ends)


def depth_of(net: Net, group: Group) -> Depth | None:
    """The depth of a group, from its input to its output; None if an error hides it or no path
    connects the two."""
    if group.input is None or group.output is None:
        return None
    return _between(net, net.nodes[group.start : group.end], [group.input], [group.output])


def _between(
    net: Net, nodes: tuple[Node, ...], starts: Iterable[int], ends: list[int]
) -> Depth | None:
    # A tensor without an entry is on no path from the start; None: an error hides its paths.
    lengths: dict[int, Lengths | None] = {
        t: START if net.tensors[t] is not None else None for t in starts
    }
    last = _last_reads(nodes, ends)
    for node in nodes:
        arriving = [lengths[t] for t in node.op.read(node.inputs) if t in lengths]
        if arriving:
            one = arriving[0] if len(arriving) == 1 else _joined(arriving)
            if one is not None and node.op.weighted:
                one = (one[0] + 1, one[1] + 1, one[2])
            for t in node.outputs:
                lengths[t] = one if node.facts is not None else None
        # The number of paths has as many digits as there are joins before it: free it after use.
        for t in node.inputs:
            if last.get(t) == node.index:
                lengths.pop(t, None)
    reached = [lengths[t] for t in ends if t in lengths]
    total = _joined(reached) if reached else None
    return None if total is None else Depth(*total)


def _joined(arriving: list[Lengths | None]) -> Lengths | None:
    known = [one for one in arriving if one is not None]
    if len(known) < len(arriving):
        return None
    return max(o[0] for o in known), min(o[1] for o in known), sum(o[2] for o in known)


def _last_reads(nodes: tuple[Node, ...], ends: list[int]) -> dict[int, int]:
    """The index of the last node that reads each tensor; never, for the ends."""
    last: dict[int, int] = {}
    for node in nodes:
        for t in node.inputs:
            last[t] = node.index
    for t in ends:
        last.pop(t, None)
    return last
