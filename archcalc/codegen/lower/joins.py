"""Joins: the branches in order, then their sum, product or concatenation."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.callsite import Disagreement, NotUniform, Pin, form_of, mismatches, same
from archcalc.codegen.expressions import binary, literal, show, variables
from archcalc.codegen.ir import Branch, Join, Tensor
from archcalc.codegen.lower.conditions import condition_of, name_choices
from archcalc.codegen.lower.layers import Made, hand_out, lower_body, take_group
from archcalc.codegen.lower.levels import level
from archcalc.codegen.lower.scope import Labels, Naming
from archcalc.codegen.lower.supposed import NotPossible, supposed_turn
from archcalc.codegen.lower.unrolled import entry_of
from archcalc.codegen.sizes import Opaque, reads_of
from archcalc.diagnostics import DiagnosticError
from archcalc.elaborate.values import loop_turns
from archcalc.ops.axes import place_of

if TYPE_CHECKING:
    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Statement
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Context
    from archcalc.codegen.sizes import Size
    from archcalc.spec.syntax import Branch as SpecBranch
    from archcalc.spec.syntax import Layer


class _Part(NamedTuple):
    """A lowered branch. `sites` are those that have it."""

    label: str
    body: tuple[Statement, ...]
    value: Tensor
    condition: Expr | None
    there: frozenset[int]


def named_join(m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None) -> Made:
    """A join with a name is a path component."""

    def inside(there: Context, tensor: Tensor | None) -> Tensor | None:
        return _joined(m, layer, there, tensor)

    def naming() -> Naming:
        return Naming(chain=False, sequential=False)

    return level(m, layer, here, start, inside, naming, sequential=False)


def join(m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None) -> Made:
    sites = [site.inside(take_group(site)) for site in here.sites]
    result = _joined(m, layer, here._replace(sites=sites), start)
    hand_out(here, sites, result)
    m.active = here.sites
    return Made(result)


def _joined(m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None) -> Tensor | None:
    parts: list[_Part] = []
    for branch in layer.branches:
        m.program.step(layer)
        parts += _branch(m, branch, here, start)
    m.active = here.sites
    if len(parts) == 1 and parts[0].condition is None:
        m.out += parts[0].body
        return parts[0].value
    return _join(m, layer, here, parts)


def _join(m: ModuleLowering, layer: Layer, here: Context, parts: list[_Part]) -> Tensor:
    if all(p.condition is not None for p in parts) or (
        layer.word == "sub" and any(p.condition is not None for p in parts)
    ):
        # Which branch comes first depends on the call.
        for part in parts:
            if part.condition is not None:
                m.pin(frozenset(variables(part.condition)))
        raise NotUniform(here.sites, [len(s.group.children) for s in here.sites])
    if all(p.condition is None for p in parts) or here.naming.chain:
        here.naming.take(layer.word, named=False)
    outputs = [s.table[s.group.output or 0] for s in here.sites]
    axes = _axes(here, outputs)
    axis = _axis(m, layer, here, parts)
    sizes = (
        _concat_sizes(parts, axis, len(axes))
        if layer.word == "concat"
        else _sizes(here, parts, outputs)
    )
    result = Tensor(sizes, axes)
    for site, shape in zip(here.sites, outputs, strict=True):
        site.set(result, shape)
    _check(here, result)
    branches = tuple(Branch(p.label, p.body, p.value, p.condition) for p in parts)
    for part in parts:
        if part.condition is not None:
            m.read(part.condition)
    m.out.append(Join(layer.word, axis, branches, result, layer))
    m.active = here.sites
    for part in parts:
        if part.condition is not None:
            name_choices(m, result, part.body)
    return m.bounded(result)


def _check(here: Context, result: Tensor) -> None:
    """Sizes with a wrong value at some site lose their expression."""
    sizes = list(result.sizes)
    for axis, size in enumerate(sizes):
        if isinstance(size, Opaque):
            continue
        actual = [s.shape(result).shape[axis] for s in here.sites]
        if mismatches(size, here.sites, actual):
            sizes[axis] = Opaque(reads_of(size))
    result.sizes = tuple(sizes)


def _axes(here: Context, outputs: list[Any]) -> Any:
    same(here.sites, [form_of(t.axes) for t in outputs])
    return outputs[0].axes


def _axis(m: ModuleLowering, layer: Layer, here: Context, parts: list[_Part]) -> int:
    if layer.word != "concat":
        return 0
    value = layer.arguments.get("axis")
    number = None if value is None else m.constant(value, here)
    first = next(p for p in parts if p.condition is None)
    found: int = same(here.sites, [place_of(s.shape(first.value), number) for s in here.sites])
    return found


def _concat_sizes(parts: list[_Part], axis: int, rank: int) -> tuple[Size, ...]:
    sizes: list[Size] = []
    for place in range(rank):
        always = [p for p in parts if p.condition is None]
        if place != axis:
            sizes.append(_first_expr([p.value.sizes[place] for p in always]))
            continue
        total: Size = literal(0)
        for part in parts:
            size = part.value.sizes[place]
            if part.condition is not None and not isinstance(size, Opaque):
                size = ast.IfExp(part.condition, size, literal(0))
            elif part.condition is not None:
                size = Opaque(reads_of(size) | frozenset(variables(part.condition)))
            if isinstance(total, Opaque) or isinstance(size, Opaque):
                total = Opaque(reads_of(total) | reads_of(size))
            else:
                total = binary(total, ast.Add, size)
        sizes.append(total)
    return tuple(sizes)


def _first_expr(sizes: list[Size]) -> Size:
    """One of several equal sizes: the one with the fewest variables."""
    known = [s for s in sizes if not isinstance(s, Opaque)]
    return min(known, key=lambda s: len(variables(s))) if known else sizes[0]


def _sizes(here: Context, parts: list[_Part], outputs: list[Any]) -> tuple[Size, ...]:
    """For a sum or product: the sizes of the branches, except axes of size 1, which are
    broadcast."""
    always = [p.value for p in parts if p.condition is None]
    sizes: list[Size] = []
    for place in range(len(always[0].sizes)):
        given = [t.sizes[place] for t in always]
        actual = [t.shape[place] for t in outputs]
        full = [
            t.sizes[place]
            for t in always
            if [s.shape(t).shape[place] for s in here.sites] == actual
        ]
        wide = [s for s in full if isinstance(s, Opaque) or show(s) != "1"]
        if wide:
            if all(isinstance(s, Opaque) for s in wide):
                reads = frozenset(v for s in given for v in reads_of(s))
                sizes.append(wide[0] if all(s is wide[0] for s in given) else Opaque(reads))
            else:
                sizes.append(_first_written(wide))
        elif full:
            sizes.append(full[0])
        else:
            sizes.append(Opaque(frozenset(v for s in given for v in reads_of(s))))
    return tuple(sizes)


def _first_written(sizes: list[Size]) -> Size:
    known = [s for s in sizes if not isinstance(s, Opaque)]
    plain = [s for s in known if not isinstance(s, ast.IfExp)]
    return (plain or known)[0]


# -- one branch ---------------------------------------------------------------------------------


def _branch(
    m: ModuleLowering, branch: SpecBranch, here: Context, start: Tensor | None
) -> list[_Part]:
    """One branch, once per iteration of its loop."""
    if branch.loop is None:
        return _turn(m, branch, here, start, here.env, None)
    loop = branch.loop
    value = loop.count or loop.table
    assert value is not None
    rows = []
    for site in here.sites:
        names = site.names
        if start is not None:
            names = {**names, "in_channels": site.shape(start).channels}
        rows.append(loop_turns(loop, names))
    count = same(here.sites, [len(r) for r in rows])
    over = m.translated(value, here, start)
    if over is None:
        m.pin_value(value, here)
    else:
        m.pin(frozenset(variables(over)))
    parts: list[_Part] = []
    for number in range(count):
        env: dict[str, Expr | None] = {**here.env, "index": literal(number)}
        for position, word in enumerate(loop.names):
            values = [r[number][word] for r in rows]
            env[word] = entry_of(over, number, position, len(loop.names), values, here)
        parts += _turn(m, branch, here, start, env, [r[number] for r in rows])
    return parts


def _turn(
    m: ModuleLowering,
    branch: SpecBranch,
    here: Context,
    start: Tensor | None,
    env: Any,
    values: list[dict[str, Any]] | None,
) -> list[_Part]:
    named = here.sites
    if values is not None:
        named = [s.inside(s.group, some) for s, some in zip(here.sites, values, strict=True)]
    condition: Expr | None = None
    truths = [True] * len(named)
    if branch.only_if is not None:
        found, truths = condition_of(m, branch.only_if, here._replace(sites=named, env=env), start)
        if isinstance(found, ast.Constant):
            if not found.value:
                return []
        else:
            condition = m.fitting(m.read(found))
    sites: list[CallSite] = []
    for site, inner, true in zip(here.sites, named, truths, strict=True):
        if true:
            sites.append(site.inside(take_group(site), inner.names))
    inside = here._replace(sites=sites, env=env, labels=Labels(here.labels))
    if not sites:
        part = _supposed(m, branch, here._replace(sites=named, env=env), start, condition)
        return [] if part is None else [part]
    without = here.naming.copy()
    with m.body() as body:
        result = lower_body(m, branch.body, inside, start)
    if condition is not None:
        here.naming.merged(condition, without)
    assert result is not None
    there = [s for s, true in zip(here.sites, truths, strict=True) if true]
    hand_out(here._replace(sites=there), sites, result)
    return [_Part(branch.label or "", tuple(body), result, condition, frozenset(map(id, there)))]


def _supposed(
    m: ModuleLowering,
    branch: SpecBranch,
    here: Context,
    start: Tensor | None,
    condition: Expr | None,
) -> _Part | None:
    """A branch that no call has."""
    assert condition is not None
    back = m.attempt()
    naming = dict(here.naming.counts)
    without = here.naming.copy()
    try:
        there = supposed_turn(m, branch.body, here, start)
        there = there._replace(labels=Labels(here.labels))
        with m.body() as body:
            result = lower_body(m, branch.body, there, start)
        if result is None:
            raise NotPossible
        (site,) = there.sites
        shape = site.shape(result)
    except (NotPossible, NotUniform, Pin, DiagnosticError, Disagreement):
        back()
        here.naming.counts = naming
        m.pin(frozenset(variables(condition)))
        return None
    here.naming.merged(condition, without)
    del shape
    return _Part(branch.label or "", tuple(body), result, condition, frozenset())
