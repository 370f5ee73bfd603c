"""Conditions: `when` becomes `if`, even if no call of the net satisfies it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.codegen.callsite import Disagreement, NotUniform, Pin, form_of
from archcalc.codegen.expressions import fold, show, variables
from archcalc.codegen.ir import Tensor, When, bound_by
from archcalc.codegen.lower.layers import present
from archcalc.codegen.lower.supposed import NotPossible, supposed_layer
from archcalc.codegen.sizes import Opaque, reads_of
from archcalc.diagnostics import DiagnosticError

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Body
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Context
    from archcalc.codegen.sizes import Size
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Layer


def condition_of(
    m: ModuleLowering, value: Value, here: Context, start: Tensor | None
) -> tuple[Expr, list[bool]]:
    """A condition as an expression, and its value at every site."""
    truths = []
    for site in here.sites:
        names: dict[str, Any] = site.names
        if start is not None:
            names = {**names, "in_channels": site.shape(start).channels}
        truths.append(bool(value.evaluate(names)))
    expr = m.translated(value, here, start)
    if expr is None or not variables(expr):
        m.pin_value(value, here)
        if len(set(truths)) > 1:
            raise NotUniform(here.sites, truths)
        return ast.Constant(truths[0]), truths
    m.prove(expr, here, truths, None)
    if len(set(truths)) == 1 and not m.symbols(frozenset(variables(expr))):
        return ast.Constant(truths[0]), truths  # nothing can change it
    return expr, truths


def conditional(
    m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None, current: Tensor | None
) -> Tensor | None:
    """A layer that is present if its condition holds."""
    assert layer.when is not None
    condition, truths = condition_of(m, layer.when, here, start)
    layer = layer._replace(when=None)
    if isinstance(condition, ast.Constant):
        return present(m, layer, here, start, current) if condition.value else current
    condition = m.fitting(m.read(condition))
    there = here._replace(sites=[s for s, true in zip(here.sites, truths, strict=True) if true])
    without = here.naming.copy()
    if there.sites:
        with m.body() as body:
            inside = present(m, layer, there, start, current)
    else:
        found = _supposed(m, layer, here, start, current, condition)
        if found is None:
            return current
        body, inside = found
    m.active = here.sites
    here.naming.merged(condition, without)
    m.read(condition)
    output = inside
    if inside is not current and inside is not None and current is not None:
        output = merged(m, condition, here, there, inside, current)
    elif inside is not current:
        m.pin(frozenset(variables(condition)))
    word = layer.label or layer.name
    hint = layer.word or "part"
    if word is not None and word.parts and isinstance(word.parts[0], str):
        hint = layer.word or word.parts[0]
    m.out.append(When(condition, tuple(body), current, inside, output, hint))
    if output is not None and output is not inside:
        name_choices(m, output, tuple(body))
    return output


WIDE = 24
"""A longer choice of channels gets a name."""


def name_choices(m: ModuleLowering, tensor: Tensor, body: Body) -> None:
    """Names a choice of sizes if it is long or reads variables of the body."""
    bound = bound_by(body)
    sizes = list(tensor.sizes)
    for axis, size in enumerate(sizes):
        if isinstance(size, Opaque):
            continue
        long = axis == tensor.channel_axis and len(show(size)) > WIDE
        if bound & set(variables(size)) or (long and isinstance(size, ast.IfExp)):
            sizes[axis] = m.named(size)
    tensor.sizes = tuple(sizes)


def _supposed(
    m: ModuleLowering,
    layer: Layer,
    here: Context,
    start: Tensor | None,
    current: Tensor | None,
    condition: Expr,
) -> tuple[list[Any], Tensor | None] | None:
    """The part as it would be if no call has it. If it cannot be elaborated, the condition keeps
    its value: raises `Pin` if something could change it."""
    back = m.attempt()
    naming = dict(here.naming.counts)
    labels = dict(here.labels.own)
    heads = m.module.heads
    try:
        there = supposed_layer(m, layer, here, start)
        with m.body() as body:
            inside = present(m, layer, there, start, current)
    except (NotPossible, NotUniform, Pin, DiagnosticError, Disagreement):
        back()
        here.naming.counts = naming
        here.labels.own = labels
        m.module.heads = heads
        m.pin(frozenset(variables(condition)))
        return None
    return body, inside


def merged(
    m: ModuleLowering,
    condition: Expr,
    here: Context,
    there: Context,
    inside: Tensor,
    before: Tensor,
) -> Tensor:
    """The tensor after a part that may be present."""
    if form_of(inside.axes) != form_of(before.axes):
        m.pin(frozenset(variables(condition)))
        truths = [s in there.sites for s in here.sites]
        raise NotUniform(here.sites, truths)
    sizes = tuple(
        choice(condition, one, other) for one, other in zip(inside.sizes, before.sizes, strict=True)
    )
    result = Tensor(sizes, before.axes)
    for site in here.sites:
        site.set(result, site.shape(inside if site in there.sites else before))
    return result


def choice(condition: Expr, one: Size, other: Size) -> Size:
    """A size that is `one` if the condition holds."""
    if one is other:
        return one
    if isinstance(one, Opaque) or isinstance(other, Opaque):
        if isinstance(one, Opaque) and one == other:
            # The same symbols, but possibly another number.
            return Opaque(one.reads | frozenset(variables(condition)))
        return Opaque(reads_of(one) | reads_of(other) | frozenset(variables(condition)))
    text = show(condition)
    if isinstance(one, ast.IfExp) and show(one.test) == text:
        one = one.body
    if isinstance(other, ast.IfExp) and show(other.test) == text:
        other = other.orelse
    if show(one) == show(other) or _implied(condition, one, other):
        return one
    return fold(ast.IfExp(condition, one, other))


def _implied(condition: Expr, one: Expr, other: Expr) -> bool:
    """Whether both are equal if the condition does not hold, as in `stride != 1 or in_channels !=
    out`."""
    parts = condition.values if isinstance(condition, ast.BoolOp) else [condition]
    if isinstance(condition, ast.BoolOp) and not isinstance(condition.op, ast.Or):
        return False
    pair = {show(one), show(other)}
    for part in parts:
        if isinstance(part, ast.Compare) and [type(op) for op in part.ops] == [ast.NotEq]:
            sides = {show(part.left), show(part.comparators[0])}
            if sides == pair:
                return True
    return False
