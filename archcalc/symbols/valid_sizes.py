"""Which input sizes are valid, the layers that restrict them, and the nearest valid sizes.

Also how well sizes fit: whether strides divide evenly, whether padding is symmetric, whether a
checkpoint stays compatible, and from which size on the receptive field fits.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from archcalc.analysis import receptive_field
from archcalc.analysis.context import AnalysisContext
from archcalc.budget import BudgetExceeded, limited
from archcalc.diagnostics import Diagnostics
from archcalc.elaborate import elaborate
from archcalc.ops.base import CHANNELS
from archcalc.ops.reach import Window
from archcalc.symbols.conditions import Condition, truth
from archcalc.symbols.division import largest, modulo, replaced
from archcalc.symbols.region_cover import axis_of, where
from archcalc.symbols.size_sets import ALL, NONE, SizeSet, Undecided, described
from archcalc.symbols.terms import ZERO, Poly, number
from archcalc.symbols.text import condition
from archcalc.symbols.traced import plain, poly_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archcalc.diagnostics import Span
    from archcalc.graph import Net, Node
    from archcalc.symbols.region_cover import Exploration, Region
    from archcalc.symbols.symbolic_walk import Trouble


T = TypeVar("T")

MOST_STEPS = 100_000
"""The budget of one question about the valid sizes."""


class Reason(NamedTuple):
    """A restriction: the layer that makes it, the sizes that it allows for one axis (None if it
    couples several), the condition as text, and what the layer needs. `compared` are the two
    tensors that disagree, if it is about two: their names, and the sizes in question."""

    path: str
    span: Span
    axis: int | None
    allowed: SizeSet | None
    condition: str
    needs: str
    compared: tuple[tuple[str, Poly], ...] = ()


def reasons(found: Exploration) -> list[Reason]:
    """Every layer that restricts the sizes, without restrictions that others imply."""
    valid = found.valid
    merged: dict[tuple[str, int, int | None, str], Reason] = {}
    for region in found.regions:
        for trouble in region.walk.recorder.troubles:
            reason = _reason(found, valid, region, trouble)
            key = (
                reason.path,
                reason.span.line,
                reason.axis,
                reason.condition * (not reason.allowed),
            )
            before = merged.get(key)
            if before is not None and before.allowed is not None and reason.allowed is not None:
                compared = tuple({**dict(reason.compared), **dict(before.compared)}.items())
                allowed = before.allowed & reason.allowed
                reason = before._replace(allowed=allowed, compared=compared)
            merged[key] = reason
    return _worded(found, _binding(list(merged.values())))


def _reason(
    found: Exploration, valid: tuple[SizeSet, ...], region: Region, trouble: Trouble
) -> Reason:
    """The comparison that decided an error: the first of its layer that has another outcome at all
    valid sizes."""
    path, span, needs = trouble.path, trouble.span, trouble.message
    coupled: Reason | None = None
    for decision in trouble.decisions:
        place = axis_of(decision.condition, found.axes)
        if place is None:
            text = condition(decision.condition.negated())
            compared = _compared(trouble, decision.condition)
            coupled = coupled or Reason(path, span, None, None, text, needs, compared)
            continue
        sizes = where(decision.condition, found.axes[place])
        if not sizes & valid[place]:
            compared = _compared(trouble, decision.condition)
            return Reason(path, span, place, ~sizes, "", needs, compared)
    if coupled is not None:
        return coupled
    for place, sizes in enumerate(region.sizes):
        if not sizes & valid[place]:
            return Reason(path, span, place, ~sizes, "", needs)
    return Reason(path, span, None, None, trouble.label or "no size is valid", needs)


def _compared(trouble: Trouble, decided: Condition) -> tuple[tuple[str, Poly], ...]:
    """The two compared sizes, if they belong to two tensors that the layer reads; empty if the
    tensors have the same name."""
    for (one, first), (other, second) in combinations(trouble.operands, 2):
        if one == other:
            continue
        for a, b in zip(first, second, strict=False):
            for difference in (a - b, b - a):
                if Condition(decided.relation, difference).tidy() == decided:
                    return (one, a), (other, b)
    return ()


def _binding(candidates: list[Reason]) -> list[Reason]:
    """Without those that follow from another one."""
    kept: list[Reason] = []
    for reason in candidates:
        mine = reason.allowed
        if mine is None or not any(
            other.axis == reason.axis
            and other.allowed is not None
            and other.allowed <= mine
            and (other.allowed != mine or other in kept)
            for other in candidates
            if other is not reason
        ):
            kept.append(reason)
    return kept


def _worded(found: Exploration, kept: list[Reason]) -> list[Reason]:
    """With conditions as text. If one has many residues, its intersection with those before it is
    used: "H ≡ 0 (mod 16)" after "H ≡ 0 (mod 8)"."""
    left: dict[int, SizeSet] = {}
    worded: list[Reason] = []
    for reason in sorted(kept, key=_size_of):
        if reason.axis is None or reason.allowed is None:
            worded.append(reason)
            continue
        name = found.axes[reason.axis].name
        shown = reason.allowed
        if len(shown.residues) > 1:
            left[reason.axis] = shown & left.get(reason.axis, ALL)
            if sum(shown.residues) > 1:
                shown = left[reason.axis]
        worded.append(reason._replace(allowed=shown, condition=described(shown, name)))
    return worded


def _size_of(reason: Reason) -> tuple[int, int, int]:
    if reason.axis is None or reason.allowed is None:
        return len("axes"), 0, 0
    return reason.axis, len(reason.allowed.residues), len(reason.allowed.small)


def nearest_sizes(found: Exploration) -> list[tuple[int, ...]]:
    """The valid sizes nearest to the spec's own, with each axis changed as little as possible."""
    valid = found.valid
    choices: list[list[int]] = []
    for own, sizes in zip(found.own, valid, strict=True):
        below, above = sizes.nearest(own)
        near = [own] if own in sizes else [n for n in (below, above) if n is not None]
        choices.append(near)
    down = tuple(c[0] for c in choices if c)
    up = tuple(c[-1] for c in choices if c)
    if len(down) < len(choices):
        return []
    if found.coupled:
        tried = sorted(product(*choices), key=lambda at: _distance(at, found.own))
        return [at for at in tried if at != found.own and is_valid(found, at)][:2]
    return [at for at in dict.fromkeys((down, up)) if at != found.own]


def _distance(at: tuple[int, ...], own: tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in zip(at, own, strict=True))


def is_valid(found: Exploration, at: tuple[int, ...]) -> bool:
    """Whether a size is valid: from the regions, or by a check if none of them covers it."""
    for region in found.regions:
        if region.contains(at, found.axes):
            return region.valid
    diagnostics = Diagnostics()
    elaborate(found.spec, diagnostics, settings=found.settings, inputs=found.shapes_at(at))
    return not diagnostics.failed


class Demand(NamedTuple):
    """A condition of a layer for a good fit."""

    path: str
    span: Span
    condition: Condition

    @property
    def text(self) -> str:
        """The condition as text."""
        return condition(self.condition)


class Fit(NamedTuple):
    """The sizes per axis at which all conditions hold, with the other axes as in the spec for
    conditions on several (`coupled`). `failing` are the conditions that the spec's own size
    violates."""

    sizes: tuple[SizeSet, ...]
    coupled: bool
    failing: tuple[Demand, ...]
    binding: tuple[Demand, ...]


def strides_divide_evenly(found: Exploration) -> Fit:
    """Strides divide evenly: the rows after the last window are padding, or no more than what a
    stride longer than the window skips anyway."""
    return _fit(found, {i: list(_rows(r)) for i, r in _valid(found)})


def padding_symmetric(found: Exploration) -> Fit:
    """Padding is symmetric: as many padding rows are read at the end as at the start, in every
    padded layer (Alsallakh et al. 2021, "Mind the Pad", arXiv:2010.02178)."""
    return _fit(found, {i: list(_paddings(r)) for i, r in _valid(found)})


def same_weights(found: Exploration) -> Fit | None:
    """The sizes at which every weight has the same shape as at the spec's own size, so that a
    checkpoint stays compatible; None if that size is invalid."""
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
    """Every window, with the size of the axis along which it slides."""
    for node in net.nodes:
        facts, given = node.facts, net.tensors[node.inputs[0]]
        if facts is None or given is None or facts.reach is None:
            continue
        sizes = [n for n, label in zip(given.shape, given.axes, strict=True) if label != CHANNELS]
        for reach, n in zip(facts.reach, sizes, strict=False):
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
            continue  # rows are cropped on purpose
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
    """The union, over the valid regions, of the sizes that meet their conditions. Raises
    `Undecided`."""
    total = [NONE] * len(found.axes)
    failing: dict[Demand, None] = {}
    binding: dict[Demand, None] = {}
    coupled = False
    for i, region_demands in demands.items():
        sizes = list(found.regions[i].sizes)
        for demand in dict.fromkeys(region_demands):
            binding[demand] = None
            place = axis_of(demand.condition, found.axes)
            if not demand.condition.poly.symbols():
                sizes = [NONE] * len(sizes)
                failing[demand] = None
            elif place is not None:
                here = where(demand.condition, found.axes[place])
                sizes[place] = sizes[place] & here
                if found.own[place] not in here:
                    failing[demand] = None
            else:
                coupled = True
                for axis in range(len(sizes)):
                    sizes[axis] = sizes[axis] & _alone(found, demand.condition, axis)
        if all(sizes):
            total = [a | b for a, b in zip(total, sizes, strict=True)]
    return Fit(tuple(total), coupled, tuple(failing), tuple(binding))


def _alone(found: Exploration, one: Condition, axis: int) -> SizeSet:
    """The sizes along one axis for which a condition on several holds, the others as in the
    spec."""
    values = {
        next(iter(a.poly.symbols())): number(size)
        for i, (a, size) in enumerate(zip(found.axes, found.own, strict=True))
        if i != axis
    }
    alone = Condition(one.relation, replaced(one.poly, values)).tidy()
    known = truth(alone)
    if known is not None:
        return ~NONE if known else NONE
    return where(alone, found.axes[axis])


def field_fit(found: Exploration) -> tuple[tuple[int, ...], tuple[int | None, ...]]:
    """The receptive field of the output at the spec's own size, and per axis the smallest valid
    size that it fits into. Both are empty if it is unknown, or if there are several inputs."""
    if not found.regions[0].valid or len({a.input for a in found.axes}) != 1:
        return (), ()
    shapes = found.shapes_at(found.own)
    net = elaborate(found.spec, Diagnostics(), settings=found.settings, inputs=shapes)
    if "output" not in net.outputs:
        return (), ()
    context = AnalysisContext(net, "float32")
    receptive_field.run(context)
    field = context.fields.of(net.outputs["output"])
    size = () if field is None else tuple(s for s in field.size if s is not None)
    if len(size) != len(found.axes):
        return (), ()
    return size, tuple(
        s if s in sizes else sizes.nearest(s)[1] for s, sizes in zip(size, found.valid, strict=True)
    )


class Answer(NamedTuple):
    """Everything known about the valid sizes of a spec. What exceeds the budget is None or empty;
    if not all sizes are covered, that is everything but `own_valid`."""

    found: Exploration
    own_valid: bool
    reasons: list[Reason]
    nearest: list[tuple[int, ...]]
    weights: Fit | None = None
    strides: Fit | None = None
    padding: Fit | None = None
    field: tuple[int, ...] = ()
    field_fits: tuple[int | None, ...] = ()


def answer(found: Exploration) -> Answer:
    """The result of `archcalc inputs`."""
    own_valid = found.regions[0].valid if found.regions else is_valid(found, found.own)
    if not found.complete:
        return Answer(found, own_valid, [], [])
    field, fits = _within_budget(lambda: field_fit(found)) or ((), ())
    return Answer(
        found,
        own_valid,
        _within_budget(lambda: reasons(found)) or [],
        _within_budget(lambda: nearest_sizes(found)) or [],
        _within_budget(lambda: same_weights(found)),
        _within_budget(lambda: strides_divide_evenly(found)),
        _within_budget(lambda: padding_symmetric(found)),
        field,
        fits,
    )


def _within_budget(question: Callable[[], T]) -> T | None:
    """The answer to one question, None if it exceeds the budget."""
    try:
        with limited(MOST_STEPS):
            return question()
    except (Undecided, BudgetExceeded):
        return None
