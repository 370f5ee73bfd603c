"""Joins of branches: add, sub, mul and concat. The inputs are the branches, two or more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.axes import AXIS, place_of, replaced, times
from archcalc.ops.base import CHANNELS, DiagnosticError, Operation, Tensor, product
from archcalc.ops.reach import Stack

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.base import Axis, Shape
    from archcalc.ops.reach import Movement


class Elementwise(Operation):
    """Equal shapes; axes of size 1 are broadcast. Extra flops: one per output and branch beyond
    the first. Errors: shape-mismatch."""

    family = "join"
    join = True

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        first = x[0].shape
        for t in x:
            if t.shape != first:
                _check_broadcast(self.name, x)
                return

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        first = x[0]
        if all(t == first for t in x):
            return (first,)
        shape = first.shape
        for t in x:
            shape = tuple([m if n == 1 else n for n, m in zip(shape, t.shape, strict=True)])
        return (Tensor(shape, tuple([_label(x, i, n) for i, n in enumerate(shape)])),)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return (len(x) - 1) * product(y.shape)


class Add(Elementwise):
    __doc__ = Elementwise.__doc__

    name = "add"
    sign = "+"
    summary = "The sum of its branches."
    source = "He et al. 2015, arXiv:1512.03385 (residual connections)"
    example = """\
name: a residual block
input: [64, 56, 56]
layers:
  - add:
      body:
        - conv: {out: 64, kernel: 3, padding: 1}
        - relu
        - conv: {out: 64, kernel: 3, padding: 1}
      shortcut: []
  - relu
expect: {output: [64, 56, 56], params: 73_856, receptive_field: 5}
"""


class Sub(Elementwise):
    __doc__ = Elementwise.__doc__

    name = "sub"
    sign = "−"
    summary = "The first branch minus the second."
    example = """\
name: the difference to a blurred image
input: [3, 64, 64]
layers:
  - sub:
      image: []
      blurred: [avgpool: {kernel: 3, stride: 1, padding: 1}]
expect: {output: [3, 64, 64], params: 0, receptive_field: 3}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        if len(x) != 2:
            raise DiagnosticError(
                "bad-value",
                "sub takes two branches",
                label=f"got {len(x)}",
                help="sum what is subtracted in a branch of its own",
            )
        super().check(a, x)


class Mul(Elementwise):
    __doc__ = Elementwise.__doc__

    name = "mul"
    sign = "×"
    summary = "The product of its branches; axes of size 1 are broadcast, as in a gate."
    source = "Hu, Shen & Sun 2017, arXiv:1709.01507 (squeeze and excitation)"
    example = """\
name: squeeze and excitation
input: [64, 28, 28]
layers:
  - mul:
      body: []
      gate:
        - global_avgpool
        - conv: {out: 4, kernel: 1}
        - relu
        - conv: {out: 64, kernel: 1}
        - sigmoid
expect: {output: [64, 28, 28], params: 580}
"""


class Concat(Operation):
    """The sizes of one axis add up, the others are equal. No flops. Errors: shape-mismatch.

    Along a spatial axis, the positions of the output are no longer those of one branch, so its
    receptive field is unknown.
    """

    name = "concat"
    family = "join"
    summary = "Concatenation of its branches along an axis, by default the channels."
    source = "Szegedy et al. 2014, arXiv:1409.4842 (Inception)"
    join = True
    attributes = (AXIS,)
    example = """\
name: an Inception module
input: [192, 28, 28]
layers:
  - concat:
      1x1: [conv: {out: 64, kernel: 1}]
      5x5:
        - conv: {out: 16, kernel: 1}
        - conv: {out: 32, kernel: 5, padding: 2}
# 192·64 + 64 + 192·16 + 16 + 16·32·25 + 32 = 28,272
expect: {output: [96, 28, 28], params: 28_272}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        place = place_of(x[0], a.axis)
        for number, t in enumerate(x[1:], 2):
            if len(t.shape) != len(x[0].shape):
                raise _unequal("concat", x, number - 1)
            for axis, (n, m) in enumerate(zip(x[0].shape, t.shape, strict=True)):
                if n != m and axis != place:
                    raise _unequal_axis(x[0], t, number, axis, place)

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        t = x[0]
        place = place_of(t, a.axis)
        length = t.shape[place]
        for other in x[1:]:
            length = length + other.shape[place]
        return (Tensor(replaced(t.shape, place, length), without_position(t, place)),)

    def moves(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Movement:
        return Stack(place_of(x[0], a.axis))

    def describe(self, a: SimpleNamespace) -> str:
        return "" if a.axis is None else f"axis {a.axis}"


def _label(x: tuple[Tensor, ...], place: int, length: int) -> Axis:
    """The label of an axis of the joined tensor: that of the first branch with its full size."""
    labels = [t.axes[place] for t in x if t.shape[place] == length]
    return next((label for label in labels if label is not None), None)


def without_position(t: Tensor, place: int) -> tuple[Axis, ...]:
    """The axis labels, without a spatial one at `place`."""
    if t.axes[place] == CHANNELS:
        return t.axes
    return (*t.axes[:place], None, *t.axes[place + 1 :])


def _check_broadcast(name: str, x: tuple[Tensor, ...]) -> None:
    for number, t in enumerate(x[1:], 1):
        if len(t.shape) != len(x[0].shape):
            raise _unequal(name, x, number)
    for lengths in zip(*(t.shape for t in x), strict=True):
        longer = next((n for n in lengths if n != 1), 1)
        for number, n in enumerate(lengths):
            if n != 1 and n != longer:
                raise _unequal(name, x, number, lengths.index(longer))


def _unequal(name: str, x: tuple[Tensor, ...], number: int, other: int = 0) -> DiagnosticError:
    a, b = x[other].shape, x[number].shape
    needed = "equal shapes" if name != "concat" else "branches with the same number of axes"
    return DiagnosticError(
        "shape-mismatch",
        f"{name} needs {needed}",
        label=f"branch {other + 1} is {times(a)}, branch {number + 1} is {times(b)}",
        help=_remedy(a, b, other + 1, number + 1),
    )


def _remedy(a: Shape, b: Shape, first: int, second: int) -> str:
    """The layer that would make the shapes of two branches equal."""
    if len(a) != len(b):
        longer, shorter, branch = (a, b, second) if len(a) > len(b) else (b, a, first)
        if len(shorter) == 1 and shorter[0] == longer[0]:
            kept = [shorter[0], *(1,) * (len(longer) - 1)]
            return f"keep branch {branch}'s axes: leave out its flatten, or add `reshape: {kept}`"
        return f"reshape branch {branch} to {len(longer)} axes"
    if a[1:] == b[1:]:
        return f"give branch {second} a conv with out: {a[0]}, kernel: 1"
    # Spatial axes of size 1 broadcast, as in a gate: only the channels are wrong.
    if all(n == 1 for n in b[1:]):
        return f"give branch {second} a conv with out: {a[0]}, kernel: 1"
    if all(n == 1 for n in a[1:]):
        return f"give branch {first} a conv with out: {b[0]}, kernel: 1"
    # A stride reduces the size: it goes into the branch with the larger one.
    if a[1:] < b[1:]:
        small, large, branch = a, b, second
    else:
        small, large, branch = b, a, first
    stride = _stride(small[1:], large[1:])
    if stride is not None:
        return f"give branch {branch} a conv with out: {small[0]}, kernel: 1, stride: {stride}"
    return (
        f"bring branch {branch} from {times(large[1:])} to {times(small[1:])}: "
        "change its padding or stride, or crop it"
    )


def _stride(small: Shape, large: Shape) -> str | None:
    """The stride with which a 1×1 window reduces `large` to `small`, or None."""
    strides = []
    for n, m in zip(small, large, strict=True):
        s = -(-m // n)
        if (m - 1) // s + 1 != n:
            return None
        strides.append(s)
    return str(strides[0]) if len(set(strides)) == 1 else str(strides)


def _unequal_axis(a: Tensor, b: Tensor, number: int, axis: int, place: int) -> DiagnosticError:
    n, m = a.shape[axis], b.shape[axis]
    spatial = a.axes[axis] != CHANNELS
    if not spatial:
        help = f"give branch {number} a conv with out: {n}, kernel: 1"
    elif abs(n - m) <= min(n, m) // 2:
        help = f"the difference is {abs(n - m)}: change a padding, or crop or pad one branch"
    else:
        help = "use the same strides in both branches, or pool or upsample one of them"
    return DiagnosticError(
        "shape-mismatch",
        f"concat along axis {place} needs the other axes equal",
        label=f"axis {axis} is {n} in branch 1 ({times(a.shape)}) and {m} in branch {number} "
        f"({times(b.shape)})",
        help=help,
    )
