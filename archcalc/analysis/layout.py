"""Which positions along the axes of the net's input correspond to the axes of a tensor.

Every axis of a tensor is a list of digits, the most significant first, as in a row-major index. A
digit of input axis a with weight w stands for steps of w positions along a: after reshaping 32 rows
to [8, 4], row r = 4·i + j, so i has weight 4 and j weight 1. Channels, and axes that correspond to
none of the input's, are digits of no axis (None). Weight 0: the positions are in no known order.
`transition` describes one layer: its reads along input axes, as `Step`s, and the layout of its
outputs.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from archcalc.analysis.fields import LIMIT
from archcalc.ops.base import CHANNELS, product
from archcalc.ops.reach import Axes, Everything, Parts, Periodic, RowMajor, Stack, Unknown, Window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.ops.base import Facts, Shape, Tensor
    from archcalc.ops.reach import Movement, Reach


class Digit(NamedTuple):
    """One digit of an index: `length` values, each `weight` positions of input axis `axis` apart.

    Positions may have been strided over: `weight` counts those of the current tensor, not of the
    input.
    """

    axis: int | None
    length: int
    weight: int = 1


Digits = tuple[Digit, ...]
Layout = tuple[Digits, ...]


class Whole(NamedTuple):
    """All `length` positions of an input axis are read, and they are kept or dropped."""

    length: int
    stays: bool


class Step(NamedTuple):
    """What is read along input axis `axis`; None: positions are mixed in a way that is not
    tracked."""

    axis: int
    reach: Window | Periodic | Whole | None


class Transition(NamedTuple):
    """The effect of a layer on one of its outputs.

    `scattered` are the input axes whose positions are not those of one output axis: these have no
    stride. `into_channels`: positions became channels with different fields.
    """

    steps: tuple[Step, ...]
    layout: Layout
    scattered: frozenset[int]
    into_channels: bool


def input_layout(tensor: Tensor) -> Layout:
    """The layout of an input of the net."""
    return tuple(
        [
            (Digit(axis if isinstance(axis, int) else None, n),)
            for axis, n in zip(tensor.axes, _plain(tensor), strict=True)
        ]
    )


def axes_in(layout: Layout) -> dict[int, list[tuple[int, Digit]]]:
    """The digits of every input axis, each with the index of its axis in the tensor's shape."""
    found: dict[int, list[tuple[int, Digit]]] = {}
    for place, digits in enumerate(layout):
        for digit in digits:
            if digit.axis is not None:
                found.setdefault(digit.axis, []).append((place, digit))
    return found


def scattered(layout: Layout) -> frozenset[int]:
    """The input axes that have several digits, or positions in no known order."""
    return frozenset(
        axis
        for axis, digits in axes_in(layout).items()
        if len(digits) > 1 or digits[0][1].weight != 1
    )


def transitions(
    layout: Layout, given: Tensor, facts: Facts, movement: Movement | None
) -> tuple[Transition, ...]:
    """The effect of a layer on its first input, one transition per output."""
    return tuple(
        [
            _transition(layout, given, facts, movement, number)
            for number in range(len(facts.outputs))
        ]
    )


def _transition(
    layout: Layout, given: Tensor, facts: Facts, movement: Movement | None, number: int
) -> Transition:
    made, shape = facts.outputs[number], _plain(facts.outputs[number])
    work = _Work(layout, given)
    if isinstance(movement, RowMajor):
        work.reshape(shape)
        work.absorb(made, shape)
    elif isinstance(movement, Parts):
        begin = -movement.starts[number]
        window = Window(1, movement.step, begin, 0)
        work.read(movement.place, window, shape[movement.place], stays=True)
    elif isinstance(movement, Axes):
        order = movement.order
        lengths = [shape[order.index(i)] if i in order else 1 for i in range(len(layout))]
        work.slide(given, facts.reach, lengths, [i in order for i in range(len(layout))])
        work.select(order)
    elif len(shape) == len(layout):
        kept = [a == b for a, b in zip(given.axes, made.axes, strict=True)]
        work.slide(given, facts.reach, shape, kept)
    else:
        work.steps = [Step(axis, None) for axis in axes_in(layout)]
        work.axes = [[Digit(None, n)] for n in shape]
    return work.finished(shape)


def _plain(tensor: Tensor) -> Shape:
    """The sizes as plain numbers: how axes are split is not a condition on a size."""
    return tuple([int(n) for n in tensor.shape])


class _Work:
    """A layout being transformed, and the steps so far."""

    def __init__(self, layout: Layout, given: Tensor) -> None:
        self.axes = [list(digits) for digits in layout]
        self.shape = _plain(given)
        self.lengths = given.shape  # the same, possibly symbolic
        self.steps: list[Step] = []
        self.into_channels = False

    def slide(
        self,
        given: Tensor,
        reach: tuple[Reach | None, ...] | None,
        lengths: Iterable[int],
        stays: list[bool],
    ) -> None:
        """Reads along every axis; `stays[i]` says whether axis i is kept."""
        spatial = -1
        for place, length in enumerate(lengths):
            own: Reach | None = None
            if given.axes[place] != CHANNELS:
                spatial += 1
                own = reach[spatial] if reach is not None else None
            self.read(place, own, length, stays=stays[place])

    def read(self, place: int, reach: Reach | None, length: int, *, stays: bool) -> None:
        """Reads along one axis, which has `length` positions afterwards."""
        digits = [d for d in self.axes[place] if d.axis is not None]
        before = self.shape[place]
        stays = stays and length == before
        if not digits:
            self.axes[place] = [Digit(None, length)]
        elif isinstance(reach, Everything):
            self._read_all(place, digits, stays=stays)
        elif isinstance(reach, Unknown):
            self.scramble(place, length)
        elif reach is None or (_is_identity(reach) and stays):
            if not stays and before > 1:
                self.scramble(place, length)
        elif len(self.axes[place]) > 1 or not self._slide_digit(place, digits[0], reach, length):
            self.scramble(place, length)

    def _slide_digit(self, place: int, digit: Digit, reach: Window | Periodic, length: int) -> bool:
        """A window along an axis of one digit; False if its neighbours are unknown."""
        axis, _, weight = digit
        others = [d.weight for d in self._digits_of(axis) if d is not digit]
        if not others and weight == 1:
            if not _is_identity(reach):
                self.steps.append(Step(_axis(digit), reach))
        elif (
            isinstance(reach, Window)
            and reach.stride == 1
            and others
            and min(others) > 0
            and max(others) < weight
        ):
            wide = Window(reach.kernel, 1, reach.begin * weight, 0, reach.dilation * weight)
            self.steps.append(Step(_axis(digit), wide))
        else:
            return False
        self.axes[place] = [Digit(axis, length, weight)]
        return True

    def _read_all(self, place: int, digits: list[Digit], *, stays: bool) -> None:
        """Every position of an axis is read; they are kept (a softmax) or dropped (a mean)."""
        alone = len(self.axes[place]) == 1
        if not stays:
            self.axes[place] = []
        for axis in dict.fromkeys(_axis(d) for d in digits):
            own = [d for d in digits if d.axis == axis]
            others = [d for d in self._digits_of(axis) if all(d is not o for o in own)]
            if product(tuple([d.length for d in own])) > 1:
                size = product(tuple([d.length for d in own]))
                length = self.lengths[place] if alone else size
                whole = Whole(length, stays)
                self.steps.append(Step(axis, _all_of(own, others, stays) if others else whole))

    def _digits_of(self, axis: int | None) -> list[Digit]:
        return [d for digits in self.axes for d in digits if d.axis == axis]

    def scramble(self, place: int, length: int) -> None:
        """Positions along an axis are mixed: the fields of all its input axes become unknown."""
        axes = dict.fromkeys(d.axis for d in self.axes[place] if d.axis is not None)
        self.steps += [Step(axis, None) for axis in axes]
        self.axes[place] = [Digit(axis, length, 0) for axis in axes]

    def select(self, order: tuple[int, ...]) -> None:
        """Reorders the axes; omitted ones have been reduced or have one position."""
        self.axes = [self.axes[place] for place in order]

    def reshape(self, shape: Shape) -> None:
        """The same elements in row-major order: digits are merged and split."""
        made: list[list[Digit]] = []
        place, new = 0, 0
        while new < len(shape):
            # The smallest groups of old and new axes with equal numbers of elements.
            start, begin = place, new
            before, after = product(self.shape[place : place + 1]), shape[new]
            place, new = place + 1, new + 1
            while before != after:
                if before < after:
                    before *= self.shape[place]
                    place += 1
                else:
                    after *= shape[new]
                    new += 1
            digits = [d for axis in self.axes[start:place] for d in axis]
            made += self._regrouped(digits, shape[begin:new])
        self.axes = made  # the remaining old axes have size 1
        self.shape = self.lengths = shape

    def _regrouped(self, digits: list[Digit], shape: Shape) -> list[list[Digit]]:
        if any(d.weight == 0 for d in digits):
            return self._mixed(digits, shape)
        if len(shape) == 1:
            return [[d for d in digits if d.length > 1] or digits[:1]]
        rest = [d for d in reversed(digits) if d.length > 1]
        made: list[list[Digit]] = []
        for length in shape:
            own: list[Digit] = []
            missing = length
            while missing > 1:
                digit = rest.pop()
                if missing % digit.length == 0:
                    own.append(digit)
                    missing //= digit.length
                elif digit.length % missing == 0:
                    low = digit.length // missing
                    own.append(Digit(digit.axis, missing, digit.weight * low))
                    rest.append(digit._replace(length=low))
                    missing = 1
                else:
                    return self._mixed(digits, shape)
            made.append(own)
        return made

    def _mixed(self, digits: list[Digit], shape: Shape) -> list[list[Digit]]:
        """Axes that a reshape cuts across: positions are no longer in a known order."""
        axes = dict.fromkeys(d.axis for d in digits if d.axis is not None)
        self.steps += [Step(axis, None) for axis in axes]
        return [[Digit(axis, n, 0) for axis in axes] if n > 1 else [] for n in shape]

    def absorb(self, made: Tensor, shape: Shape) -> None:
        """Positions merged into the channels are all read by later layers."""
        if CHANNELS in made.axes:
            place = made.axes.index(CHANNELS)
            digits = self.axes[place]
            self.into_channels = any(d.axis is not None and d.length > 1 for d in digits)
            self.read(place, Everything(), shape[place], stays=False)

    def finished(self, shape: Shape) -> Transition:
        """The result, with digits merged that continue each other."""
        axes = [_joined(digits) for digits in self.axes]
        counts = Counter(d.axis for digits in axes for d in digits)
        for place, n in enumerate(shape):
            if not axes[place]:
                axes[place] = [Digit(None, n)]
            elif axes[place][0].axis is not None and counts[axes[place][0].axis] == 1:
                axes[place] = self._alone(*axes[place])
        layout = tuple([tuple(digits) for digits in axes])
        return Transition(tuple(self.steps), layout, scattered(layout), self.into_channels)

    def _alone(self, digit: Digit, *more: Digit) -> list[Digit]:
        """An axis whose first digit is the only one of its input axis: from here on, its positions
        are counted by the tensor's own."""
        axis, length, weight = digit
        if weight == 0:
            return [digit, *more]
        if weight > 1:
            self.steps.append(Step(_axis(digit), Window(1, weight)))
        if len(more) == 1 and more[0].axis is None and more[0].length <= LIMIT:
            # Channels after each position, as in pixel shuffle, are positions of their own.
            copies = more[0].length
            same = (0,) * copies
            self.steps.append(Step(_axis(digit), Periodic(same, same, 1)))
            return [Digit(axis, length * copies)]
        return [Digit(axis, length), *more]


def _axis(digit: Digit) -> int:
    assert digit.axis is not None
    return digit.axis


def _joined(digits: list[Digit]) -> list[Digit]:
    made: list[Digit] = []
    for digit in digits:
        last = made[-1] if made else None
        if last is not None and last.axis == digit.axis:
            if digit.axis is None:
                made[-1] = Digit(None, last.length * digit.length)
                continue
            if digit.weight and last.weight == digit.length * digit.weight:
                made[-1] = Digit(digit.axis, last.length * digit.length, digit.weight)
                continue
        made.append(digit)
    return made


def _all_of(own: list[Digit], others: list[Digit], stays: bool) -> Window | Periodic | None:
    """The step if all values of some digits of an axis are read, and there are others."""
    if len(own) > 1 or any(d.weight == 0 for d in (*own, *others)):
        return None
    _, length, weight = own[0]
    if not stays:
        return Window(length, 1, 0, 0, weight)
    period = length * weight
    if period > LIMIT:
        return None
    first = tuple([position % weight for position in range(period)])
    last = tuple([position % weight + period - weight for position in range(period)])
    return Periodic(first, last, period, weight)


def _is_identity(reach: Window | Periodic) -> bool:
    if isinstance(reach, Window):
        return reach.kernel == 1 and reach.stride == 1 and reach.begin == 0
    return reach.first == reach.last == (0,) and reach.advance == 1


class Entry(NamedTuple):
    """How one branch enters a join: unlisted axes are read elementwise."""

    spread: frozenset[int]  # one position (or none) for every position of the output
    lost: frozenset[int]  # positions that are not the output's


def entries(
    layouts: list[Layout], given: list[Tensor], made: Tensor, movement: Movement | None
) -> tuple[list[Entry], Layout]:
    """How the branches of a join enter it, and the layout of its output."""
    stacked = movement.place if isinstance(movement, Stack) else -1
    base: list[Digits] = []
    lost: set[int] = set()
    shapes = [_plain(t) for t in given]
    rank = len(made.shape)
    for place, n in enumerate(_plain(made)):
        ranked = [
            (layout[place], shape[place])
            for layout, shape in zip(layouts, shapes, strict=True)
            if len(shape) == rank
        ]
        if place == stacked:
            axes = dict.fromkeys(d.axis for ds, _ in ranked for d in ds if d.axis is not None)
            lost.update(axes)
            base.append(tuple([Digit(axis, n, 0) for axis in axes]) or (Digit(None, n),))
            continue
        full = [digits for digits, length in ranked if length == n]
        tracked = [ds for ds in full if any(d.axis is not None for d in ds)]
        base.append((tracked or full or [(Digit(None, n),)])[0])
    own = axes_in(tuple(base))
    found: list[Entry] = []
    for layout, shape in zip(layouts, shapes, strict=True):
        mine = axes_in(layout) if len(shape) == rank else {}
        spread, apart = set(), set(lost)
        for axis, digits in own.items():
            if axis in lost or mine.get(axis) == digits:
                continue
            if all(d.length == 1 for _, d in mine.get(axis, [])):
                spread.add(axis)
            else:
                apart.add(axis)
        apart |= {axis for axis in mine if axis not in own}
        if len(shape) != rank:
            apart |= set(axes_in(layout)) | set(own)
        found.append(Entry(frozenset(spread - apart), frozenset(apart)))
    return found, tuple(base)
