"""Joins in the forward pass: the branches one after the other, then the sum, product or concat."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.elaborate.values import loop_turns
from archcalc.exporting.expressions import binary, literal, variables
from archcalc.exporting.lanes import Differs, Wire, constant, holds
from archcalc.exporting.layout import Items, Line, Nest, assign, call, flat
from archcalc.exporting.pytorch.scope import Here, Scope
from archcalc.exporting.pytorch.turns import proved
from archcalc.ops.axes import place_of

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.pytorch.forward import ForwardWriter
    from archcalc.spec.syntax import Branch, Layer

SHORT = 44
"""A branch up to this length stays inside the join's expression."""

LINE = 72
"""A sum up to this length stands on one line."""

_WORD = re.compile(r"[A-Za-z_]\w*")

SIGNS = {"add": "+", "sub": "-", "mul": "*"}


class Part(NamedTuple):
    """A branch that has been written: what it gives, and when it is there (None: always)."""

    wire: Wire
    flag: str | None
    variable: str
    condition: Expr | None = None


def join(
    writer: ForwardWriter, layer: Layer, here: Here, start: Wire | None, groups: Any = None
) -> Wire | None:
    """A join's branches and the join itself."""
    if groups is None:
        groups = [lane.take() for lane in here.lanes]
    lanes = [lane.inside(g) for lane, g in zip(here.lanes, groups, strict=True)]
    inside = here._replace(lanes=lanes)
    if start is not None:
        start = writer.simple(inside, start)
    held: list[str] = []
    parts: list[Part] = []
    target = writer.target
    for branch in layer.branches:
        parts += _branch(writer, branch, inside, start, held)
    writer.target = target
    joined = _joined(writer, layer, inside, parts, held)
    if joined is None:
        return None
    if joined.simple and joined.doc in held:
        typed = writer.put(target, joined.doc, typed=joined.typed)
        joined = Wire(target, simple=True, typed=typed)
    # The branches' variables may be used again; what reads them must not wait for that.
    writer.builder.forward_ids.used.difference_update(held)
    writer.released |= set(held)
    for lane, group in zip(here.lanes, groups, strict=True):
        lane.set(joined, group.output)
    joined.dims = _dims(layer, inside, parts, joined)
    return joined


def _branch(
    writer: ForwardWriter, branch: Branch, here: Here, start: Wire | None, held: list[str]
) -> list[Part]:
    """One branch, once for each turn of its loop."""
    if branch.loop is None:
        return _turn(writer, branch, here, start, held)
    loop = branch.loop
    rows = [
        loop_turns(loop, lane.names if start is None else lane.at(lane.tensor(start)))
        for lane in here.lanes
    ]
    count = constant(here.lanes, [len(r) for r in rows])
    table = None if loop.table is None else writer.translated(loop.table, here, start)
    parts: list[Part] = []
    for number in range(count):
        env = {**here.env, "index": literal(number)}
        for position, word in enumerate(loop.names):
            expr: Expr | None = None
            if isinstance(table, ast.Tuple):
                expr = table.elts[number]
                if len(loop.names) > 1:
                    expr = expr.elts[position] if isinstance(expr, ast.Tuple) else None
            actual = [r[number][word] for r in rows]
            env[word] = proved(expr, here.lanes, actual)
        values = [r[number] for r in rows]
        parts += _turn(writer, branch, here._replace(env=env), start, held, values)
    return parts


def _turn(
    writer: ForwardWriter,
    branch: Branch,
    here: Here,
    start: Wire | None,
    held: list[str],
    values: list[dict[str, Any]] | None = None,
) -> list[Part]:
    if values is not None:
        named = [
            lane.inside(lane.group, extra) for lane, extra in zip(here.lanes, values, strict=True)
        ]
    else:
        named = here.lanes
    there, flag, init_condition = named, None, None
    if branch.only_if is not None:
        truths = [
            bool(branch.only_if.evaluate(n.names if start is None else n.at(n.tensor(start))))
            for n in named
        ]
        there = [n for n, truth in zip(named, truths, strict=True) if truth]
        if not there:
            places = here._replace(lanes=named)
            expr = writer.translated(branch.only_if, places, start)
            writer.program.untried(expr, named)
            return []
        condition = writer.condition(branch.only_if, here._replace(lanes=named), start, truths)
        if len(there) == len(named):
            writer.program.untried(condition, named)
        if variables(condition):
            hint = f"has_{branch.label or 'branch'}"
            flag = writer.at_run_time(condition, hint, here)
            init_condition = condition
    lanes = []
    for inner, outer in zip(named, here.lanes, strict=True):
        if inner not in there:
            continue
        group: Any = outer.take()
        lanes.append(outer.inside(group, inner.names))
    variable = writer.builder.forward_ids.take(branch.label or "branch", "branch")
    held.append(variable)
    writer.target = variable
    inside = Here(lanes, here.env, Scope(here.scope), here.loops)
    kept = (writer.statements, writer.forward)
    if flag is not None:
        writer.statements, writer.forward = [], []
    wire = writer.body(branch.body, inside, start)
    assert wire is not None
    if not wire.simple and (
        len(flat(wire.doc)) > SHORT
        or isinstance(wire.doc, str)
        or writer.released & set(_WORD.findall(flat(wire.doc)))
    ):
        wire = writer.simple(inside, wire)
    for lane, outer in zip(
        lanes, [o for i, o in zip(named, here.lanes, strict=True) if i in there], strict=True
    ):
        outer.set(wire, lane.index(wire))
    if flag is not None:
        init, forward = writer.statements, writer.forward
        writer.statements, writer.forward = kept
        if init:
            assert init_condition is not None
            text = flag
            if not flag.startswith("self."):
                text = writer.builder.text(writer.fitting(init_condition, here))
            writer.statements.append(Nest("if ", text, init))
        if forward:
            writer.forward.append(Nest("if ", flag, forward))
    return [Part(wire, flag, variable, init_condition)]


def _joined(
    writer: ForwardWriter, layer: Layer, here: Here, parts: list[Part], held: list[str]
) -> Wire | None:
    always = [p for p in parts if p.flag is None]
    if len(always) == len(parts):
        return _whole(writer, layer, here, parts)
    if layer.word == "concat":
        return _listed(writer, layer, here, parts, held)
    if not always or layer.word == "sub":
        # Which branch comes first depends on the place: one class for each case.
        raise Differs(here.lanes, [len(lane.group.children) for lane in here.lanes])
    base = _whole(writer, layer, here, always)
    assert base is not None
    # Not the target, which may be what a branch that comes yet reads.
    total = writer.builder.forward_ids.take("total")
    held.append(total)
    typed = writer.declare(total, base)
    for part in parts:
        if part.flag is not None:
            text = f"{total} {SIGNS[layer.word]} {flat(part.wire.doc)}"
            writer.forward.append(Nest("if ", part.flag, [assign(total, text)]))
    return Wire(total, simple=True, typed=typed)


def _whole(writer: ForwardWriter, layer: Layer, here: Here, parts: list[Part]) -> Wire | None:
    """All branches are there: one expression."""
    wires = [p.wire for p in parts]
    if len(wires) == 1:
        return Wire(wires[0].doc, simple=wires[0].simple, typed=wires[0].typed)
    if layer.word == "concat":
        doc = call(
            "torch.cat", Items("[", tuple(w.doc for w in wires), "]"), _axis(layer, here, wires)
        )
        return Wire(doc, typed=True)
    sign = SIGNS[layer.word]
    text = f" {sign} ".join(flat(w.doc) for w in wires)
    if len(text) > LINE:
        for part in parts:
            if not part.wire.simple:
                writer.put(part.variable, part.wire.doc, typed=part.wire.typed)
        names = [str(p.wire.doc) if p.wire.simple else p.variable for p in parts]
        text = f" {sign} ".join(names)
    return Wire(text, typed=all(w.typed for w in wires))


def _axis(layer: Layer, here: Here, wires: list[Wire]) -> str:
    """The concat's axis, counted with the batch."""
    axes = []
    for lane in here.lanes:
        value = layer.arguments.get("axis")
        number = None if value is None else value.evaluate(lane.names)
        first = next(lane.tensor(w) for w in wires if _is_there(lane, w))
        axes.append(place_of(first, number) + 1)
    return str(constant(here.lanes, axes))


def _is_there(lane: Any, wire: Wire) -> bool:
    try:
        lane.index(wire)
    except KeyError:
        return False
    return True


def _listed(
    writer: ForwardWriter, layer: Layer, here: Here, parts: list[Part], held: list[str]
) -> Wire:
    """A concat whose branches come and go: a list that grows."""
    variable = writer.builder.forward_ids.take("parts")
    held.append(variable)
    first = []
    rest = list(parts)
    while rest and rest[0].flag is None:
        first.append(rest.pop(0).wire.doc)
    if first:
        writer.forward.append(Line(f"{variable} = ", Items("[", tuple(first), "]")))
    else:
        writer.forward.append(Line(f"{variable}: list[Tensor] = ", "[]"))
    for part in rest:
        line = Line("", call(f"{variable}.append", part.wire.doc))
        writer.forward.append(line if part.flag is None else Nest("if ", part.flag, [line]))
    axis = _axis(layer, here, [p.wire for p in parts])
    typed = writer.put(writer.target, call("torch.cat", variable, axis), typed=True)
    return Wire(writer.target, simple=True, typed=typed)


def _dims(layer: Layer, here: Here, parts: list[Part], joined: Wire) -> dict[int, Expr]:
    """The lengths that are known after the join, proved in every place."""
    found: dict[int, Expr] = {}
    tensors = [lane.tensor(joined) for lane in here.lanes]
    place = None
    if layer.word == "concat" and len(parts) > 1:
        place = int(_axis(layer, here, [p.wire for p in parts])) - 1
    for axis in {axis for part in parts for axis in part.wire.dims}:
        if any(axis >= len(t.shape) for t in tensors):
            continue
        actual = [t.shape[axis] for t in tensors]
        known = [p.wire.dims.get(axis) for p in parts if p.condition is None]
        for candidate in [_sum(parts, here, axis)] if axis == place else known:
            if candidate is not None and holds(candidate, here.lanes, actual):
                found[axis] = candidate
                break
    return found


def _sum(parts: list[Part], here: Here, axis: int) -> Expr | None:
    total: Expr = literal(0)
    for part in parts:
        length = part.wire.dims.get(axis)
        if length is None:
            lengths = {
                lane.tensor(part.wire).shape[axis]
                for lane in here.lanes
                if _is_there(lane, part.wire)
            }
            if len(lengths) != 1:
                return None
            length = literal(lengths.pop())
        if part.condition is not None:
            length = ast.IfExp(part.condition, length, literal(0))
        total = binary(total, ast.Add, length)
    return total
