"""What an operation is: the facts it gives, and how it says that an attribute is wrong.

Formulas are plain integer arithmetic (`+ - * //`, and `arithmetic.py` for the rest), so that they
run on symbols and arrays too: never `int(...)`, `math.…` or a float in a formula. Conditions stand
in `check`, apart from the formulas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.diagnostics import DiagnosticError

__all__ = [
    "CHANNELS",
    "Axis",
    "DiagnosticError",
    "Facts",
    "Operation",
    "Shape",
    "Tensor",
    "Weight",
    "product",
]

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.attributes import Attribute
    from archcalc.ops.reach import Movement, Reach

Shape = tuple[int, ...]

CHANNELS = "channels"
"""The label of the channel (or feature) axis. A spatial axis that comes from the input is labelled
0, 1 or 2 by its place there; an axis with no counterpart in the input is labelled None."""

Axis = str | int | None


class Tensor(NamedTuple):
    """A tensor without its batch axis: its shape, and what each axis is."""

    shape: Shape
    axes: tuple[Axis, ...]

    @property
    def channel_axis(self) -> int:
        """The place of the channel axis (the first axis where none is labelled)."""
        axes = self.axes
        return axes.index(CHANNELS) if CHANNELS in axes else 0

    @property
    def channels(self) -> int:
        """The length of the channel axis (of the first axis where none is labelled)."""
        return self.shape[self.channel_axis]


class Weight(NamedTuple):
    """A named array of a layer, by PyTorch's name. Buffers are not trainable.

    `counted` is False for bookkeeping that is no statistic (`num_batches_tracked`).
    """

    name: str
    shape: Shape
    trainable: bool = True
    counted: bool = True


class Facts(NamedTuple):
    """Everything an operation says of one layer: worked out once for equal attributes and inputs.

    `macs` and `flops` are None where the operation cannot count them: unknown, never zero.
    `reach` has one entry a spatial axis of the first input (in order), None for "the same
    position"; as a whole None means "the same position on every axis".
    """

    outputs: tuple[Tensor, ...]
    weights: tuple[Weight, ...]
    params: int
    buffers: int
    macs: int | None
    flops: int | None
    activations: int
    reach: tuple[Reach | None, ...] | None


class Operation:
    """An operation. Subclasses fill in the class attributes and override what differs.

    Methods take the attributes `a` (a namespace, one field an attribute), the input tensors `x`
    and, where it helps, the output tensor `y`.
    """

    name: str = ""
    family: str = ""  # the section of the language guide, and the colour in diagrams
    summary: str = ""  # one sentence
    source: str = ""  # paper and equation, where there is one
    attributes: tuple[Attribute, ...] = ()
    main: str | None = None  # the attribute that a lone value gives
    example: str = ""  # a whole small spec; a test runs it
    join: bool = False  # takes branches
    weighted: bool = False  # a weight layer: counts towards depth
    view: bool = False  # at inference, shares its input's memory
    channels_read: str = ""  # "own" or "all", where that is so whatever the attributes
    sign: str = ""  # of a join, as formulas write it

    def settle(self, a: SimpleNamespace) -> None:
        """Puts numbers in for words whose meaning the other attributes decide. Raises
        `DiagnosticError`."""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        """Raises `DiagnosticError` where the attributes and the inputs do not go together."""

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The output tensors: one, unless the operation splits."""
        return (x[0],)

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        """The named arrays, in the order of PyTorch's `state_dict`."""
        return ()

    def macs(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int | None:
        """Multiply-accumulates of one forward pass of one sample; biases not counted."""
        return 0

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int | None:
        """Floating-point work beyond 2·macs: bias, normalisation, activation, pooling."""
        return 0

    def connections(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int | None:
        """LeCun's 1998 count: uses of a weight or a bias; None where it has no meaning."""
        return None

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        """Which input positions an output position reads, per spatial axis. See `reach.py`."""
        return None

    def moves(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Movement | None:
        """Where the output's axes come from; None: output axis i is input axis i, read as `reach`
        says (of a join: position by position, axes of length 1 broadcast).

        An operation that moves, merges, splits, stacks or drops axes must say so here: the
        receptive field after it follows from this alone.
        """
        return None

    def channel_reads(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> str | tuple[int, ...]:
        """Which input channels an output channel reads: "own" (its own; with m times as many
        outputs, channel c reads c // m), "all", one channel per output channel, or "" where
        neither holds. Asked only where channels differ in their receptive field."""
        return self.channels_read

    def describe(self, a: SimpleNamespace) -> str:
        """The attributes worth a place in a table or diagram: "3×3, 64, stride 2"."""
        return ""

    def facts(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Facts:
        """Check, then all facts. The one entry point for `elaborate`."""
        self.check(a, x)
        outputs = self.outputs(a, x)
        y = outputs[0]
        weights = self.weights(a, x)
        params = buffers = 0
        for w in weights:
            if w.trainable:
                params = params + product(w.shape)
            elif w.counted:
                buffers = buffers + product(w.shape)
        macs = self.macs(a, x, y)
        extra = self.extra_flops(a, x, y)
        flops = None if macs is None or extra is None else 2 * macs + extra
        activations = 0
        for t in outputs:
            activations = activations + product(t.shape)
        reach = self.reach(a, x, y)
        return Facts(outputs, weights, params, buffers, macs, flops, activations, reach)


class UnreadLayer(Operation):
    """Stands for a layer that could not be read: nothing is known of it but its word."""

    def __init__(self, word: str) -> None:
        self.name = word or "layer"


def product(numbers: tuple[int, ...]) -> int:
    """The product of a shape, by plain multiplication (so that symbols go through)."""
    result = 1
    for n in numbers:
        result = result * n
    return result
