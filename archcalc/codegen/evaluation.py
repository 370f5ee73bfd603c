"""Evaluates Python expressions by a walk over their tree, never with `eval`."""

from __future__ import annotations

import ast
import math
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BINARY: dict[type[ast.operator], tuple[str, int, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", 10, operator.add),
    ast.Sub: ("-", 10, operator.sub),
    ast.Mult: ("*", 11, operator.mul),
    ast.Div: ("/", 11, operator.truediv),
    ast.FloorDiv: ("//", 11, operator.floordiv),
    ast.Mod: ("%", 11, operator.mod),
    ast.Pow: ("**", 13, operator.pow),
}
COMPARE: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.In: ("in", lambda a, b: a in b),
    ast.NotIn: ("not in", lambda a, b: a not in b),
}


def agrees(python: Any, exact: Any) -> bool:
    """Whether Python's result equals the spec's (floats to their last digits)."""
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


def make_divisible(v: Any, divisor: Any = 8, min_value: Any = None) -> Any:
    """The result of the helper with this name in the generated code."""
    v = round(v, 9)
    new = max(min_value or divisor, int(v + divisor / 2) // divisor * divisor)
    return new + divisor if 10 * new < 9 * v else new


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
    """An expression without a value for these variables."""


def evaluate(expr: ast.expr, values: Mapping[str, Any]) -> Any:
    """The value of an expression with these variables. Raises `Unevaluable`."""
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
            return BINARY[type(e.op)][2](left, right)
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
                if not COMPARE[type(op)][1](left, value):
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
