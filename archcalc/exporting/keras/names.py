"""The name of a layer in its level, as the code makes it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import (
    Unevaluable,
    binary,
    evaluate,
    literal,
    name,
    variables,
)
from archcalc.codegen.layout import Line
from archcalc.exporting.call_sites import NotUniform
from archcalc.exporting.keras.strategies import Restart

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr
    from archcalc.exporting.keras.writer import BaseWriter, Context
    from archcalc.spec.syntax import Layer

Template = tuple["str | Expr", ...]


def local_name(
    writer: BaseWriter, layer: Layer, here: Context, paths: list[str], word: str
) -> str | Template:
    """The part of the path that is the layer's own: fixed, made from its `$(…)`, growing with the
    loops, or counted while the code runs."""
    words = [p[len(lane.prefix) :] for lane, p in zip(here.lanes, paths, strict=True)]
    counted = here.level.word(word)
    counter = writer.program.counters.get((here.level.key, counted))
    if layer.name is not None:
        if counter is not None and here.level.chain:
            writer.statements.append(Line("", f"next({counter})"))  # a named layer takes a place
        return _named(writer, layer, here, words)
    if counter is not None:
        following = ast.Call(name("next"), [name(counter)], [])
        return (following,) if here.level.chain else (word, following)
    if len(set(words)) == 1:
        return words[0]
    template = _growing(here, words)
    if template is not None and _gives(template, here, words):
        return template
    raise Restart(("count", (here.level.key, counted)))


def _named(writer: BaseWriter, layer: Layer, here: Context, words: list[str]) -> str | Template:
    assert layer.name is not None
    if len(set(words)) == 1:
        return words[0]
    parts: list[str | Expr] = []
    for part in layer.name.parts:
        expr: Any = part if isinstance(part, str) else writer.proposed(part, here, None)
        if expr is None:
            raise NotUniform(here.lanes, words)
        parts.append(expr)
    template = tuple(parts)
    if not _gives(template, here, words):
        raise NotUniform(here.lanes, words)
    return template


def _growing(here: Context, words: list[str]) -> Template | None:
    """A word and a number that grows evenly with the indices of the loops."""
    stem = words[0].rstrip("0123456789")
    numbers = [w[len(stem) :] for w in words]
    if not all(w.startswith(stem) and n.isdecimal() for w, n in zip(words, numbers, strict=True)):
        return None
    at: dict[tuple[Any, ...], int] = {}
    for lane, number in zip(here.lanes, numbers, strict=True):
        at.setdefault(tuple(lane.py[i] for i in here.indices), int(number))
    origin = (0,) * len(here.indices)
    if origin not in at:
        return None
    total: Expr = literal(0)
    for position, index in enumerate(here.indices):
        one = tuple(int(p == position) for p in range(len(here.indices)))
        step = at.get(one, at[origin]) - at[origin]
        if step:
            total = binary(total, ast.Add, binary(literal(step), ast.Mult, name(index)))
    number_ = binary(total, ast.Add, literal(at[origin]))
    return (stem, number_) if stem else (number_,)


def _gives(template: Template, here: Context, words: list[str]) -> bool:
    """Whether the template gives these names; texts in braces would need other quotes."""
    for part in template:
        if not isinstance(part, str):
            if any(
                isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(part)
            ):
                return False
            if not variables(part):
                return False
    try:
        made = [
            "".join(p if isinstance(p, str) else str(evaluate(p, lane.py)) for p in template)
            for lane in here.lanes
        ]
    except Unevaluable:
        return False
    return made == words
