"""`archcalc inputs`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from archcalc.commands.opened import opened, show
from archcalc.commands.options import AllowOutside, Input, Set, complete_specs

Format = Literal["text", "json"]


def inputs(
    spec: Annotated[
        str,
        typer.Argument(
            help="A file, or the name of a net in the catalogue.",
            autocompletion=complete_specs,
            show_default=False,
        ),
    ],
    set_: Set = None,
    input_: Input = None,
    format_: Annotated[Format, typer.Option("--format", help="What to write.")] = "text",
    allow_outside: AllowOutside = False,
) -> None:
    """Say exactly which input sides a spec is valid for, which layers restrict them, at which the
    weights stay as they are, and how well sizes fit.

    Decided for all sizes, by the period with which every condition repeats. Exits with 1 where no
    size works.

    \b
    Examples:
      archcalc inputs vgg16
      archcalc inputs my.yaml --set depth=4 --format json
    """
    from archcalc.report.formats import terminal_columns
    from archcalc.report.stream import emit
    from archcalc.symbols.explore import explore
    from archcalc.symbols.report_inputs import as_json, text

    parsed, settings, sizes = opened(spec, set_, input_, allow_outside)
    found = explore(parsed, settings, sizes)
    if not found.axes or not found.regions:
        raise typer.BadParameter(f"{spec} has no input with spatial axes")
    emit(as_json(found) if format_ == "json" else text(found, terminal_columns()))
    if not any(region.valid for region in found.regions):
        show(found.regions[0].walk.diagnostics.items)
        raise typer.Exit(1)
