"""The formats of `check`, each written by a file of its own that is imported when asked for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from archcalc.report.palette import wants_colour
from archcalc.report.stream import emit

if TYPE_CHECKING:
    from archcalc.report.checked import Checked


def write(checked: list[Checked], format_: str, depth: int | None) -> None:
    """Writes the reports to standard output. `depth`: levels opened, None for what fits."""
    if format_ == "table":
        _table(checked, depth)
    elif format_ == "json":
        from archcalc.report import json

        emit(json.text(checked))
    elif format_ == "markdown":
        from archcalc.report import markdown

        emit("\n".join(markdown.text(one, depth=depth) for one in checked))
    elif format_ == "csv":
        from archcalc.report import csv

        emit(csv.text(checked))
        faults(checked)
    else:
        from archcalc.report import github

        emit(github.text(checked))


def _table(checked: list[Checked], depth: int | None) -> None:
    from archcalc.report.table import table

    colour, columns = wants_colour(sys.stdout), terminal_columns()
    parts = [table(one, depth=depth, columns=columns, colour=colour) for one in checked]
    emit("\n".join(parts))


def faults(checked: list[Checked]) -> None:
    """The faults alone, on standard error: for formats that have no place for them."""
    from archcalc.report.diagnostics import render

    colour, columns = wants_colour(sys.stderr), terminal_columns()
    for one in checked:
        for diagnostic in one.diagnostics:
            print(render(diagnostic, colour, columns), end="\n\n", file=sys.stderr)


def terminal_columns() -> int:
    from shutil import get_terminal_size

    return max(get_terminal_size().columns, 40)
