"""Topological order of blocks that `extends` merged from several files."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from archcalc.diagnostics import Note, Stop

if TYPE_CHECKING:
    from archcalc.diagnostics import Diagnostics
    from archcalc.spec.scope import Calls
    from archcalc.spec.syntax import Block


def in_order(blocks: dict[str, Block], calls: Calls, diagnostics: Diagnostics) -> dict[str, Block]:
    """The blocks, each after those it calls, otherwise in the order of the text; `position` is
    renumbered.

    Within one file that order already holds. For calls that are circular across files, the
    diagnostic is added and `Stop` raised.
    """
    ordered: dict[str, Block] = {}
    for name in blocks:
        if name not in ordered:
            _visit(name, blocks, calls, ordered, diagnostics)
    return ordered


def _visit(
    start: str,
    blocks: dict[str, Block],
    calls: Calls,
    ordered: dict[str, Block],
    diagnostics: Diagnostics,
) -> None:
    """Adds a block after all blocks that it calls. Iterative, since calls may nest 10,000 deep."""
    path = {start: iter(calls.get(start, ()))}
    while path:
        name = next(reversed(path))
        callee = next((c for c in path[name] if c not in ordered), None)
        if callee is None:
            del path[name]
            ordered[name] = blocks[name]._replace(position=len(ordered))
        elif callee in path:
            names = list(path)
            _circle([*names[names.index(callee) :], callee], calls, diagnostics)
        else:
            path[callee] = iter(calls.get(callee, ()))


def _circle(names: list[str], calls: Calls, diagnostics: Diagnostics) -> None:
    spans = [calls[caller][callee] for caller, callee in pairwise(names)]
    diagnostics.error(
        "recursive-block",
        "circular block calls",
        spans[-1],
        label=" → ".join(names),
        help="rename the block that was redefined",
        notes=tuple(Note("and here", span) for span in spans[:-1]),
    )
    raise Stop
