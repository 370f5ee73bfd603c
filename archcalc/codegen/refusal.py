"""What a target cannot express is an error at its line, never approximated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import DiagnosticError

if TYPE_CHECKING:
    from archcalc.spec.syntax import Layer


def refused(layer: Layer, what: str, help: str = "", target: str = "PyTorch") -> DiagnosticError:
    """The error of a layer that the target cannot express."""
    return DiagnosticError(
        "not-exportable",
        f"{target} cannot express {what}",
        label=f"in this {layer.word or layer.kind}",
        help=help,
        span=layer.span,
    )
