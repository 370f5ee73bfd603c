"""`archcalc check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archcalc.commands.options import AllowOutside, Input, Set, Specs, read_inputs, read_settings

if TYPE_CHECKING:
    from archcalc.report.checked import Checked


Format = Literal["table", "json", "markdown", "csv", "github"]
Convention = Literal["paper", "fvcore", "thop", "ptflops", "torchinfo", "deepspeed", "keras"]
Dtype = Literal["float64", "float32", "float16", "bfloat16", "int8"]


def read_depth(text: str | None) -> int | None:
    """`--depth`: a number of levels, all of them, or None to fit a screen."""
    if text is None:
        return None
    if text == "all":
        return 10**6  # more than levels can be
    if text.isdecimal() and int(text[:6]) > 0:
        return int(text[:6])
    raise typer.BadParameter(f"{text!r} is neither a number from 1 nor all")


def check(
    specs: Specs,
    set_: Set = None,
    input_: Input = None,
    depth: Annotated[
        str | None,
        typer.Option(
            metavar="N|all",
            help="Open N levels of groups and blocks. [default: what fits a screen]",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="What to write.")] = "table",
    cases: Annotated[
        bool, typer.Option("--cases", help="Run every case of the expectations.")
    ] = False,
    dtype: Annotated[Dtype, typer.Option(help="For amounts of memory.")] = "float32",
    convention: Annotated[
        Convention | None,
        typer.Option(help="Also the totals as another tool counts them.", show_default=False),
    ] = None,
    allow_outside: AllowOutside = False,
) -> None:
    """Work out every figure of a spec, and judge what it expects.

    Exits with 0 where all holds, 1 where a spec has an error or an expectation fails, and 2 for
    wrong usage. Everything is written to standard output, so that a fault stands below the table
    that leads up to it; with --format csv, faults go to standard error.

    \b
    Examples:
      archcalc check vgg16.yaml
      archcalc check resnet50 --set classes=10 --input 3x256x256
      archcalc check my.yaml --depth all
      archcalc check specs/*.yaml --cases --format github
      archcalc check my.yaml --format json | jq .totals
    """
    from archcalc.pipeline import Unknown
    from archcalc.pipeline import check as run
    from archcalc.report.formats import write

    settings, inputs, levels = read_settings(set_), read_inputs(input_), read_depth(depth)
    checked: list[Checked] = []
    for spec in specs:
        try:
            checked.append(
                run(
                    spec,
                    settings=settings,
                    inputs=inputs,
                    allow_outside=allow_outside,
                    dtype=dtype,
                    convention=convention or "",
                    cases=cases,
                )
            )
        except Unknown as unknown:
            raise typer.BadParameter(f"{spec}: {unknown}") from unknown
    write(checked, format_, levels)
    if not all(one.ok for one in checked):
        raise typer.Exit(1)
