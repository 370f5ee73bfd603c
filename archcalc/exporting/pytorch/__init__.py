"""PyTorch: the code that an engineer would have written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.freeing import freest
from archcalc.exporting.pytorch.assemble import assemble
from archcalc.exporting.pytorch.blocks import BlockWriter
from archcalc.exporting.pytorch.model import ModelWriter
from archcalc.exporting.pytorch.program import Program

if TYPE_CHECKING:
    from archcalc.exporting.pytorch.builder import Builder
    from archcalc.graph import Net


def generate(net: Net) -> str:
    """The file, as text. Raises `Fault` for a layer that PyTorch cannot express."""
    return assemble(net, *freest(net, _write, "PyTorch"))


def _write(
    nets: list[Net], frozen: frozenset[str], changed: dict[int, str]
) -> tuple[tuple[Program, Builder], set[str]]:
    program = Program(nets, frozen, changed)
    BlockWriter(program).write()
    return (program, ModelWriter(program).write()), program.doubtful


__all__ = ["generate"]
