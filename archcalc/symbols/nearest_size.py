"""For `check`: the nearest valid input sizes, as the help of an error about an invalid one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.budget import BudgetExceeded, limited
from archcalc.diagnostics import SpecError
from archcalc.symbols.region_cover import explore
from archcalc.symbols.valid_sizes import nearest_sizes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.diagnostics import Diagnostic
    from archcalc.graph import Net
    from archcalc.ops.base import Shape
    from archcalc.symbols.region_cover import Exploration

MOST_STEPS = 70_000
"""The budget for this help: less than 0.2 s, so that a failing check stays fast."""


def with_sizes(
    net: Net,
    settings: dict[str, Any],
    inputs: dict[str, Shape],
    diagnostics: Iterable[Diagnostic],
) -> tuple[Diagnostic, ...]:
    """The diagnostics, with the nearest valid sizes in errors about the input size."""
    diagnostics = tuple(diagnostics)
    refused = not any(node.facts for node in net.nodes)  # as too large: its walk is incomplete
    if len(net.inputs) != 1 or refused:
        return diagnostics
    try:
        with limited(MOST_STEPS):
            first = explore(net.spec, settings, inputs, most_walks=1)
            places = _places(first)
            found = explore(net.spec, settings, inputs) if places else first
            sizes = nearest_sizes(found) if places and found.complete else []
    except (SpecError, BudgetExceeded):
        return diagnostics
    if not sizes:
        return diagnostics
    text = " or ".join("×".join(map(str, (*_head(net), *size))) for size in sizes)
    return tuple(
        d._replace(help=f"{d.help}; or use an input of {text}".removeprefix("; or "))
        if (d.code, d.span) in places
        else d
        for d in diagnostics
    )


def _places(first: Exploration) -> set[tuple[str, Any]]:
    """The code and location of an error that follows from comparisons of sizes."""
    if not first.regions or first.regions[0].valid:
        return set()
    troubles = first.regions[0].walk.recorder.troubles
    return {(t.code, t.told) for t in troubles if t.decisions}


def _head(net: Net) -> tuple[int, ...]:
    tensor = net.tensors[next(iter(net.inputs.values()))]
    return () if tensor is None else tensor.shape[:1]
