"""`archcalc export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archcalc.commands.options import (
    AllowOutside,
    Input,
    Set,
    complete_specs,
    keep_spec,
    read_inputs,
    read_settings,
)
from archcalc.exporting import TARGETS


def export(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="SPEC",
            help="A file, or the name of a net in the catalogue (vgg16).",
            autocompletion=complete_specs,
            show_default=False,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to write. [default: standard output]",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str, typer.Option(metavar="|".join(TARGETS), help="The framework.")
    ] = "pytorch",
    set_: Set = None,
    input_: Input = None,
    allow_outside: AllowOutside = False,
) -> None:
    """Write the network as code that an engineer would have written.

    One file that needs only the framework. Layers have the spec's paths, so that a checkpoint with
    these names loads; vars are arguments of the model. What the framework cannot express is an
    error at its line. Exits with 0, with 1 where the spec has an error or cannot be exported, and
    with 2 for wrong usage.

    \b
    Examples:
      archcalc export resnet50.yaml -o resnet50.py
      archcalc export resnet50 --set classes=10 | less
      archcalc export lenet5_modern --target keras -o lenet5.py
    """
    from archcalc.diagnostics import SpecError
    from archcalc.exporting import export as generate
    from archcalc.pipeline import Unknown, open_spec
    from archcalc.report.checked import Checked
    from archcalc.report.formats import faults
    from archcalc.report.stream import emit_code

    if target not in TARGETS:
        message = f"{target!r} is none of {', '.join(TARGETS)}"
        raise typer.BadParameter(message, param_hint="--target")
    keep_spec(spec, output)
    settings, inputs = read_settings(set_), read_inputs(input_)
    try:
        opened = open_spec(spec, settings, inputs, allow_outside)
    except Unknown as unknown:
        raise typer.BadParameter(f"{spec}: {unknown}") from unknown
    told = opened.diagnostics
    text = None
    if opened.net is not None and not any(d.severity == "error" for d in told):
        try:
            text = generate(opened.net, target)
        except SpecError as error:
            told = (*told, *error.diagnostics)
    faults([Checked(spec, None, (), told)])
    if text is None:
        raise typer.Exit(1)
    if output is None or output == "-":
        emit_code(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        typer.echo(f"archcalc: cannot write {output}: {error.strerror}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"wrote {output}", err=True)
