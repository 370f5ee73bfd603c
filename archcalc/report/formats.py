"""The formats of `check`: one file each, imported on demand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from archcalc.report.palette import wants_colour
from archcalc.report.stream import emit, emit_commands, emit_error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.diagnostics import Diagnostic
    from archcalc.report.checked import Checked
    from archcalc.report.table import View


def write(checked: list[Checked], format_: str, view: View) -> None:
    """Writes the reports to standard output."""
    if format_ == "table":
        _table(checked, view)
    elif format_ == "json":
        from archcalc.report import json

        emit(json.text(checked))
    elif format_ == "markdown":
        from archcalc.report import markdown

        emit("\n".join(markdown.text(one, view) for one in checked))
    elif format_ == "csv":
        from archcalc.report.records import csv_text

        emit(csv_text(checked))
        print_diagnostics(d for one in checked for d in one.diagnostics)
    else:
        from archcalc.report import github

        emit_commands(github.text(checked))


def _table(checked: list[Checked], view: View) -> None:
    from archcalc.report.table import table

    colour, columns = wants_colour(sys.stdout), terminal_columns()
    explained: set[str] = set()
    emit("\n".join(table(one, view, columns, colour, explained) for one in checked))


def print_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Writes diagnostics to standard error: for commands that print something else."""
    from archcalc.report.diagnostics import render_all

    colour, columns = wants_colour(sys.stderr), terminal_columns()
    for text in render_all(diagnostics, colour, columns):
        emit_error(f"{text}\n\n")


def terminal_columns() -> int:
    """The width for the layout: at least 40 columns, narrower terminals wrap lines."""
    from shutil import get_terminal_size

    return max(get_terminal_size().columns, 40)
