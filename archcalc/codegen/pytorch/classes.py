"""A class under construction: constructor and forward pass, as statements for the layout."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from archcalc.codegen.annotations import type_of
from archcalc.codegen.definitions import docstring, signature
from archcalc.codegen.expressions import evaluate, name, show, substitute, variables
from archcalc.codegen.ir import Choice
from archcalc.codegen.layout import Line, Nest, flat, print_statements
from archcalc.codegen.names import Identifiers
from archcalc.codegen.pytorch.helpers import NAMES

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Parameter
    from archcalc.codegen.layout import Statement

_TEXT = re.compile(r"""[fF]?("([^"\\]|\\.)*"|'([^'\\]|\\.)*')""")
_WORD = re.compile(r"[A-Za-z_]\w*")


class ClassText:
    """One class. `known` are the constructor variables that its code may use, with their types;
    `lets` are the values of those in loops and conditions, which the forward pass cannot see."""

    def __init__(self, name: str, note: str) -> None:
        self.name = name
        self.note = note
        self.base = "nn.Module"
        self.init: list[Statement] = []
        self.forward: list[Statement] = []
        self.inputs: list[str] = []
        self.returns = "Tensor"
        self.known: dict[str, tuple[str, str | None]] = {}
        self.optional: set[str] = set()
        self.variables: dict[str, Expr | None] = {}
        self.lets: dict[str, Expr] = {}
        self.stored: dict[str, str] = {}
        self.attributes = Identifiers()
        self.locals = Identifiers(NAMES)

    # -- numbers of the constructor in the forward pass ----------------------------------------

    def parameter(self, p: Parameter) -> None:
        """A constructor parameter, which the class has if it uses it."""
        self.locals.used.add(p.name)
        if p.kind == "operation":
            default = p.default.emitted if isinstance(p.default, Choice) else None
            self.known[p.name] = ("Callable[..., nn.Module]", default)
            return
        values = list(p.values)
        default_text = None
        if p.default is not None and not isinstance(p.default, Choice):
            default_text = show(p.default)
            values.append(evaluate(p.default, {}))
        self.known[p.name] = (annotation(values, p.decimal), default_text)

    def at_run_time(self, expr: Expr, hint: str, loops: set[str]) -> str:
        """A number of the constructor in the forward pass; `loops` are variables that the forward
        pass has too."""
        expr = self.opened(expr)
        read = variables(expr)
        if not read:
            return show(expr)
        if not set(read) & loops:
            return self.store(expr, hint)
        own = {v: self._attribute(v) for v in read if v not in loops}
        return show(substitute(expr, own))

    def _attribute(self, variable: str) -> Expr:
        self.store(name(variable), variable)
        word = self.stored[variable].removeprefix("self.")
        return ast.Attribute(name("self"), word, ast.Load())

    def opened(self, expr: Expr) -> Expr:
        """The expression without variables of loops and conditions."""
        while any(v in self.lets for v in variables(expr)):
            expr = substitute(expr, {v: self.lets[v] for v in variables(expr) if v in self.lets})
        return expr

    def store(self, expr: Expr, hint: str) -> str:
        """A number as an attribute."""
        text = show(expr)
        if text not in self.stored:
            word = expr.id if isinstance(expr, ast.Name) else hint
            own = f"self.{self.attributes.take(word)}"
            self.stored[text] = own
            self.init.append(Line(f"{own} = ", text))
        return self.stored[text]

    # -- the text ---------------------------------------------------------------------------

    def reads(self) -> set[str]:
        """The variables that the constructor uses."""
        return _reads(self.init)

    def prune(self) -> None:
        """Removes unused variables, and empty loops and conditions."""
        while True:
            dead = {v for v in self.optional if v not in _reads(self.init, leave_out=v)}
            before = _count(self.init)
            self.init = _without(self.init, dead)
            if _count(self.init) == before:
                return

    def arguments(self) -> list[str]:
        """The parameters, those without a default first."""
        read = self.reads()
        used = [w for w in self.known if w in read]
        return [w for w in used if self.known[w][1] is None] + [
            w for w in used if self.known[w][1] is not None
        ]

    def lines(self) -> list[str]:
        given = []
        for word in self.arguments():
            found, default = self.known[word]
            given.append(f"{word}: {found}" + ("" if default is None else f" = {default}"))
        lines = [f"class {self.name}({self.base}):", *docstring(self.note, 4)]
        init = list(self.init)
        if self.base == "nn.Module" and (given or init):
            init.insert(0, Line("", "super().__init__()"))
        if init:
            lines += [""] if len(lines) > 1 else []
            lines += signature("__init__", ["self", *given], "None", 4)
            lines += print_statements(init, 8)
        if self.forward:
            lines += [""] if len(lines) > 1 else []
            lines += signature("forward", ["self", *self.inputs], self.returns, 4)
            lines += print_statements(self.forward, 8)
        return lines if len(lines) > 1 else [*lines, "    pass"]


def annotation(values: list[Any], decimal: bool) -> str:
    found = type_of([v for v in values if v is not None] or [0])
    if decimal and found == "int":
        return "float"
    return found


def words_of(text: str) -> set[str]:
    """The names in a piece of code, except those in strings."""
    return set(_WORD.findall(_TEXT.sub(_code_of, text)))


def _code_of(text: re.Match[str]) -> str:
    """The code in a string: the parts in braces of an f-string."""
    found = text[0]
    return " ".join(re.findall(r"{([^{}]*)}", found)) if found[0] in "fF" else '""'


def statement_words(statements: list[Statement]) -> set[str]:
    """The names that statements use."""
    return _reads(statements)


def _reads(statements: list[Statement], leave_out: str = "") -> set[str]:
    found: set[str] = set()
    for s in statements:
        if isinstance(s, Nest):
            found |= words_of(flat(s.doc)) | _reads(s.body, leave_out)
        elif isinstance(s, Line):
            if leave_out and s.before in (f"{leave_out} = ", f"{leave_out} += "):
                continue
            head = s.before if s.before.startswith("self.") or "[" in s.before else ""
            found |= words_of(flat(s.doc)) | words_of(head.partition(":")[0])
            if s.before.endswith(" += "):
                found.add(s.before.removesuffix(" += "))
    return found


def _count(statements: list[Statement]) -> int:
    return sum(1 + (_count(s.body) if isinstance(s, Nest) else 0) for s in statements)


def _without(statements: list[Statement], dead: set[str]) -> list[Statement]:
    kept: list[Statement] = []
    for s in statements:
        if isinstance(s, Nest):
            body = _without(s.body, dead)
            if body:
                kept.append(s._replace(body=body))
            elif s.before == "if ":
                continue
        elif isinstance(s, Line):
            word = s.before.removesuffix(" = ").removesuffix(" += ")
            if word in dead and s.before != word:
                continue
            kept.append(s)
        else:
            kept.append(s)
    return kept


def guess(value: Any) -> str:
    """The type of a constructor variable, from its expression."""
    if isinstance(value, ast.Compare | ast.BoolOp):
        return "bool"
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        return "bool"
    if value is None or isinstance(value, ast.Subscript | ast.Tuple | ast.IfExp):
        return "Any"
    return "int"
