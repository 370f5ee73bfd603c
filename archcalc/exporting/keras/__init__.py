"""Keras 3: functional code as one would write it by hand, channels last.

A block of the spec is a function, the whole net is `build`, whose arguments are the spec's vars.
Layers have the spec's paths for names, with `_` for the dot that Keras does not take. Flatten
follows Keras' own order of axes (channels last), so that counts are equal but weights of a linear
layer after it are not interchangeable with PyTorch's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import Fault
from archcalc.exporting.keras.assemble import assemble
from archcalc.exporting.keras.marks import Again
from archcalc.exporting.keras.program import Program
from archcalc.exporting.keras.reached import check_reached
from archcalc.exporting.keras.unique import check_names
from archcalc.exporting.pytorch.lanes import Differs
from archcalc.exporting.runs import other_nets, together

if TYPE_CHECKING:
    from archcalc.exporting.keras.function import Function
    from archcalc.exporting.keras.marks import Mark
    from archcalc.exporting.runs import Other
    from archcalc.graph import Net


def generate(net: Net) -> str:
    """The file, as text. Raises `Fault` for a layer that Keras cannot express."""
    check_names(net)
    check_reached(net)
    others = other_nets(net)
    frozen = {word for word, some in others.items() if not some}
    written = _for_all(net, others, frozen)
    if written is None:
        # Some var changes what no one code can say: they are let go one by one.
        frozen = set(others)
        for word, some in others.items():
            if some and _for_all(net, others, frozen - {word}) is not None:
                frozen.discard(word)
        written = _for_all(net, others, frozen)
    assert written is not None  # with every var frozen there is one place for every piece of code
    program, build = written
    return assemble(net, program, build)


def _for_all(
    net: Net, others: dict[str, list[Other]], fixed: set[str]
) -> tuple[Program, Function] | None:
    """The functions, None where they cannot hold for all values of the vars that stay arguments."""
    frozen = set(fixed)
    while True:
        kept = {word: some for word, some in others.items() if word not in frozen}
        changed = {id(other.net): word for word, some in kept.items() for other in some}
        nets = [net, *(other.net for some in kept.values() for other in some)]
        joint = together(net, kept)
        changed.update({id(one): "" for one in joint})
        try:
            program, build = _written([*nets, *joint], frozenset(frozen), changed)
        except Differs:
            if not kept:
                raise Fault(
                    "not-exportable",
                    "Keras cannot express the structure of this net",
                    label="no one piece of code serves all its places",
                    help="write the part that differs from turn to turn, or from call to call, out",
                    span=net.spec.span,
                ) from None
            return None
        if not program.doubtful - frozen:
            return program, build
        # A layer that no value tried makes appear: the vars that might are fixed.
        frozen |= program.doubtful


def _written(
    nets: list[Net], frozen: frozenset[str], changed: dict[int, str]
) -> tuple[Program, Function]:
    """The functions; written anew for every part that needs another form."""
    marks: set[Mark] = set()
    while True:
        program = Program(nets, frozen, changed, marks)
        try:
            return program, program.write()
        except Again as again:
            if again.mark in marks:  # heeded in vain: an end, not an endless loop
                raise Differs([], []) from again
            marks.add(again.mark)


__all__ = ["generate"]
