"""A spec as `formula` and `inputs` take it: parsed, with what is set from outside."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from archcalc.commands.options import read_inputs, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.diagnostics import Diagnostic
    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Spec


def opened(
    source: str, set_: list[str] | None, input_: list[str] | None, allow_outside: bool
) -> tuple[Spec, dict[str, Any], dict[str, Shape]]:
    """The spec, settings for its vars and shapes for its inputs; else shows what is wrong."""
    from archcalc.overrides import Unknown, named_inputs, named_settings
    from archcalc.pipeline import parse

    spec, diagnostics = parse(source, allow_outside)
    if spec is None or diagnostics.failed:
        show(diagnostics.items)
        raise typer.Exit(1)
    try:
        settings = named_settings(spec, read_settings(set_))
        return spec, settings, named_inputs(spec, read_inputs(input_))
    except Unknown as unknown:
        raise typer.BadParameter(f"{source}: {unknown}") from unknown


def show(diagnostics: Iterable[Diagnostic]) -> None:
    """Faults of the spec, to standard error."""
    from archcalc.report.diagnostics import render
    from archcalc.report.formats import terminal_columns
    from archcalc.report.palette import wants_colour

    colour, columns = wants_colour(sys.stderr), terminal_columns()
    typer.echo("\n\n".join(render(d, colour, columns) for d in diagnostics), err=True)
