"""Statements of the generated code that layers are: `x = layer(x)`, and the names of layers."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from archcalc.codegen.expressions import quoted, show, variables
from archcalc.codegen.layout import WIDTH, Line, assign, flat, is_tall, lay_out

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc

SEPARATOR = "_"
"""Between the parts of a path in a layer's name: Keras takes neither a dot nor a slash."""


class Step(NamedTuple):
    """`target = layer(…)(x)`: a layer made and called."""

    target: str
    layer: Doc
    x: str


class Nest(NamedTuple):
    """A header that ends in a colon, and what stands under it: layers too."""

    before: str
    doc: Doc
    body: list[Statement]


Statement = Line | Step | Nest


def print_code(statements: list[Statement], indent: int) -> list[str]:
    """The lines of statements."""
    lines: list[str] = []
    for s in statements:
        if isinstance(s, Line):
            lines += lay_out(s.doc, indent, s.before)
        elif isinstance(s, Step):
            lines += _step(s, indent)
        else:
            lines += lay_out(s.doc, indent, s.before, ":")
            lines += print_code(s.body or [Line("", "pass")], indent + 4)
    return lines


def _step(step: Step, indent: int) -> list[str]:
    before, after = f"{step.target} = ", f"({step.x})"
    margin, head = " " * indent, f"{before}{flat(step.layer)}("
    fits = indent + len(head) + len(after) - 1 <= WIDTH
    if not fits and not is_tall(step.layer) and indent + len(head) <= WIDTH:
        # A formatter breaks the last brackets where that is enough.
        return [margin + head, f"{margin}    {step.x}", margin + ")"]
    return lay_out(step.layer, indent, before, after)


def redirect(statements: list[Statement], variable: str, place: str) -> None:
    """Puts a variable that nothing else reads into a place, by the statement that makes it."""
    last = statements[-1] if statements else None
    if isinstance(last, Step) and last.target == variable:
        statements[-1] = last._replace(target=place)
    elif isinstance(last, Line) and last.before == f"{variable} = ":
        statements[-1] = assign(place, last.doc)
    else:
        statements.append(assign(place, variable))


class Path(NamedTuple):
    """A layer's name in the code: texts and expressions in turn, joined by the separator."""

    parts: tuple[str | Expr | tuple[str | Expr, ...], ...] = ()

    def __truediv__(self, part: str | Expr | tuple[str | Expr, ...]) -> Path:
        return Path((*self.parts, part))

    def text(self) -> str:
        """A literal, an f-string, or the name alone."""
        if len(self.parts) == 1 and not isinstance(self.parts[0], str | tuple):
            return show(self.parts[0])
        pieces: list[str | Expr] = []
        for position, part in enumerate(self.parts):
            if position:
                pieces.append(SEPARATOR)
            pieces += part if isinstance(part, tuple) else [part]
        if all(isinstance(p, str) for p in pieces):
            return quoted("".join(keras_name(str(p)) for p in pieces))
        texts = [keras_name(p) if isinstance(p, str) else "{" + show(p) + "}" for p in pieces]
        return 'f"' + "".join(texts) + '"'

    def counted(self) -> list[str]:
        """The calls that count on when the name is made."""
        pieces = [q for p in self.parts for q in (p if isinstance(p, tuple) else (p,))]
        return [show(q) for q in pieces if isinstance(q, ast.Call)]

    def reads(self) -> set[str]:
        """The variables that the name is made of."""
        found: set[str] = set()
        for part in self.parts:
            for piece in part if isinstance(part, tuple) else (part,):
                if not isinstance(piece, str):
                    found.update(variables(piece))
        return found


def keras_name(path: str) -> str:
    """A path or a part of one as Keras takes it in every back end: letters and digits of ASCII, `-`
    and `_`; others by their numbers, so that names differ as they did."""
    return "".join(map(_character, path))


def _character(c: str) -> str:
    if c.isascii():
        return c if c.isalnum() or c in "_-" else SEPARATOR
    return f"u{ord(c):04x}"
