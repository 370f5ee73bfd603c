"""Matching the layers of several nets: by name, operation and shape, in their order.

The best alignment of two sequences is found as in Needleman & Wunsch 1970; a further net is aligned
with the rows of those before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.graph import Node

if TYPE_CHECKING:
    from archcalc.compare.items import Item

    Row = tuple[Item | None, ...]

_MOST = 1_000_000
"""The maximum number of pairs that are scored; in levels of thousands of layers equal labels are
matched instead."""


def aligned(levels: list[list[Item]]) -> list[Row]:
    """The items of each net in rows: one entry per net, None if it has no counterpart."""
    rows: list[Row] = [(item,) for item in levels[0]]
    for count, level in enumerate(levels[1:], start=1):
        merged: list[Row] = []
        for row, item in _pairs(rows, level):
            before = row if row is not None else (None,) * count
            merged.append((*before, item))
        rows = merged
    return rows


def likeness(a: Item, b: Item) -> int:
    """The similarity of two items; 0: they do not correspond.

    Operation and shape weigh more than the name, the name more than the position.
    """
    same_label, same_output = a.label == b.label, a.output == b.output
    called = 3 if same_label and a.named else 1 if same_label else 0
    if a.is_layer != b.is_layer:
        # A layer, and a block around one: by name, or by their operation.
        working = same_output and a.totals.macs == b.totals.macs and bool(a.totals.macs)
        return (called if called > 1 else 0) + 4 * working
    if a.word == b.word:
        return called + 2 * same_output + 4 + (a.totals == b.totals)
    if a.is_layer and called <= 1:
        # The same kind at the same position: an activation for another, a pool for another.
        if a.family != b.family or not (called or same_output):
            return 0
        return called + 2 * same_output + 1
    return called + 2 * same_output


def _pairs(rows: list[Row], level: list[Item]) -> list[tuple[Row | None, Item | None]]:
    """Rows and items in order, each with its counterpart."""
    start = 0
    while start < min(len(rows), len(level)) and _equal(rows[start], level[start]):
        start += 1
    end = 0
    while end < min(len(rows), len(level)) - start and _equal(rows[-1 - end], level[-1 - end]):
        end += 1
    middle_rows, middle = rows[start : len(rows) - end], level[start : len(level) - end]
    way = _by_label if len(middle_rows) * len(middle) > _MOST else _best
    found: list[tuple[Row | None, Item | None]] = []
    found += zip(rows[:start], level[:start], strict=True)
    found += way(middle_rows, middle)
    found += zip(rows[len(rows) - end :], level[len(level) - end :], strict=True)
    return found


def _equal(row: Row, item: Item) -> bool:
    """Whether they are trivially the same, which avoids scoring."""
    return all(
        other is not None
        and other.label == item.label
        and other.word == item.word
        and other.totals == item.totals
        and other.output == item.output
        for other in row
    )


def _best(rows: list[Row], level: list[Item]) -> list[tuple[Row | None, Item | None]]:
    """The alignment with the greatest sum of similarities."""
    weights = [[_weight(row, item) for item in level] for row in rows]
    # best[i][j]: the greatest sum of rows[i:] and level[j:]
    best = [[0] * (len(level) + 1) for _ in range(len(rows) + 1)]
    for i in range(len(rows) - 1, -1, -1):
        line, below, weight = best[i], best[i + 1], weights[i]
        for j in range(len(level) - 1, -1, -1):
            both = below[j + 1] + weight[j] if weight[j] else 0
            line[j] = max(both, below[j], line[j + 1])
    found: list[tuple[Row | None, Item | None]] = []
    i = j = 0
    while i < len(rows) or j < len(level):
        together = i < len(rows) and j < len(level) and weights[i][j]
        if together and best[i][j] == best[i + 1][j + 1] + weights[i][j]:
            found.append((rows[i], level[j]))
            i, j = i + 1, j + 1
        elif i < len(rows) and best[i][j] == best[i + 1][j]:
            found.append((rows[i], None))
            i += 1
        else:
            found.append((None, level[j]))
            j += 1
    return found


def _weight(row: Row, item: Item) -> int:
    return max(likeness(other, item) for other in row if other is not None)


def _by_label(rows: list[Row], level: list[Item]) -> list[tuple[Row | None, Item | None]]:
    """Equal labels matched from the start, as long as they are in the same order."""
    places = {item.label: j for j, item in enumerate(level)}
    found: list[tuple[Row | None, Item | None]] = []
    done = 0
    for row in rows:
        labels = [item.label for item in row if item is not None]
        place = next((places[label] for label in labels if label in places), -1)
        if place < done or not _weight(row, level[place]):
            found.append((row, None))
            continue
        found += [(None, item) for item in level[done:place]]
        found.append((row, level[place]))
        done = place + 1
    return [*found, *((None, item) for item in level[done:])]


def same(row: Row) -> bool:
    """Whether a row's layers are the same in all nets, except for their names."""
    first = row[0]
    return first is not None and all(
        other is not None and _same_layers(first, other) for other in row[1:]
    )


def _same_layers(a: Item, b: Item) -> bool:
    x, y = a.part, b.part
    if not isinstance(x, Node) or not isinstance(y, Node):
        return False
    return (
        x.op is y.op
        and x.attributes == y.attributes
        and a.totals == b.totals
        and a.input == b.input
        and a.output == b.output
        and x.training_only == y.training_only
    )
