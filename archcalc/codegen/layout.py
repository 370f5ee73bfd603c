"""Python code in a formatter's style, without running a formatter.

Code is built from a few kinds of documents (a text, a call, a list) and statements. What does not
fit in a line is broken like ruff and Black do: arguments together on a separate line if they fit
there, else one per line with a trailing comma; list items always one per line.
"""

from __future__ import annotations

from typing import NamedTuple

WIDTH = 100


class Call(NamedTuple):
    """`head(arguments)`; `tall` puts one argument per line regardless of the width."""

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
    """`key=value` or `*value`: a text followed directly by a document."""

    prefix: str
    value: Doc


Doc = str | Call | Items | Prefixed


def call(head: str, *arguments: Doc, **keywords: Doc | None) -> Call:
    """A call; keywords that are None are omitted."""
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
    """Whether some part of it requires one item per line."""
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
        # A single generator has no trailing comma.
        alone = len(parts) == 1 and isinstance(part, str) and " for " in part and open_ != "["
        lines += lay_out(part, indent + 4, "", "" if alone else ",")
    return [*lines, margin + close + after]


class Line(NamedTuple):
    """`before + doc`, as in `x = f(x)` or `return x`."""

    before: str
    doc: Doc


class Nest(NamedTuple):
    """A header that ends in a colon, and its indented body."""

    before: str
    doc: Doc
    body: list[Statement]


def under(condition: str, body: list[Statement]) -> Nest:
    """`if condition:`, combined with the condition of its only statement if that is an `if` too."""
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
    """The lines of statements; an empty body is `pass`."""
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
