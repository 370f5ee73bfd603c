"""Sizes that change between iterations: they are updated in variables, and have a value
afterwards."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from archcalc.codegen.callsite import MustUnroll, form_of
from archcalc.codegen.expressions import binary, literal, name, show, variables
from archcalc.codegen.ir import Let, Loop, Tensor
from archcalc.codegen.sizes import Opaque

if TYPE_CHECKING:
    from typing import Any

    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Statement
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Context
    from archcalc.codegen.sizes import Size

SIDES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""The names of running spatial sizes, by their number."""


class Head(NamedTuple):
    """What a loop iterates over: a number of iterations, or a table with a row per iteration."""

    over: Expr
    index: str  # type: ignore[assignment]  # hides tuple.index, which nobody calls on it
    words: dict[str, str]  # the spec's names by the code's
    turns: Expr


class Turn(NamedTuple):
    """A lowered iteration."""

    entry: Tensor | None
    inside: Tensor | None
    body: list[Statement]


def running_sizes(
    m: ModuleLowering,
    here: Context,
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


def finished(
    m: ModuleLowering,
    here: Context,
    start: Tensor | None,
    sites: list[list[CallSite]],
    head: Head,
    turn: Turn,
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


def _in_order(m: ModuleLowering, turn: Turn, update: list[tuple[str, Expr, Expr]]) -> None:
    """Orders updates so that a running variable is read before it changes; if two read each other,
    the new values get names first."""
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
    here: Context,
    start: Tensor,
    sites: list[list[CallSite]],
    head: Head,
    turn: Turn,
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
        if python in m.used:  # the body reads it, and there is no expression of its next value
            m.pin(after.reads)
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
    here: Context,
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


def _closed(m: ModuleLowering, python: str, first: Expr, after: Expr, head: Head) -> Expr | None:
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


def _last_row(m: ModuleLowering, after: Expr, head: Head) -> Expr | None:
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
