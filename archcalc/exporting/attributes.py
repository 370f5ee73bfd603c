"""An attribute of an operation as an expression."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from archcalc.exporting.call_sites import expr_or_constant, holds
from archcalc.ops.attributes import Number
from archcalc.ops.registry import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcalc.codegen.expressions import Expr
    from archcalc.exporting.call_sites import CallSite


def settled_attribute(
    word: str, attribute: str, expr: Expr | None, lanes: Sequence[CallSite], values: Sequence[Any]
) -> Expr:
    """As `expr_or_constant`, but where the attribute need not be an integer, 2 * 0.5 is as good as
    1.

    Raises `NotUniform`."""
    if expr is not None and _is_number(word, attribute):
        numbers = [Fraction(v) if isinstance(v, int) else v for v in values]
        if holds(expr, lanes, numbers):
            return expr
    return expr_or_constant(expr, lanes, values)


def _is_number(word: str, attribute: str) -> bool:
    return any(
        one.name == attribute and isinstance(one.kind, Number)
        for one in OPERATIONS[word].attributes
    )
