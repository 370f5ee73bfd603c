"""Loops: one body for all iterations if every size at the start of an iteration is the same or can
be updated in a variable; otherwise unrolled."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.codegen.callsite import Disagreement, MustUnroll, NotUniform, form_of
from archcalc.codegen.expressions import literal, name, plain, show, variables
from archcalc.codegen.ir import Tensor
from archcalc.codegen.lower.counting import counted
from archcalc.codegen.lower.layers import lower_body, take_group
from archcalc.codegen.lower.running import Head, Turn, finished, running_sizes
from archcalc.codegen.lower.supposed import NotPossible, supposed_turn
from archcalc.codegen.lower.unrolled import has_operand, unrolled
from archcalc.codegen.sizes import Opaque
from archcalc.elaborate.values import loop_turns

if TYPE_CHECKING:
    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Context, Count
    from archcalc.spec.syntax import Layer
    from archcalc.spec.syntax import Loop as SpecLoop

INDICES = "ijk"


def loop(m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None) -> Tensor | None:
    """A `repeat` or `for`."""
    assert layer.loop is not None
    groups = [take_group(site) for site in here.sites]
    rows = [loop_turns(layer.loop, _names(s, start)) for s in here.sites]
    # A loop has a count or a table, never neither: mypy sees two optional values.
    over = m.translated(layer.loop.count or layer.loop.table, here, start)  # type: ignore[arg-type]
    outer = here._replace(sites=[s.inside(g) for s, g in zip(here.sites, groups, strict=True)])
    if over is None:
        value = layer.loop.count or layer.loop.table
        assert value is not None
        m.pin_value(value, here)
        return unrolled(m, layer, here, outer, start, rows, None)
    if layer.loop.count is not None:
        over = m.integral(over)
        m.prove(over, here, [len(r) for r in rows], layer)
    if not variables(over) and max(map(len, rows)) <= 1:
        # At most one iteration in every case.
        return unrolled(m, layer, here, outer, start, rows, over)
    back = m.attempt()
    labels, naming = dict(here.labels.own), dict(here.naming.counts)
    try:
        return _looped(m, layer, here, outer, start, rows, over)
    except MustUnroll:
        pass
    except NotUniform as differs:
        if not differs.within_a_call():
            raise
    back()
    here.labels.own, here.naming.counts = labels, naming
    for site in outer.sites:
        site.seek(0)
    m.pin(frozenset(variables(over)))
    return unrolled(m, layer, here, outer, start, rows, over)


def _names(site: CallSite, start: Tensor | None) -> dict[str, Any]:
    if start is None:
        return site.names
    return {**site.names, "in_channels": site.shape(start).channels}


# -- one body -----------------------------------------------------------------------------------


def _looped(
    m: ModuleLowering,
    layer: Layer,
    here: Context,
    outer: Context,
    start: Tensor | None,
    rows: list[list[dict[str, Any]]],
    over: Expr,
) -> Tensor | None:
    assert layer.loop is not None
    head = _head(m, layer.loop, over, rows)
    bound = frozenset((*layer.loop.names, "index"))
    deltas = counted(m, layer.body, here, start, bound)
    sites = _turn_sites(outer, rows, head)
    moving = _moving(here, start, sites)
    while True:
        back = m.attempt()
        labels = dict(here.labels.own)
        carried, sizes = (
            ({}, ()) if start is None else running_sizes(m, here, start, sites, moving, over)
        )
        try:
            turn = _lower_turn(m, layer, here, sites, start, head, sizes, deltas)
        except Disagreement:
            rest = frozenset() if start is None else frozenset(range(len(start.axes))) - moving
            if start is None or not rest:
                raise
            more = rest if start.channel_axis in moving else frozenset((start.channel_axis,))
        else:
            more = frozenset() if start is None else _changed(turn) - moving
        if not more:
            break
        moving |= more
        back()
        here.labels.own = labels
        sites = _turn_sites(outer, rows, head)
    m.active = here.sites
    here.naming.after(head.turns, deltas)
    return finished(m, here, start, sites, head, turn, carried)


def _head(m: ModuleLowering, loop: SpecLoop, over: Expr, rows: list[list[dict[str, Any]]]) -> Head:
    free = [w for w in INDICES if w not in m.ids.used]
    index = free[0] if free else m.ids.take("i")
    m.ids.used.add(index)
    origin = m.symbols(frozenset(variables(over)))
    m.origins[index] = origin
    m.closed[index] = None
    words = {}
    for word in loop.names:
        python = m.ids.take(word)
        words[word] = python
        m.origins[python] = origin
        m.closed[python] = None
        values = [row[word] for some in rows for row in some]
        if any(_decimal(v) for v in values):
            m.decimals.add(python)
    turns = over if loop.count is not None else ast.Call(name("len"), [over], [])
    if isinstance(over, ast.Tuple):
        turns = literal(len(over.elts))
    m.read(over)
    return Head(over, index, words, turns)


def _decimal(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_decimal, value))
    return not (value is None or isinstance(value, str | int)) and hasattr(value, "denominator")


def _turn_sites(
    outer: Context, rows: list[list[dict[str, Any]]], head: Head
) -> list[list[CallSite]]:
    """The sites of every iteration, one list per call."""
    found = []
    for site, some in zip(outer.sites, rows, strict=True):
        site.seek(0)
        turns = []
        for index, values in enumerate(some):
            py = {head.index: index}
            for word, python in head.words.items():
                if not has_operand(values[word]):
                    py[python] = plain(values[word])
            turns.append(site.inside(take_group(site), values, py))
        found.append(turns)
    return found


def _moving(here: Context, start: Tensor | None, sites: list[list[CallSite]]) -> frozenset[int]:
    """The axes whose size changes between iterations at some site."""
    if start is None:
        return frozenset()
    axes: set[int] = set()
    for site, turns in zip(here.sites, sites, strict=True):
        before = site.shape(start)
        for turn in turns:
            after = turn.table[turn.group.output] if turn.group.output else None
            if after is None:
                continue
            if form_of(after.axes) != form_of(before.axes):
                raise MustUnroll(here.sites, range(len(here.sites)))
            pairs = zip(before.shape, after.shape, strict=True)
            axes |= {a for a, (n, o) in enumerate(pairs) if n != o}
    return frozenset(axes)


def _lower_turn(
    m: ModuleLowering,
    layer: Layer,
    here: Context,
    sites: list[list[CallSite]],
    start: Tensor | None,
    head: Head,
    sizes: Any,
    deltas: dict[str, Count],
) -> Turn:
    env: dict[str, Expr | None] = {**here.env, "index": name(head.index)}
    for word, python in head.words.items():
        env[word] = name(python)
    flat = [turn for turns in sites for turn in turns]
    entry = None
    if start is not None:
        entry = Tensor(sizes, start.axes)
        for site, turns in zip(here.sites, sites, strict=True):
            shape = site.shape(start)
            for turn in turns:
                turn.set(entry, shape)
                output = turn.group.output
                shape = turn.table[output] if output else shape
    inside = here._replace(
        sites=flat, env=env, loops=(*here.loops, head.index),
        naming=here.naming.turn(head.index, deltas),
    )  # fmt: skip
    if not flat:
        inside = _supposed(m, layer, here, start, entry, head, inside)
    for turn in flat:
        turn.seek(0)
    with m.body() as body:
        result = lower_body(m, layer.body, inside, entry)
    return Turn(entry, result, body)


def _supposed(
    m: ModuleLowering,
    layer: Layer,
    here: Context,
    start: Tensor | None,
    entry: Tensor | None,
    head: Head,
    inside: Context,
) -> Context:
    """An iteration for loops that no call enters."""
    if head.words:
        m.pin(frozenset(variables(head.over)))
        raise MustUnroll(here.sites, [0] * len(here.sites))
    try:
        there = supposed_turn(m, layer.body, here, start)
    except NotPossible:
        m.pin(frozenset(variables(head.over)))
        raise MustUnroll(here.sites, [0] * len(here.sites)) from None
    (site,) = there.sites
    site.py[head.index] = 0
    if start is not None and entry is not None:
        site.set(entry, site.shape(start))
        for size, value in zip(entry.sizes, site.shape(start).shape, strict=True):
            if isinstance(size, ast.Name) and not any(size.id in s.py for s in here.sites):
                site.py.setdefault(size.id, value)
    return inside._replace(sites=there.sites)


def _changed(turn: Turn) -> frozenset[int]:
    """The axes whose size changes in an iteration."""
    entry, after = turn.entry, turn.inside
    if entry is None or after is None or form_of(after.axes) != form_of(entry.axes):
        return frozenset()
    axes = set()
    for axis, (one, other) in enumerate(zip(entry.sizes, after.sizes, strict=True)):
        if isinstance(one, Opaque) or isinstance(other, Opaque):
            if one is not other:
                axes.add(axis)
        elif show(one) != show(other):
            axes.add(axis)
    return frozenset(axes)
