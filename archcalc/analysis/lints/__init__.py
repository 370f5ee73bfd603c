"""Warnings about nets that are valid and most likely not what was meant, one file per lint.

`alignment` is called by the receptive-field pass, which knows the fields of the branches; `run` has
the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.analysis.lints import input_layout, unread

if TYPE_CHECKING:
    from archcalc.analysis.context import AnalysisContext

LINTS = (input_layout.lint, unread.lint)


def run(context: AnalysisContext) -> None:
    """Adds the warnings of all lints."""
    for lint in LINTS:
        lint(context.net, context.diagnostics)
