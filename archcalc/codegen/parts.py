"""Splits an expression into its operands, and rebuilds it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr


def parts_of(expr: Expr) -> list[Expr]:
    """The operands of an expression; none for a name, a number or an entry of a list."""
    match expr:
        case ast.BinOp():
            return [expr.left, expr.right]
        case ast.UnaryOp():
            return [expr.operand]
        case ast.BoolOp():
            return expr.values
        case ast.Compare():
            return [expr.left, *expr.comparators]
        case ast.IfExp():
            return [expr.test, expr.body, expr.orelse]
        case ast.Call():
            return expr.args
        case ast.Tuple():
            return expr.elts
    return []


def with_parts(expr: Expr, parts: list[Expr]) -> Expr:
    """The same expression with other operands."""
    match expr:
        case ast.BinOp():
            return ast.BinOp(parts[0], expr.op, parts[1])
        case ast.UnaryOp():
            return ast.UnaryOp(expr.op, parts[0])
        case ast.BoolOp():
            return ast.BoolOp(expr.op, parts)
        case ast.Compare():
            return ast.Compare(parts[0], expr.ops, parts[1:])
        case ast.IfExp():
            return ast.IfExp(*parts)
        case ast.Call():
            return ast.Call(expr.func, parts, expr.keywords)
        case ast.Tuple():
            return ast.Tuple(parts, expr.ctx)
    return expr
