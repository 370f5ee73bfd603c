"""Parameters, macs, flops and activations of every layer, every group and the net.

The nodes of a group are a slice of the net's, so its totals are differences of prefix sums.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from archcalc.analysis.figures import Totals
from archcalc.ops.base import product

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.analysis.context import AnalysisContext
    from archcalc.graph import Group, Net, Node

UNKNOWN = Totals(None, None, None, None, None)
NONE = Totals(0, 0, 0, 0, 0)


class Sums:
    """Prefix sums of one metric; `unknown` counts the layers whose value is unknown."""

    __slots__ = ("known", "unknown")

    def __init__(self, values: list[int | None]) -> None:
        self.unknown: list[int] | None = None
        if None in values:
            self.unknown = list(accumulate((v is None for v in values), initial=0))
        self.known = list(accumulate((0 if v is None else v for v in values), initial=0))

    def between(self, start: int, end: int) -> int | None:
        """The sum over nodes[start:end]; None if one of them is unknown."""
        if self.unknown is not None and self.unknown[end] > self.unknown[start]:
            return None
        return self.known[end] - self.known[start]


class Costs:
    """The costs of every layer, and the totals of any group in constant time.

    Totals exclude layers that run in training only, except for a group that has no others (an
    auxiliary head).
    """

    def __init__(self, net: Net, layers: list[Totals]) -> None:
        self.net = net
        self.layers = layers
        only = [node.training_only for node in net.nodes]
        self._running = list(accumulate((not t for t in only), initial=0))
        self._all = _columns(layers)
        self._counted = self._all
        if any(only):
            run = zip(layers, only, strict=True)
            self._counted = _columns([NONE if t else row for row, t in run])
        self.total = self._between(0, len(layers))

    def of(self, group: Group) -> Totals:
        """The totals of a group."""
        return self._between(group.start, group.end)

    def _between(self, start: int, end: int) -> Totals:
        columns = self._counted if self._runs(start, end) else self._all
        return Totals(*(column.between(start, end) for column in columns))

    def with_heads(self, group: Group) -> Totals:
        """The totals of a group, including layers that run in training only."""
        return Totals(*(column.between(group.start, group.end) for column in self._all))

    def _runs(self, start: int, end: int) -> bool:
        return self._running[end] > self._running[start]

    def counted(self, group: Group) -> Iterable[Node]:
        """The nodes that a group's totals include."""
        nodes = self.net.nodes[group.start : group.end]
        if not self._runs(group.start, group.end):
            return nodes
        return (node for node in nodes if not node.training_only)


def run(context: AnalysisContext) -> None:
    """The costs of every layer, and the prefix sums over them."""
    layers: list[Totals] = []
    known: dict[int, Totals] = {}  # by the facts, which equal layers share
    inherited = _inherited(context.net)
    lost = set(inherited.values())
    for node in context.net.nodes:
        facts = node.facts
        if facts is None:
            layers.append(UNKNOWN)
            continue
        totals = known.get(id(facts))
        if totals is None:
            totals = Totals(facts.params, facts.buffers, facts.macs, facts.flops, facts.activations)
            known[id(facts)] = totals
        shared = node.shared is not None and node.index not in inherited
        if shared or node.index in lost:
            totals = totals._replace(params=0, buffers=0)
        layers.append(totals)
    context.costs = Costs(context.net, layers)


def _inherited(net: Net) -> dict[int, int]:
    """Layers of the main path that reuse a layer of a head which runs in training only: inference
    needs these weights, so they are counted at the first of these layers. Maps it to the head's."""
    found: dict[int, int] = {}
    for node in net.nodes:
        first = node.shared
        if first is None or node.training_only or first in found.values():
            continue
        if net.nodes[first].training_only:
            found[node.index] = first
    return found


def _columns(layers: list[Totals]) -> tuple[Sums, ...]:
    return tuple(Sums([row[figure] for row in layers]) for figure in range(len(NONE)))


def weights(nodes: Iterable[Node]) -> int | None:
    """Trainable parameters without biases, shared ones once; None if a layer is unknown.

    As counted in GoogLeNet's Table 1 (Szegedy et al. 2014, arXiv:1409.4842).
    """
    count = 0
    for node in nodes:
        if node.facts is None:
            return None
        if node.shared is None:
            for weight in node.facts.weights:
                if weight.trainable and weight.name.rpartition(".")[2] != "bias":
                    count += product(weight.shape)
    return count


def connections(net: Net, nodes: Iterable[Node]) -> int | None:
    """Uses of weights and biases, over the layers that have any (LeCun et al. 1998, §II.B).

    Layers without weights (activations, pools) have no connections of their own. None if a layer is
    unknown.
    """
    count = 0
    known: dict[int, int] = {}
    for node in nodes:
        facts = node.facts
        if facts is None:
            return None
        if id(facts) not in known:
            tensors = tuple(t for i in node.inputs if (t := net.tensors[i]) is not None)
            assert node.attributes is not None
            own = node.op.connections(node.attributes, tensors, facts.outputs[0])
            known[id(facts)] = own or 0
        count += known[id(facts)]
    return count
