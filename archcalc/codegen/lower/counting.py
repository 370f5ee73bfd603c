"""How many unnamed layers a body adds to the names of its level."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from archcalc.codegen.expressions import binary, literal
from archcalc.codegen.lower.scope import POSITION
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Tensor
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Here
    from archcalc.spec.syntax import Layer

    Counts = dict[str, Expr | None]


def counted(m: ModuleLowering, body: tuple[Layer, ...], here: Here, start: Tensor | None) -> Counts:
    """The layers that a body adds, by word (in a chain all together); None where it is no plain
    number."""
    found: Counts = {}
    for layer in body:
        for key, more in _layer(m, layer, here, start).items():
            before = found.get(key, literal(0))
            known = before is not None and more is not None
            found[key] = binary(before, ast.Add, more) if known else None  # type: ignore[arg-type]
    return found


def _layer(m: ModuleLowering, layer: Layer, here: Here, start: Tensor | None) -> Counts:
    if layer.when is not None:
        inside = _layer(m, layer._replace(when=None), here, start)
        return dict.fromkeys(inside)
    blocks = m.program.net.spec.blocks
    if layer.kind == "do":
        inside = counted(m, layer.body, here, start)
        if layer.loop is None:
            return inside
        return _times(m, inside, layer, here, start)
    if layer.kind == "join":
        if layer.name is not None:
            return {POSITION: literal(1)} if here.naming.chain else {}
        total: Counts = {}
        for branch in layer.branches:
            inside = counted(m, branch.body, here, start)
            if branch.loop is not None or branch.only_if is not None:
                inside = dict.fromkeys(inside)
            for key, more in inside.items():
                before = total.get(key, literal(0))
                known = before is not None and more is not None
                total[key] = binary(before, ast.Add, more) if known else None  # type: ignore[arg-type]
        if not here.naming.chain:
            total[layer.word] = None  # its own number names nothing
        return total
    if layer.kind == "block" and blocks[layer.word].inline:
        return counted(m, blocks[layer.word].body, here, start)
    if layer.kind in ("tensor", "reuse"):
        return {}
    if here.naming.chain:
        return {POSITION: literal(1)}
    if layer.name is not None:
        return {}
    return {_word(layer, here): literal(1)}


def _word(layer: Layer, here: Here) -> str:
    if layer.kind == "group":
        return "group"
    if layer.kind == "apply":
        held = here.sites[0].names.get(layer.word, layer.word) if here.sites else layer.word
        return held.layer.word if isinstance(held, Operand) else str(held)
    return layer.word


def _times(
    m: ModuleLowering, inside: Counts, layer: Layer, here: Here, start: Tensor | None
) -> Counts:
    assert layer.loop is not None
    value = layer.loop.count or layer.loop.table
    assert value is not None
    if not inside:
        return {}
    expr = m.translated(value, here, start) if value.constant else None
    if isinstance(expr, ast.Tuple):
        expr = literal(len(expr.elts))
    if not isinstance(expr, ast.Constant):
        return dict.fromkeys(inside)
    return {
        key: None if more is None else binary(expr, ast.Mult, more) for key, more in inside.items()
    }
