"""`archcalc new`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from archcalc.catalogue.copies import Original


def complete_nets(incomplete: str) -> list[str]:
    """Nets of the catalogue, for the shell's completion."""
    from archcalc.spec.files import catalogue_names

    return [name for name in catalogue_names() if name.startswith(incomplete)]


def new(
    net: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="A net of the catalogue. [default: a small commented spec]",
            autocompletion=complete_nets,
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to write; - is standard output. [default: NAME.yaml, or model.yaml]",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file.")] = False,
) -> None:
    """Write a spec to start from: a copy of a net of the catalogue, or a small commented one.

    \b
    Examples:
      archcalc new
      archcalc new resnet50
      archcalc new vgg16 -o my_vgg.yaml
      archcalc new lenet5 -o - | less
    """
    from archcalc.catalogue import copies
    from archcalc.diagnostics import Fault
    from archcalc.report.checked import Checked
    from archcalc.report.formats import faults
    from archcalc.report.stream import emit

    try:
        spec = copies.original(net) if net is not None else copies.starter()
        if output == "-":
            emit(spec.text)
            typer.echo(_about(spec, Path(spec.file)), nl=False, err=True)
            return
        path = Path(output or spec.file)
        copies.write(spec.text, path, force=force)
    except Fault as fault:
        faults([Checked(net or "", None, (), (fault.told(),))])
        raise typer.Exit(1) from fault
    emit(f"wrote {path}\n{_about(spec, path)}check it with: archcalc check {path}\n")


def _about(spec: Original, path: Path) -> str:
    """What a copy that extends another net stands on; nothing for a spec that stands alone."""
    if not spec.extends:
        return ""
    beside = path.parent / spec.extends
    if beside.is_file() and beside != path:
        return f"it extends {spec.extends}, which is the one in its folder\n"
    name = spec.extends.removesuffix(".yaml")
    return (
        f"it extends {spec.extends} of the catalogue, which is found from anywhere;\n"
        f"archcalc new {name} copies that one too, to change it\n"
    )
