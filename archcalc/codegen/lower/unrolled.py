"""Unrolled loops, whose iterations have no common body."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.codegen.callsite import same
from archcalc.codegen.expressions import literal, plain
from archcalc.codegen.lower.layers import lower_body, take_group

if TYPE_CHECKING:
    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Tensor
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Context
    from archcalc.spec.syntax import Layer


def unrolled(
    m: ModuleLowering,
    layer: Layer,
    here: Context,
    outer: Context,
    start: Tensor | None,
    rows: list[list[dict[str, Any]]],
    over: Expr | None,
) -> Tensor | None:
    assert layer.loop is not None
    count = same(here.sites, [len(r) for r in rows])
    tensor = start
    groups = [[take_group(site) for _ in range(count)] for site in outer.sites]
    for turn in range(count):
        sites = []
        env = {**here.env, "index": literal(turn)}
        for site, inner, some in zip(here.sites, groups, rows, strict=True):
            sites.append(site.inside(inner[turn], some[turn]))
        for position, word in enumerate(layer.loop.names):
            values = [r[turn][word] for r in rows]
            env[word] = entry_of(over, turn, position, len(layer.loop.names), values, here)
        inside = here._replace(sites=sites, env=env)
        tensor = lower_body(m, layer.body, inside, tensor)
        _pass_on(here, sites)
    m.active = here.sites
    return tensor


def _pass_on(here: Context, sites: list[CallSite]) -> None:
    """Later iterations, and labels after the loop, see everything that was created in an
    iteration."""
    for site, inner in zip(here.sites, sites, strict=True):
        site._shapes.update(inner._shapes)
        site.py.update(inner.py)


def entry_of(
    over: Expr | None, turn: int, position: int, words: int, values: list[Any], here: Context
) -> Expr | None:
    """The value of a loop variable in one iteration: an expression if the table is a literal."""
    if isinstance(over, ast.Tuple) and turn < len(over.elts):
        entry = over.elts[turn]
        if words == 1:
            return entry
        if isinstance(entry, ast.Tuple) and position < len(entry.elts):
            return entry.elts[position]
    value = same(here.sites, values)
    if (
        isinstance(value, str | int | float | tuple)
        or value is None
        or hasattr(value, "denominator")
    ):
        return literal(plain(value)) if not has_operand(value) else None
    return None


def has_operand(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(has_operand, value))
    return not (
        value is None or isinstance(value, str | int | float) or hasattr(value, "denominator")
    )
