"""Which input positions an output position reads, along one axis.

Convolution and pooling take their output size and their receptive field from the same `Window`,
so the two cannot disagree. Sources: Dumoulin & Visin 2016, arXiv:1603.07285; Araujo, Norris & Sim,
"Computing Receptive Fields of Convolutional Neural Networks", Distill 2019.
"""

from __future__ import annotations

from typing import NamedTuple

from archcalc.ops.arithmetic import ceil_div, minimum


class Window(NamedTuple):
    """A window sliding along an axis: output j reads j·stride − begin + {0, d, …, (k−1)·d}.

    A pad or crop is a window of size 1 with positive or negative `begin`; a strided slice is one
    with a stride.
    """

    kernel: int
    stride: int = 1
    begin: int = 0
    end: int = 0
    dilation: int = 1

    @property
    def span(self) -> int:
        """From the first to the last element: d·(k − 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    def count(self, n: int) -> int:
        """The output size: ⌊(n + begin + end − d·(k−1) − 1)/stride⌋ + 1."""
        return (
            n + self.begin + self.end - self.dilation * (self.kernel - 1) - 1
        ) // self.stride + 1

    def count_ceil(self, n: int) -> int:
        """The same rounded up as in PyTorch: a last window starting in the end padding is
        dropped."""
        room = n + self.begin + self.end - self.dilation * (self.kernel - 1) - 1
        started: int = minimum(ceil_div(room, self.stride), (n + self.begin - 1) // self.stride)
        return started + 1


MAX_PERIOD = 4096
"""The longest pattern that is tracked; the receptive field after a longer one is unknown."""


class Periodic(NamedTuple):
    """A periodic pattern: output j + period reads what j reads, shifted by `advance`.

    Output i, i = 0 … period − 1, reads first[i], first[i] + step, … last[i] (transposed
    convolution, upsampling, adaptive pooling). An output that reads nothing (a transposed
    convolution whose stride exceeds its kernel) has first = last + 1. Both sequences are
    non-decreasing, except where dilation leaves gaps (step > 1).
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    advance: int
    step: int = 1


class Everything(NamedTuple):
    """Every position is read (global pooling, a softmax or a norm over the axis).

    Such a layer is marked global; the local receptive field is kept unchanged.
    """


class Unknown(NamedTuple):
    """A pattern too long to track: the receptive field after it is unknown."""


Reach = Window | Periodic | Everything | Unknown


class Axes(NamedTuple):
    """Output axis i is input axis order[i]; input axes that are not listed are dropped."""

    order: tuple[int, ...]


class RowMajor(NamedTuple):
    """The same elements in row-major order under another shape (flatten, reshape)."""


class Parts(NamedTuple):
    """Output k is the positions starts[k], starts[k] + step, … of one input axis (split, slice)."""

    place: int
    starts: tuple[int, ...]
    step: int = 1


class Stack(NamedTuple):
    """The branches of a join, concatenated along one axis."""

    place: int


Movement = Axes | RowMajor | Parts | Stack
"""How the output's axes and positions derive from the input, if not axis by axis."""
