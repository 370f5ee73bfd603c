"""The numbers at which a spec decides: beside them a var may change what the code has to say."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.spec.expressions import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.spec.syntax import Spec

MOST = 3
"""Numbers that are looked beside; a spec that decides at more of them has tables of its own."""

DECIDING = ("<", ">", "=", "min(", "max(")
"""What a text must hold to be one that decides."""


def edges_of(spec: Spec) -> list[int]:
    """Integers on either side of those that the spec compares with, or bounds sizes by."""
    found: dict[int, None] = {}
    texts = {value.text: None for value in _values((spec.blocks, spec.layers))}
    for text in texts:
        if any(sign in text for sign in DECIDING):
            found.update(dict.fromkeys(_bounds(text)))
    likely = [bound for bound in found if bound > 2][:MOST]  # what is less is tried as it is
    return [edge for bound in likely for edge in (bound - 1, bound, bound + 1)]


def _values(part: Any) -> Iterator[Value]:
    """Every value in a part of the syntax tree."""
    if isinstance(part, Value):
        yield part
        part = (part.items, part.layer)
    if isinstance(part, dict):
        part = tuple(part.values())
    if isinstance(part, tuple):
        for inner in part:
            yield from _values(inner)


def _bounds(text: str) -> Iterator[int]:
    """The integers in a text's comparisons and in its calls of min and max."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("min", "max"):
            sides = node.args
        else:
            continue
        for side in sides:
            if isinstance(side, ast.Constant) and type(side.value) is int:
                yield side.value
