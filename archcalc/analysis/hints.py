"""What most likely went wrong where an expected figure fails: a neighbouring figure that holds.

Papers and tools mix these up: multiply-accumulates and flops, parameters with and without biases,
statistics or auxiliary heads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.analysis import cost
from archcalc.graph import Group

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.analysis.actual import Part


def hint(part: Part, what: str, allows: Callable[[int], bool]) -> str:
    """What would make the expectation hold, "" where nothing near does."""
    for figure, meaning in MEANINGS.get(what, ()):
        value = figure(part)
        if value is not None and allows(value):
            return f"{meaning} {value:,}"
    return ""


def _with_buffers(part: Part) -> int | None:
    totals = part.totals()
    if totals.params is None or totals.buffers is None:
        return None
    return totals.params + totals.buffers


def _with_heads(part: Part) -> int | None:
    target = part.target
    return part.draft.costs.with_heads(target).params if isinstance(target, Group) else None


def _twice_macs(part: Part) -> int | None:
    macs = part.totals().macs
    return None if macs is None else 2 * macs


MEANINGS: dict[str, tuple[tuple[Callable[[Part], int | None], str], ...]] = {
    "params": (
        (
            lambda part: cost.weights(part.nodes()),
            "without biases (expect weights) the count is",
        ),
        (_with_heads, "with the layers that run in training only the count is"),
        (_with_buffers, "with buffers, which archcalc counts apart, the count is"),
    ),
    "weights": ((lambda part: part.totals().params, "with biases (expect params) the count is"),),
    "macs": (
        (_twice_macs, "a multiply and an add are one here; counted as two they are"),
        (lambda part: part.totals().flops, "as flops (expect flops) the work is"),
    ),
    "flops": (
        (lambda part: part.totals().macs, "published FLOPs are often macs: expect macs, which are"),
        (_twice_macs, "without biases, norms, activations and pools (2·macs) the work is"),
    ),
}
