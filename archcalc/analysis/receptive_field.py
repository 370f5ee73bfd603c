"""The receptive field of every tensor, per spatial axis of the input.

Sizes, strides and offsets compose exactly through windows, dilation, transposed convolutions and
upsampling; a join has the union of its branches (Araujo, Norris & Sim, Distill 2019). `layout.py`
tracks the axes: as long as an axis of a tensor is a known part of an input axis, the field stays
exact through permute, reshape, split and slice; where positions are mixed, it is unknown. Global
layers (pooling to one position, a gate, a norm over the axis) are flagged and leave the local field
unchanged; a reduced axis (pooled, flattened) keeps the field it had. Fields are those of an input
without borders; padding is part of them. After branches with different strides, and for patterns
that are too long, an axis is unknown.
"""

from __future__ import annotations

from itertools import accumulate, groupby
from typing import TYPE_CHECKING, NamedTuple

from archcalc.analysis import fields
from archcalc.analysis.fields import LIMIT, POINT, Affine, Field
from archcalc.analysis.figures import ReceptiveField
from archcalc.analysis.layout import (
    Entry,
    Layout,
    Transition,
    Whole,
    axes_in,
    entries,
    input_layout,
    scattered,
    transitions,
)
from archcalc.analysis.lints.alignment import CODE, misalignment
from archcalc.ops.base import CHANNELS
from archcalc.ops.reach import Parts, Stack, Window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.analysis.context import AnalysisContext
    from archcalc.diagnostics import Diagnostics
    from archcalc.graph import Net, Node
    from archcalc.ops.base import Facts, Tensor
    from archcalc.ops.reach import Movement, Periodic

MAX_CELLS = 500_000
"""How many cells of patterns are computed per net; after that, new patterns are unknown."""

MAX_RUNS = 4096
"""How many runs of channels with different fields are tracked."""

NOWHERE: frozenset[int] = frozenset()


class Seen(NamedTuple):
    """The field of a tensor with respect to one input: one per spatial axis of that input."""

    input: int
    fields: tuple[Field | None, ...]
    scattered: frozenset[int]  # axes without a stride
    still: frozenset[int]  # axes along which every position has the same field
    report: ReceptiveField


View = tuple[Seen, ...]
"""The fields of a tensor, one entry per input that it depends on, in the order of the inputs."""

Runs = tuple[tuple[int, View], ...] | None
"""Runs of channels with different fields: the number of channels and their fields. None: unknown
which."""


class Joined(NamedTuple):
    """How the branches of a join enter it, and the layout of its output."""

    entries: tuple[Entry, ...]
    layout: Layout
    axes: frozenset[int]  # the input axes that can still be distinguished
    scattered: frozenset[int]
    stacks_channels: bool


class Fields:
    """The fields of every tensor; None if unknown."""

    def __init__(self, views: list[View | None]) -> None:
        self._views = views

    def of(self, tensor: int) -> ReceptiveField | None:
        """The field of a tensor with respect to the first input that it depends on; None if unknown
        or if none of them has spatial axes."""
        view = self._views[tensor]
        return view[0].report if view else None

    def pattern(self, tensor: int, axis: int) -> Field | None:
        """The field along an axis of that input; None if unknown."""
        view = self._views[tensor]
        return view[0].fields[axis] if view and axis < len(view[0].fields) else None


def run(context: AnalysisContext) -> None:
    """The receptive field of every tensor."""
    context.fields = Fields(Walk(context.net, context.diagnostics).views())


class Walk:
    """One walk over the nodes, in order; the effect of a layer is computed once per facts and
    layout."""

    def __init__(self, net: Net, diagnostics: Diagnostics) -> None:
        self._net = net
        self._diagnostics = diagnostics
        self.layouts: list[Layout] = [()] * len(net.tensors)
        self._known: dict[Layout, Layout] = {}  # one object for equal layouts
        self._transitions: dict[tuple[int, int], tuple[Transition, ...]] = {}
        self._joined: dict[tuple[int, ...], Joined] = {}
        self._composed: dict[tuple[Field, Window | Periodic], Field | None] = {}
        self._runs: dict[int, Runs] = {}  # by tensor, if channels differ
        self._reads: dict[int, str | tuple[int, ...]] = {}  # by facts
        self._cells = 0
        self._warned: set[int] = set()

    def views(self) -> list[View | None]:
        """The fields of every tensor."""
        net = self._net
        views: list[View | None] = [None] * len(net.tensors)
        for index in net.inputs.values():
            tensor = net.tensors[index]
            if tensor is not None:
                self.layouts[index] = self._same(input_layout(tensor))
                views[index] = _input_view(index, self.layouts[index])
        for node in net.nodes:
            if node.facts is None:
                continue
            if not node.op.reads_input:
                for index, made in zip(node.outputs, node.facts.outputs, strict=True):
                    views[index], self.layouts[index] = (), self._same(input_layout(made))
            elif node.op.join:
                joined = self._join(node, node.facts, [views[i] or () for i in node.inputs])
                for index in node.outputs:
                    views[index] = joined
            else:
                view = views[node.inputs[0]] or ()
                moved = self._moved(node, node.facts)
                for index, transition in zip(node.outputs, moved, strict=True):
                    views[index] = self._through(view, transition)
                if self._runs and node.inputs[0] in self._runs:
                    self._follow_runs(node, moved, views)
                for index, transition in zip(node.outputs, moved, strict=True):
                    if transition.into_channels:
                        self._runs[index] = None
        return views

    def _same(self, layout: Layout) -> Layout:
        return self._known.setdefault(layout, layout)

    def _movement(self, node: Node, given: list[Tensor]) -> Movement | None:
        assert node.attributes is not None
        return node.op.moves(node.attributes, tuple(given))

    def _given(self, node: Node) -> list[Tensor]:
        return [t for i in node.inputs if (t := self._net.tensors[i]) is not None]

    def _moved(self, node: Node, facts: Facts) -> tuple[Transition, ...]:
        """The effect of a layer on each of its outputs."""
        layout = self.layouts[node.inputs[0]]
        moved = self._transitions.get((id(facts), id(layout)))
        if moved is None:
            given = self._given(node)
            found = transitions(layout, given[0], facts, self._movement(node, given))
            moved = tuple([t._replace(layout=self._same(t.layout)) for t in found])
            self._transitions[id(facts), id(layout)] = moved
        for index, transition in zip(node.outputs, moved, strict=True):
            self.layouts[index] = transition.layout
        return moved

    def _through(self, view: View, transition: Transition) -> View:
        steps, scattered = transition.steps, transition.scattered
        if not steps and all(seen.scattered == scattered for seen in view):
            return view
        return tuple([self._after(seen, transition) for seen in view])

    def _after(self, seen: Seen, transition: Transition) -> Seen:
        """The fields after a layer's steps along the axes."""
        after = list(seen.fields)
        is_global = seen.report.is_global
        # The axes are mostly alike, so one computation serves all.
        before: Field | None = None
        by: Window | Periodic | None = None
        result: Field | None = None
        for axis, reach in transition.steps:
            if axis >= len(after) or axis in seen.still:
                continue  # this input has fewer axes
            field = after[axis]
            if isinstance(reach, Whole):
                if field is None or self._covers(field, reach.length, seen.input, axis):
                    is_global = True
                else:
                    gone = Window(reach.length)
                    after[axis] = None if reach.stays else self._compose(field, gone)
            elif reach is None:
                after[axis] = None
            elif field is not None:
                if before is not field or by != reach:
                    before, by, result = field, reach, self._compose(field, reach)
                after[axis] = result
        return _seen(seen.input, tuple(after), is_global, transition.scattered, seen.still)

    def _covers(self, field: Field, count: int, input: int, axis: int) -> bool:
        """Whether `count` positions depend on the whole input along an axis. Up to stride − 1 rows
        at the end, which no window reaches, are ignored."""
        seen = fields.hull(field, count)
        tensor = self._net.tensors[input]
        assert tensor is not None
        if seen is None:
            return False
        first, last = map(int, seen)  # plain numbers: this is not a condition on a size
        length = int(tensor.shape[tensor.axes.index(axis)])
        return first <= 0 and last + max(int(field.stride), 1) >= length

    def _compose(self, field: Field, reach: Window | Periodic) -> Field | None:
        if type(field) is Affine and type(reach) is Window:
            return fields.slide(field, reach)
        key = (field, reach)
        if key not in self._composed:
            period = fields.period_after(field, reach)
            within = period <= LIMIT and self._afford(fields.work_for(field, reach))
            self._composed[key] = fields.compose(field, reach) if within else None
        return self._composed[key]

    def _afford(self, cells: int) -> bool:
        """Whether the net may compute this many more cells."""
        self._cells += cells
        return self._cells <= MAX_CELLS

    def _join(self, node: Node, facts: Facts, views: list[View]) -> View:
        joined = self._joined_by(node, facts)
        for output in node.outputs:
            self.layouts[output] = joined.layout
        head = views[0]
        alike = all(view is head for view in views)
        if not alike or (self._runs and any(i in self._runs for i in node.inputs)):
            self._join_runs(node, joined, views)
        if alike and not any(entry.spread or entry.lost for entry in joined.entries):
            return head
        return self._united(node, joined, views)

    def _joined_by(self, node: Node, facts: Facts) -> Joined:
        layouts = [self.layouts[i] for i in node.inputs]
        key = (id(facts), *map(id, layouts))
        joined = self._joined.get(key)
        if joined is None:
            given = self._given(node)
            movement = self._movement(node, given)
            found, layout = entries(layouts, given, facts.outputs[0], movement)
            layout = self._same(layout)
            stacks = isinstance(movement, Stack) and movement.place == _channels(given[0])
            axes = frozenset(axes_in(layout))
            joined = Joined(tuple(found), layout, axes, scattered(layout), stacks)
            self._joined[key] = joined
        return joined

    def _united(self, node: Node, joined: Joined, views: list[View]) -> View:
        """The union of the fields of the branches."""
        branches = list(zip(node.inputs, views, joined.entries, strict=True))
        by_input: dict[int, list[tuple[int, Seen, Entry]]] = {}
        for tensor, view, entry in branches:
            for seen in view:
                by_input.setdefault(seen.input, []).append((tensor, seen, entry))
        return tuple([self._union(node, joined, by_input[index]) for index in sorted(by_input)])

    def _union(self, node: Node, joined: Joined, branches: list[tuple[int, Seen, Entry]]) -> Seen:
        """The union for one input."""
        head = branches[0][1]
        is_global = any(seen.report.is_global for _, seen, _ in branches)
        merged: list[Field | None] = []
        still: set[int] = set()
        for axis in range(len(head.fields)):
            entering: list[tuple[int, Field | None]] = []
            spread: list[tuple[int, Seen]] = []
            for tensor, seen, entry in branches:
                if axis in entry.lost:
                    entering.append((tensor, None))
                elif axis in joined.axes and axis not in (entry.spread | seen.still):
                    entering.append((tensor, seen.fields[axis]))
                else:
                    spread.append((tensor, seen))
            if not entering:
                # No branch is read elementwise: the last field is kept.
                still.add(axis)
                merged.append(self._merged([(t, seen.fields[axis]) for t, seen in spread], None))
                continue
            for tensor, seen in spread:
                # A gate; a single position that does not depend on everything has no known
                # position.
                if self._sees_all(seen, axis):
                    is_global = True
                else:
                    entering.append((tensor, None))
            merged.append(self._merged(entering, node))
        return _seen(head.input, tuple(merged), is_global, joined.scattered, frozenset(still))

    def _sees_all(self, seen: Seen, axis: int) -> bool:
        field = seen.fields[axis]
        if seen.report.is_global:
            return True
        return field is not None and self._covers(field, 1, seen.input, axis)

    def _merged(self, branches: list[tuple[int, Field | None]], node: Node | None) -> Field | None:
        """The union of the branches' fields along an axis. With a node, misalignment is
        reported."""
        known = [field for _, field in branches if field is not None]
        if len(known) < len(branches):
            return None
        largest = fields.concentric(known)
        if largest is not None:
            return largest
        head = known[0]
        if all(field == head for field in known):
            return head
        if node is not None:
            self._warn(node, [tensor for tensor, _ in branches], known)
        if any(field.stride != head.stride for field in known):
            return None
        distinct = list(dict.fromkeys(known))
        period = fields.common_period(distinct)
        within = period <= LIMIT and self._afford(period * len(distinct))
        return fields.union(distinct) if within else None

    def _warn(self, node: Node, tensors: list[int], known: list[Field]) -> None:
        """Reports misaligned branches, once per layer of the spec."""
        layer = node.layer
        if id(layer) in self._warned or CODE in layer.allow:
            return
        warning = misalignment(self._net, node, list(zip(tensors, known, strict=True)))
        if warning is not None:
            self._warned.add(id(layer))
            self._diagnostics.add(warning)

    def _join_runs(self, node: Node, joined: Joined, views: list[View]) -> None:
        """The fields of the channels of a join, if they differ."""
        output = node.outputs[0]
        if not joined.stacks_channels:
            if any(index in self._runs for index in node.inputs):
                self._runs[output] = None
            return
        runs: list[tuple[int, View]] = []
        for index, view, entry in zip(node.inputs, views, joined.entries, strict=True):
            tensor = self._net.tensors[index]
            assert tensor is not None
            own = self._runs.get(index, ((tensor.channels, view),))
            if own is None:
                self._runs[output] = None
                return
            runs += [(count, _alone(v, entry, joined.scattered)) for count, v in own]
        self._note_runs(output, runs)

    def _note_runs(self, output: int, runs: Iterable[tuple[int, View]]) -> None:
        """Stores the fields of the channels if they differ."""
        merged = [
            (sum(count for count, _ in same), view)
            for view, group in groupby(runs, key=lambda run: run[1])
            if (same := list(group))
        ]
        if len(merged) > 1:
            self._runs[output] = tuple(merged) if len(merged) <= MAX_RUNS else None

    def _follow_runs(
        self, node: Node, moved: tuple[Transition, ...], views: list[View | None]
    ) -> None:
        """The fields of the channels after a layer that reads channels with different fields."""
        runs = self._runs[node.inputs[0]]
        given = self._given(node)
        movement = self._movement(node, given)
        if isinstance(movement, Parts):
            channels = movement.place == _channels(given[0])
            digits = self.layouts[node.inputs[0]][movement.place]
            if not channels and any(d.axis is None and d.length > 1 for d in digits):
                runs, channels = None, True  # only channels are renamed
            if channels:
                for index, start, transition in zip(
                    node.outputs, movement.starts, moved, strict=True
                ):
                    view = views[index]
                    assert view is not None
                    views[index] = self._part(index, runs, start, movement.step, transition, view)
                return
        reads = self._channel_reads(node, given)
        if reads == "all":
            return
        work = given[0].channels if isinstance(reads, tuple) else len(runs or ())
        within = self._afford(work * len(moved))
        for index, transition in zip(node.outputs, moved, strict=True):
            made = self._net.tensors[index]
            assert made is not None
            if runs is None or not reads or not within:
                self._runs[index] = None
            elif reads == "own":
                times = made.channels // given[0].channels
                through = [(count * times, self._through(v, transition)) for count, v in runs]
                self._note_runs(index, through)
            else:
                single = [self._through(v, transition) for count, v in runs for _ in range(count)]
                self._note_runs(index, [(1, single[int(channel)]) for channel in reads])

    def _channel_reads(self, node: Node, given: list[Tensor]) -> str | tuple[int, ...]:
        key = id(node.facts)
        if key not in self._reads:
            assert node.attributes is not None
            self._reads[key] = node.op.channel_reads(node.attributes, tuple(given))
        return self._reads[key]

    def _part(
        self, index: int, runs: Runs, start: int, step: int, transition: Transition, whole: View
    ) -> View:
        """The fields of every step-th channel from `start` on, for all channels of the tensor."""
        tensor = self._net.tensors[index]
        assert tensor is not None
        if runs is None:
            self._runs[index] = None
            return tuple([_unknown(seen) for seen in whole])
        ends = list(accumulate(count for count, _ in runs))
        stop = start + step * tensor.channels
        taken: list[tuple[int, View]] = []
        for (count, view), end in zip(runs, ends, strict=True):
            first = start + -(-max(end - count - start, 0) // step) * step
            if first < min(end, stop):
                taken.append(((min(end, stop) - first - 1) // step + 1, view))
        self._note_runs(index, taken)
        seen = list(dict.fromkeys(view for _, view in taken))
        return seen[0] if len(seen) == 1 else self._united_channels(seen, transition)

    def _united_channels(self, views: list[View], transition: Transition) -> View:
        by_input: dict[int, list[Seen]] = {}
        for view in views:
            for seen in view:
                by_input.setdefault(seen.input, []).append(seen)
        return tuple([self._union_of_channels(by_input[i], transition) for i in sorted(by_input)])

    def _union_of_channels(self, parts: list[Seen], transition: Transition) -> Seen:
        axes = range(len(parts[0].fields))
        after = [self._merged([(0, seen.fields[axis]) for seen in parts], None) for axis in axes]
        still = parts[0].still.intersection(*(seen.still for seen in parts))
        mixed = frozenset().union(*(seen.still for seen in parts)) - still
        known = [None if axis in mixed else field for axis, field in enumerate(after)]
        is_global = any(seen.report.is_global for seen in parts)
        return _seen(parts[0].input, tuple(known), is_global, transition.scattered, still)


def _input_view(index: int, layout: Layout) -> View:
    rank = len(axes_in(layout))
    if rank == 0:
        return ()
    return (_seen(index, (POINT,) * rank, False, NOWHERE, NOWHERE),)


def _channels(tensor: Tensor) -> int:
    return tensor.axes.index(CHANNELS) if CHANNELS in tensor.axes else -1


def _alone(view: View, entry: Entry, scattered: frozenset[int]) -> View:
    """The fields of a branch's own channels in a join that stacks them."""
    if not entry.spread and not entry.lost and all(s.scattered == scattered for s in view):
        return view
    found: list[Seen] = []
    for seen in view:
        known = [None if axis in entry.lost else f for axis, f in enumerate(seen.fields)]
        is_global = seen.report.is_global
        found.append(
            _seen(seen.input, tuple(known), is_global, scattered, seen.still | entry.spread)
        )
    return tuple(found)


def _unknown(seen: Seen) -> Seen:
    nothing = (None,) * len(seen.fields)
    return _seen(seen.input, nothing, False, seen.scattered, seen.still)


def _seen(
    index: int,
    after: tuple[Field | None, ...],
    is_global: bool,
    scattered: frozenset[int],
    still: frozenset[int],
) -> Seen:
    report = ReceptiveField(
        tuple([None if field is None else field.size for field in after]),
        tuple(
            [
                None if field is None or axis in scattered else field.stride
                for axis, field in enumerate(after)
            ]
        ),
        tuple([None if field is None else field.offset for field in after]),
        is_global,
    )
    return Seen(index, after, scattered, still, report)
