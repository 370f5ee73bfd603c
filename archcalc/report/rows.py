"""The rows of a table: the net as its author wrote it, closed to blocks so that it fits a screen.

Groups and blocks are levels that `depth` opens; joins and loops are opened with the level they
stand in. Equal neighbours are one row with a count. Every column of figures adds up: a row's
figures are those of all the layers it stands for, and so the sum of the rows below it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from archcalc.analysis.figures import Totals
from archcalc.graph import Node
from archcalc.report.calls import call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.analysis.figures import ReceptiveField, Report
    from archcalc.graph import Group, Net
    from archcalc.ops.base import Shape

SCREEN = 44
"""So many rows are taken to fit a screen; VGG-16 opened to its layers is one."""

_WORTH_FOLDING = 6
"""Equal turns of several layers fold where that saves at least so many rows: a fold takes a row of
its own and hides paths, and a table that shows the layers one by one is easier to read."""


class Row(NamedTuple):
    """One row. `indent` counts levels, `label` is the part of the path below the row above.

    `times` is how many equal layers or blocks it stands for, `totals` theirs together; `output`
    and `receptive_field` are the last one's.
    """

    indent: int
    label: str
    operation: str
    times: int
    output: Shape | None
    totals: Totals
    receptive_field: ReceptiveField | None
    faulty: bool
    training_only: bool


class _Item(NamedTuple):
    """What a row stands for: equal neighbours, the first and the last of them.

    `branch` is the label of the branch of a join that it is, or begins.
    """

    first: Node | Group
    last: Node | Group
    times: int = 1
    branch: str = ""


def rows(report: Report, depth: int | None = None) -> list[Row]:
    """The rows with `depth` levels of groups and blocks shown (1: the net's own layers).

    None: as many levels as fit a screen, and one at least.
    """
    if depth is not None:
        return list(_walk(report, depth))
    found = list(_walk(report, 1))
    level = 1
    while len(found) < SCREEN:
        level += 1
        more = list(islice(_walk(report, level), SCREEN + 1))
        if len(more) > SCREEN or len(more) == len(found):
            break
        found = more
    return found


def _walk(report: Report, depth: int) -> Iterator[Row]:
    root = report.net.root
    return _rows(report, _items(report, root), root.path, 0, depth, 1)


def _rows(
    report: Report, items: list[_Item], base: str, indent: int, depth: int, times: int
) -> Iterator[Row]:
    """The rows of the items that stand at one place. `times` is of the folds around them."""
    for item in items:
        part = item.last
        all_ = times * item.times
        label = f"{item.branch} {_label(item, base)}".strip()
        if isinstance(part, Node):
            yield _leaf(report, part, label, indent, all_)
            continue
        yield _group(report, part, label, indent, all_)
        # A branch is opened with the level that its join stands in.
        below = depth if part.kind == "branch" else depth - 1
        if below > 0:
            yield from _rows(report, _items(report, part), part.path, indent + 1, below, all_)


def _leaf(report: Report, node: Node, label: str, indent: int, times: int) -> Row:
    layer = report.layers[node.index]
    return Row(
        indent,
        label,
        _operation(report.net, node),
        times,
        layer.output,
        _multiplied(layer.totals, times),
        layer.receptive_field,
        node.faulty,
        node.training_only,
    )


def _group(report: Report, group: Group, label: str, indent: int, times: int) -> Row:
    nodes = report.net.nodes[group.start : group.end]
    output = None if group.output is None else report.net.tensors[group.output]
    return Row(
        indent,
        label,
        _written(group) if nodes else "identity",
        times,
        None if output is None else output.shape,
        _multiplied(report.of(group), times),
        None if group.output is None else report.receptive_field_of(group.output),
        any(node.faulty for node in nodes),
        bool(nodes) and all(node.training_only for node in nodes),
    )


def _multiplied(totals: Totals, times: int) -> Totals:
    if times == 1:
        return totals
    return Totals(*(None if figure is None else times * figure for figure in totals))


def _items(report: Report, group: Group) -> list[_Item]:
    """The children of a group as a table shows them, equal neighbours together."""
    found: list[_Item] = []
    for item in _flat(report, group):
        before = found[-1] if found else None
        if before is not None and before.branch == item.branch and _alike(before.last, item.first):
            found[-1] = before._replace(last=item.last, times=before.times + item.times)
        else:
            found.append(item)
    return found


def _flat(report: Report, group: Group) -> Iterator[_Item]:
    for child in group.children:
        if isinstance(child, Node) or child.level:
            yield _Item(child, child)
        elif child.kind == "block":
            yield _inline(report, child)
        elif child.kind == "branch":
            yield _branch(report, child)
        elif child.kind == "loop":
            yield from _turns(report, child)
        else:
            yield from _flat(report, child)


def _inline(report: Report, block: Group) -> _Item:
    """An inline block of one row is that row."""
    inside = _items(report, block)
    return inside[0] if len(inside) == 1 else _Item(block, block)


def _branch(report: Report, branch: Group) -> _Item:
    """A branch of several rows has one of its own; a single one only takes its label."""
    inside = _items(report, branch)
    item = inside[0] if len(inside) == 1 else _Item(branch, branch)
    return item._replace(branch=_branch_label(branch))


def _turns(report: Report, loop: Group) -> Iterator[_Item]:
    """The turns of a loop: runs of equal turns as one item where they are long enough."""
    runs: list[list[Group]] = []
    for turn in loop.children:
        assert not isinstance(turn, Node)
        if runs and _alike(runs[-1][-1], turn):
            runs[-1].append(turn)
        else:
            runs.append([turn])
    for run in runs:
        first = _items(report, run[0])
        if len(first) > 1 and (len(run) - 1) * len(first) - 1 >= _WORTH_FOLDING:
            yield _Item(run[0], run[-1], len(run))
            continue
        for turn in run:
            yield from _flat(report, turn)


def _alike(a: Node | Group, b: Node | Group) -> bool:
    """Whether two neighbours are equal in everything a table shows but path and field."""
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
    """The operation with what is worth telling of its attributes, and whose weights it uses."""
    text = f"{node.op.name} {_describe(node)}".rstrip()
    return text if node.shared is None else f"{text}, weights of {net.nodes[node.shared].path}"


def _written(group: Group) -> str:
    return "repeat" if group.kind == "turn" else call(group)


def _branch_label(group: Group) -> str:
    if group.title:
        return f"{group.title}:"
    assert group.parent is not None
    branches = [c for c in group.parent.children if not isinstance(c, Node)]
    return f"branch {branches.index(group) + 1}:"


def _label(item: _Item, base: str) -> str:
    """The part of the path below `base`; of the first to the last where there are several."""
    first, last = item.first, item.last
    if item.times == 1:
        return _below(first, base)
    a, b = _below(_first_leaf(first), base), _below(_last_leaf(last), base)
    stem = a.rstrip("0123456789")
    if b.startswith(stem) and b[len(stem) :].isdecimal():
        b = b[len(stem) :]
    return f"{a}–{b}"


def _below(part: Node | Group, base: str) -> str:
    """The path below the level `base`; nothing for a group that is no level."""
    if not isinstance(part, Node) and not part.level:
        return ""
    return part.path.removeprefix(f"{base}.") if base else part.path


def _first_leaf(part: Node | Group) -> Node | Group:
    """What has a path: the first level or layer in a group that is none."""
    while not isinstance(part, Node) and not part.level and part.children:
        part = part.children[0]
    return part


def _last_leaf(part: Node | Group) -> Node | Group:
    while not isinstance(part, Node) and not part.level and part.children:
        part = part.children[-1]
    return part
