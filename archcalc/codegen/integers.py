"""Makes Python compute what the spec defines: exact fractions there, floats in Python."""

from __future__ import annotations

import ast
from copy import deepcopy
from typing import TYPE_CHECKING

from archcalc.codegen.expressions import literal, name, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.expressions import Expr

_WHOLE = ("round", "len", "make_divisible", "int", "range")


def is_decimal(expr: Expr, decimal: Callable[[str], bool]) -> bool:
    """Whether Python evaluates an expression to a float; `decimal` tells which variables are."""
    match expr:
        case ast.Constant():
            return isinstance(expr.value, float)
        case ast.Name():
            return decimal(expr.id)
        case ast.BinOp():
            if isinstance(expr.op, ast.Div):
                return True
            return is_decimal(expr.left, decimal) or is_decimal(expr.right, decimal)
        case ast.UnaryOp():
            return not isinstance(expr.op, ast.Not) and is_decimal(expr.operand, decimal)
        case ast.IfExp():
            return is_decimal(expr.body, decimal) or is_decimal(expr.orelse, decimal)
        case ast.Subscript():
            return is_decimal(expr.value, decimal)
        case ast.Tuple():
            return any(is_decimal(e, decimal) for e in expr.elts)
        case ast.Call():
            if isinstance(expr.func, ast.Attribute):  # math.ceil, math.floor
                return False
            assert isinstance(expr.func, ast.Name)
            if expr.func.id == "round" and len(expr.args) == 2:
                return True
            return expr.func.id not in _WHOLE and any(is_decimal(a, decimal) for a in expr.args)
    return False


def integral(expr: Expr, decimal: Callable[[str], bool]) -> Expr:
    """An expression that is an integer in the spec, as one that is an int in Python: n / 2 becomes
    n // 2, and 32 * 0.75 becomes round(32 * 0.75)."""
    if isinstance(expr, ast.Tuple):
        return ast.Tuple([integral(e, decimal) for e in expr.elts], ast.Load())
    if isinstance(expr, ast.IfExp):
        body, other = integral(expr.body, decimal), integral(expr.orelse, decimal)
        return ast.IfExp(expr.test, body, other)
    if not is_decimal(expr, decimal) or isinstance(expr, ast.Name | ast.Subscript):
        return expr
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Div):
        left, right = expr.left, expr.right
        if not is_decimal(left, decimal) and not is_decimal(right, decimal):
            return ast.BinOp(left, ast.FloorDiv(), right)
    return ast.Call(name("round"), [expr], [])


def with_exact_floors(expr: Expr, decimal: Callable[[str], bool]) -> Expr:
    """The expression with arguments of `floor` and `ceil` that involve decimals rounded to nine
    digits: 100 * 0.29 is slightly less than 29 in Python, and 29 in the spec."""
    if not any(isinstance(node, ast.Attribute) for node in ast.walk(expr)):
        return expr  # neither math.floor nor math.ceil, the usual case

    class Exact(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> Expr:
            self.generic_visit(node)
            inside = node.args[0]
            done = isinstance(inside, ast.Call) and show(inside.func) == "round"
            if done or not isinstance(node.func, ast.Attribute):
                return node
            if not is_decimal(inside, decimal):
                return node
            return ast.Call(node.func, [ast.Call(name("round"), [inside, literal(9)], [])], [])

    changed: Expr = Exact().visit(deepcopy(expr))
    return changed
