"""For `check`: where a given size is at fault, the help names the nearest sizes that work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.symbols.answer import nearest_sizes
from archcalc.symbols.decide import Undecided
from archcalc.symbols.explore import explore

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.diagnostics import Diagnostic
    from archcalc.graph import Net
    from archcalc.ops.base import Shape
    from archcalc.symbols.explore import Exploration

MOST_LAYERS = 4_000
"""Layers that all walks together may have: a check that fails stays quick."""


MOST_WORK = 1_000_000
"""Sides that may be looked at, for the same reason."""


def with_sizes(
    net: Net,
    settings: dict[str, Any],
    inputs: dict[str, Shape],
    diagnostics: Iterable[Diagnostic],
) -> tuple[Diagnostic, ...]:
    """The diagnostics, those of a size that does not fit with the sizes that do."""
    diagnostics = tuple(diagnostics)
    most = min(60, MOST_LAYERS // (len(net.nodes) + 1))
    if most < 4 or len(net.inputs) != 1 or not net.nodes:  # no nodes: refused as too large
        return diagnostics
    first = explore(net.spec, settings, inputs, most_walks=1, most_work=MOST_WORK)
    places = _places(first)
    if not places:
        return diagnostics
    found = explore(net.spec, settings, inputs, most_walks=most, most_work=MOST_WORK)
    try:
        sizes = nearest_sizes(found) if found.complete else []
    except Undecided:
        sizes = []
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
    """Where a fault follows from comparisons of sizes: its code and place."""
    if not first.regions or first.regions[0].valid:
        return set()
    troubles = first.regions[0].walk.recorder.troubles
    return {(t.code, t.told) for t in troubles if t.decisions}


def _head(net: Net) -> tuple[int, ...]:
    tensor = net.tensors[next(iter(net.inputs.values()))]
    return () if tensor is None else tensor.shape[:1]
