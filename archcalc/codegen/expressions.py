"""Expressions of a spec as Python expressions (`ast`).

They are created here, evaluated by a walk (never by `eval`) to verify them at every place where the
code uses them, and printed as a formatter would write them.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.codegen.evaluation import Unevaluable, agrees, evaluate
from archcalc.codegen.spelling import quoted, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archcalc.spec.expressions import Value

__all__ = [
    "LIBRARY",
    "Expr",
    "Unevaluable",
    "Untranslatable",
    "agrees",
    "binary",
    "evaluate",
    "fold",
    "functions",
    "literal",
    "name",
    "plain",
    "quoted",
    "show",
    "substitute",
    "translate",
    "variables",
]

Expr = ast.expr

LIBRARY = ("math", "make_divisible", "len", "min", "max", "round", "abs", "sum", "range")
"""Names of functions, not variables of the generated code."""


class Untranslatable(Exception):
    """A value without a Python expression: its concrete values must be used."""


def literal(value: Any) -> Expr:
    """A value as an expression: numbers, words, lists of them, None."""
    if isinstance(value, tuple):
        return ast.Tuple([literal(v) for v in value], ast.Load())
    if value is None or isinstance(value, bool | str | int | float):
        if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
            return ast.UnaryOp(ast.USub(), ast.Constant(-value))
        return ast.Constant(value)
    if hasattr(value, "denominator"):
        return ast.Constant(float(value))
    raise Untranslatable


def name(word: str) -> Expr:
    return ast.Name(word, ast.Load())


def plain(value: Any) -> Any:
    """A value of a spec in Python: fractions become floats."""
    if isinstance(value, tuple):
        return tuple(plain(v) for v in value)
    if value is None or isinstance(value, bool | str | int | float):
        return value
    return float(value)


def translate(value: Value, names: Mapping[str, Expr | None]) -> Expr:
    """A value of a spec with its names replaced. Raises `Untranslatable` for a name without a
    meaning in the code (None), an operation, or text with `$(…)` parts."""
    if value.items is not None:
        return ast.Tuple([translate(item, names) for item in value.items], ast.Load())
    if value.layer is not None or "$(" in value.text:
        raise Untranslatable
    if value.constant:
        return _constant(value)
    return fold(_Translator(names).visit(ast.parse(value.text.strip(), mode="eval").body))


def _constant(value: Value) -> Expr:
    result = value.evaluate({})
    if isinstance(result, str) and "x" in result:
        from archcalc.ops.attributes import split_by_x

        return literal(split_by_x(result))
    if (
        not isinstance(result, bool | int | str | tuple)
        and result is not None
        and "/" in value.text
    ):
        try:  # 2/3 stays 2 / 3
            return _Translator({}).visit(ast.parse(value.text.strip(), mode="eval").body)
        except SyntaxError:
            pass
    return literal(result)


class _Translator:
    """Rebuilds the tree of a spec's expression: only constructs of the language are allowed."""

    def __init__(self, names: Mapping[str, Expr | None]) -> None:
        self.names = names

    def visit(self, node: Any) -> Expr:
        method: Callable[[Any], Expr] | None = getattr(self, type(node).__name__.lower(), None)
        if method is None:
            raise Untranslatable
        return method(node)

    def constant(self, node: ast.Constant) -> Expr:
        return literal(node.value)

    def name(self, node: ast.Name) -> Expr:
        if node.id in ("true", "false"):
            return ast.Constant(node.id == "true")
        if node.id in self.names:
            found = self.names[node.id]
            if found is None:
                raise Untranslatable
            return found
        return ast.Constant(node.id)

    def binop(self, node: ast.BinOp) -> Expr:
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(left, ast.Tuple) or isinstance(right, ast.Tuple):
            raise Untranslatable  # lists as they are: their items are what the code shows
        return ast.BinOp(left, node.op, right)

    def unaryop(self, node: ast.UnaryOp) -> Expr:
        return ast.UnaryOp(node.op, self.visit(node.operand))

    def boolop(self, node: ast.BoolOp) -> Expr:
        return ast.BoolOp(node.op, [self.visit(v) for v in node.values])

    def compare(self, node: ast.Compare) -> Expr:
        rights = [self.visit(c) for c in node.comparators]
        return ast.Compare(self.visit(node.left), node.ops, rights)

    def ifexp(self, node: ast.IfExp) -> Expr:
        return ast.IfExp(self.visit(node.test), self.visit(node.body), self.visit(node.orelse))

    def list(self, node: ast.List) -> Expr:
        return ast.Tuple([self.visit(e) for e in node.elts], ast.Load())

    def subscript(self, node: ast.Subscript) -> Expr:
        return ast.Subscript(self.visit(node.value), self.visit(node.slice), ast.Load())

    def call(self, node: ast.Call) -> Expr:
        assert isinstance(node.func, ast.Name)
        word = node.func.id
        function: Expr = name(word)
        if word in ("ceil", "floor"):
            function = ast.Attribute(name("math"), word, ast.Load())
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        return ast.Call(function, [self.visit(a) for a in node.args], keywords)


def variables(expr: Expr) -> list[str]:
    """The variables of an expression, in order and without duplicates; functions excluded."""
    found: dict[str, None] = {}
    for node in _walk(expr):
        if isinstance(node, ast.Name) and node.id not in LIBRARY and node.id.isidentifier():
            found[node.id] = None
    return list(found)


def functions(expr: Expr) -> set[str]:
    """Which of `math` and `make_divisible` an expression uses."""
    names = {n.id for n in _walk(expr) if isinstance(n, ast.Name)}
    return names & {"math", "make_divisible"}


def _walk(expr: ast.AST) -> Iterator[ast.AST]:
    yield expr
    for child in ast.iter_child_nodes(expr):
        yield from _walk(child)


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """The expression with its variables replaced by expressions."""

    class Replace(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> Expr:
            return values.get(node.id, node)

    from copy import deepcopy

    result: Expr = Replace().visit(deepcopy(expr))
    return fold(result)


def _int(e: Expr) -> int | None:
    if isinstance(e, ast.Constant) and isinstance(e.value, int) and not isinstance(e.value, bool):
        return e.value
    return None


def fold(e: Expr) -> Expr:
    """The expression with constant arithmetic and indexing evaluated, and without 1*x, x + 0 and
    decided conditionals."""
    if isinstance(e, ast.BinOp):
        return _fold_binary(e.op, fold(e.left), fold(e.right))
    if isinstance(e, ast.IfExp):
        test = fold(e.test)
        body, other = fold(e.body), fold(e.orelse)
        if isinstance(test, ast.Constant):
            return body if test.value else other
        return body if show(body) == show(other) else ast.IfExp(test, body, other)
    if isinstance(e, ast.Compare):
        left, rights = fold(e.left), [fold(c) for c in e.comparators]
        result = ast.Compare(left, e.ops, rights)
        if all(isinstance(x, ast.Constant) for x in (left, *rights)):
            return ast.Constant(bool(evaluate(result, {})))
        if len(rights) == 1 and show(left) == show(rights[0]):
            return ast.Constant(isinstance(e.ops[0], ast.Eq | ast.LtE | ast.GtE))
        return result
    if isinstance(e, ast.BoolOp):
        return _fold_bool(e)
    if isinstance(e, ast.UnaryOp):
        operand = fold(e.operand)
        if isinstance(e.op, ast.Not) and isinstance(operand, ast.Constant):
            return ast.Constant(not operand.value)
        return ast.UnaryOp(e.op, operand)
    if isinstance(e, ast.Subscript | ast.Call):
        return _fold_known(e)
    return e


def _fold_known(e: ast.Subscript | ast.Call) -> Expr:
    """An entry of a literal list, or a function of literal numbers, as its value."""
    if isinstance(e, ast.Subscript):
        e = ast.Subscript(fold(e.value), fold(e.slice), ast.Load())
    else:
        keywords = [ast.keyword(k.arg, fold(k.value)) for k in e.keywords]
        e = ast.Call(e.func, [fold(a) for a in e.args], keywords)
    if variables(e):
        return e
    try:
        value = evaluate(e, {})
    except Unevaluable:
        return e
    return literal(value) if isinstance(value, int | tuple) else e


def _fold_bool(e: ast.BoolOp) -> Expr:
    decisive = isinstance(e.op, ast.Or)
    left: list[Expr] = []
    for value in map(fold, e.values):
        if not isinstance(value, ast.Constant):
            left.append(value)
        elif bool(value.value) is decisive:
            return ast.Constant(decisive) if not left else ast.BoolOp(e.op, [*left, value])
    if not left:
        return ast.Constant(not decisive)
    return left[0] if len(left) == 1 else ast.BoolOp(e.op, left)


def _fold_binary(op: ast.operator, left: Expr, right: Expr) -> Expr:
    a, b = _int(left), _int(right)
    if a is not None and b is not None and not isinstance(op, ast.Div):
        try:
            result = evaluate(ast.BinOp(left, op, right), {})
            if isinstance(result, int) and abs(result) < 2**62:
                return literal(result)
        except Unevaluable:
            pass
    if isinstance(op, ast.Mult):
        if a == 1:
            return right
        if b == 1:
            return left
    if isinstance(op, ast.Add | ast.Sub) and b is not None and isinstance(left, ast.BinOp):
        inner = _int(left.right)
        if isinstance(left.op, ast.Add | ast.Sub) and inner is not None:
            total = inner if isinstance(left.op, ast.Add) else -inner
            total += b if isinstance(op, ast.Add) else -b
            sign = ast.Add() if total >= 0 else ast.Sub()
            return _fold_binary(sign, left.left, literal(abs(total)))
    if isinstance(op, ast.Add) and a == 0:
        return right
    if isinstance(op, ast.Add | ast.Sub) and b == 0:
        return left
    if isinstance(op, ast.FloorDiv) and b == 1:
        return left
    return ast.BinOp(left, op, right)


def binary(left: Expr, sign: type[ast.operator], right: Expr) -> Expr:
    """left sign right, evaluated if both are literals."""
    return _fold_binary(sign(), left, right)
