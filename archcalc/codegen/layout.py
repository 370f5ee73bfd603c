"""Python code as a formatter would leave it: no formatter is needed to export.

Code is built from a few kinds of document (a text, a call, a list) and statements. What does not
fit a line is broken as ruff and Black break it: arguments together on a line of their own if they
fit there, else one a line with a comma after the last; the items of a list always one a line.
"""

from __future__ import annotations

from typing import NamedTuple

WIDTH = 100


class Call(NamedTuple):
    """`head(arguments)`; `tall` has one argument a line whatever the width."""

    head: str
    arguments: tuple[Doc, ...]
    tall: bool = False


class Items(NamedTuple):
    """`[a, b]` or `(a, b)`."""

    open: str
    items: tuple[Doc, ...]
    close: str
    tall: bool = False


class Prefixed(NamedTuple):
    """`key=value` or `*value`: a text, and a document right after it."""

    prefix: str
    value: Doc


Doc = str | Call | Items | Prefixed


def call(head: str, *arguments: Doc, **keywords: Doc | None) -> Call:
    """A call; keywords that are None are left out."""
    given = [Prefixed(f"{k}=", v) for k, v in keywords.items() if v is not None]
    return Call(head, (*arguments, *given))


def flat(doc: Doc) -> str:
    """The document on one line."""
    if isinstance(doc, str):
        return doc
    if isinstance(doc, Prefixed):
        return doc.prefix + flat(doc.value)
    if isinstance(doc, Call):
        return f"{doc.head}({', '.join(map(flat, doc.arguments))})"
    inside = ", ".join(map(flat, doc.items))
    if doc.open == "(" and len(doc.items) == 1:
        inside += ","
    return doc.open + inside + doc.close


def is_tall(doc: Doc) -> bool:
    """Whether something in it asks for one item a line."""
    if isinstance(doc, str):
        return False
    if isinstance(doc, Prefixed):
        return is_tall(doc.value)
    parts = doc.arguments if isinstance(doc, Call) else doc.items
    return doc.tall or any(map(is_tall, parts))


def lay_out(doc: Doc, indent: int, before: str = "", after: str = "") -> list[str]:
    """The lines of `before + doc + after`, the first one indented by `indent` spaces."""
    margin = " " * indent
    line = margin + before + flat(doc) + after
    if isinstance(doc, str) or (not is_tall(doc) and len(line) <= WIDTH):
        return [line]
    if isinstance(doc, Prefixed):
        return lay_out(doc.value, indent, before + doc.prefix, after)
    if isinstance(doc, Call):
        open_, close, parts = f"{doc.head}(", ")", doc.arguments
        together = ", ".join(map(flat, parts))
        short = indent + 4 + len(together) <= WIDTH
        if short and parts and not any(map(is_tall, parts)) and not doc.tall:
            return [margin + before + open_, f"{margin}    {together}", margin + close + after]
    else:
        open_, close, parts = doc.open, doc.close, doc.items
    if not parts:
        return [line]
    lines = [margin + before + open_]
    for part in parts:
        # A generator that stands alone takes no comma after it.
        alone = len(parts) == 1 and isinstance(part, str) and " for " in part and open_ != "["
        lines += lay_out(part, indent + 4, "", "" if alone else ",")
    return [*lines, margin + close + after]


class Line(NamedTuple):
    """`before + doc`, as in `x = f(x)` or `return x`."""

    before: str
    doc: Doc


class Nest(NamedTuple):
    """A header that ends in a colon, and what stands under it."""

    before: str
    doc: Doc
    body: list[Statement]


def under(condition: str, body: list[Statement]) -> Nest:
    """`if condition:`, one condition with that of the only statement where that is an `if` too."""
    inner = body[0] if len(body) == 1 else None
    if not isinstance(inner, Nest) or inner.before != "if " or not isinstance(inner.doc, str):
        return Nest("if ", condition, body)
    if any(" or " in text or " if " in text for text in (condition, inner.doc)):
        return Nest("if ", condition, body)
    return Nest("if ", f"{condition} and {inner.doc}", inner.body)


class Blank(NamedTuple):
    """An empty line."""


Statement = Line | Nest | Blank


def assign(target: str, doc: Doc) -> Line:
    return Line(f"{target} = ", doc)


def print_statements(statements: list[Statement], indent: int) -> list[str]:
    """The lines of statements; a body without any is `pass`."""
    lines: list[str] = []
    for s in statements:
        if isinstance(s, Blank):
            lines.append("")
        elif isinstance(s, Line):
            lines += lay_out(s.doc, indent, s.before)
        else:
            lines += lay_out(s.doc, indent, s.before, ":")
            lines += print_statements(s.body or [Line("", "pass")], indent + 4)
    return lines
