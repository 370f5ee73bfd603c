"""`archcalc import`."""

from __future__ import annotations

from typing import Annotated

import typer

from archcalc.commands.options import Force, Input, Set, read_inputs, read_settings
from archcalc.commands.output import Output, save


def import_(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="package.module:name or file.py:name of a torch.nn.Module; or FILE.onnx.",
            show_default=False,
        ),
    ],
    input_: Input = None,
    set_: Set = None,
    output: Output = None,
    force: Force = False,
) -> None:
    """Write the spec of an existing PyTorch model or ONNX file.

    A callable is imported and called with the arguments of --set; the model then runs once on
    tensors without data, so that a model of any size needs no memory. Only the shapes of an ONNX
    file's weights are read. The spec is written if it has exactly the model's parameters, keys and
    output shapes. Every command that takes a spec also takes such a model. Exits with 1 if the
    model cannot be expressed, and with 2 for wrong usage.

    \b
    Examples:
      archcalc import torchvision.models:resnet50 --input 3x224x224
      archcalc import nets.py:build --set classes=10 --input 1x28x28 -o net.yaml
      archcalc import net.onnx -o net.yaml
      archcalc check nets.py:Net --input 1x28x28
    """
    from archcalc.catalogue.copies import refuse_existing
    from archcalc.commands.models import imported
    from archcalc.diagnostics import DiagnosticError
    from archcalc.report.formats import print_diagnostics

    if output is not None and output != "-" and not force:
        try:
            refuse_existing(output)
        except DiagnosticError as error:
            print_diagnostics([error.diagnostic()])
            raise typer.Exit(1) from error
    text = imported(model, read_settings(set_), read_inputs(input_))
    save(output or "-", text.encode())
