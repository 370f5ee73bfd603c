"""PyTorch: the code that an engineer would have written by hand."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from archcalc.diagnostics import DiagnosticError
from archcalc.exporting.freeing import freest
from archcalc.exporting.lanes import Differs
from archcalc.exporting.pytorch.assemble import assemble
from archcalc.exporting.pytorch.blocks import BlockWriter
from archcalc.exporting.pytorch.further import FurtherWriter
from archcalc.exporting.pytorch.model import ModelWriter
from archcalc.exporting.pytorch.program import Program
from archcalc.exporting.trials import Trials

if TYPE_CHECKING:
    from archcalc.exporting.pytorch.builder import Builder
    from archcalc.graph import Net


def generate(net: Net) -> str:
    """The file, as text. Raises `DiagnosticError` for a layer that PyTorch cannot express."""
    return assemble(net, *freest(net, partial(_write, Trials()), "PyTorch"))


def _write(
    trials: Trials, nets: list[Net], frozen: frozenset[str], changed: dict[int, str]
) -> tuple[tuple[Program, Builder], set[str]]:
    program = Program(nets, frozen, changed)
    blocks = BlockWriter(program)
    blocks.write()
    doubtful = set(program.doubtful)
    model = ModelWriter(program).write()
    further = trials.of(nets, changed, blocks.undecided)
    if further:
        wider = Program(nets, frozen, changed, further)
        with suppress(Differs, DiagnosticError):
            FurtherWriter(wider, blocks).write()
            better = wider.doubtful <= doubtful
            again = ModelWriter(wider).write()
            if better and again.size() <= model.size():
                return (wider, again), wider.doubtful
    return (program, model), program.doubtful


__all__ = ["generate"]
