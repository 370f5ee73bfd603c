"""Expressions and texts as a formatter writes them."""

from __future__ import annotations

import ast
from typing import Any

from archcalc.codegen.evaluation import BINARY, COMPARE


def show(e: ast.expr, outer: int = 0) -> str:
    """The expression as a formatter writes it; in parentheses if `outer` binds stronger."""
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
            rest = "".join(f" {COMPARE[type(op)][0]} {show(c, 8)}" for op, c in pairs)
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
    sign, own, _ = BINARY[type(e.op)]
    if not isinstance(e.op, ast.Pow):
        return f"{show(e.left, own)} {sign} {show(e.right, own + 1)}", own
    left, right = show(e.left, own + 1), show(e.right, 12)
    simple = all(isinstance(x, ast.Constant | ast.Name) for x in (e.left, e.right))
    return (f"{left}**{right}" if simple else f"{left} ** {right}"), own


def quoted(text: str) -> str:
    """Text as a string literal: double quotes if that needs no more escapes, and without anything
    that a reader or an editor could take for code."""
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
