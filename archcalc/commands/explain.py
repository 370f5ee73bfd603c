"""`archcalc explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from archcalc.commands.models import resolve
from archcalc.commands.options import (
    AllowOutside,
    Input,
    Set,
    complete_specs,
    read_inputs,
    read_settings,
    usage,
)


def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="SPEC|CODE|OPERATION",
            help="A spec, a diagnostic code, or an operation.",
            autocompletion=complete_specs,
            show_default=False,
        ),
    ],
    layer: Annotated[
        str | None,
        typer.Argument(
            metavar="[LAYER]",
            help="Path of a layer, block or group. [default: the net]",
            show_default=False,
        ),
    ] = None,
    latex: Annotated[bool, typer.Option("--latex", help="Write formulas as LaTeX.")] = False,
    set_: Set = None,
    input_: Input = None,
    allow_outside: AllowOutside = False,
) -> None:
    """Show how a metric is derived, or explain a code or operation.

    For a layer: the formula of every metric, with the numbers filled in. For the code of a
    diagnostic: what it means, with a bad and a fixed spec. For an operation: its attributes,
    formulas and an example. Exits with 0, with 1 if the spec has an error, and with 2 for wrong
    usage.

    \b
    Examples:
      archcalc explain vgg16 features.0
      archcalc explain resnet50 layer1.0
      archcalc explain shape-mismatch
      archcalc explain conv --latex
    """
    from archcalc.diagnostic_codes import CODES
    from archcalc.ops.registry import OPERATIONS
    from archcalc.report.formats import terminal_columns
    from archcalc.report.stream import emit

    columns = terminal_columns()
    codes = {code.code: code for code in CODES}
    if layer is None and what in codes:
        from archcalc.explain.reference import code_text

        emit(code_text(codes[what], columns))
    elif layer is None and what in OPERATIONS:
        from archcalc.explain.reference import operation_text

        emit(operation_text(OPERATIONS[what], columns, latex=latex))
    else:
        _explain_spec(what, layer, columns, latex, set_, input_, allow_outside)


def _explain_spec(
    spec: str,
    path: str | None,
    columns: int,
    latex: bool,
    set_: list[str] | None,
    input_: list[str] | None,
    allow_outside: bool,
) -> None:
    from archcalc.explain.explanation import explain as run
    from archcalc.explain.reference import with_suggestion
    from archcalc.explain.text import latex as write_latex
    from archcalc.explain.text import text as write_text
    from archcalc.pipeline import check
    from archcalc.report.formats import print_diagnostics
    from archcalc.report.stream import emit

    set_, input_ = resolve(spec, set_, input_)
    with usage(spec):
        checked = check(
            spec,
            settings=read_settings(set_),
            inputs=read_inputs(input_),
            allow_outside=allow_outside,
        )
        if checked.report is not None:
            told = run(checked.report, path)
            emit(write_latex(told) if latex else write_text(told, columns))
        elif path is None:
            checked = checked._replace(diagnostics=with_suggestion(spec, checked.diagnostics))
    print_diagnostics(checked.diagnostics)
    if not checked.ok:
        raise typer.Exit(1)
