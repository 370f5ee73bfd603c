"""Keras 3: functional code as one would write it by hand, channels last.

A block of the spec is a function, the whole net is `build`, whose arguments are the spec's vars. A
block or group that is called again (`reuse`) is a model inside the model, made at its first call.
Layers have the spec's paths for names, with `_` for the dot that Keras does not take. Flatten
follows Keras' own order of axes (channels last), so that counts are equal but weights of a linear
layer after it are not interchangeable with PyTorch's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.freeing import freest
from archcalc.exporting.keras.assemble import assemble
from archcalc.exporting.keras.marks import Again
from archcalc.exporting.keras.program import Program
from archcalc.exporting.keras.reached import check_reached
from archcalc.exporting.keras.unique import check_names
from archcalc.exporting.lanes import Differs

if TYPE_CHECKING:
    from archcalc.exporting.keras.function import Function
    from archcalc.exporting.keras.marks import Mark
    from archcalc.graph import Net


def generate(net: Net) -> str:
    """The file, as text. Raises `DiagnosticError` for a layer that Keras cannot express."""
    check_names(net)
    check_reached(net)
    return assemble(net, *freest(net, _write, "Keras"))


def _write(
    nets: list[Net], frozen: frozenset[str], changed: dict[int, str]
) -> tuple[tuple[Program, Function], set[str]]:
    """The functions; written anew for every part that needs another form."""
    marks: set[Mark] = set()
    while True:
        program = Program(nets, frozen, changed, marks)
        try:
            return (program, program.write()), program.doubtful
        except Again as again:
            if again.mark in marks:  # heeded in vain: an end, not an endless loop
                raise Differs([], []) from again
            marks.add(again.mark)


__all__ = ["generate"]
