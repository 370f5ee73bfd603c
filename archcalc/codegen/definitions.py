"""Definitions as a formatter writes them: signatures, docstrings, and safe texts in them."""

from __future__ import annotations

import ast

from archcalc.codegen.layout import WIDTH, Items, lay_out
from archcalc.codegen.spelling import show


def signature(name: str, arguments: list[str], returns: str, indent: int) -> list[str]:
    """`def name(arguments) -> returns:`, broken if it is too long."""
    margin = " " * indent
    together = ", ".join(arguments)
    line = f"{margin}def {name}({together}) -> {returns}:"
    if len(line) <= 100:
        return [line]
    if len(margin) + 4 + len(together) <= 100:
        return [f"{margin}def {name}(", f"{margin}    {together}", f"{margin}) -> {returns}:"]
    inside = [line for a in arguments for line in _argument(a, indent + 4)]
    return [f"{margin}def {name}(", *inside, f"{margin}) -> {returns}:"]


def _argument(text: str, indent: int) -> list[str]:
    """An argument on its own line; a default that is too long, with one item per line."""
    line = f"{' ' * indent}{text},"
    head, equals, default = text.partition(" = ")
    if len(line) <= WIDTH or not default.startswith("("):
        return [line]
    items = ast.parse(default, mode="eval").body
    assert isinstance(items, ast.Tuple)
    rows = tuple(show(item) for item in items.elts)
    return lay_out(Items("(", rows, ")"), indent, head + equals, ",")


def safe(text: str) -> str:
    """Text that is safe in a docstring: one line, without anything that could end it."""
    words = "".join(c if c.isprintable() else " " for c in text).split()
    return " ".join(words).replace("\\", "/").replace('"', "'")


def docstring(text: str, indent: int) -> list[str]:
    """A docstring of one paragraph."""
    from textwrap import wrap

    words = safe(text)
    if not words:
        return []
    margin = " " * indent
    if len(words) + indent + 6 <= 100:
        return [f'{margin}"""{words}"""']
    wrapped = wrap(words, 100 - indent, break_long_words=True, break_on_hyphens=False)
    first = wrap(words, 97 - indent, break_long_words=True, break_on_hyphens=False)[0]
    rest = words[len(first) :].strip()
    wrapped = [first, *wrap(rest, 100 - indent, break_on_hyphens=False)]
    return [f'{margin}"""{wrapped[0]}', *[margin + w for w in wrapped[1:]], f'{margin}"""']
