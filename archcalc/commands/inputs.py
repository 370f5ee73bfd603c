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
    """List the valid input sizes of a spec, the layers that restrict them, the sizes at which a
    checkpoint stays compatible, and how well sizes fit.

    Exact for every size: each condition is decided by its period. Exits with 1 if no size is valid.

    \b
    Examples:
      archcalc inputs vgg16
      archcalc inputs my.yaml --set depth=4 --format json
    """
    from archcalc.diagnostics import SpecError
    from archcalc.report.formats import terminal_columns
    from archcalc.report.stream import emit
    from archcalc.symbols.region_cover import explore
    from archcalc.symbols.report_inputs import as_json, text

    parsed, settings, sizes = opened(spec, set_, input_, allow_outside)
    try:
        found = explore(parsed, settings, sizes)
    except SpecError as broken:
        show(broken.diagnostics)
        raise typer.Exit(1) from broken
    if not found.axes:
        raise typer.BadParameter(f"{spec} has no input with spatial axes")
    emit(as_json(found) if format_ == "json" else text(found, terminal_columns()))
    if found.complete and not any(region.valid for region in found.regions):
        show(found.regions[0].walk.diagnostics.items)
        raise typer.Exit(1)
