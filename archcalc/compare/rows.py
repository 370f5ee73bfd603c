"""The rows of the block-by-block table: levels that differ are opened, equal ones stay closed.

Every column adds up: a row has the totals of everything it represents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.analysis.figures import Totals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.compare.data import Match

SCREEN = 36
"""The maximum number of rows that fit a screen."""

_FEW = 2  # identical layers that are worth separate rows


class Row(NamedTuple):
    """One row. `totals` has one entry per net, None if it has no such part; `opened`: the rows
    below it are its contents."""

    indent: int
    label: str
    totals: tuple[Totals | None, ...]
    opened: bool
    training_only: bool


def rows(matches: tuple[Match, ...], depth: int | None = None) -> list[Row]:
    """The rows with `depth` levels opened (1: the nets' own layers and blocks); None: as many as
    fit a screen, and at least one."""
    if depth is not None:
        return list(_rows(matches, 0, depth))
    found = list(_rows(matches, 0, 1))
    for level in range(2, 100):
        deeper = list(_rows(matches, 0, level))
        if len(deeper) > SCREEN or len(deeper) == len(found):
            break
        found = deeper
    return found


def costly(found: list[Row]) -> list[Row]:
    """The rows with parameters, buffers or macs in any net: others would only show zeros."""
    return [row for row in found if row.opened or any(t and any(_counts(t)) for t in row.totals)]


def _counts(totals: Totals) -> tuple[bool, ...]:
    return tuple(figure is None or figure > 0 for figure in totals[:3])


def _rows(matches: tuple[Match, ...], indent: int, depth: int) -> Iterator[Row]:
    for run in _runs(matches, indent > 0):
        if len(run) > _FEW:
            yield _folded(run, indent)
            continue
        for match in run:
            opened = bool(match.children) and depth > 1 and not _equal(match)
            yield _row(match, indent, opened)
            if opened:
                yield from _rows(match.children, indent + 1, depth - 1)


def _runs(matches: tuple[Match, ...], inside: bool) -> list[list[Match]]:
    """Neighbours with equal values combined, everything else separate. The nets' own blocks are
    always separate, since the author chose to distinguish them."""
    runs: list[list[Match]] = []
    foldable = False
    for match in matches:
        before, foldable = foldable, _equal(match) and (inside or match.first.is_layer)
        if before and foldable:
            runs[-1].append(match)
        else:
            runs.append([match])
    return runs


def _equal(match: Match) -> bool:
    """Whether all nets have the part with equal values."""
    first = match.first
    return not first.training_only and all(
        item is not None and item.totals[:3] == first.totals[:3] for item in match.items
    )


def _row(match: Match, indent: int, opened: bool) -> Row:
    return Row(
        indent,
        match.first.label,
        tuple(None if item is None else item.totals for item in match.items),
        opened,
        match.first.training_only,
    )


def _folded(run: list[Match], indent: int) -> Row:
    first, last = run[0].first.label, run[-1].first.label
    sums: list[Totals | None] = []
    for position in range(len(run[0].items)):
        items = [match.items[position] for match in run]
        totals = [item.totals for item in items if item is not None]
        sums.append(Totals(*(_sum(column) for column in zip(*totals, strict=True))))
    return Row(indent, f"{first}–{last}", tuple(sums), False, False)


def _sum(column: tuple[int | None, ...]) -> int | None:
    known = [figure for figure in column if figure is not None]
    return sum(known) if len(known) == len(column) else None
