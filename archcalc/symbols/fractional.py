"""Whether a var may be a fraction, as a multiplier is, or counts something.

`width: 1` may be either. It is a fraction where the spec gives it one anywhere; where no layer
needs it whole, because all that read it round; and where its value is 1 and layers need only
multiples of it whole, as 224·rho.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.spec.syntax import Case, Layer, Spec
    from archcalc.symbols.trace import Decision


def written_whole(spec: Spec, name: str, value: Any) -> bool:
    """Whether the spec gives a var integers only, written as such (8, not 8.0)."""
    written = spec.variables[name]
    if not isinstance(value, int) or (
        written.constant and not written.text.lstrip("+-").replace("_", "").isdecimal()
    ):
        return False
    for case in _cases(spec):
        setting = case.settings.get(name)
        if setting is not None:
            try:
                if not isinstance(setting.evaluate({}), int):
                    return False
            except Fault:
                continue
    return True


def needed_whole(name: str, value: Any, decisions: list[Decision]) -> bool:
    """Whether the layers of a walk, in which the var was any number, need it to be whole."""
    multiples = []
    for relation, poly in (d.condition for d in decisions):
        if relation == "whole" and name in {s.text for s in poly.symbols()}:
            alone = [c for m, c in poly.terms.items() if [a.text for a in m] == [name]]
            whole = len(poly.terms) == len(alone) and type(alone[0]) is int
            multiples.append(alone[0].numerator if whole else 1)
    return bool(multiples) and (value != 1 or gcd(*multiples) == 1)


def _cases(spec: Spec) -> Iterator[Case]:
    yield from spec.expect
    yield from _cases_in(spec.layers)
    for block in spec.blocks.values():
        yield from block.expect
        yield from _cases_in(block.body)


def _cases_in(layers: tuple[Layer, ...]) -> Iterator[Case]:
    for layer in layers:
        yield from layer.expect
        yield from _cases_in(layer.body)
        for branch in layer.branches:
            yield from _cases_in(branch.body)
