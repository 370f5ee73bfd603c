"""Loops: one body for all iterations if every size at the start of an iteration is the same or can
be updated in a variable; otherwise unrolled."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.callsite import Disagreement, MustUnroll, NotUniform, form_of, same
from archcalc.codegen.expressions import binary, literal, name, plain, show, variables
from archcalc.codegen.ir import Let, Loop, Tensor
from archcalc.codegen.lower.counting import counted
from archcalc.codegen.lower.layers import lower_body, take_group
from archcalc.codegen.lower.supposed import NotPossible, supposed_turn
from archcalc.codegen.sizes import Opaque
from archcalc.elaborate.values import loop_turns

if TYPE_CHECKING:
    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Statement
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Count, Here
    from archcalc.codegen.sizes import Size
    from archcalc.spec.syntax import Layer
    from archcalc.spec.syntax import Loop as SpecLoop

INDICES = "ijk"


class _Head(NamedTuple):
    """What a loop iterates over: a number of iterations, or a table with a row per iteration."""

    over: Expr
    index: str  # type: ignore[assignment]  # hides tuple.index, which nobody calls on it
    words: dict[str, str]  # the spec's names by the code's
    turns: Expr


class _Turn(NamedTuple):
    """A lowered iteration."""

    entry: Tensor | None
    inside: Tensor | None
    body: list[Statement]


def loop(m: ModuleLowering, layer: Layer, here: Here, start: Tensor | None) -> Tensor | None:
    """A `repeat` or `for`."""
    assert layer.loop is not None
    groups = [take_group(site) for site in here.sites]
    rows = [loop_turns(layer.loop, _names(s, start)) for s in here.sites]
    over = m.translated(layer.loop.count or layer.loop.table, here, start)  # type: ignore[arg-type]
    outer = here._replace(sites=[s.inside(g) for s, g in zip(here.sites, groups, strict=True)])
    if over is None:
        value = layer.loop.count or layer.loop.table
        assert value is not None
        m.pin_value(value, here)
        return _unrolled(m, layer, here, outer, start, rows, None)
    if layer.loop.count is not None:
        over = m.integral(over)
        m.prove(over, here, [len(r) for r in rows], layer)
    if not variables(over) and max(map(len, rows)) <= 1:
        # At most one iteration in every case.
        return _unrolled(m, layer, here, outer, start, rows, over)
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
    return _unrolled(m, layer, here, outer, start, rows, over)


def _names(site: CallSite, start: Tensor | None) -> dict[str, Any]:
    if start is None:
        return site.names
    return {**site.names, "in_channels": site.shape(start).channels}


# -- unrolled -----------------------------------------------------------------------------------


def _unrolled(
    m: ModuleLowering,
    layer: Layer,
    here: Here,
    outer: Here,
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
            env[word] = _entry(over, turn, position, len(layer.loop.names), values, here)
        inside = here._replace(sites=sites, env=env)
        tensor = lower_body(m, layer.body, inside, tensor)
        _pass_on(here, sites)
    m.active = here.sites
    return tensor


def _pass_on(here: Here, sites: list[CallSite]) -> None:
    """Later iterations, and labels after the loop, see everything that was created in an
    iteration."""
    for site, inner in zip(here.sites, sites, strict=True):
        site._shapes.update(inner._shapes)
        site.py.update(inner.py)


def _entry(
    over: Expr | None, turn: int, position: int, words: int, values: list[Any], here: Here
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
        return literal(plain(value)) if not _has_operand(value) else None
    return None


def _has_operand(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_has_operand, value))
    return not (
        value is None or isinstance(value, str | int | float) or hasattr(value, "denominator")
    )


# -- one body -----------------------------------------------------------------------------------


def _looped(
    m: ModuleLowering,
    layer: Layer,
    here: Here,
    outer: Here,
    start: Tensor | None,
    rows: list[list[dict[str, Any]]],
    over: Expr,
) -> Tensor | None:
    assert layer.loop is not None
    head = _head(m, layer.loop, over, rows)
    deltas = counted(m, layer.body, here, start)
    sites = _turn_sites(outer, rows, head)
    moving = _moving(here, start, sites)
    while True:
        back = m.attempt()
        labels = dict(here.labels.own)
        carried, sizes = (
            ({}, ()) if start is None else _running(m, here, start, sites, moving, over)
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
    return _finish(m, here, start, sites, head, turn, carried)


def _head(m: ModuleLowering, loop: SpecLoop, over: Expr, rows: list[list[dict[str, Any]]]) -> _Head:
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
    return _Head(over, index, words, turns)


def _decimal(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_decimal, value))
    return not (value is None or isinstance(value, str | int)) and hasattr(value, "denominator")


def _turn_sites(outer: Here, rows: list[list[dict[str, Any]]], head: _Head) -> list[list[CallSite]]:
    """The sites of every iteration, one list per call."""
    found = []
    for site, some in zip(outer.sites, rows, strict=True):
        site.seek(0)
        turns = []
        for index, values in enumerate(some):
            py = {head.index: index}
            for word, python in head.words.items():
                if not _has_operand(values[word]):
                    py[python] = plain(values[word])
            turns.append(site.inside(take_group(site), values, py))
        found.append(turns)
    return found


def _moving(here: Here, start: Tensor | None, sites: list[list[CallSite]]) -> frozenset[int]:
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


SIDES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def _running(
    m: ModuleLowering,
    here: Here,
    start: Tensor,
    sites: list[list[CallSite]],
    moving: frozenset[int],
    over: Expr,
) -> tuple[dict[int, tuple[str, Expr]], tuple[Size, ...]]:
    """The sizes at the start of an iteration: changing ones as variables, by axis; those without an
    expression, which have none afterwards either."""
    origin = m.symbols(frozenset(variables(over)))
    carried: dict[int, tuple[str, Expr]] = {}
    sizes: list[Size] = []
    for place, size in enumerate(start.sizes):
        if place not in moving:
            sizes.append(size)
        elif isinstance(size, Opaque):
            sizes.append(Opaque(m.symbols(size.reads) | origin))
        else:
            python = m.ids.take(_word(start, place))
            carried[place] = (python, m.read(size))
            m.origins[python] = m.symbols(frozenset(variables(size))) | origin
            m.closed[python] = None
            for site, turns in zip(here.sites, sites, strict=True):
                value = site.shape(start).shape[place]
                for turn in turns:
                    turn.py[python] = value
                    output = turn.group.output
                    value = turn.table[output].shape[place] if output else value
            sizes.append(name(python))
    return carried, tuple(sizes)


def _word(tensor: Tensor, place: int) -> str:
    """The name of a running size."""
    if place == tensor.channel_axis:
        return "channels"
    spatial = [a for a in range(len(tensor.axes)) if a != tensor.channel_axis]
    words = SIDES.get(len(spatial), ())
    return words[spatial.index(place)] if words else "length"


def _lower_turn(
    m: ModuleLowering,
    layer: Layer,
    here: Here,
    sites: list[list[CallSite]],
    start: Tensor | None,
    head: _Head,
    sizes: Any,
    deltas: dict[str, Count],
) -> _Turn:
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
    return _Turn(entry, result, body)


def _supposed(
    m: ModuleLowering,
    layer: Layer,
    here: Here,
    start: Tensor | None,
    entry: Tensor | None,
    head: _Head,
    inside: Here,
) -> Here:
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


def _changed(turn: _Turn) -> frozenset[int]:
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


def _finish(
    m: ModuleLowering,
    here: Here,
    start: Tensor | None,
    sites: list[list[CallSite]],
    head: _Head,
    turn: _Turn,
    carried: dict[int, tuple[str, Expr]],
) -> Tensor | None:
    inside = turn.inside
    output: Tensor | None = None
    update: list[tuple[str, Expr, Expr]] = []
    if inside is not None and start is not None and turn.entry is not None:
        if form_of(inside.axes) != form_of(start.axes):
            raise MustUnroll(here.sites, range(len(here.sites)))
        sizes = list(turn.entry.sizes)
        for place, size in enumerate(sizes):
            if place in carried:
                sizes[place] = _carried(m, here, start, sites, head, turn, place, carried, update)
            elif isinstance(size, Opaque) and size is not start.sizes[place]:
                sizes[place] = _constant(m, here, start, sites, place, size, inside)
        output = Tensor(tuple(sizes), start.axes)
        for site, turns in zip(here.sites, sites, strict=True):
            site.set(output, _last(site, turns, start))
    for site, turns in zip(here.sites, sites, strict=True):
        for one in turns:
            site._shapes.update({t: s for t, s in one._shapes.items() if t.label})
    _in_order(m, turn, update)
    names = tuple(head.words.values())
    m.ids.used.difference_update((head.index, *names))
    m.out.append(
        Loop(
            head.index, names, head.over, tuple(turn.body), start, turn.entry, inside, output,
            tuple(update),
        )
    )  # fmt: skip
    return output if output is not None else start


def _in_order(m: ModuleLowering, turn: _Turn, update: list[tuple[str, Expr, Expr]]) -> None:
    """Puts what reads a running variable before its change; where two read one another, the values
    get names first."""
    done: list[tuple[str, Expr, Expr]] = []
    left = list(update)
    while left:
        for one in left:
            if not any(one[0] in variables(other[2]) for other in left if other is not one):
                break
        else:
            python, first, after = one = left[0]
            word = m.ids.take(f"next_{python}")
            turn.body.append(Let(word, after))
            m.origins[word] = m.symbols(frozenset(variables(after)))
            m.closed[word] = None
            left[0] = (python, first, name(word))
            continue
        left.remove(one)
        done.append(one)
    update[:] = done


def _carried(
    m: ModuleLowering,
    here: Here,
    start: Tensor,
    sites: list[list[CallSite]],
    head: _Head,
    turn: _Turn,
    place: int,
    carried: dict[int, tuple[str, Expr]],
    update: list[tuple[str, Expr, Expr]],
) -> Size:
    """A running size after the loop."""
    python, first = carried[place]
    assert turn.inside is not None
    after = turn.inside.sizes[place]
    if isinstance(after, Opaque):
        if place == start.channel_axis:
            raise MustUnroll(here.sites, range(len(here.sites)))
        return _constant(m, here, start, sites, place, Opaque(m.origins[python]), turn.inside)
    last = turn.body[-1] if turn.body else None
    if isinstance(last, Let) and isinstance(after, ast.Name) and after.id == last.name:
        turn.body.pop()
        after = last.value
    update.append((python, first, m.read(after)))
    m.origins[python] |= m.symbols(frozenset(variables(after)))
    m.closed[python] = _closed(m, python, first, after, head)
    for site, turns in zip(here.sites, sites, strict=True):
        site.py[python] = _last(site, turns, start).shape[place]
    if place != start.channel_axis and not m.origins[python]:
        actual = {site.py[python] for site in here.sites}
        if len(actual) == 1:
            return literal(actual.pop())
    return name(python)


def _constant(
    m: ModuleLowering,
    here: Here,
    start: Tensor,
    sites: list[list[CallSite]],
    place: int,
    size: Opaque,
    inside: Tensor,
) -> Size:
    """A size without an expression after the loop: a number if nothing can change it."""
    more = inside.sizes[place]
    reads = more.reads if isinstance(more, Opaque) else frozenset(variables(more))
    symbols = m.symbols(size.reads) | m.symbols(reads)
    if not symbols:
        pairs = zip(here.sites, sites, strict=True)
        actual = {_last(s, t, start).shape[place] for s, t in pairs}
        if len(actual) == 1:
            return literal(actual.pop())
    return Opaque(symbols)


def _last(site: CallSite, turns: list[CallSite], start: Tensor) -> Any:
    if turns and turns[-1].group.output:
        return turns[-1].table[turns[-1].group.output]
    return site.shape(start)


def _closed(m: ModuleLowering, python: str, first: Expr, after: Expr, head: _Head) -> Expr | None:
    """The value of a running variable after the loop, in parameters: if it is constant or grows
    linearly."""
    start, turns = m.close(first), m.close(head.turns)
    if start is None or turns is None:
        return None
    read = set(variables(after))
    bound = {head.index, *head.words.values()}
    if python not in read:
        if not read & bound:
            value = m.close(after)
            return None if value is None else ast.IfExp(_some(turns), value, start)
        return _last_row(m, after, head)
    if isinstance(after, ast.BinOp) and isinstance(after.op, ast.Add) and not read & bound:
        for one, other in ((after.left, after.right), (after.right, after.left)):
            if show(one) == python and python not in variables(other):
                step = m.close(other)
                if step is not None:
                    return binary(start, ast.Add, binary(turns, ast.Mult, step))
    return None


def _some(turns: Expr) -> Expr:
    if isinstance(turns, ast.Constant):
        return ast.Constant(bool(turns.value))
    return ast.Compare(turns, [ast.Gt()], [literal(0)])


def _last_row(m: ModuleLowering, after: Expr, head: _Head) -> Expr | None:
    """The entry of the table's last row, if an iteration's size is an entry of its row."""
    names = list(head.words.values())
    if not isinstance(after, ast.Name) or after.id not in names:
        return None
    table = m.close(head.over)
    if table is None:
        return None
    row: Expr = ast.Subscript(table, literal(-1), ast.Load())
    if isinstance(table, ast.Tuple) and table.elts:
        row = table.elts[-1]
    if len(names) == 1:
        return row
    position = names.index(after.id)
    if isinstance(row, ast.Tuple):
        return row.elts[position]
    return ast.Subscript(row, literal(position), ast.Load())
