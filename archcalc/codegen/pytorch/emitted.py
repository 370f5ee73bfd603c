"""How PyTorch writes an operation: the result of an emitter."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.codegen.context import OpContext, Sides

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc

__all__ = ["Emitted", "OpContext", "Run", "Sides"]


class Run(NamedTuple):
    """The arguments of a function in the forward pass: its tensors, and the constructor's
    numbers."""

    x: tuple[str, ...]
    use: Callable[[Expr, str], str]


class Emitted(NamedTuple):
    """`module` creates the operation in the constructor, `function` calls it without one; at least
    one is given (a module that is itself a function is created on demand: PyTorch has none, so it
    is a wrapped function). `uses` are the expressions that the function uses, `typed` whether its
    result is declared as a Tensor."""

    module: Doc | Callable[[], Doc] | None
    function: Callable[[Run], Doc] | None
    uses: tuple[Expr, ...] = ()
    typed: bool = False
