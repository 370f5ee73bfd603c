"""Expressions of a spec as Python expressions, in Python's own syntax tree.

They are made here, evaluated by a walk (never by `eval`) to prove that they hold in every place
where the code will use them, and printed as a formatter would leave them.
"""

from __future__ import annotations

import ast
import math
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archcalc.spec.expressions import Value

Expr = ast.expr

LIBRARY = ("math", "make_divisible", "len", "min", "max", "round", "abs", "sum", "range")
"""Names that stand for functions, not for variables of the generated code."""


class Untranslatable(Exception):
    """A value that has no Python expression here: the values themselves must do."""


def literal(value: Any) -> Expr:
    """A value as an expression: numbers, words, lists of them, nothing."""
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
    """A value of a spec as Python has it: fractions become floats."""
    if isinstance(value, tuple):
        return tuple(plain(v) for v in value)
    if value is None or isinstance(value, bool | str | int | float):
        return value
    return float(value)


def agrees(python: Any, exact: Any) -> bool:
    """Whether what Python works out is what the spec says (floats to their last digits)."""
    if isinstance(exact, tuple):
        return (
            isinstance(python, tuple)
            and len(python) == len(exact)
            and all(agrees(p, e) for p, e in zip(python, exact, strict=True))
        )
    if isinstance(exact, bool) or exact is None or isinstance(exact, str):
        return type(python) is type(exact) and bool(python == exact)
    if isinstance(python, bool) or not isinstance(python, int | float):
        return False
    if isinstance(exact, int):
        return isinstance(python, int) and python == exact
    return math.isclose(python, float(exact), rel_tol=1e-12)


def translate(value: Value, names: Mapping[str, Expr | None]) -> Expr:
    """A value of a spec, its names replaced. Raises `Untranslatable` where a name has no meaning
    in the code (None), or the value is an operation or text with `$(…)` parts."""
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
    """Rebuilds the tree of a spec's expression: only what the language has gets through."""

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
        return ast.BinOp(self.visit(node.left), node.op, self.visit(node.right))

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


_BINARY: dict[type[ast.operator], tuple[str, int, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", 10, operator.add),
    ast.Sub: ("-", 10, operator.sub),
    ast.Mult: ("*", 11, operator.mul),
    ast.Div: ("/", 11, operator.truediv),
    ast.FloorDiv: ("//", 11, operator.floordiv),
    ast.Mod: ("%", 11, operator.mod),
    ast.Pow: ("**", 13, operator.pow),
}
_COMPARE: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.In: ("in", lambda a, b: a in b),
    ast.NotIn: ("not in", lambda a, b: a not in b),
}


def make_divisible(v: Any, divisor: Any = 8, min_value: Any = None) -> Any:
    """As the helper of this name in the generated code does it."""
    new = max(min_value or divisor, int(v + divisor / 2) // divisor * divisor)
    return new + divisor if new < 0.9 * v else new


_CALLS: dict[str, Callable[..., Any]] = {
    "len": len,
    "min": min,
    "max": max,
    "round": round,
    "abs": abs,
    "sum": sum,
    "int": int,
    "make_divisible": make_divisible,
    "ceil": math.ceil,
    "floor": math.floor,
}


class Unevaluable(Exception):
    """An expression that has no value under these variables."""


def evaluate(expr: Expr, values: Mapping[str, Any]) -> Any:
    """What Python makes of an expression, the variables given. Raises `Unevaluable`."""
    try:
        return _evaluate(expr, values)
    except (KeyError, TypeError, ZeroDivisionError, IndexError, ValueError, OverflowError) as error:
        raise Unevaluable from error


def _evaluate(e: Any, v: Mapping[str, Any]) -> Any:
    match e:
        case ast.Constant():
            return e.value
        case ast.Name():
            return v[e.id]
        case ast.Tuple():
            return tuple(_evaluate(x, v) for x in e.elts)
        case ast.BinOp():
            left, right = _evaluate(e.left, v), _evaluate(e.right, v)
            if isinstance(e.op, ast.Pow) and abs(right) > 1000:
                raise ValueError
            return _BINARY[type(e.op)][2](left, right)
        case ast.UnaryOp():
            operand = _evaluate(e.operand, v)
            if isinstance(e.op, ast.Not):
                return not operand
            return -operand if isinstance(e.op, ast.USub) else +operand
        case ast.BoolOp():
            results = (_evaluate(x, v) for x in e.values)
            return any(results) if isinstance(e.op, ast.Or) else all(results)
        case ast.Compare():
            left = _evaluate(e.left, v)
            for op, right in zip(e.ops, e.comparators, strict=True):
                value = _evaluate(right, v)
                if not _COMPARE[type(op)][1](left, value):
                    return False
                left = value
            return True
        case ast.IfExp():
            return _evaluate(e.body if _evaluate(e.test, v) else e.orelse, v)
        case ast.Subscript():
            return _evaluate(e.value, v)[_evaluate(e.slice, v)]
        case ast.Call():
            word = e.func.attr if isinstance(e.func, ast.Attribute) else getattr(e.func, "id", "")
            keywords = {k.arg: _evaluate(k.value, v) for k in e.keywords if k.arg}
            return _CALLS[word](*[_evaluate(a, v) for a in e.args], **keywords)
    raise TypeError


def variables(expr: Expr) -> list[str]:
    """The variables that an expression reads, in order, each once; functions left out."""
    found: dict[str, None] = {}
    for node in _walk(expr):
        if isinstance(node, ast.Name) and node.id not in LIBRARY and node.id.isidentifier():
            found[node.id] = None
    return list(found)


def functions(expr: Expr) -> set[str]:
    """Which of `math` and `make_divisible` an expression needs."""
    names = {n.id for n in _walk(expr) if isinstance(n, ast.Name)}
    return names & {"math", "make_divisible"}


def _walk(expr: ast.AST) -> Iterator[ast.AST]:
    yield expr
    for child in ast.iter_child_nodes(expr):
        yield from _walk(child)


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """The expression with other expressions in the place of its variables."""

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
    """The same with sums of plain integers worked out, and 1*x, x + 0 and settled choices gone."""
    if isinstance(e, ast.BinOp):
        return _fold_binary(e.op, fold(e.left), fold(e.right))
    if isinstance(e, ast.IfExp):
        test = fold(e.test)
        if isinstance(test, ast.Constant):
            return fold(e.body) if test.value else fold(e.orelse)
        return ast.IfExp(test, fold(e.body), fold(e.orelse))
    if isinstance(e, ast.Compare):
        left, rights = fold(e.left), [fold(c) for c in e.comparators]
        result = ast.Compare(left, e.ops, rights)
        if all(isinstance(x, ast.Constant) for x in (left, *rights)):
            return ast.Constant(bool(evaluate(result, {})))
        return result
    if isinstance(e, ast.BoolOp):
        return _fold_bool(e)
    if isinstance(e, ast.UnaryOp):
        operand = fold(e.operand)
        if isinstance(e.op, ast.Not) and isinstance(operand, ast.Constant):
            return ast.Constant(not operand.value)
        return ast.UnaryOp(e.op, operand)
    return e


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
    if isinstance(op, ast.Add) and a == 0:
        return right
    if isinstance(op, ast.Add | ast.Sub) and b == 0:
        return left
    if isinstance(op, ast.FloorDiv) and b == 1:
        return left
    return ast.BinOp(left, op, right)


def binary(left: Expr, sign: type[ast.operator], right: Expr) -> Expr:
    """left sign right, worked out where both are plain integers."""
    return _fold_binary(sign(), left, right)


def show(e: Expr, outer: int = 0) -> str:
    """The expression as a formatter leaves it; in brackets where `outer` binds stronger."""
    text, own = _show(e)
    return f"({text})" if own < outer else text


def _show(e: Any) -> tuple[str, int]:
    match e:
        case ast.Constant():
            return (quoted(e.value) if isinstance(e.value, str) else repr(e.value)), 20
        case ast.Name():
            return e.id, 20
        case ast.Attribute():
            return f"{show(e.value, 20)}.{e.attr}", 20
        case ast.Tuple():
            inside = ", ".join(show(x, 1) for x in e.elts)
            return (f"({inside},)" if len(e.elts) == 1 else f"({inside})"), 20
        case ast.BinOp():
            return _show_binary(e)
        case ast.UnaryOp():
            if isinstance(e.op, ast.Not):
                return f"not {show(e.operand, 6)}", 6
            sign = "-" if isinstance(e.op, ast.USub) else "+"
            return sign + show(e.operand, 12), 12
        case ast.BoolOp():
            own = 4 if isinstance(e.op, ast.Or) else 5
            word = " or " if own == 4 else " and "
            return word.join(show(x, own + 1) for x in e.values), own
        case ast.Compare():
            pairs = zip(e.ops, e.comparators, strict=True)
            rest = "".join(f" {_COMPARE[type(op)][0]} {show(c, 8)}" for op, c in pairs)
            return show(e.left, 8) + rest, 7
        case ast.IfExp():
            return f"{show(e.body, 3)} if {show(e.test, 3)} else {show(e.orelse, 2)}", 2
        case ast.Subscript():
            return f"{show(e.value, 20)}[{show(e.slice)}]", 20
        case ast.Call():
            parts = [show(a, 1) for a in e.args]
            parts += [f"{k.arg}={show(k.value, 1)}" for k in e.keywords]
            return f"{show(e.func, 20)}({', '.join(parts)})", 20
    raise TypeError


def _show_binary(e: ast.BinOp) -> tuple[str, int]:
    sign, own, _ = _BINARY[type(e.op)]
    if not isinstance(e.op, ast.Pow):
        return f"{show(e.left, own)} {sign} {show(e.right, own + 1)}", own
    left, right = show(e.left, own + 1), show(e.right, 12)
    simple = all(isinstance(x, ast.Constant | ast.Name) for x in (e.left, e.right))
    return (f"{left}**{right}" if simple else f"{left} ** {right}"), own


def quoted(text: str) -> str:
    """Text as a string literal: double quotes where that needs no more escapes, and nothing in it
    that a reader or an editor could take for anything but text."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    parts = []
    for c in text:
        if c == quote or c == "\\":
            parts.append("\\" + c)
        elif c.isprintable():
            parts.append(c)
        else:
            parts.append(c.encode("unicode_escape").decode("ascii"))
    return quote + "".join(parts) + quote
