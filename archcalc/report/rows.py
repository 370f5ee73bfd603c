"""The rows of a table: the net as its author wrote it, with blocks closed to fit a screen.

Groups and blocks are levels that `depth` opens; joins and loops are opened with the level that
contains them. Identical neighbours are one row with a count. Every column of numbers adds up: a row
has the totals of all its layers, the sum of the rows below it. Activations and dropout without
weights are part of the row before them, unless `unfold`.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from archcalc.analysis.figures import Totals
from archcalc.graph import Node
from archcalc.report.call_text import call
from archcalc.report.folding import FREE, continues, is_free, reader_counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archcalc.analysis.figures import ReceptiveField, Report
    from archcalc.graph import Group, Net
    from archcalc.ops.base import Shape

SCREEN = 44
"""The maximum number of rows that fit a screen."""

_WORTH_FOLDING = 6
"""Identical iterations of several layers are folded if that saves at least this many rows: a fold
takes its own row and hides paths, and a table with every layer is easier to read."""


class Row(NamedTuple):
    """One row. `indent` counts levels, `label` is the part of the path below the row above.

    `times` is how many identical layers or blocks it represents, `layers` how many layers of the
    net, `totals` their totals; `output` and `receptive_field` are those of the last one.
    """

    indent: int
    label: str
    operation: str
    times: int
    layers: int
    output: Shape | None
    totals: Totals
    receptive_field: ReceptiveField | None
    invalid: bool
    training_only: bool
    is_level: bool  # a block, group or branch, open or closed


class _Item(NamedTuple):
    """What a row represents: one part of the net, or identical neighbours from the first to the
    last.

    `branch` is the label of the join's branch that it is, or starts. `folded` are the layers that
    share the row of the last one.
    """

    first: Node | Group
    last: Node | Group
    times: int = 1
    branch: str = ""
    folded: tuple[Node, ...] = ()


def rows(report: Report, depth: int | None = None, *, unfold: bool = False) -> list[Row]:
    """The rows with `depth` levels of groups and blocks shown (1: the net's own layers).

    None: as many levels as fit a screen, and at least one. `unfold`: a row for each activation.
    """
    walk = _Walk(report, unfold)
    if depth is not None:
        return list(walk.rows(depth))
    found = list(walk.rows(1))
    level = 1
    while len(found) < SCREEN:
        level += 1
        more = list(islice(walk.rows(level), SCREEN + 1))
        if len(more) > SCREEN or len(more) == len(found):
            break
        found = more
    return found


def layer_rows(report: Report, *, unfold: bool = False) -> list[Row]:
    """One row per layer in execution order, without the levels around it."""
    walk = _Walk(report, unfold)
    items = walk.with_folded([_Item(node, node) for node in report.net.nodes])
    return [walk.leaf(item, item.first.path, 0, 1) for item in items]


class _Walk:
    """The rows of one report. The items of a level are computed once."""

    def __init__(self, report: Report, unfold: bool) -> None:
        self.report = report
        self.readers = None if unfold else reader_counts(report.net)
        self.known: dict[int, list[_Item]] = {}

    def rows(self, depth: int) -> Iterator[Row]:
        root = self.report.net.root
        return self._rows(self.items(root), root.path, 0, depth, 1)

    def _rows(
        self, items: list[_Item], base: str, indent: int, depth: int, times: int
    ) -> Iterator[Row]:
        """The rows of the items of one level. `times` is the product of the counts of the folds
        around them."""
        for item in items:
            part = item.last
            all_ = times * item.times
            label = f"{item.branch} {_label(item, base)}".strip()
            if isinstance(part, Node):
                yield self.leaf(item, label, indent, all_)
                continue
            yield self._group(part, label, indent, all_)
            # A branch is opened with the level that contains its join.
            below = depth if part.kind == "branch" else depth - 1
            if below > 0:
                yield from self._rows(self.items(part), part.path, indent + 1, below, all_)

    def leaf(self, item: _Item, label: str, indent: int, times: int) -> Row:
        net, layers = self.report.net, self.report.layers
        assert isinstance(item.last, Node)
        nodes = (item.last, *item.folded)
        last = layers[nodes[-1].index]
        totals = layers[nodes[0].index].totals
        for node in nodes[1:]:
            totals = _added(totals, layers[node.index].totals)
        return Row(
            indent,
            label,
            " + ".join(_operation(net, node) for node in nodes),
            times,
            times * len(nodes),
            last.output,
            _multiplied(totals, times),
            last.receptive_field,
            nodes[0].invalid,
            nodes[0].training_only,
            False,
        )

    def _group(self, group: Group, label: str, indent: int, times: int) -> Row:
        report = self.report
        nodes = report.net.nodes[group.start : group.end]
        output = None if group.output is None else report.net.tensors[group.output]
        return Row(
            indent,
            label,
            _written(group) if nodes else "identity",
            times,
            times * len(nodes),
            None if output is None else output.shape,
            _multiplied(report.of(group), times),
            None if group.output is None else report.receptive_field_of(group.output),
            any(node.invalid for node in nodes),
            bool(nodes) and all(node.training_only for node in nodes),
            True,
        )

    def items(self, group: Group) -> list[_Item]:
        """The children of a group as a table shows them, identical neighbours combined."""
        if id(group) not in self.known:
            found: list[_Item] = []
            for item in self.with_folded(self._flat(group)):
                before = found[-1] if found else None
                if before is not None and _equal_items(before, item):
                    times = before.times + item.times
                    found[-1] = before._replace(last=item.last, times=times, folded=item.folded)
                else:
                    found.append(item)
            self.known[id(group)] = found
        return self.known[id(group)]

    def with_folded(self, items: Iterable[_Item]) -> list[_Item]:
        """The items, each with the layers that only continue it."""
        found: list[_Item] = []
        for item in items:
            if found and self._folds(found[-1], item):
                assert isinstance(item.first, Node)
                found[-1] = found[-1]._replace(folded=(*found[-1].folded, item.first))
            else:
                found.append(item)
        return found

    def _folds(self, before: _Item, item: _Item) -> bool:
        node, base = item.first, before.first
        if self.readers is None or not isinstance(node, Node) or not isinstance(base, Node):
            return False
        if item.times > 1 or before.times > 1 or item.branch or not is_free(node):
            return False
        last = before.folded[-1] if before.folded else base
        return base.op.family not in FREE and continues(self.readers, last, node)

    def _flat(self, group: Group) -> Iterator[_Item]:
        branches = 0
        for child in group.children:
            if isinstance(child, Node) or child.level:
                yield _Item(child, child)
            elif child.kind == "block":
                yield self._inline(child)
            elif child.kind == "branch":
                branches += 1
                yield self._branch(child, branches)
            elif child.kind == "loop":
                yield from self._iterations(child)
            else:
                yield from self._flat(child)

    def _inline(self, block: Group) -> _Item:
        """An inline block of one row is that row."""
        inside = self.items(block)
        return inside[0] if len(inside) == 1 else _Item(block, block)

    def _branch(self, branch: Group, number: int) -> _Item:
        """A branch of several rows has its own row; a single row only gets its label."""
        inside = self.items(branch)
        item = inside[0] if len(inside) == 1 else _Item(branch, branch)
        label = f"{branch.title}:" if branch.title else f"branch {number}:"
        return item._replace(branch=label)

    def _iterations(self, loop: Group) -> Iterator[_Item]:
        """The iterations of a loop: runs of identical ones as one item if they are long enough."""
        runs: list[list[Group]] = []
        for turn in loop.children:
            assert not isinstance(turn, Node)
            if runs and _alike(runs[-1][-1], turn):
                runs[-1].append(turn)
            else:
                runs.append([turn])
        for run in runs:
            first = self.items(run[0])
            if len(first) > 1 and (len(run) - 1) * len(first) - 1 >= _WORTH_FOLDING:
                yield _Item(run[0], run[-1], len(run))
                continue
            for turn in run:
                yield from self._flat(turn)


def _added(a: Totals, b: Totals) -> Totals:
    pairs = zip(a, b, strict=True)
    return Totals(*(None if x is None or y is None else x + y for x, y in pairs))


def _multiplied(totals: Totals, times: int) -> Totals:
    if times == 1:
        return totals
    return Totals(*(None if figure is None else times * figure for figure in totals))


def _equal_items(before: _Item, item: _Item) -> bool:
    """Whether an item repeats those before it."""
    return (
        before.branch == item.branch
        and _alike(before.last, item.first)
        and len(before.folded) == len(item.folded)
        and all(map(_alike_nodes, before.folded, item.folded))
    )


def _alike(a: Node | Group, b: Node | Group) -> bool:
    """Whether two neighbours are identical in everything that a table shows, except path and
    field."""
    if isinstance(a, Node) or isinstance(b, Node):
        return isinstance(a, Node) and isinstance(b, Node) and _alike_nodes(a, b)
    return (
        a.kind == b.kind
        and a.block is b.block
        and a.title == b.title
        and len(a.children) == len(b.children)
        and (a.kind != "block" or a.arguments == b.arguments)
        and all(_alike(x, y) for x, y in zip(a.children, b.children, strict=True))
    )


def _alike_nodes(a: Node, b: Node) -> bool:
    return (
        a.op is b.op
        and a.facts is not None
        and (a.facts is b.facts or a.facts == b.facts)
        and (a.shared is None) == (b.shared is None)
        and a.training_only == b.training_only
        and _describe(a) == _describe(b)
    )


def _describe(node: Node) -> str:
    return "" if node.attributes is None else node.op.describe(node.attributes)


def _operation(net: Net, node: Node) -> str:
    """The operation with its notable attributes, and whose weights it uses."""
    text = f"{node.op.name} {_describe(node)}".rstrip()
    return text if node.shared is None else f"{text}, weights of {net.nodes[node.shared].path}"


def _written(group: Group) -> str:
    return "repeat" if group.kind == "turn" else call(group)


def _label(item: _Item, base: str) -> str:
    """The part of the path below `base`; from the first to the last of several."""
    first, last = item.first, item.last
    if item.times == 1:
        return _below(first, base)
    a, b = _below(_first_leaf(first), base), _below(_last_leaf(last), base)
    if item.folded and b.isdecimal():
        b = _below(item.folded[-1], base)  # positions: up to the last folded one
    stem = a.rstrip("0123456789")
    if b.startswith(stem) and b[len(stem) :].isdecimal():
        b = b[len(stem) :]
    return f"{a}–{b}"


def _below(part: Node | Group, base: str) -> str:
    """The path below the level `base`; "" for a group that is not a path component."""
    if not isinstance(part, Node) and not part.level:
        return ""
    return part.path.removeprefix(f"{base}.") if base else part.path


def _first_leaf(part: Node | Group) -> Node | Group:
    """The part with a path: the first level or layer in a group without one."""
    while not isinstance(part, Node) and not part.level and part.children:
        part = part.children[0]
    return part


def _last_leaf(part: Node | Group) -> Node | Group:
    while not isinstance(part, Node) and not part.level and part.children:
        part = part.children[-1]
    return part
