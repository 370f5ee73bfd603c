"""What emitters share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.layout import Prefixed, call
from archcalc.codegen.pytorch.emitted import Emitted

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc
    from archcalc.codegen.pytorch.emitted import OpContext, Run


def functional(
    site: OpContext,
    write: Callable[[str, Callable[[Expr, str], str]], Doc],
    uses: tuple[Expr, ...] = (),
    *,
    typed: bool = True,
    module: Doc | None = None,
) -> Emitted:
    """A layer that PyTorch has as an expression of x, and perhaps as a module.

    `write(x, use)` gives the expression, `use(expr, hint)` the text of a number in it.
    """

    def wrapped() -> Doc:
        site.need("Lambda")
        return call("Lambda", Prefixed("lambda x: ", write("x", lambda expr, _: site.fixed(expr))))

    def function(run: Run) -> Doc:
        return write(run.x[0], run.use)

    return Emitted(module or wrapped, function, uses, typed)
