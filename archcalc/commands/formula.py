"""`archcalc formula`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archcalc.commands.opened import opened, show
from archcalc.commands.options import AllowOutside, Input, Set, complete_specs
from archcalc.commands.tabulated import rows_of

if TYPE_CHECKING:
    from archcalc.symbols.symbolic_walk import Refused

MOST_STEPS = 1_000_000
"""The budget of all formulas of a command: about four seconds."""

Format = Literal["text", "latex", "sympy", "json"]
Figure = Literal["output", "params", "macs", "memory", "receptive_field"]


def formula(
    spec: Annotated[
        str,
        typer.Argument(
            help="A file, or the name of a net in the catalogue.",
            autocompletion=complete_specs,
            show_default=False,
        ),
    ],
    layer: Annotated[
        str,
        typer.Argument(
            help="The path of a layer, block or group. [default: the net]", show_default=False
        ),
    ] = "",
    of: Annotated[
        Figure | None, typer.Option("--of", help="One figure. [default: all]", show_default=False)
    ] = None,
    free: Annotated[
        str | None,
        typer.Option(
            "--free",
            metavar="NAME,…",
            help="What is a symbol: sides (H, W) and vars. [default: the sides]",
            show_default=False,
        ),
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(
            "--table",
            metavar="NAME=VALUES",
            help="A formula for each value of a var: depth=1..5, act=relu,gelu.",
            show_default=False,
        ),
    ] = None,
    set_: Set = None,
    input_: Input = None,
    format_: Annotated[Format, typer.Option("--format", help="What to write.")] = "text",
    allow_outside: AllowOutside = False,
) -> None:
    """Write a figure as a closed formula in the input's sides and the vars of a spec.

    Formulas are those that check computes with. A side after many layers is one floor; where the
    sides are multiples of the strides, the polynomial is given too. Memory is in bytes (float32),
    of the net the peak of an inference pass. A var is a whole number, unless the spec gives it a
    fraction or rounds whatever reads it. One that shapes the graph (repeat: depth) has a formula
    for each of its values: tabulate it.

    \b
    Examples:
      archcalc formula vgg16 --of macs
      archcalc formula resnet50 layer2 --of output --format latex
      archcalc formula mobilenet --of params --free width
      archcalc formula my.yaml --of params --table depth=1..5
    """
    from archcalc.budget import BudgetExceeded, limited
    from archcalc.diagnostics import SpecError
    from archcalc.report.formats import terminal_columns
    from archcalc.report.stream import emit
    from archcalc.symbols import report_formula as report
    from archcalc.symbols.formula import FIGURES, TooMuchWork, formulas
    from archcalc.symbols.symbolic_walk import Refused

    parsed, settings, inputs = opened(spec, set_, input_, allow_outside)
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
        show(broken.diagnostics)
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
    """What cannot be had, where, and what can."""
    place = refused.span
    typer.echo(f"error: {refused.message}", err=True)
    if place is not None:
        typer.echo(f"  --> {place.file.name}:{place.line}:{place.column}", err=True)
        typer.echo(f"   | {place.file.line(place.line)}", err=True)
    if refused.help:
        typer.echo(f"   = help: {refused.help}", err=True)
