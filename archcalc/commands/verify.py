"""`archcalc verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archcalc.commands.models import resolve
from archcalc.commands.options import (
    AllowOutside,
    Input,
    Set,
    Specs,
    read_inputs,
    read_settings,
    usage,
)
from archcalc.commands.output import fail
from archcalc.report.text import printable

if TYPE_CHECKING:
    from archcalc.codegen.verify import Verification

Device = Literal["cpu", "cuda", "meta"]


def verify(
    specs: Specs,
    set_: Set = None,
    input_: Input = None,
    batch: Annotated[
        int, typer.Option(min=1, metavar="N", help="Batch size; at least 2 for training.")
    ] = 2,
    device: Annotated[
        Device, typer.Option(help="Device to run on; meta compares shapes and counts only.")
    ] = "cpu",
    layer: Annotated[
        str | None,
        typer.Option(
            metavar="LAYER",
            help="Layer whose receptive field is measured. [default: the last possible]",
            show_default=False,
        ),
    ] = None,
    allow_outside: AllowOutside = False,
) -> None:
    """Run the exported PyTorch code and compare it with the spec.

    Compared are: the shape of every module's output; parameters, buffers and the keys of the
    state_dict in order; MACs per layer, by PyTorch's own counter; the receptive field of a layer,
    by the extent of a gradient; and the weights that a backward pass reaches. Shapes and gradients
    are compared in inference and in training. Exits with 0 if everything is equal, 1 on any
    difference or error, and 2 for wrong usage or without PyTorch or the device.

    \b
    Examples:
      archcalc verify vgg16.yaml
      archcalc verify *.yaml --device meta
      archcalc verify resnet50 --set classes=10 --input 3x64x64 --batch 4
      archcalc verify vgg16 --layer features.17
    """
    from archcalc.codegen.module import TorchMissing
    from archcalc.codegen.verify import NoDevice
    from archcalc.codegen.verify import verify as run
    from archcalc.codegen.verify.measurable import Unmeasurable
    from archcalc.diagnostics import SpecError
    from archcalc.pipeline import open_spec
    from archcalc.report.formats import print_diagnostics
    from archcalc.report.stream import emit

    ok, printed = True, False
    for spec in specs:
        own_set, own_input = resolve(spec, set_, input_)
        with usage(spec):
            settings, inputs = read_settings(own_set), read_inputs(own_input)
            opened = open_spec(spec, settings, inputs, allow_outside)
        print_diagnostics(opened.diagnostics)
        if opened.net is None or any(d.severity == "error" for d in opened.diagnostics):
            ok = False
            continue
        try:
            result = run(opened.net, batch=batch, device=device, layer=layer)
        except SpecError as error:
            print_diagnostics(error.diagnostics)
            ok = False
            continue
        except Unmeasurable as unmeasurable:
            raise typer.BadParameter(f"{spec}: {unmeasurable}") from unmeasurable
        except (TorchMissing, NoDevice) as missing:
            fail(str(missing))
        emit(("\n" if printed else "") + _text(opened.net.name or spec, result))
        printed = True
        ok = ok and result.ok
    if not ok:
        raise typer.Exit(1)


def _text(name: str, result: Verification) -> str:
    """What was compared, one row each, and what differs."""
    name = printable(name)
    if result.failure:
        told = [f"    {one}" for one in result.failure.split("\n")]
        lines = [f"{name}: not verified, the code does not run:", *told]
    else:
        lines = [f"{name}: {'verified' if result.ok else 'MISMATCH'}"]
        rows = [("", "predicted", "measured"), *(row[:3] for row in result.rows)]
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        cells = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
        lines.append(f"    {cells[0]}".rstrip())
        for row, text in zip(result.rows, cells[1:], strict=True):
            lines.append(f"  {'✓' if row.equal else '✗'} {text}".rstrip())
            lines += [f"      {difference}" for difference in row.differences]
        if result.unmeasured:
            lines.append(f"  – no receptive field measured: {result.unmeasured}")
    return "\n".join(lines) + "\n"
