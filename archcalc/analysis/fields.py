"""The receptive field along one axis: which input positions output position j depends on.

`Affine` is the common case: j depends on offset + j·stride … offset + j·stride + size − 1. `Table`
is the general one, a periodic pattern (after transposed convolutions and upsampling). First and
last positions are tracked, which is exact: those of a union are the outermost of its parts.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from archcalc.ops.reach import Periodic, Window

LIMIT = 4096
"""The longest period that is tracked; beyond it the field is unknown."""

Cell = tuple[int, int] | None
"""First and last input position that an output position depends on; None if it depends on none."""


class Affine(NamedTuple):
    """Every output depends on `size` positions; adjacent windows are `stride` apart."""

    size: int
    stride: int
    offset: int

    @property
    def cells(self) -> tuple[Cell, ...]:
        return ((self.offset, self.offset + self.size - 1),)

    @property
    def advance(self) -> int:
        return self.stride

    @property
    def centre(self) -> Fraction:
        """The centre of the first output's window."""
        return Fraction(2 * self.offset + self.size - 1, 2)


class Table(NamedTuple):
    """Output j + len(cells) depends on what j depends on, shifted by `advance`."""

    cells: tuple[Cell, ...]
    advance: int

    @property
    def size(self) -> int:
        """From the first to the last position, gaps included; the maximum if outputs differ."""
        return max((cell[1] - cell[0] + 1 for cell in self.cells if cell), default=0)

    @property
    def stride(self) -> int | Fraction:
        """The average distance of adjacent outputs in input positions."""
        slope = Fraction(self.advance, len(self.cells))
        return slope.numerator if slope.denominator == 1 else slope

    @property
    def offset(self) -> int | None:
        """The first position of the first output's window; None if no output depends on any."""
        return next((cell[0] for cell in self.cells if cell), None)

    @property
    def centre(self) -> Fraction | None:
        """The mean, over the outputs j of a period, of the centre of j's window minus j·stride:
        equal for fields that have the same stride and are aligned."""
        period = len(self.cells)
        middles = [
            period * (cell[0] + cell[1]) - 2 * self.advance * j
            for j, cell in enumerate(self.cells)
            if cell
        ]
        return Fraction(sum(middles), 2 * period * len(middles)) if middles else None


Field = Affine | Table


def phases(field: Field) -> tuple[Fraction, Fraction]:
    """The minimum and maximum distance, over the outputs of a period, from j strides to the centre
    of output j's window."""
    middles = [
        Fraction(cell[0] + cell[1], 2) - Fraction(field.advance * j, len(field.cells))
        for j, cell in enumerate(field.cells)
        if cell
    ]
    return min(middles), max(middles)


POINT = Affine(1, 1, 0)
"""The field of the input itself."""


def slide(field: Affine, window: Window) -> Affine:
    """The field after a window (Araujo, Norris & Sim, Distill 2019, equations 2 to 4)."""
    one, jump, start = field
    kernel, step, begin, _, dilation = window
    return Affine(one + (kernel - 1) * dilation * jump, jump * step, start - begin * jump)


def period_after(field: Field, reach: Window | Periodic) -> int:
    """How many outputs have to be tracked for the field after `reach`."""
    own, advance = _pattern(reach)
    return own * (len(field.cells) // gcd(advance, len(field.cells)))


def work_for(field: Field, reach: Window | Periodic) -> int:
    """How many cells `compose` reads."""
    if isinstance(reach, Window):
        widest = reach.kernel
    else:
        pairs = zip(reach.first, reach.last, strict=True)
        widest = max([last - first + 1 for first, last in pairs])
    return period_after(field, reach) * max(1, min(widest, len(field.cells)))


def compose(field: Field, reach: Window | Periodic) -> Field:
    """The field after a layer that reads `reach` of a tensor with this field."""
    own, advance = _pattern(reach)
    period = len(field.cells)
    turns = period // gcd(advance, period)
    cells: list[Cell] = []
    for turn in range(turns):
        base = turn * advance
        for i in range(own):
            if isinstance(reach, Window):
                low = base - reach.begin
                cells.append(_seen(field, low, low + reach.span - 1, reach.dilation))
            else:
                first, last = base + reach.first[i], base + reach.last[i]
                cells.append(_seen(field, first, last, reach.step))
    return _simplest(cells, field.advance * (turns * advance // period))


def concentric(fields: list[Field]) -> Affine | None:
    """The union of affine fields with the same stride and centre: the largest; else None."""
    head = fields[0]
    if type(head) is not Affine:
        return None
    largest = head
    middle = 2 * head.offset + head.size
    for field in fields:
        if (
            type(field) is not Affine
            or field.stride != head.stride
            or 2 * field.offset + field.size != middle
        ):
            return None
        if field.size > largest.size:
            largest = field
    return largest


def common_period(fields: list[Field]) -> int:
    """The common period of the patterns of all fields."""
    return lcm(*(len(field.cells) for field in fields))


def union(fields: list[Field]) -> Field:
    """The union of the fields of several branches with the same stride."""
    head = fields[0]
    if all(field == head for field in fields):
        return head
    period = common_period(fields)
    cells: list[Cell] = []
    for j in range(period):
        seen = [cell for field in fields if (cell := _cell(field, j)) is not None]
        cells.append((min(c[0] for c in seen), max(c[1] for c in seen)) if seen else None)
    return _simplest(cells, head.advance * (period // len(head.cells)))


def hull(field: Field, count: int) -> Cell:
    """The union of the windows of the first `count` outputs."""
    if isinstance(field, Affine):
        return field.offset, field.offset + (count - 1) * field.stride + field.size - 1
    return _seen(field, 0, count - 1, 1)


def _pattern(reach: Window | Periodic) -> tuple[int, int]:
    """The period of a reach in outputs, and by how much its input is shifted per period."""
    if isinstance(reach, Window):
        return 1, reach.stride
    return len(reach.first), reach.advance


def _cell(field: Field, position: int) -> Cell:
    turn, i = divmod(position, len(field.cells))
    cell = field.cells[i]
    moved = turn * field.advance
    return None if cell is None else (cell[0] + moved, cell[1] + moved)


def _seen(field: Field, low: int, high: int, step: int) -> Cell:
    """The union of the windows of positions low, low + step, … high."""
    count = (high - low) // step + 1
    # After a period everything is shifted up, so the lowest is among the first cells, the highest
    # among the last. With gaps between the cells it need not be the first or last itself.
    near = range(min(count, len(field.cells)))
    first = [cell[0] for i in near if (cell := _cell(field, low + i * step))]
    last = [cell[1] for i in near if (cell := _cell(field, high - i * step))]
    return (min(first), max(last)) if first else None


def _simplest(cells: list[Cell], advance: int) -> Field:
    """The pattern with its shortest period."""
    common = gcd(len(cells), advance)
    prime = 2
    while common > 1:
        if common % prime:
            prime += 1
            continue
        common //= prime
        period, step = len(cells) // prime, advance // prime
        if all(_moved(cells[i], step) == cells[i + period] for i in range(len(cells) - period)):
            cells, advance = cells[:period], step
    only = cells[0]
    if len(cells) == 1 and only is not None:
        return Affine(only[1] - only[0] + 1, advance, only[0])
    return Table(tuple(cells), advance)


def _moved(cell: Cell, step: int) -> Cell:
    return None if cell is None else (cell[0] + step, cell[1] + step)
