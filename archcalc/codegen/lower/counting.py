"""The number of unnamed layers that a body adds to its scope."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from archcalc.codegen.expressions import binary, literal, name
from archcalc.codegen.lower.scope import POSITION
from archcalc.codegen.sizes import Opaque, reads_of
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from archcalc.codegen.ir import Tensor
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Context, Count
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Layer

    Counts = dict[str, Count]


_EVERY = frozenset(("every name",))
"""In the place of bound names: of an inline block, whose names are its own."""


def counted(
    m: ModuleLowering,
    body: tuple[Layer, ...],
    here: Context,
    start: Tensor | None,
    bound: frozenset[str] = frozenset(),
) -> Counts:
    """The layers that a body adds, by word (in a sequential scope all together); None if it is not
    a constant."""
    found: Counts = {}
    for layer in body:
        for key, more in _layer(m, layer, here, start, bound).items():
            found[key] = _sum(found.get(key, literal(0)), more)
    return found


def _layer(
    m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None, bound: frozenset[str]
) -> Counts:
    if layer.when is not None:
        inside = _layer(m, layer._replace(when=None), here, start, bound)
        return dict.fromkeys(inside, _unknown(m, layer.when, here))
    blocks = m.program.net.spec.blocks
    if layer.kind == "do":
        if layer.loop is None:
            return counted(m, layer.body, here, start, bound)
        inside = counted(m, layer.body, here, start, bound | {*layer.loop.names, "index"})
        return _times(m, inside, layer, here, start, bound)
    if layer.kind == "join":
        if layer.name is not None:
            return {POSITION: literal(1)} if here.naming.chain else {}
        total: Counts = {}
        for branch in layer.branches:
            inside = counted(m, branch.body, here, start, bound)
            for value in (branch.only_if, *(branch.loop or ())[1:3]):
                if value is not None:
                    inside = dict.fromkeys(inside, _unknown(m, value, here))
            for key, more in inside.items():
                total[key] = _sum(total.get(key, literal(0)), more)
        if not here.naming.chain:
            total[layer.word] = Opaque(frozenset())  # its own index names nothing
        return total
    if layer.kind == "block" and blocks[layer.word].inline:
        return counted(m, blocks[layer.word].body, here, start, _EVERY)
    if layer.kind in ("tensor", "reuse"):
        return {}
    if here.naming.chain:
        return {POSITION: literal(1)}
    if layer.name is not None:
        return {}
    return {_word(layer, here): literal(1)}


def _word(layer: Layer, here: Context) -> str:
    if layer.kind == "group":
        return "group"
    if layer.kind == "apply":
        held = here.sites[0].names.get(layer.word, layer.word) if here.sites else layer.word
        return held.layer.word if isinstance(held, Operand) else str(held)
    return layer.word


def _times(
    m: ModuleLowering,
    inside: Counts,
    layer: Layer,
    here: Context,
    start: Tensor | None,
    bound: frozenset[str],
) -> Counts:
    assert layer.loop is not None
    value = layer.loop.count or layer.loop.table
    assert value is not None
    if not inside:
        return {}
    words = set(re.findall(r"\w+", value.text)) if value.items is None else {"in_channels"}
    known = value.constant or (bound is not _EVERY and not words & (bound | {"in_channels"}))
    expr = m.translated(value, here, start) if known else None
    if isinstance(expr, ast.Tuple):
        expr = literal(len(expr.elts))
    elif expr is not None and layer.loop.count is None:
        expr = ast.Call(name("len"), [expr], [])
    if expr is None:
        return dict.fromkeys(inside, _unknown(m, value, here))
    return {
        key: more if isinstance(more, Opaque) else binary(expr, ast.Mult, more)
        for key, more in inside.items()
    }


def _sum(one: Count, other: Count) -> Count:
    if isinstance(one, Opaque) or isinstance(other, Opaque):
        return Opaque(reads_of(one) | reads_of(other))
    return binary(one, ast.Add, other)


def _unknown(m: ModuleLowering, value: Value, here: Context) -> Opaque:
    """A count that depends on everything that a value uses."""
    return Opaque(m.words_read(value, here))
