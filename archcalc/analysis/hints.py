"""The likely cause of a failed expectation: a counting convention that matches.

Papers and tools mix these up: multiply-accumulates and flops, parameters with and without biases,
buffers or auxiliary heads, biases and norms, one image or a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.analysis import conventions, cost
from archcalc.graph import Group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archcalc.analysis.figure_values import Part

    Hint = tuple[str, int | None]
    """A convention and the value by it; None if unknown."""

MAX_BATCH = 1024
"""The largest batch size that a number may include."""


def hint(part: Part, what: str, allows: Callable[[int], bool]) -> str:
    """The convention with which the expectation would pass, "" if no known one does."""
    for meaning, value in MEANINGS.get(what, _none)(part):
        if value is not None and allows(value):
            return f"{meaning} {value:,}"
    return ""


def _none(_part: Part) -> Iterator[Hint]:
    yield from ()


def _params(part: Part) -> Iterator[Hint]:
    totals = part.totals()
    yield "without biases (expect weights) the count is", cost.weights(part.nodes())
    if isinstance(part.target, Group):
        heads = part.context.costs.with_heads(part.target).params
        yield "with the layers that run in training only the count is", heads
    if totals.params is not None and totals.buffers is not None:
        with_buffers = totals.params + totals.buffers
        yield "with buffers, which archcalc counts apart, the count is", with_buffers


def _weights(part: Part) -> Iterator[Hint]:
    yield "with biases (expect params) the count is", part.totals().params


def _macs(part: Part) -> Iterator[Hint]:
    macs, flops = part.totals().macs, part.totals().flops
    if macs is None:
        return
    yield "a multiply and an add are one here; counted as two they are", 2 * macs
    yield "as flops (expect flops) the work is", flops
    yield from _variants(part, macs)
    yield from _batches(macs, "MACs")


def _flops(part: Part) -> Iterator[Hint]:
    macs, flops = part.totals().macs, part.totals().flops
    if macs is None:
        return
    yield "published FLOPs are often macs: expect macs, which are", macs
    yield "without biases, norms, activations and pools (2·macs) the work is", 2 * macs
    yield from _variants(part, macs)
    if flops is not None:
        yield from _batches(flops, "flops")


def _variants(part: Part, macs: int) -> Iterator[Hint]:
    """Conventions that count other operations than archcalc's MACs, or at other positions."""
    biases = _counted(part, conventions.bias_additions) or 0
    norms = _counted(part, conventions.batch_norm) or 0
    at_output = _counted(part, conventions.at_output) or 0
    found: list[tuple[str, int]] = [
        ("with one addition per output for each bias", macs + biases),
        ("with batch norm (2 per element)", macs + norms),
        ("with biases and batch norm", macs + biases + norms),
        ("with transposed convolutions counted at the output positions", at_output),
        ("with transposed convolutions at the output, and biases", at_output + biases),
    ]
    for name, convention in conventions.CONVENTIONS.items():
        tool = None if convention.macs is None else _counted(part, convention.macs)
        if tool is not None:
            found.append((f"as {name} counts", tool))
    found = [(meaning, value) for meaning, value in found if value != macs]
    for meaning, value in found:
        yield f"{meaning} the work is", value
    for meaning, value in found:
        yield f"{meaning}, a multiply and an add counted as two, the work is", 2 * value


def _batches(figure: int, unit: str) -> Iterator[Hint]:
    for batch in range(2, MAX_BATCH + 1):
        yield f"archcalc counts one sample; for a batch of {batch} the {unit} are", batch * figure


def _counted(part: Part, count: conventions.Count) -> int | None:
    return conventions.counted(part.context.net, part.nodes(), count)


MEANINGS: dict[str, Callable[[Part], Iterator[Hint]]] = {
    "params": _params,
    "weights": _weights,
    "macs": _macs,
    "flops": _flops,
}
