"""A chain as the layers of an nn.Sequential: every statement of the IR is a slot, or an `if` or a
loop around slots."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from archcalc.codegen.expressions import quoted, show, variables
from archcalc.codegen.ir import (
    Factory,
    Invoke,
    Let,
    Level,
    Loop,
    Operation,
    Path,
    When,
)
from archcalc.codegen.layout import Call, Items, Line, Nest, assign, call

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcalc.codegen.ir import Body
    from archcalc.codegen.layout import Doc, Statement
    from archcalc.codegen.pytorch.classes import ClassText
    from archcalc.codegen.pytorch.printer import Printer


class Slot(NamedTuple):
    """A layer of the chain, `key` its name if the author gave it one."""

    key: str | None
    doc: Doc


class Before(NamedTuple):
    """A statement that a slot needs before it, and that adds none."""

    statement: Statement


Piece = Slot | Nest | Line | Before


class SequenceWriter:
    """Writes one chain."""

    def __init__(self, printer: Printer, owner: ClassText) -> None:
        self.printer = printer
        self.owner = owner

    def pieces(self, body: Body, nested: bool = False) -> list[Piece]:
        found: list[Piece] = []
        for s in body:
            match s:
                case Let():
                    self.owner.optional.add(s.name)
                    self.owner.variables[s.name] = s.value
                    if nested:
                        self.owner.lets[s.name] = s.value
                    found.append(Line(f"{s.name} = ", show(s.value)))
                case When():
                    inside = self.pieces(s.body, True)
                    if inside:
                        # Slots among the pieces become lines before anything is printed.
                        found.append(Nest("if ", show(s.condition), inside))  # type: ignore[arg-type]
                case Loop():
                    found += self._loop(s)
                case Level() if s.sequential:
                    around: list[Statement] = []
                    doc = self.document(s.body, around, "nn.Sequential")
                    found += [Before(one) for one in around]
                    found.append(Slot(key_of(s.path), doc))
                case Operation() | Factory() | Invoke() | Level():
                    found.append(Slot(key_of(s.path), self.printer.module_doc(s, self.owner)))
                case _:
                    raise TypeError(s)
        return found

    def _loop(self, s: Loop) -> list[Piece]:
        before: list[Piece] = []
        after: list[Piece] = []
        for variable, first, then in s.carried:
            self.owner.optional.add(variable)
            self.owner.variables[variable] = first
            before.append(Line(f"{variable} = ", show(first)))
            after += carry(variable, then)
        self.owner.variables.update({s.index: ast.Constant(0), **dict.fromkeys(s.names)})
        inside = [*self.pieces(s.body, True), *after]
        header = loop_header(s, inside)
        # As above: slots inside become lines before anything is printed.
        return [*before, Nest(*header, inside)]  # type: ignore[arg-type]

    def document(self, body: Body, around: list[Statement], head: str) -> Call:
        """`head(layers)`; additions of a loop or condition are appended before it, in `around`."""
        pieces = self.pieces(body)
        lets = [_plain(p) for p in pieces if isinstance(p, Line | Before)]
        slots = [p for p in pieces if isinstance(p, Slot)]
        if len(lets) + len(slots) == len(pieces):
            around += lets
            if not any(s.key for s in slots):
                return Call(head, tuple(s.doc for s in slots))
            rows = tuple(Items("(", (s.key or f'"{i}"', s.doc), ")") for i, s in enumerate(slots))
            return Call(head, (call("OrderedDict", Items("[", rows, "]")),))
        word = self.owner.locals.take("layers")
        named = any_named(pieces)
        start = next((i for i, p in enumerate(pieces) if not isinstance(p, Line | Before)), 0)
        around += [_plain(p) for p in pieces[:start] if isinstance(p, Line | Before)]
        rest = pieces[start:]
        if named:
            around.append(Line(f"{word}: dict[str, nn.Module] = ", "{}"))
            around += _keyed(rest, word)
            return call(head, f"OrderedDict({word})")
        first: list[Doc] = []
        while rest and isinstance(rest[0], Slot):
            # The loop has just seen that it is a slot.
            first.append(rest.pop(0).doc)  # type: ignore[union-attr]
        around.append(Line(f"{word}: list[nn.Module] = ", Items("[", tuple(first), "]")))
        around += _appended(rest, word)
        return call(head, f"*{word}")


def key_of(path: Path) -> str | None:
    """The name of a slot as text, None for a mere index."""
    return key_text(path) if path.named else None


def key_text(path: Path, text: Callable[[ast.expr], str] = show) -> str:
    """A name as a text of Python, `text` for its numbers."""
    if path.fixed is not None:
        return quoted(path.fixed)
    parts = []
    for part in path.parts:
        if isinstance(part, str):
            parts.append(quoted('"' + part)[2:-1].replace("{", "{{").replace("}", "}}"))
        else:
            parts.append("{" + text(part) + "}")
    return 'f"' + "".join(parts) + '"'


def any_named(pieces: list[Piece]) -> bool:
    # The body of a nest holds pieces until its slots become lines.
    return any(
        (isinstance(p, Slot) and p.key is not None) or (isinstance(p, Nest) and any_named(p.body))  # type: ignore[arg-type]
        for p in pieces
    )


def _keyed(pieces: list[Piece], word: str) -> list[Statement]:
    made: list[Statement] = []
    for p in pieces:
        if isinstance(p, Slot):
            made.append(assign(f"{word}[{p.key or f'str(len({word}))'}]", p.doc))
        elif isinstance(p, Nest):
            # The body still holds pieces here.
            made.append(p._replace(body=_keyed(p.body, word)))  # type: ignore[arg-type]
        else:
            made.append(_plain(p))
    return made


def _plain(piece: Line | Before) -> Statement:
    return piece.statement if isinstance(piece, Before) else piece


def _appended(pieces: list[Piece], word: str) -> list[Statement]:
    made: list[Statement] = []
    run: list[Doc] = []
    for p in [*pieces, None]:
        if isinstance(p, Slot):
            run.append(p.doc)
            continue
        if len(run) == 1:
            made.append(Line("", call(f"{word}.append", run[0])))
        elif run:
            made.append(Line(f"{word} += ", Items("[", tuple(run), "]")))
        run = []
        if isinstance(p, Nest):
            # The body still holds pieces here.
            made.append(p._replace(body=_appended(p.body, word)))  # type: ignore[arg-type]
        elif p is not None:
            made.append(_plain(p))
    return made


def carry(variable: str, after: ast.expr) -> list[Line]:
    """The line in which a running variable changes."""
    text = show(after)
    if text == variable:
        return []
    if isinstance(after, ast.BinOp) and isinstance(after.op, ast.Add):
        for one, other in ((after.left, after.right), (after.right, after.left)):
            if show(one) == variable and variable not in variables(other):
                return [Line(f"{variable} += ", show(other))]
    return [Line(f"{variable} = ", text)]


def loop_header(s: Loop, inside: Sequence[Statement | Piece]) -> tuple[str, Doc]:
    """`for … in …` of the constructor, with the variables that its body uses."""
    from archcalc.codegen.layout import flat
    from archcalc.codegen.pytorch.classes import words_of

    def words(statements: Sequence[Statement | Piece]) -> set[str]:
        found: set[str] = set()
        for one in statements:
            if isinstance(one, Slot):
                found |= words_of(flat(one.doc)) | words_of(one.key or "")
            elif isinstance(one, Before):
                found |= words([one.statement])
            elif isinstance(one, Nest):
                found |= words_of(flat(one.doc)) | words(one.body)
            elif isinstance(one, Line):
                found |= words_of(flat(one.doc)) | words_of(one.before)
        return found

    read = words(inside)
    if not s.names:
        return f"for {s.index if s.index in read else '_'} in ", f"range({show(s.over)})"
    table: Doc = show(s.over)
    if isinstance(s.over, ast.Tuple) and len(s.over.elts) > 1:
        table = Items("(", tuple(map(show, s.over.elts)), ")")
    names = [w if w in read else f"_{w}" for w in s.names]
    if not any(w in read for w in s.names):
        count = f"len({show(s.over)})"
        if isinstance(s.over, ast.Tuple):
            count = str(len(s.over.elts))
        if s.index in read:
            return f"for {s.index} in ", f"range({count})"
        return "for _ in ", table
    listed = ", ".join(names)
    if s.index not in read:
        return f"for {listed} in ", table
    listed = f"({listed})" if len(names) > 1 else listed
    return f"for {s.index}, {listed} in ", call("enumerate", table)
