"""`archcalc check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archcalc.commands.models import resolve
from archcalc.commands.options import (
    AllowOutside,
    Depth,
    Input,
    Set,
    Specs,
    read_depth,
    read_inputs,
    read_settings,
)

if TYPE_CHECKING:
    from archcalc.report.checked import Checked

Format = Literal["table", "json", "markdown", "csv", "github"]
Convention = Literal["paper", "fvcore", "thop", "ptflops", "torchinfo", "deepspeed", "keras"]
Sort = Literal["params", "macs", "memory"]
Expect = Literal["failed", "all"]
Dtype = Literal["float64", "float32", "float16", "bfloat16", "int8"]


def check(
    specs: Specs,
    set_: Set = None,
    input_: Input = None,
    depth: Depth = None,
    unfold: Annotated[
        bool,
        typer.Option("--unfold", help="Show each activation in its own row."),
    ] = False,
    sort: Annotated[
        Sort | None,
        typer.Option("--sort", help="List single layers, the costliest first.", show_default=False),
    ] = None,
    expect: Annotated[
        Expect, typer.Option("--expect", help="Expectations to list one by one.")
    ] = "failed",
    cases: Annotated[bool, typer.Option("--cases", help="Also run cases with other settings.")] = (
        False
    ),
    dtype: Annotated[Dtype, typer.Option(help="Number type for memory.")] = "float32",
    convention: Annotated[
        Convention | None,
        typer.Option(help="Also show the totals as another tool counts them.", show_default=False),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="Output format.")] = "table",
    allow_outside: AllowOutside = False,
) -> None:
    """Compute metrics and check expectations.

    Shapes, parameters, multiply-accumulates, receptive fields and memory of every layer. Exits
    with 0 if everything passes, 1 if a spec has an error or an expectation fails, and 2 for wrong
    usage. Errors are printed below the table; with --format csv, to standard error.

    \b
    Examples:
      archcalc check vgg16
      archcalc check resnet50 --set classes=10 --input 3x256x256
      archcalc check my.yaml --depth all --unfold
      archcalc check my.yaml --sort macs
      archcalc check *.yaml --cases --format github
      archcalc check my.yaml --format json | jq .totals
      sed s/relu/gelu/ my.yaml | archcalc check -
    """
    from archcalc.pipeline import Unknown
    from archcalc.pipeline import check as run
    from archcalc.report.formats import write
    from archcalc.report.table import View

    if sort and format_ not in ("table", "markdown"):
        message = f"not with --format {format_}: only table and markdown can be sorted"
        raise typer.BadParameter(message, param_hint="--sort")
    view = View(read_depth(depth), unfold, sort, expect)
    checked: list[Checked] = []
    for spec in specs:
        own_set, own_input = resolve(spec, set_, input_)
        settings, inputs = read_settings(own_set), read_inputs(own_input)
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
    write(checked, format_, view)
    if not all(one.ok for one in checked):
        raise typer.Exit(1)
