"""Keras 3: functional code as one would write it by hand, channels last.

A block of the spec is a function, the whole net is `build`, whose arguments are the spec's vars. A
block or group that is called again (`reuse`) is a model inside the model, made at its first call.
Layers have the spec's paths for names, with `_` for the dot that Keras does not take. Flatten
follows Keras' own order of axes (channels last), so that counts are equal but weights of a linear
layer after it are not interchangeable with PyTorch's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.call_sites import NotUniform
from archcalc.exporting.freeing import fewest_constants
from archcalc.exporting.keras.assemble import assemble
from archcalc.exporting.keras.dead_weights import check_reached
from archcalc.exporting.keras.layer_names import check_names
from archcalc.exporting.keras.program import Program
from archcalc.exporting.keras.strategies import Restart

if TYPE_CHECKING:
    from archcalc.exporting.keras.function import Function
    from archcalc.exporting.keras.strategies import Strategy
    from archcalc.graph import Net


def generate(net: Net) -> str:
    """The file, as text. Raises `DiagnosticError` for a layer that Keras cannot express."""
    check_names(net)
    check_reached(net)
    return assemble(net, *fewest_constants(net, _write, "Keras"))


def _write(
    nets: list[Net], frozen: frozenset[str], changed: dict[int, str]
) -> tuple[tuple[Program, Function], set[str]]:
    """The functions; written anew for every part that needs another form."""
    strategies: set[Strategy] = set()
    while True:
        program = Program(nets, frozen, changed, strategies)
        try:
            return (program, program.write()), program.uncovered
        except Restart as again:
            if again.mark in strategies:  # heeded in vain: an end, not an endless loop
                raise NotUniform([], []) from again
            strategies.add(again.mark)


__all__ = ["generate"]
