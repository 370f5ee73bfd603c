"""Expressions: parsed by `ast`, compiled to functions of the names, never run as code.

Imported only if a spec contains an expression beyond a number or a word.
"""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError, did_you_mean, nearest
from archcalc.spec.expressions import (
    INVALID,
    Misplaced,
    Unknown,
    bounded,
)
from archcalc.spec.functions import (
    FUNCTIONS,
    calculate,
    contains,
    decimal,
    item,
    need_number,
    negative,
    positive,
    settle,
    sliced,
    truth,
)
from archcalc.spec.limits import MAX_OPERATORS
from archcalc.spec.words import ENUMERATION, OPERATION, meaning_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.spec.expressions import Meaning

    Names = dict[str, Any]
    Run = Callable[[Names], Any]
    Read = tuple[str, tuple[int, int]]  # a word and its position in the text

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}

_EQUALITIES: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: contains,
    ast.NotIn: lambda a, b: not contains(a, b),
}

_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: lambda value: not truth(value),
    ast.USub: negative,
    ast.UAdd: positive,
}

_ORDERS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


_PRINTED = {"×": "*", "·": "*", "÷": "/", "−": "-"}
"""Typographic operators, and what to write instead."""


def compile_text(text: str) -> Meaning:
    """The meaning of a text, as `read` returns it.

    Text that is not an expression (`1x7`, `Conv 1`) is itself. Errors are raised as
    `DiagnosticError` when one of the functions is called.
    """
    try:
        if "$(" in text:
            from archcalc.spec.templates import compile_template

            return compile_template(text)
        tree = _parse(text)
        if tree is None:
            return True, text, None
        walker = _Walker(text)
        run = walker.walk(tree, 0)
    except Misplaced as error:
        raiser = _raiser(error)
        return False, raiser, raiser
    if walker.reads:
        return False, run, _checker(walker.reads)
    try:
        return True, run({}), None
    except DiagnosticError:
        return False, run, run  # both raise it again, as a new exception


def _checker(reads: list[Read]) -> Run:
    """A function that raises the error of the first of these words that is not a name."""

    def check(names: Names) -> None:
        for word, part in reads:
            if word not in names:
                _word(word, names, part)

    return check


def _parse(text: str) -> ast.expr | None:
    """The syntax of an expression; None for text that is not one."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's style warnings are irrelevant here
            tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        if not any(c in text for c in "*/+%=<>()[]×÷·−"):
            return None
    except (ValueError, MemoryError, RecursionError):
        pass  # null characters, endless digits or brackets
    else:
        # `a.b` is a label, and text with a comma outside brackets is a string
        return None if isinstance(tree, ast.Attribute) else tree
    sign = next((sign for sign in _PRINTED if sign in text), None)
    share = text.strip().removesuffix("%")
    help = f"write {_PRINTED[sign]} for {sign}" if sign else ""
    if share != text.strip() and share.isdecimal():
        help = f"write {share}/100"
    raise Misplaced(
        "bad-expression",
        "invalid expression",
        help=help
        or "operators are + - * / // % ** == != < <= > >= in and or not, and x if c else y",
    )


def _raiser(error: Misplaced) -> Run:
    """A function that raises the same error as a new exception each time: a raised exception keeps
    its frames alive."""
    code, message, label, help, part = (
        error.code,
        error.message,
        error.label,
        error.help,
        error.part,
    )

    def run(_names: Names) -> Any:
        raise Misplaced(code, message, label=label, help=help, part=part)

    return run


class _Walker:
    """Compiles the syntax of one expression to functions of the names."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.reads: list[Read] = []  # the names that it uses
        # ast counts bytes and lines: positions are only known if these equal characters
        self.exact = text.isascii() and "\n" not in text
        self.shift = len(text) - len(text.lstrip())

    def walk(self, node: ast.expr, depth: int) -> Run:
        """The function for a node."""
        if depth > MAX_OPERATORS:
            raise Misplaced(
                "bad-expression", f"an expression is at most {MAX_OPERATORS} levels deep"
            )
        method = getattr(self, "_" + type(node).__name__.lower(), None)
        if method is None:
            raise self._refused(node)
        run: Run = method(node, depth + 1)
        return run

    def _part(self, node: ast.expr) -> tuple[int, int]:
        if not self.exact:
            return 0, 0
        return node.col_offset + self.shift, (node.end_col_offset or 0) + self.shift

    def _refused(self, node: ast.expr) -> Misplaced:
        return Misplaced(
            "bad-expression",
            "not allowed in an expression",
            help=_remedy(node)
            or "expressions have numbers, names, arithmetic, comparison, and/or/not, "
            f"x if c else y, indexing, [lists] and the functions {', '.join(FUNCTIONS)}",
            part=self._part(node),
        )

    def _constant(self, node: ast.Constant, _depth: int) -> Run:
        value: Any = node.value
        if isinstance(value, float):
            segment = ast.get_source_segment(self.text, node) or repr(value)
            value = _bounded(lambda: decimal(segment))
        elif isinstance(value, int) and not isinstance(value, bool):
            value = _bounded(lambda: settle(node.value))
        else:
            raise self._refused(node)
        return lambda _names: value

    def _name(self, node: ast.Name, _depth: int) -> Run:
        word = node.id
        if word in ("true", "false"):
            return lambda _names: word == "true"
        part = self._part(node)
        self.reads.append((word, part))

        def run(names: Names) -> Any:
            try:
                return names[word]
            except KeyError:
                return _word(word, names, part)

        return run

    def _binop(self, node: ast.BinOp, depth: int) -> Run:
        sign = _SIGNS.get(type(node.op))
        if sign is None:
            raise self._refused(node)
        left = self.walk(node.left, depth)
        right = self.walk(node.right, depth)
        return lambda names: calculate(sign, left(names), right(names))

    def _unaryop(self, node: ast.UnaryOp, depth: int) -> Run:
        apply = _UNARY.get(type(node.op))
        if apply is None:
            raise self._refused(node)
        operand = self.walk(node.operand, depth)
        return lambda names: apply(operand(names))

    def _boolop(self, node: ast.BoolOp, depth: int) -> Run:
        parts = [self.walk(value, depth) for value in node.values]
        decide = any if isinstance(node.op, ast.Or) else all
        return lambda names: decide(truth(part(names)) for part in parts)

    def _ifexp(self, node: ast.IfExp, depth: int) -> Run:
        test = self.walk(node.test, depth)
        then = self.walk(node.body, depth)
        other = self.walk(node.orelse, depth)
        return lambda names: then(names) if truth(test(names)) else other(names)

    def _compare(self, node: ast.Compare, depth: int) -> Run:
        left = self.walk(node.left, depth)
        steps = []
        for op, right in zip(node.ops, node.comparators, strict=True):
            compare = _comparison(op)
            if compare is None:
                raise self._refused(node)
            steps.append((compare, self.walk(right, depth)))

        def run(names: Names) -> bool:
            a = left(names)
            for compare, right in steps:
                b = right(names)
                if not compare(a, b):
                    return False
                a = b
            return True

        return run

    def _list(self, node: ast.List, depth: int) -> Run:
        items = [self.walk(i, depth) for i in node.elts]
        return lambda names: bounded(tuple([i(names) for i in items]))

    def _subscript(self, node: ast.Subscript, depth: int) -> Run:
        value = self.walk(node.value, depth)
        if isinstance(node.slice, ast.Slice):
            ends = [node.slice.lower, node.slice.upper, node.slice.step]
            runs = [None if end is None else self.walk(end, depth) for end in ends]
            return lambda names: sliced(value(names), *[run and run(names) for run in runs])
        index = self.walk(node.slice, depth)
        return lambda names: item(value(names), index(names))

    def _call(self, node: ast.Call, depth: int) -> Run:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS:
            near = nearest(name, FUNCTIONS)
            known = f"functions: {', '.join(FUNCTIONS)}"
            if name == "range":
                known = "`index` counts the iterations of repeat: n, from 0"
            raise Misplaced(
                "unknown-function",
                f"unknown function `{name}`" if name else "only functions can be called",
                help=f"did you mean {near}?" if near else known,
                part=self._part(node.func),
            )
        function = FUNCTIONS[name]
        if not function.accepts(len(node.args), [k.arg for k in node.keywords]):
            raise Misplaced(
                "bad-expression",
                f"{name} is called as {function.usage}",
                part=self._part(node),
            )
        given = [self.walk(argument, depth) for argument in node.args]
        named = {str(k.arg): self.walk(k.value, depth) for k in node.keywords}
        run = function.run
        return lambda names: settle(
            run(*[g(names) for g in given], **{k: v(names) for k, v in named.items()})
        )


def _remedy(node: ast.expr) -> str:
    """What to write instead of another language's syntax."""
    if isinstance(node, ast.Tuple):
        return "a list is written in square brackets, as in [3, 3]"
    if isinstance(node, ast.Set | ast.Dict):
        return "a name is written alone, without braces"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
        return "write ** for ^"
    return ""


def _bounded(make: Callable[[], Any]) -> Any:
    """A literal; one that is too large is an error of the whole expression."""
    try:
        return make()
    except DiagnosticError as error:
        raise Misplaced(error.code, error.message, help=error.help) from None


def _word(word: str, names: Names, part: tuple[int, int]) -> str:
    """A word in an expression that is not a name: reserved words stand for themselves, others are
    errors."""
    if word == "in_channels" or word in names.get(INVALID, ()):
        raise Unknown(word)
    if meaning_of(word) in (OPERATION, ENUMERATION):
        return word
    raise Misplaced(
        "unknown-name",
        f"unknown name `{word}`",
        label="no var, parameter, let or loop name in scope",
        help=lambda: did_you_mean(word, names) or f"declare it, as in vars: {{{word}: 64}}",
        part=part,
    )


def _comparison(op: ast.cmpop) -> Callable[[Any, Any], Any] | None:
    kind = type(op)
    if kind not in _ORDERS:
        return _EQUALITIES.get(kind)
    order = _ORDERS[kind]

    def compare(a: Any, b: Any) -> Any:
        need_number(a, "a comparison")
        need_number(b, "a comparison")
        return order(a, b)

    return compare
