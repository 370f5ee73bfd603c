"""`archcalc new`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archcalc.commands.output import save

if TYPE_CHECKING:
    from archcalc.catalogue.copies import Original


def complete_nets(incomplete: str) -> list[str]:
    """Nets of the catalogue, for shell completion."""
    from archcalc.spec.files import catalogue_names

    return [name for name in catalogue_names() if name.startswith(incomplete)]


def new(
    net: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Net of the catalogue to copy. [default: a small commented spec]",
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
            help="File to write, or - for standard output. [default: NAME.yaml, or model.yaml]",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Create a spec: a copy from the catalogue, or a commented template.

    Exits with 0, with 1 if there is no such net or the file exists, and with 2 for wrong usage or
    a file that cannot be written.

    \b
    Examples:
      archcalc new
      archcalc new resnet50
      archcalc new vgg16 -o my_vgg.yaml
      archcalc new lenet5 -o - | less
    """
    from archcalc.catalogue import copies
    from archcalc.diagnostics import DiagnosticError
    from archcalc.report.formats import print_diagnostics
    from archcalc.report.stream import emit, emit_error

    try:
        spec = copies.original(net) if net is not None else copies.starter()
        path = output or spec.file
        if path != "-" and not force:
            copies.refuse_existing(path)
    except DiagnosticError as error:
        print_diagnostics([error.diagnostic()])
        raise typer.Exit(1) from error
    save(path, spec.text.encode(), tell=False)
    if path == "-":
        emit_error(_about(spec, Path(spec.file)))
    else:
        emit(f"wrote {path}\n{_about(spec, Path(path))}check it with: archcalc check {path}\n")


def _about(spec: Original, path: Path) -> str:
    """Where the spec that a copy extends is; nothing for a spec that extends none."""
    if not spec.extends:
        return ""
    beside = path.parent / spec.extends
    if beside.is_file() and beside != path:
        return f"it extends {spec.extends} in the same folder\n"
    name = spec.extends.removesuffix(".yaml")
    return (
        f"it extends {spec.extends} of the catalogue, which is found from any folder;\n"
        f"to change that one too, copy it with: archcalc new {name}\n"
    )
