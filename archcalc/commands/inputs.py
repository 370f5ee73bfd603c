"""`archcalc inputs`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from archcalc.commands.options import AllowOutside, Input, Set, SpecArgument, parse_spec

Format = Literal["text", "json"]


def inputs(
    spec: SpecArgument,
    set_: Set = None,
    input_: Input = None,
    format_: Annotated[Format, typer.Option("--format", help="Output format.")] = "text",
    allow_outside: AllowOutside = False,
) -> None:
    """Show the valid input sizes, and the layers that restrict them.

    Also: the sizes for which the weights, and so checkpoints, stay the same, and how well sizes
    fit the strides. The answer is exact for every size, not sampled. Exits with 0, with 1 if no
    size is valid or the spec has an error, and with 2 for wrong usage.

    \b
    Examples:
      archcalc inputs vgg16
      archcalc inputs my.yaml --set depth=4 --format json
    """
    from archcalc.diagnostics import SpecError
    from archcalc.report.formats import print_diagnostics, terminal_columns
    from archcalc.report.stream import emit
    from archcalc.symbols.region_cover import explore
    from archcalc.symbols.report_inputs import as_json, text

    parsed, settings, sizes = parse_spec(spec, set_, input_, allow_outside)
    try:
        found = explore(parsed, settings, sizes)
    except SpecError as broken:
        print_diagnostics(broken.diagnostics)
        raise typer.Exit(1) from broken
    if not found.axes:
        raise typer.BadParameter(f"{spec} has no input with spatial axes")
    emit(as_json(found) if format_ == "json" else text(found, terminal_columns()))
    if found.complete and not any(region.valid for region in found.regions):
        print_diagnostics(found.regions[0].walk.diagnostics.items)
        raise typer.Exit(1)
