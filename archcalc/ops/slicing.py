"""Parts of a tensor: split, slice and channel shuffle."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Integer, Integers, Labels
from archcalc.ops.axes import AXIS, need_channels_first, place_of, reach_on, replaced, times
from archcalc.ops.base import CHANNELS, DiagnosticError, Operation, Tensor
from archcalc.ops.grouping import uneven
from archcalc.ops.join import without_position
from archcalc.ops.reach import Parts, Window

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.reach import Movement, Reach


class Split(Operation):
    """One output per label: equal parts, or `sizes`, of one axis. No flops."""

    name = "split"
    family = "shape"
    summary = "Splits an axis, by default the channels, into labelled parts."
    main = "into"
    view = True
    attributes = (
        Attribute("into", Labels(), "One label per part."),
        Attribute("sizes", Integers(), "Sizes of the parts; equal by default.", None),
        AXIS,
    )
    example = """\
name: a convolution on half of the channels
input: [116, 28, 28]
layers:
  - split: [left, right]
  - concat:
      - [{from: left}]
      - [{from: right}, {conv: {out: 58, kernel: 1}}]
expect: {output: [116, 28, 28], params: 3422}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        place = place_of(t, a.axis)
        n, parts = t.shape[place], len(a.into)
        if len(set(a.into)) != parts or parts < 2:
            raise DiagnosticError(
                "bad-value",
                "split needs two or more different labels",
                attribute="into",
                label="got [" + ", ".join(a.into) + "]",
                help="write into: [left, right]",
            )
        if a.sizes is None:
            if n % parts:
                raise DiagnosticError(
                    "does-not-divide",
                    "the axis is not divisible into equal parts",
                    attribute="into",
                    label=f"{n} = {parts}·{n // parts} + {n % parts} (axis {place} of "
                    f"{times(t.shape)})",
                    help="give the size of each part with sizes",
                )
        elif len(a.sizes) != parts or sum(a.sizes) != n:
            raise DiagnosticError(
                "bad-value",
                "`sizes` must have one entry per label and add up to the axis",
                attribute="sizes",
                label=f"{parts} labels; {' + '.join(map(str, a.sizes))} = {sum(a.sizes)}, "
                f"axis {place} of {times(t.shape)} is {n}",
                help=f"write {parts} sizes that add up to {n}",
            )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        place = place_of(t, a.axis)
        axes = without_position(t, place)
        sizes = self._sizes(a, t, place)
        return tuple([Tensor(replaced(t.shape, place, size), axes) for size in sizes])

    def _sizes(self, a: SimpleNamespace, t: Tensor, place: int) -> tuple[int, ...]:
        parts = len(a.into)
        return a.sizes if a.sizes is not None else (t.shape[place] // parts,) * parts

    def moves(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Movement:
        place = place_of(x[0], a.axis)
        starts = accumulate(self._sizes(a, x[0], place)[:-1], initial=0)
        return Parts(place, tuple(starts))

    def describe(self, a: SimpleNamespace) -> str:
        sizes = "" if a.sizes is None else " (" + ", ".join(map(str, a.sizes)) + ")"
        return "into " + ", ".join(a.into) + sizes


class Slice(Operation):
    """⌈(end − begin)/step⌉ positions of one axis. No flops."""

    name = "slice"
    family = "shape"
    summary = "A strided slice of an axis, by default the channels."
    view = True
    attributes = (
        AXIS,
        Attribute("begin", Integer(None), "Start; negative counts from the end.", 0),
        Attribute("end", Integer(None), "End (exclusive); by default the end of the axis.", None),
        Attribute("step", Integer(), "Step.", 1),
    )
    example = """\
name: every second row
input: [16, 32, 32]
layers:
  - slice: {axis: 1, step: 2}
expect: {output: [16, 16, 32], params: 0}
"""

    def _window(self, a: SimpleNamespace, n: int) -> Window:
        begin = a.begin + n if a.begin < 0 else a.begin
        end = n if a.end is None else a.end + n if a.end < 0 else a.end
        return Window(1, a.step, -begin, end - n)

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        place = place_of(t, a.axis)
        n = t.shape[place]
        w = self._window(a, n)
        begin, end = -w.begin, n + w.end
        if not 0 <= begin < end <= n:
            raise DiagnosticError(
                "bad-value",
                "slice exceeds its axis",
                attribute="begin" if not 0 <= begin < n else "end",
                label=f"{begin} to {end} of axis {place}, which has {n} ({times(t.shape)})",
                help=f"keep 0 ≤ begin < end ≤ {n}",
            )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        place = place_of(t, a.axis)
        n = t.shape[place]
        return (Tensor(replaced(t.shape, place, self._window(a, n).count(n)), t.axes),)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        t = x[0]
        place = place_of(t, a.axis)
        if t.axes[place] == CHANNELS:
            return None
        return reach_on(t, {place: self._window(a, t.shape[place])})

    def moves(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Movement:
        place = place_of(x[0], a.axis)
        window = self._window(a, x[0].shape[place])
        return Parts(place, (-window.begin,), window.stride)

    def describe(self, a: SimpleNamespace) -> str:
        end = "" if a.end is None else a.end
        step = "" if a.step == 1 else f":{a.step}"
        return ("" if a.axis is None else f"axis {a.axis}, ") + f"{a.begin}:{end}{step}"


MAX_SHUFFLED = 100_000
"""With more channels the permutation is not tracked: no network has so many, and it would take
seconds."""


class ChannelShuffle(Operation):
    """Channel g·(C/groups) + c becomes channel c·groups + g. No flops; the tensor is copied."""

    name = "channel_shuffle"
    family = "shape"
    summary = "Interleaves groups of channels."
    source = "Zhang et al. 2017, arXiv:1707.01083, section 3.1"
    main = "groups"
    attributes = (Attribute("groups", Integer(), "Number of groups."),)
    example = """\
name: a channel shuffle
input: [116, 28, 28]
layers:
  - channel_shuffle: 2
expect: {output: [116, 28, 28], params: 0}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        need_channels_first(self.name, x[0], 0, 3)
        channels = x[0].shape[0]
        if channels % a.groups:
            raise uneven(a.groups, channels, "input channels", channels)

    def channel_reads(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> str | tuple[int, ...]:
        if x[0].shape[0] > MAX_SHUFFLED:
            return ""
        size = x[0].shape[0] // a.groups
        return tuple([g * size + c for c in range(size) for g in range(a.groups)])

    def describe(self, a: SimpleNamespace) -> str:
        return f"groups {a.groups}"
