"""What a class does not show of its block, because all calls that it is written from are alike."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from archcalc.exporting.trials import CHANNELS, Undecided

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.pytorch.builder import Builder, Parameter
    from archcalc.exporting.pytorch.program import Class
    from archcalc.spec.syntax import Block


def undecided_in(block: Block, made: Class, alike: list[Expr]) -> Undecided | None:
    """What the conditions read that come out `alike` in all calls, and the operations that all
    give; None where there is nothing."""
    parts = [part for expr in alike for part in ast.walk(made.builder.in_parameters(expr))]
    words = _without_default(block, made.builder)
    for part in parts:
        if isinstance(part, ast.Name):
            words |= _words(block, made.all_parameters.get(part.id))
    if not words:
        return None
    values = [part.value for part in parts if isinstance(part, ast.Constant)]
    constants = dict.fromkeys(v for v in values if isinstance(v, int | str))
    return Undecided(frozenset(words), tuple(constants))


def _without_default(block: Block, builder: Builder) -> set[str]:
    """The operations whose default no call shows, and those for which all calls have one."""
    taken = {p.word: p.default for p in builder.parameters.values() if p.kind == "operation"}
    return {
        p.name
        for p in block.parameters
        if p.type == "operation" and p.default is not None and taken.get(p.name) is None
    }


def _words(block: Block, parameter: Parameter | None) -> set[str]:
    """What a call gives for a variable: for one that is no parameter, any of its arguments may."""
    if parameter is None:
        return {CHANNELS, *(p.name for p in block.parameters)}
    if parameter.kind == "channels":
        return {CHANNELS}
    return {parameter.word} if parameter.kind == "spec" else set()
