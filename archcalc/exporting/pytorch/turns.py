"""What a loop of the generated code goes over: variables, header, rows of a table."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.exporting.expressions import Untranslatable, plain, show, variables
from archcalc.exporting.lanes import Differs, settled
from archcalc.exporting.layout import Items, call
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.lanes import Lane
    from archcalc.exporting.layout import Doc, Line


class Plan:
    """A loop that is being written as a loop: the names of its variables and where it turns."""

    def __init__(self, index: str, words: dict[str, str], lanes: list[Lane]) -> None:
        self.index = index
        self.words = words  # the loop's names as the code has them
        self.lanes = lanes  # every turn in every place
        self.running: str | None = None  # the variable for channels that change from turn to turn
        self.first: Line | None = None  # the line that makes it, where it is a new one
        self.gone = False  # whether it was taken out again, because nothing reads it
        self.axis = 0


def step_of(expr: Expr, running: str) -> Expr | None:
    """What is added in `running + step`, None where that is not what it is."""
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add):
        for this, other in ((expr.left, expr.right), (expr.right, expr.left)):
            if show(this) == running and running not in variables(other):
                return other
    return None


def header(plan: Plan, over: tuple[str, Expr], used: set[str], builder: Any) -> Doc:
    """`out, depth in [(64, 2), …]`, with `enumerate` where the index is read."""
    kind, expr = over
    index = plan.index if plan.index in used else None
    if kind == "count":
        return call(f"{index or '_'} in range", builder.text(expr))
    names = [p if p in used else f"_{p}" for p in plan.words.values()]
    rows: Doc = builder.text(expr)
    if isinstance(expr, ast.Tuple):
        rows = Items("[", tuple(builder.text(e) for e in expr.elts), "]")
    if index is None:
        if isinstance(rows, Items):
            return Items(f"{', '.join(names)} in [", rows.items, "]")
        return f"{', '.join(names)} in {rows}"
    inner = f"({', '.join(names)})" if len(names) > 1 else names[0]
    return call(f"{index}, {inner} in enumerate", rows)


def entry_of(expr: Expr | None, position: int) -> Expr | None:
    """A row of a table, or an entry of a row."""
    if expr is None:
        return None
    if isinstance(expr, ast.Tuple):
        return expr.elts[position] if position < len(expr.elts) else None
    return ast.Subscript(expr, ast.Constant(position), ast.Load())


def proved(expr: Expr | None, lanes: list[Lane], actual: list[Any]) -> Expr | None:
    """The expression where it has these values in all places, None where nothing has them."""
    try:
        return settled(expr, lanes, actual)
    except (Differs, Untranslatable):
        return None


def has_operand(value: Any) -> bool:
    if isinstance(value, Operand):
        return True
    # An operand is itself a tuple of two; only lists are looked into.
    return type(value) is tuple and any(map(has_operand, value))


def plain_or_operand(value: Any) -> Any:
    return value if isinstance(value, Operand) or has_operand(value) else plain(value)
