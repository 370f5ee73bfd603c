"""`archcalc export`."""

from __future__ import annotations

from typing import Annotated

import typer

from archcalc.codegen import TARGETS
from archcalc.commands.models import resolve
from archcalc.commands.options import (
    AllowOutside,
    Input,
    Set,
    SpecArgument,
    read_inputs,
    read_settings,
    usage,
)
from archcalc.commands.output import Output, keep_spec, save


def export(
    spec: SpecArgument,
    output: Output = None,
    target: Annotated[
        str, typer.Option(metavar="|".join(TARGETS), help="Framework of the code.")
    ] = "pytorch",
    set_: Set = None,
    input_: Input = None,
    allow_outside: AllowOutside = False,
) -> None:
    """Export to PyTorch or Keras source.

    One file that needs only the framework. Modules have the paths of the spec, so that checkpoints
    with these names load; vars are arguments of the model. What the framework cannot express is an
    error at that line. Exits with 0, with 1 if the spec has an error or cannot be exported, and
    with 2 for wrong usage.

    \b
    Examples:
      archcalc export resnet50 -o resnet50.py
      archcalc export resnet50 --set classes=10 | less
      archcalc export lenet5_modern --target keras -o lenet5.py
    """
    from archcalc.codegen import export as generate
    from archcalc.diagnostics import SpecError
    from archcalc.pipeline import open_spec
    from archcalc.report.formats import print_diagnostics

    if target not in TARGETS:
        message = f"invalid target {target!r}, choose from {', '.join(TARGETS)}"
        raise typer.BadParameter(message, param_hint="--target")
    keep_spec(spec, output)
    set_, input_ = resolve(spec, set_, input_)
    with usage(spec):
        opened = open_spec(spec, read_settings(set_), read_inputs(input_), allow_outside)
    told = opened.diagnostics
    text = None
    if opened.net is not None and not any(d.severity == "error" for d in told):
        try:
            text = generate(opened.net, target)
        except SpecError as error:
            told = (*told, *error.diagnostics)
    print_diagnostics(told)
    if text is None:
        raise typer.Exit(1)
    save(output or "-", text.encode())
