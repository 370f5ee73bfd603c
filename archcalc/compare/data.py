"""A comparison as data: the nets, their totals side by side, their layers in rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.compare.align import aligned, same
from archcalc.compare.items import Item

if TYPE_CHECKING:
    from fractions import Fraction
    from typing import TypeGuard

    from archcalc.analysis.figures import Report

    Number = int | Fraction | None


class Side(NamedTuple):
    """One of the nets. `spec` is the given file or name, `settings` its own settings."""

    spec: str
    settings: tuple[str, ...]
    report: Report


class Figure(NamedTuple):
    """A total, one value per net: a number, or one per axis; None if unknown."""

    name: str
    values: tuple[Number | tuple[Number, ...], ...]


class Match(NamedTuple):
    """Corresponding parts of the nets, one per net, None if a net has none.

    `children` are the parts inside, for levels that differ. `same`: only names differ.
    """

    items: tuple[Item | None, ...]
    children: tuple[Match, ...]
    same: bool

    @property
    def first(self) -> Item:
        """The part of the first net that has one."""
        return next(item for item in self.items if item is not None)


class Comparison(NamedTuple):
    """The complete comparison of several nets."""

    sides: tuple[Side, ...]
    totals: tuple[Figure, ...]
    rows: tuple[Match, ...]


def compare(sides: list[Side]) -> Comparison:
    """The comparison of two or more nets without errors."""
    roots = [Item(side.report, side.report.net.root, "") for side in sides]
    return Comparison(tuple(sides), _totals(sides), _inside(roots))


def ratio(value: object, base: object) -> float | None:
    """`value` divided by `base`; None if unknown or not a number."""
    if isinstance(value, tuple) and isinstance(base, tuple) and value and base:
        # Receptive fields: one ratio if all axes agree.
        agree = len(set(value)) == len(set(base)) == 1
        return ratio(value[0], base[0]) if agree else None
    if not _is_number(value) or not _is_number(base) or not base:
        return None
    try:
        return float(value / base)
    except OverflowError:
        return None


def _is_number(value: object) -> TypeGuard[int | Fraction]:
    """Whether it is an integer or a fraction (the stride after a transposed convolution)."""
    return hasattr(value, "numerator")


def _inside(items: list[Item]) -> tuple[Match, ...]:
    """The parts inside, matched; `items` are corresponding levels."""
    return tuple(_matched(row) for row in aligned([item.children for item in items]))


def _matched(row: tuple[Item | None, ...]) -> Match:
    present = [item for item in row if item is not None]
    if len(present) < 2 or any(item.is_layer for item in present):
        return Match(row, (), same(row))
    children = tuple(_spread(child, row) for child in _inside(present))
    is_same = len(present) == len(row) and all(child.same for child in children)
    return Match(row, () if is_same else children, is_same)


def _spread(match: Match, row: tuple[Item | None, ...]) -> Match:
    """A match among the nets that have a level, as one among all nets."""
    if len(match.items) == len(row):
        return match
    found = iter(match.items)
    items = tuple(None if item is None else next(found) for item in row)
    return Match(items, tuple(_spread(child, row) for child in match.children), False)


def _totals(sides: list[Side]) -> tuple[Figure, ...]:
    reports = [side.report for side in sides]
    totals = [report.totals for report in reports]
    depths = [report.depth for report in reports]
    fields = [_field(report) for report in reports]
    found = [
        Figure("params", tuple(one.params for one in totals)),
        Figure("buffers", tuple(one.buffers for one in totals)),
        Figure("macs", tuple(one.macs for one in totals)),
        Figure("flops", tuple(one.flops for one in totals)),
        Figure("activations", tuple(one.activations for one in totals)),
        Figure("peak_activation_bytes", tuple(one.peak_activation_bytes for one in reports)),
        Figure("depth", tuple(one and one.longest for one in depths)),
        Figure("shortest_depth", tuple(one and one.shortest for one in depths)),
        Figure("paths", tuple(one and one.paths for one in depths)),
        Figure("receptive_field", tuple(field[0] for field in fields)),
        Figure("effective_stride", tuple(field[1] for field in fields)),
    ]
    return tuple(figure for figure in found if any(figure.values))


def _field(report: Report) -> tuple[tuple[Number, ...] | None, tuple[Number, ...] | None]:
    output = report.net.root.output
    field = report.receptive_field_of(output) if output is not None else None
    return (None, None) if field is None or not field.size else (field.size, field.stride)
