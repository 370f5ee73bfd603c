"""Changes of shape: flatten, reshape, permute, identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Integer, Integers
from archcalc.ops.axes import place_of, reach_on, times
from archcalc.ops.base import CHANNELS, DiagnosticError, Operation, Tensor, product
from archcalc.ops.reach import Axes, Everything, RowMajor

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.base import Axis, Shape
    from archcalc.ops.reach import Movement, Reach


class Flatten(Operation):
    """The axes `start` to `end` become one: the channel axis if it is among them; then every later
    layer depends on all merged positions. No flops."""

    name = "flatten"
    family = "shape"
    summary = "Merges axes, by default all of them."
    view = True
    attributes = (
        Attribute("start", Integer(None), "First merged axis, from 0.", 0),
        Attribute("end", Integer(None), "Last merged axis; -1 is the last.", -1),
    )
    example = """\
name: from feature maps to a vector
input: [512, 7, 7]
layers:
  - flatten
expect: {output: [25_088], params: 0}
"""

    def _ends(self, a: SimpleNamespace, t: Tensor) -> tuple[int, int]:
        return place_of(t, a.start, "start"), place_of(t, a.end, "end")

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        start, end = self._ends(a, x[0])
        if start > end:
            raise DiagnosticError(
                "bad-value",
                "`start` of flatten comes after `end`",
                attribute="start",
                label=f"start is axis {start}, end is axis {end} of {times(x[0].shape)}",
                help="swap them",
            )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        start, end = self._ends(a, t)
        shape = (*t.shape[:start], product(t.shape[start : end + 1]), *t.shape[end + 1 :])
        return (Tensor(shape, (*t.axes[:start], _merged(t, start, end), *t.axes[end + 1 :])),)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        t = x[0]
        start, end = self._ends(a, t)
        merged = range(start, end + 1)
        return _everything_merged(t, list(merged))

    def moves(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Movement:
        return RowMajor()

    def describe(self, a: SimpleNamespace) -> str:
        return "" if (a.start, a.end) == (0, -1) else f"axes {a.start} to {a.end}"


class Reshape(Operation):
    """No flops. Axes whose index and size are unchanged, counted from either end, keep their
    meaning; if the channels are split or merged, the first new axis is the channel axis."""

    name = "reshape"
    family = "shape"
    summary = "The same elements in another shape."
    main = "shape"
    view = True
    attributes = (Attribute("shape", Integers(-1), "The new shape; one -1 is inferred."),)
    example = """\
name: from a vector to feature maps
input: [100]
layers:
  - linear: 8192
  - reshape: [512, 4, 4]
expect: {output: [512, 4, 4], params: 827_392}
"""

    def _shape(self, a: SimpleNamespace, t: Tensor) -> Shape:
        if -1 not in a.shape:
            shape: Shape = a.shape
            return shape
        others = product(tuple([n for n in a.shape if n != -1]))
        return tuple([product(t.shape) // others if n == -1 else n for n in a.shape])

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        t = x[0]
        wanted = "×".join(map(str, a.shape))
        if a.shape.count(-1) > 1 or 0 in a.shape:
            raise DiagnosticError(
                "bad-value",
                "`shape` must have sizes ≥ 1 and at most one -1",
                attribute="shape",
                label=f"got {wanted}",
                help="write out all sizes but one",
            )
        total = product(t.shape)
        fits = product(self._shape(a, t))
        if fits != total:
            others = product(tuple([n for n in a.shape if n != -1]))
            raise DiagnosticError(
                "shape-mismatch",
                "reshape must keep the number of elements",
                attribute="shape",
                label=f"{times(t.shape)} has {total:,}, {wanted} has "
                + (f"a multiple of {others:,}" if -1 in a.shape else f"{others:,}"),
                help="write -1 for one size; the others must divide the number of elements",
            )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        shape = self._shape(a, t)
        head, tail = _kept(t.shape, shape)
        new: list[Axis] = [None] * (len(shape) - head - tail)
        axes: list[Axis] = [*t.axes[:head], *new, *t.axes[len(t.axes) - tail :]]
        if CHANNELS not in axes:
            axes[head if new else 0] = CHANNELS
        return (Tensor(shape, tuple(axes)),)

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        t = x[0]
        head, tail = _kept(t.shape, y.shape)
        return _everything_merged(t, list(range(head, len(t.shape) - tail)))

    def moves(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Movement:
        return RowMajor()

    def describe(self, a: SimpleNamespace) -> str:
        return "to " + "×".join(map(str, a.shape))


class Permute(Operation):
    """Output axis i is input axis order[i]. No flops."""

    name = "permute"
    family = "shape"
    summary = "Reorders the axes."
    main = "order"
    channels_read = "own"
    view = True
    attributes = (Attribute("order", Integers(None), "Indices of the input axes, from 0."),)
    example = """\
name: channels last
input: [96, 56, 56]
layers:
  - permute: [1, 2, 0]
expect: {output: [56, 56, 96], params: 0}
"""

    def _order(self, a: SimpleNamespace, t: Tensor) -> list[int]:
        return [place_of(t, axis, "order") for axis in a.order]

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        count = len(x[0].shape)
        if sorted(self._order(a, x[0])) != list(range(count)):
            raise DiagnosticError(
                "bad-value",
                "`order` must list every axis once",
                attribute="order",
                label=f"{list(a.order)}, but {times(x[0].shape)} has the axes 0 to {count - 1}",
                help=f"write a permutation of {list(range(count))}",
            )

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        order = self._order(a, t)
        return (Tensor(tuple([t.shape[i] for i in order]), tuple([t.axes[i] for i in order])),)

    def moves(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Movement:
        return Axes(tuple(self._order(a, x[0])))

    def describe(self, a: SimpleNamespace) -> str:
        return ", ".join(map(str, a.order))


class Identity(Operation):
    """Shape unchanged; no flops."""

    name = "identity"
    family = "shape"
    channels_read = "own"
    summary = "Its input, unchanged."
    view = True
    example = """\
name: an identity layer
input: [3, 32, 32]
layers:
  - identity
expect: {output: [3, 32, 32], params: 0}
"""


def _merged(t: Tensor, start: int, end: int) -> Axis:
    """The label of the merged axes: the channels', or that of the only axis longer than 1."""
    labels = t.axes[start : end + 1]
    if CHANNELS in labels:
        return CHANNELS
    long = [i for i in range(start, end + 1) if t.shape[i] != 1]
    if not long:
        return labels[0]
    return t.axes[long[0]] if len(long) == 1 else None


def _everything_merged(t: Tensor, merged: list[int]) -> tuple[Reach | None, ...] | None:
    """Positions merged into the channels cannot be separated again: all of them are read."""
    if CHANNELS not in [t.axes[i] for i in merged]:
        return None
    long = [i for i in merged if t.axes[i] != CHANNELS and t.shape[i] > 1]
    return reach_on(t, {i: Everything() for i in long})


def _kept(old: Shape, new: Shape) -> tuple[int, int]:
    """How many axes a reshape keeps at the start and at the end. The end is matched first, since
    splitting channels is more common than merging them with rows."""
    most = min(len(old), len(new))
    tail = 0
    while tail < most and old[len(old) - 1 - tail] == new[len(new) - 1 - tail]:
        tail += 1
    head = 0
    while head < most - tail and old[head] == new[head]:
        head += 1
    return head, tail
