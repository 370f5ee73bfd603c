"""The interface of an operation: the facts that it computes and the errors that it raises.

Formulas are plain integer arithmetic (`+ - * //`, and `arithmetic.py` for the rest), so that they
work on symbols and arrays too: never `int(...)`, `math.…` or a float in a formula. Conditions are
in `check`, separate from the formulas.
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
    "key",
    "product",
]

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.ops.attributes import Attribute
    from archcalc.ops.reach import Movement, Reach

Shape = tuple[int, ...]

CHANNELS = "channels"
"""The label of the channel (or feature) axis. A spatial axis of the net's input has the label 0, 1
or 2; an axis that corresponds to none of these has the label None."""

Axis = str | int | None


class Tensor(NamedTuple):
    """A tensor without its batch axis: its shape and the label of each axis."""

    shape: Shape
    axes: tuple[Axis, ...]

    @property
    def channel_axis(self) -> int:
        """The index of the channel axis (0 if no axis is labelled so)."""
        axes = self.axes
        return axes.index(CHANNELS) if CHANNELS in axes else 0

    @property
    def channels(self) -> int:
        """The number of channels (the size of the first axis if none is labelled so)."""
        return self.shape[self.channel_axis]


class Weight(NamedTuple):
    """A named array of a layer, with PyTorch's name (empty if the layer is itself a bare
    parameter: its key is the path). Buffers are not trainable.

    `counted` is False for a counter that is not a statistic (`num_batches_tracked`).
    """

    name: str
    shape: Shape
    trainable: bool = True
    counted: bool = True


def key(path: str, weight: str) -> str:
    """The key of a weight in the `state_dict`."""
    return f"{path}.{weight}" if weight else path


class Facts(NamedTuple):
    """What an operation computes for one layer, shared by layers with equal attributes and inputs.

    Counts are None if the operation cannot count them: unknown, never zero. `reach` has
    one entry per spatial axis of the first input (in order), None for "the same position"; if it
    is None itself, that holds for every axis.
    """

    outputs: tuple[Tensor, ...]
    weights: tuple[Weight, ...]
    params: int | None
    buffers: int | None
    macs: int | None
    flops: int | None
    activations: int
    reach: tuple[Reach | None, ...] | None


class Operation:
    """An operation. Subclasses set the class attributes and override what differs.

    Methods take the attributes `a` (a namespace with one field per attribute), the input tensors
    `x` and, where needed, the output tensor `y`.
    """

    name: str = ""
    family: str = ""  # the page of the guide and the colour in diagrams
    summary: str = ""  # one sentence
    source: str = ""  # paper and equation, if there is one
    attributes: tuple[Attribute, ...] = ()
    main: str | None = None  # the attribute that a single value sets
    example: str = ""  # a complete small spec; a test runs it
    join: bool = False  # takes branches
    reads_input: bool = True  # False: a source, independent of any input
    reads_all: bool = False  # reads the elements of all inputs, not only their sizes
    weighted: bool = False  # counts towards depth
    view: bool = False  # at inference, its output shares memory with its input
    channels_read: str = ""  # "own" or "all" if independent of the attributes
    sign: str = ""  # the operator of a join in formulas

    def settle(self, a: SimpleNamespace) -> None:
        """Replaces words by the numbers that follow from other attributes. Raises
        `DiagnosticError`."""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        """Raises `DiagnosticError` if the attributes and the inputs do not match."""

    def outputs(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The output tensors: one, unless the operation splits."""
        return (x[0],)

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        """The named arrays, in the order of PyTorch's `state_dict`."""
        return ()

    def macs(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int | None:
        """Multiply-accumulates of a forward pass of one sample, without biases."""
        return 0

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int | None:
        """Floating-point work beyond 2·macs: bias, normalisation, activation, pooling."""
        return 0

    def connections(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int | None:
        """Uses of weights and biases, as counted by LeCun et al. 1998; None if undefined."""
        return None

    def reach(
        self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor
    ) -> tuple[Reach | None, ...] | None:
        """Which input positions an output position reads, per spatial axis. See `reach.py`."""
        return None

    def moves(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Movement | None:
        """How the output's axes derive from the input's. None: output axis i is input axis i, read
        as `reach` says (for a join: elementwise, axes of size 1 broadcast).

        An operation that moves, merges, splits, stacks or drops axes must override this: the
        receptive field after it is derived from here only.
        """
        return None

    def channel_reads(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> str | tuple[int, ...]:
        """Which input channels an output channel reads: "own" (its own; with m times as many
        outputs, channel c reads c // m), "all", a tuple with one input channel per output
        channel, or "" for anything else. Only used if channels have different receptive fields."""
        return self.channels_read

    def read(self, inputs: tuple[int, ...]) -> tuple[int, ...]:
        """The inputs whose elements a node reads; of others (`like`) it only reads the size."""
        if not self.reads_input:
            return ()
        return inputs if self.join or self.reads_all else inputs[:1]

    def describe(self, a: SimpleNamespace) -> str:
        """The attributes as shown in tables and diagrams: "3×3, 64, stride 2"."""
        return ""

    def facts(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> Facts:
        """Checks the layer and computes its facts: the entry point for `elaborate`."""
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
    """A placeholder for a layer that could not be parsed: only its word is known."""

    def __init__(self, word: str) -> None:
        self.name = word or "layer"


def product(numbers: tuple[int, ...]) -> int:
    """The product of numbers, by plain multiplication, which symbols support too."""
    result = 1
    for n in numbers:
        result = result * n
    return result
