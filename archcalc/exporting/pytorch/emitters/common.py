"""What emitters share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.layout import Prefixed, call
from archcalc.exporting.pytorch.site import Form

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.site import Run, Site


def kept(site: Site) -> dict[int, Expr]:
    """The lengths of the input's axes: the operation keeps its shape."""
    return dict(site.wires[0].dims)


def functional(
    site: Site,
    write: Callable[[str, Callable[[Expr, str], str]], Doc],
    uses: tuple[Expr, ...] = (),
    outputs: tuple[dict[int, Expr], ...] | None = None,
    *,
    typed: bool = True,
    module: Doc | None = None,
) -> Form:
    """A layer that PyTorch has as an expression of x, and perhaps as a module.

    `write(x, use)` gives the expression, `use(expr, hint)` the text of a number in it.
    """

    def wrapped() -> Doc:
        site.need("Lambda")
        return call("Lambda", Prefixed("lambda x: ", write("x", lambda expr, _: site.fixed(expr))))

    def function(run: Run) -> Doc:
        return write(run.x[0], run.use)

    return Form(module or wrapped, function, outputs or (kept(site),), uses, typed)
