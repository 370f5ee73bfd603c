"""How well an input fits, and the sizes that leave every weight as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.ops.base import CHANNELS
from archcalc.ops.reach import Window
from archcalc.symbols.conditions import Condition, truth
from archcalc.symbols.decide import replaced
from archcalc.symbols.division import largest, modulo
from archcalc.symbols.explore import axis_of, where
from archcalc.symbols.sides import NONE, Sides
from archcalc.symbols.terms import ZERO, Poly, number
from archcalc.symbols.traced import plain, poly_of
from archcalc.symbols.write import condition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.diagnostics import Span
    from archcalc.graph import Net, Node
    from archcalc.symbols.cover import Region
    from archcalc.symbols.explore import Exploration


class Demand(NamedTuple):
    """A condition that a layer's figure puts on the size."""

    path: str
    span: Span
    condition: Condition


class Fit(NamedTuple):
    """The sides an axis at which all demands hold, the other sides as in the spec where a demand
    ties them (`coupled`). `failing` are the demands that do not hold at the spec's own size."""

    sides: tuple[Sides, ...]
    coupled: bool
    failing: tuple[Demand, ...]
    binding: tuple[Demand, ...]


def rows_read(found: Exploration) -> Fit:
    """No row is dropped: what the last window leaves over lies in the padding, or is no more than
    what a stride longer than the window skips anyway."""
    return _fit(found, {i: list(_rows(r)) for i, r in _valid(found)})


def padding_symmetric(found: Exploration) -> Fit:
    """As many rows of padding are read at the end as at the start, in every padded layer
    (Alsallakh et al. 2021, "Mind the Pad", arXiv:2010.02178)."""
    return _fit(found, {i: list(_paddings(r)) for i, r in _valid(found)})


def same_weights(found: Exploration) -> Fit | None:
    """The sizes at which every weight has the shape that it has at the spec's own size; None
    where that size is at fault."""
    own = found.regions[0]
    if not own.valid:
        return None
    shapes = {n.path: [tuple(map(_plain, s)) for s in _shapes(n)] for n in own.walk.net.nodes}
    demands: dict[int, list[Demand]] = {}
    for i, region in _valid(found):
        nodes = region.walk.net.nodes
        if {n.path: len(_shapes(n)) for n in nodes} == {p: len(s) for p, s in shapes.items()}:
            demands[i] = list(_weights(nodes, shapes))
    return _fit(found, demands)


def _valid(found: Exploration) -> Iterator[tuple[int, Region]]:
    return ((i, region) for i, region in enumerate(found.regions) if region.valid)


def _plain(value: int) -> int:
    result: int = plain(value)
    return result


def _shapes(node: Node) -> list[tuple[int, ...]]:
    assert node.facts is not None
    return [weight.shape for weight in node.facts.weights]


def _weights(nodes: tuple[Node, ...], shapes: dict[str, list[tuple[int, ...]]]) -> Iterator[Demand]:
    for node in nodes:
        for shape, own in zip(_shapes(node), shapes[node.path], strict=True):
            for a, b in zip(shape, own, strict=len(shape) == len(own)):
                equal = Condition("eq", poly_of(a) - number(b)).tidy()
                if truth(equal) is not True:
                    yield Demand(node.path, node.layer.span, equal)


def _windows(net: Net) -> Iterator[tuple[Node, Window, Poly]]:
    """Every window that is slid, with the side that it is slid over."""
    for node in net.nodes:
        facts, given = node.facts, net.tensors[node.inputs[0]]
        if facts is None or given is None or facts.reach is None:
            continue
        sides = [n for n, label in zip(given.shape, given.axes, strict=True) if label != CHANNELS]
        for reach, n in zip(facts.reach, sides, strict=False):
            if isinstance(reach, Window):
                yield node, reach, poly_of(n)


def _left_over(window: Window, n: Poly) -> Poly:
    """Rows of the padded input after the last window."""
    room = n + poly_of(window.begin) + poly_of(window.end) - poly_of(window.span)
    return modulo(room, poly_of(window.stride))


def _rows(region: Region) -> Iterator[Demand]:
    for node, window, n in _windows(region.walk.net):
        end = poly_of(window.end)
        if truth(Condition("ge", end)) is not True:
            continue  # rows are cut off on purpose
        skipped = largest(poly_of(window.stride) - poly_of(window.span), ZERO)
        read = Condition("ge", end + skipped - _left_over(window, n)).tidy()
        if truth(read) is not True:
            yield Demand(node.path, node.layer.span, read)


def _paddings(region: Region) -> Iterator[Demand]:
    for node, window, n in _windows(region.walk.net):
        begin, end = poly_of(window.begin), poly_of(window.end)
        if begin == end == ZERO or truth(Condition("ge", begin + end)) is not True:
            continue
        equal = Condition("eq", end - begin - _left_over(window, n)).tidy()
        if truth(equal) is not True:
            yield Demand(node.path, node.layer.span, equal)


def _fit(found: Exploration, demands: dict[int, list[Demand]]) -> Fit:
    """The union, over the valid regions, of what their demands leave."""
    total = [NONE] * len(found.axes)
    failing: dict[Demand, None] = {}
    binding: dict[Demand, None] = {}
    coupled = False
    for i, region_demands in demands.items():
        sides = list(found.regions[i].sides)
        for demand in dict.fromkeys(region_demands):
            binding[demand] = None
            place = axis_of(demand.condition, found.axes)
            if not demand.condition.poly.symbols():
                sides = [NONE] * len(sides)
                failing[demand] = None
            elif place is not None:
                here = where(demand.condition, found.axes[place])
                sides[place] = sides[place] & here
                if found.own[place] not in here:
                    failing[demand] = None
            else:
                coupled = True
                for axis in range(len(sides)):
                    sides[axis] = sides[axis] & _alone(found, demand.condition, axis)
        if all(sides):
            total = [a | b for a, b in zip(total, sides, strict=True)]
    return Fit(tuple(total), coupled, tuple(failing), tuple(binding))


def _alone(found: Exploration, one: Condition, axis: int) -> Sides:
    """Where a condition on several axes holds along one, the others as in the spec."""
    values = {
        next(iter(a.poly.symbols())): number(side)
        for i, (a, side) in enumerate(zip(found.axes, found.own, strict=True))
        if i != axis
    }
    alone = Condition(one.relation, replaced(one.poly, values)).tidy()
    known = truth(alone)
    if known is not None:
        return ~NONE if known else NONE
    return where(alone, found.axes[axis])


def told(demand: Demand) -> str:
    """A demand in words."""
    return condition(demand.condition)
