"""Warnings about valid nets that probably are not what was intended, one file per lint.

The receptive-field pass calls `alignment`, which needs the fields of the branches; `run` calls the
others.
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
