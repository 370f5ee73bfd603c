"""The receptive field of every tensor, per spatial axis of the input.

Sizes, strides and offsets compose exactly through windows, dilation, transposed convolutions and
upsampling; at a join the union of what the branches see is taken (Araujo, Norris & Sim, Distill
2019). What is global (pooling to one cell, a gate, a norm over the axis) is flagged and leaves the
local figure as it is; an axis that has ended (pooled, flattened) keeps the field it had there.
Fields are those of an input without borders; padding is part of them. After branches of different
strides, and where a pattern is too long to follow, an axis is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.analysis import fields
from archcalc.analysis.alignment import CODE, misalignment
from archcalc.analysis.fields import LIMIT, POINT, Affine, Field
from archcalc.analysis.figures import ReceptiveField
from archcalc.analysis.steps import (
    EVERYTHING,
    LOST,
    POOLED,
    UNTRACKED,
    Branch,
    Step,
    branches_of,
    steps_of,
)
from archcalc.ops.base import CHANNELS
from archcalc.ops.reach import Window

if TYPE_CHECKING:
    from archcalc.analysis.draft import Draft
    from archcalc.diagnostics import Diagnostics
    from archcalc.graph import Net, Node
    from archcalc.ops.base import Facts
    from archcalc.ops.reach import Periodic

MAX_CELLS = 500_000
"""How many cells of patterns are looked at for one net; after that, new patterns are unknown."""


class Seen(NamedTuple):
    """What a tensor sees of one input: a field for every spatial axis of that input.

    `ended[i]`: the tensor has at most one position along axis i, and its field is the last.
    """

    input: int
    fields: tuple[Field | None, ...]
    ended: tuple[bool, ...]
    report: ReceptiveField


View = tuple[Seen, ...]
"""What a tensor sees, one entry an input that it depends on, in the order of the inputs."""


class Fields:
    """The view of every tensor; None where unknown."""

    def __init__(self, views: list[View | None]) -> None:
        self._views = views

    def of(self, tensor: int) -> ReceptiveField | None:
        """The field after a tensor, of the first input that it sees; None where unknown or where
        no input that it sees has spatial axes."""
        view = self._views[tensor]
        return view[0].report if view else None


def run(draft: Draft) -> None:
    """The receptive field of every tensor."""
    draft.fields = Fields(Walk(draft.net, draft.diagnostics).views())


class Walk:
    """One walk over the nodes, in order. Steps are worked out once for equal facts."""

    def __init__(self, net: Net, diagnostics: Diagnostics) -> None:
        self._net = net
        self._diagnostics = diagnostics
        self._steps: dict[int, tuple[Step, ...]] = {}
        self._branches: dict[int, tuple[Branch, ...]] = {}
        self._composed: dict[tuple[Field, Window | Periodic], Field | None] = {}
        self._cells = 0
        self._warned: set[int] = set()

    def views(self) -> list[View | None]:
        """The view of every tensor."""
        net = self._net
        views: list[View | None] = [None] * len(net.tensors)
        for index in net.inputs.values():
            views[index] = _input_view(net, index)
        for node in net.nodes:
            facts = node.facts
            if facts is None:
                continue
            if node.op.join:
                view = self._join(node, facts, [views[i] or () for i in node.inputs])
            else:
                view = views[node.inputs[0]] or ()
                if view:
                    view = self._through(view, self._steps_of(node, facts))
            for index in node.outputs:
                views[index] = view
        return views

    def _steps_of(self, node: Node, facts: Facts) -> tuple[Step, ...]:
        steps = self._steps.get(id(facts))
        if steps is None:
            given = self._net.tensors[node.inputs[0]]
            assert given is not None
            steps = self._steps[id(facts)] = steps_of(given, facts)
        return steps

    def _through(self, view: View, steps: tuple[Step, ...]) -> View:
        if not steps:
            return view
        return tuple([self._after(seen, steps) for seen in view])

    def _after(self, seen: Seen, steps: tuple[Step, ...]) -> Seen:
        """What is seen after a layer's steps along the axes."""
        after = list(seen.fields)
        ended = seen.ended
        is_global = seen.report.is_global
        # Mostly the axes are alike, and one sum does for all.
        before: Field | None = None
        by: Window | Periodic | None = None
        result: Field | None = None
        for axis, reach in steps:
            if axis >= len(after) or ended[axis]:
                continue  # this input has fewer axes, or only the last field is left
            if isinstance(reach, str):
                is_global = is_global or reach in (EVERYTHING, POOLED)
                if reach == LOST:
                    after[axis] = None
                elif reach != EVERYTHING:
                    ended = (*ended[:axis], True, *ended[axis + 1 :])
                continue
            field = after[axis]
            if field is not None:
                if before is not field or by != reach:
                    before, by, result = field, reach, self._compose(field, reach)
                after[axis] = result
        return _seen(seen.input, tuple(after), ended, is_global)

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
        """Whether the net may have so many more cells worked out."""
        self._cells += cells
        return self._cells <= MAX_CELLS

    def _join(self, node: Node, facts: Facts, views: list[View]) -> View:
        branches = self._branches.get(id(facts))
        if branches is None:
            given = [t for i in node.inputs if (t := self._net.tensors[i]) is not None]
            branches = self._branches[id(facts)] = branches_of(given, facts.outputs[0])
        head = views[0]
        if all(view is head for view in views) and not any(branches):
            return head
        inputs = sorted({seen.input for view in views for seen in view})
        return tuple([self._union(node, branches, views, index) for index in inputs])

    def _union(
        self, node: Node, branches: tuple[Branch, ...], views: list[View], index: int
    ) -> Seen:
        """What is seen of one input through any of the branches."""
        seen = [
            (tensor, one, branch)
            for tensor, view, branch in zip(node.inputs, views, branches, strict=True)
            for one in view
            if one.input == index
        ]
        is_global = any(one.report.is_global for _, one, _ in seen)
        merged: list[Field | None] = []
        ended: list[bool] = []
        for axis in range(len(seen[0][1].fields)):
            entering: list[tuple[int, Field | None]] = []
            for tensor, one, branch in seen:
                place = branch.get(axis)
                if place == UNTRACKED:
                    entering.append((tensor, None))
                elif place is None and not one.ended[axis]:
                    entering.append((tensor, one.fields[axis]))
            ended.append(not entering)
            if not entering:
                # Nothing local comes in: what was seen last goes on.
                rest = [(tensor, one.fields[axis]) for tensor, one, _ in seen]
                merged.append(self._merged(rest, None))
                continue
            is_global = is_global or len(entering) < len(seen)
            merged.append(self._merged(entering, node))
        return _seen(index, tuple(merged), tuple(ended), is_global)

    def _merged(self, branches: list[tuple[int, Field | None]], node: Node | None) -> Field | None:
        """The union of what branches see along an axis. With a node, misalignment is told."""
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
        period = fields.common_period(known)
        return fields.union(known) if period <= LIMIT and self._afford(period) else None

    def _warn(self, node: Node, tensors: list[int], known: list[Field]) -> None:
        """Reports misaligned branches; a layer that is called again and again is looked at once."""
        layer = node.layer
        if id(layer) in self._warned or CODE in layer.allow:
            return
        warning = misalignment(self._net, node, list(zip(tensors, known, strict=True)))
        if warning is not None:
            self._warned.add(id(layer))
            self._diagnostics.add(warning)


def _input_view(net: Net, index: int) -> View | None:
    tensor = net.tensors[index]
    if tensor is None:
        return None
    rank = sum(axis != CHANNELS for axis in tensor.axes)
    if rank == 0:
        return ()
    return (_seen(index, (POINT,) * rank, (False,) * rank, False),)


def _seen(
    index: int, after: tuple[Field | None, ...], ended: tuple[bool, ...], is_global: bool
) -> Seen:
    report = ReceptiveField(
        tuple([None if field is None else field.size for field in after]),
        tuple([None if field is None else field.stride for field in after]),
        tuple([None if field is None else field.offset for field in after]),
        is_global,
    )
    return Seen(index, after, ended, report)
