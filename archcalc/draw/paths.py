"""How many paths lead from each input position to one output position of a layer.

Computed backwards from the output, with exact integers: a path goes from a position to one that
reads it, channels ignored, and ends in padding. Shaded, this is the theoretical effective receptive
field (Luo et al. 2016, arXiv:1701.04128).

As for receptive fields, norms are ignored, and so is a gate that depends on the full input; a layer
after global pooling, however, depends on everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.analysis.field_steps import EVERYTHING, SPREAD, branches_of, steps_of
from archcalc.ops.reach import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.analysis.field_steps import Step
    from archcalc.graph import Net, Node
    from archcalc.ops.base import Tensor
    from archcalc.ops.reach import Periodic

Grid = list[list[int]]
"""Paths by position along the two axes of the picture; one row if there is one axis."""

MAX_POSITIONS = 1_500_000
"""The largest map that is processed."""


class TooLarge(ValueError):
    """A map has too many positions."""


class Plane(NamedTuple):
    """The axes of the net's input that a picture shows: the last two, or the only one."""

    rows: int | None
    columns: int

    def sides(self, tensor: Tensor) -> tuple[int, int]:
        """The spatial size of a tensor in the plane; 1 along an axis that it does not have."""
        return _side(tensor, self.rows), _side(tensor, self.columns)


def _side(tensor: Tensor, axis: int | None) -> int:
    return tensor.shape[tensor.axes.index(axis)] if axis in tensor.axes and axis is not None else 1


def plane_of(tensor: Tensor) -> Plane | None:
    """The plane of a net's input, None if it has no spatial axes."""
    spatial = [axis for axis in tensor.axes if isinstance(axis, int)]
    if not spatial:
        return None
    return Plane(spatial[-2] if len(spatial) > 1 else None, spatial[-1])


def count_paths(net: Net, source: int, target: int, cell: tuple[int, int], plane: Plane) -> Grid:
    """The number of paths from every position of the input `source` to the position `cell` of the
    tensor `target`.

    Raises `TooLarge`.
    """
    grids: dict[int, Grid] = {target: _empty(net, target, plane)}
    grids[target][cell[0]][cell[1]] = 1
    producer = net.producers[target]
    for node in reversed(net.nodes[: producer + 1] if producer is not None else ()):
        for output in node.outputs:
            grid = grids.pop(output, None)
            if grid is not None and node.facts is not None:
                for tensor, before in _before(net, node, grid, plane):
                    grids[tensor] = _sum(grids[tensor], before) if tensor in grids else before
    return grids.get(source) or _empty(net, source, plane)


def _empty(net: Net, index: int, plane: Plane) -> Grid:
    tensor = net.tensors[index]
    assert tensor is not None
    rows, columns = plane.sides(tensor)
    if rows * columns > MAX_POSITIONS:
        raise TooLarge(f"a map of {rows:,}×{columns:,} positions is more than a picture holds")
    return [[0] * columns for _ in range(rows)]


def _sum(one: Grid, other: Grid) -> Grid:
    return [[a + b for a, b in zip(x, y, strict=True)] for x, y in zip(one, other, strict=True)]


def _before(net: Net, node: Node, grid: Grid, plane: Plane) -> list[tuple[int, Grid]]:
    """The paths at the inputs of a layer, from those at its output."""
    tensors = [net.tensors[i] for i in node.inputs]
    facts = node.facts
    assert facts is not None
    found: list[tuple[int, Grid]] = []
    if node.op.join:
        given = [t for t in tensors if t is not None]
        for index, tensor, branch in zip(
            node.inputs, given, branches_of(given, facts.outputs[0]), strict=True
        ):
            if SPREAD in branch.values():
                continue  # a gate: its field has no position
            found.append((index, _through(grid, tensor, plane, dict.fromkeys(branch, _all))))
        return found
    read = tensors[0]
    assert read is not None
    readers = {step.axis: _reader(step) for step in steps_of(read, facts) if _moves(step)}
    return [(node.inputs[0], _through(grid, read, plane, readers))]


def _moves(step: Step) -> bool:
    return step.reach != EVERYTHING


def _reader(step: Step) -> Callable[[int, int], range]:
    if isinstance(step.reach, str):
        return _all
    return _slid(step.reach) if isinstance(step.reach, Window) else _pattern(step.reach)


def _all(_position: int, side: int) -> range:
    return range(side)


def _slid(window: Window) -> Callable[[int, int], range]:
    def reads(position: int, _side: int) -> range:
        start = position * window.stride - window.begin
        return range(start, start + window.span, window.dilation)

    return reads


def _pattern(reach: Periodic) -> Callable[[int, int], range]:
    def reads(position: int, _side: int) -> range:
        turn, i = divmod(position, len(reach.first))
        moved = turn * reach.advance
        return range(reach.first[i] + moved, reach.last[i] + moved + 1)

    return reads


def _through(
    grid: Grid, tensor: Tensor, plane: Plane, readers: dict[int, Callable[[int, int], range]]
) -> Grid:
    """A grid transferred to a tensor, axis by axis; an axis without a reader is unchanged."""
    rows, columns = plane.sides(tensor)
    if rows * columns > MAX_POSITIONS:
        raise TooLarge(f"a map of {rows:,}×{columns:,} positions is more than a picture holds")
    if plane.rows in readers and plane.rows is not None:
        grid = _along(grid, rows, readers[plane.rows])
    if plane.columns in readers:
        turned = [list(column) for column in zip(*grid, strict=True)]
        turned = _along(turned, columns, readers[plane.columns])
        grid = [list(row) for row in zip(*turned, strict=True)]
    return grid


def _along(grid: Grid, side: int, reads: Callable[[int, int], range]) -> Grid:
    width = len(grid[0])
    found: Grid = [[0] * width for _ in range(side)]
    for position, row in enumerate(grid):
        if any(row):
            for p in reads(position, side):
                if 0 <= p < side:
                    found[p] = [a + b for a, b in zip(found[p], row, strict=True)]
    return found
