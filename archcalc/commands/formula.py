"""`archcalc formula`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archcalc.commands.options import AllowOutside, Input, Set, SpecArgument, parse_spec
from archcalc.commands.table_option import rows_of

if TYPE_CHECKING:
    from archcalc.symbols.symbolic_walk import Refused

MOST_STEPS = 1_000_000
"""The budget of all formulas of a command: about four seconds."""

Format = Literal["text", "latex", "sympy", "json"]
Figure = Literal["output", "params", "macs", "memory", "receptive_field"]


def formula(
    spec: SpecArgument,
    layer: Annotated[
        str,
        typer.Argument(
            metavar="[LAYER]",
            help="Path of a layer, block or group. [default: the net]",
            show_default=False,
        ),
    ] = "",
    of: Annotated[
        Figure | None,
        typer.Option("--of", help="Metric to show. [default: all]", show_default=False),
    ] = None,
    free: Annotated[
        str | None,
        typer.Option(
            "--free",
            metavar="NAME,...",
            help="Symbols of the formula: spatial sizes (H, W) and vars. [default: the sizes]",
            show_default=False,
        ),
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(
            "--table",
            metavar="NAME=VALUES",
            help="Show one formula per value of a var: depth=1..5, act=relu,gelu.",
            show_default=False,
        ),
    ] = None,
    set_: Set = None,
    input_: Input = None,
    format_: Annotated[Format, typer.Option("--format", help="Output format.")] = "text",
    allow_outside: AllowOutside = False,
) -> None:
    """Write a metric as a formula in the input size and the vars.

    The formulas are those that check computes with. The size after many layers collapses to a
    single floor; if the sizes are multiples of the strides, the polynomial is shown too. Memory is
    in bytes (float32); for the net, it is the peak of an inference pass. A var is an integer unless
    its value in the spec is a fraction or the spec rounds every use of it. A var that changes the
    graph (repeat: depth) has one formula per value: use --table.

    \b
    Examples:
      archcalc formula vgg16 --of macs
      archcalc formula resnet50 layer2 --of output --format latex
      archcalc formula mobilenet --of params --free width
      archcalc formula my.yaml --of params --table depth=1..5
    """
    from archcalc.budget import BudgetExceeded, limited
    from archcalc.diagnostics import SpecError
    from archcalc.report.formats import print_diagnostics, terminal_columns
    from archcalc.report.stream import emit
    from archcalc.symbols import report_formula as report
    from archcalc.symbols.formula import FIGURES, TooMuchWork, formulas
    from archcalc.symbols.symbolic_walk import Refused

    parsed, settings, inputs = parse_spec(spec, set_, input_, allow_outside)
    names = tuple(n.strip() for n in (free or "").split(",") if n.strip())
    figures = (of,) if of else FIGURES
    try:
        with limited(MOST_STEPS):
            rows = [
                (turn, one)
                for turn in rows_of(parsed, table, names)
                for one in formulas(
                    parsed,
                    figures,
                    layer=layer,
                    free=names,
                    settings={**settings, **turn},
                    inputs=inputs,
                )
            ]
    except SpecError as broken:
        print_diagnostics(broken.diagnostics)
        raise typer.Exit(1) from broken
    except (Refused, BudgetExceeded) as refused:
        _show_refused(refused if isinstance(refused, Refused) else TooMuchWork())
        raise typer.Exit(1) from refused
    if format_ == "json":
        emit(report.as_json(rows, alone=of is not None))
    elif format_ == "latex":
        emit(report.latex(rows))
    elif format_ == "sympy":
        emit(report.sympy(rows))
    else:
        emit(report.text(rows, terminal_columns()))


def _show_refused(refused: Refused) -> None:
    """Prints which metric has no formula, where, and an alternative."""
    from archcalc.report.stream import emit_error
    from archcalc.report.text import printable

    place = refused.span
    lines = [f"error: {printable(refused.message)}"]
    if place is not None:
        lines.append(f"  --> {printable(place.file.name)}:{place.line}:{place.column}")
        lines.append(f"   | {printable(place.file.line(place.line))}")
    if refused.help:
        lines.append(f"   = help: {printable(refused.help)}")
    emit_error("\n".join(lines) + "\n")
