"""`archcalc compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from archcalc.commands.models import resolve
from archcalc.commands.options import (
    AllowOutside,
    Depth,
    Input,
    Set,
    complete_specs,
    read_depth,
    read_inputs,
    read_settings,
)

if TYPE_CHECKING:
    from archcalc.compare.data import Comparison
    from archcalc.compare.settings import Requested
    from archcalc.report.checked import Checked

Format = Literal["table", "json", "markdown"]


def compare(
    specs: Annotated[
        list[str],
        typer.Argument(
            metavar="SPEC[:NAME=VALUE,...]...",
            help="Two or more files or nets of the catalogue, each with its own settings.",
            autocompletion=complete_specs,
            show_default=False,
        ),
    ],
    set_: Set = None,
    input_: Input = None,
    depth: Depth = None,
    format_: Annotated[Format, typer.Option("--format", help="Output format.")] = "table",
    allow_outside: AllowOutside = False,
) -> None:
    """Compare nets: totals, blocks, and the layers that differ.

    Ratios are relative to the first net. --set and --input apply to all nets; per-net settings
    follow a colon: mobilenet:width=0.5, or mobilenet:input=3x160x160. Layers are matched by name,
    operation and shape. Exits with 0, with 1 if a spec has an error, and with 2 for wrong usage.

    \b
    Examples:
      archcalc compare resnet34 plain34
      archcalc compare mobilenet mobilenet:width=0.5
      archcalc compare resnet18 resnet34 resnet50 --set classes=10
      archcalc compare old.yaml new.yaml --depth all
      archcalc compare vgg16 vgg16_c --format markdown
    """
    from archcalc.compare.data import Side
    from archcalc.compare.data import compare as run
    from archcalc.report.formats import print_diagnostics

    levels = read_depth(depth)
    if len(specs) < 2:
        raise typer.BadParameter("needs at least two specs", param_hint="SPEC")
    wanted = [_wanted(text) for text in specs]
    checked = [_checked(one, set_, input_, allow_outside) for one in wanted]
    broken = [one for one in checked if one.report is None or _has_errors(one)]
    if broken:
        print_diagnostics(d for one in broken for d in one.diagnostics)
        raise typer.Exit(1)
    sides = [
        Side(one.spec, one.settings, found.report)
        for one, found in zip(wanted, checked, strict=True)
        if found.report is not None
    ]
    _write(run(sides), format_, levels)


def _wanted(text: str) -> Requested:
    """The spec and its own settings. An existing file with a colon in its name is that file, and
    `module:name` a model where `module` is not a spec."""
    from os.path import exists

    from archcalc.compare.settings import Requested, read_requested
    from archcalc.diagnostics import DiagnosticError
    from archcalc.importing.locate import is_reference
    from archcalc.spec.files import find

    if exists(text):
        return Requested(text, ())
    if is_reference(text):
        module = text.partition(":")[0]
        if module.endswith(".py"):
            return Requested(text, ())
        try:
            find(module)
        except DiagnosticError:
            return Requested(text, ())
    return read_requested(text)


def _checked(
    wanted: Requested, set_: list[str] | None, input_: list[str] | None, allow_outside: bool
) -> Checked:
    from archcalc.pipeline import Unknown, check

    set_, input_ = resolve(wanted.spec, set_, input_)
    settings, inputs = read_settings(set_), read_inputs(input_)
    try:
        settings |= read_settings(wanted.variables)
        inputs = read_inputs(wanted.inputs) or inputs
    except typer.BadParameter as wrong:
        raise typer.BadParameter(f"{wanted.spec}: {wrong}", param_hint="SPEC") from wrong
    try:
        return check(wanted.spec, settings=settings, inputs=inputs, allow_outside=allow_outside)
    except Unknown as unknown:
        for_all = set_ or input_
        hint = "; for a single net write SPEC:NAME=VALUE" if for_all else ""
        raise typer.BadParameter(f"{wanted.spec}: {unknown}{hint}") from unknown


def _has_errors(checked: Checked) -> bool:
    """Whether the spec itself has errors; a failed expectation does not stop a comparison."""
    assert checked.report is not None
    return any(d.severity == "error" for d in checked.report.net.diagnostics)


def _write(found: Comparison, format_: str, depth: int | None) -> None:
    from archcalc.report.formats import terminal_columns
    from archcalc.report.stream import emit

    if format_ == "json":
        from archcalc.compare import json

        emit(json.text(found))
    elif format_ == "markdown":
        from archcalc.compare import markdown

        emit(markdown.text(found, depth=depth))
    else:
        import sys

        from archcalc.compare import table
        from archcalc.report.palette import wants_colour

        colour = wants_colour(sys.stdout)
        emit(table.text(found, depth=depth, columns=terminal_columns(), colour=colour))
