"""PyTorch: the code that an engineer would have written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.pytorch.assemble import assemble
from archcalc.exporting.pytorch.blocks import BlockWriter
from archcalc.exporting.pytorch.lanes import Differs
from archcalc.exporting.pytorch.model import ModelWriter
from archcalc.exporting.pytorch.program import Program
from archcalc.exporting.runs import other_nets, together

if TYPE_CHECKING:
    from archcalc.exporting.pytorch.builder import Builder
    from archcalc.exporting.runs import Other
    from archcalc.graph import Net


def generate(net: Net) -> str:
    """The file, as text. Raises `Fault` for a layer that PyTorch cannot express."""
    others = other_nets(net)
    frozen = {word for word, some in others.items() if not some}
    written = _written(net, others, frozen)
    if written is None:
        # Some var changes what no one code can say: they are let go one by one.
        frozen = set(others)
        for word, some in others.items():
            if some and _written(net, others, frozen - {word}) is not None:
                frozen.discard(word)
        written = _written(net, others, frozen)
    assert written is not None  # with every var frozen there is one place for every piece of code
    program, model = written
    return assemble(net, program, model)


def _written(
    net: Net, others: dict[str, list[Other]], fixed: set[str]
) -> tuple[Program, Builder] | None:
    """The classes, None where they cannot hold for all values of the vars that stay arguments."""
    frozen = set(fixed)
    while True:
        kept = {word: some for word, some in others.items() if word not in frozen}
        changed = {id(other.net): word for word, some in kept.items() for other in some}
        nets = [net, *(other.net for some in kept.values() for other in some)]
        joint = together(net, kept)
        changed.update({id(one): "" for one in joint})
        program = Program([*nets, *joint], frozenset(frozen), changed)
        try:
            BlockWriter(program).write()
            model = ModelWriter(program).write()
        except Differs:
            if not kept:
                raise
            return None
        if not program.doubtful - frozen:
            return program, model
        # A layer that no value tried makes appear: the vars that might are fixed.
        frozen |= program.doubtful


__all__ = ["generate"]
