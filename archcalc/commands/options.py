"""Parameters that several commands share, and how their values are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from archcalc.ops.base import Shape

    Inputs = Shape | dict[str, Shape]


def complete_specs(incomplete: str) -> list[str]:
    """Specs beside the user and in the catalogue, for the shell's completion."""
    from pathlib import Path

    from archcalc.spec.files import catalogue_names

    beside = [str(p) for p in Path().glob(f"{incomplete}*") if p.is_dir() or p.suffix == ".yaml"]
    return beside + [name for name in catalogue_names() if name.startswith(incomplete)]


Specs = Annotated[
    list[str],
    typer.Argument(
        metavar="SPEC...",
        help="Files, or names of nets in the catalogue (vgg16).",
        autocompletion=complete_specs,
        show_default=False,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Set a var of the spec.", show_default=False),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="[NAME=]SHAPE",
        help="Another input shape: 3x256x256.",
        show_default=False,
    ),
]
AllowOutside = Annotated[
    bool,
    typer.Option("--allow-outside", help="Let extends read files outside the spec's folder."),
]


def keep_spec(spec: str, output: str | None) -> None:
    """Refuses an output that is the spec's own file, which would be lost."""
    from pathlib import Path

    if output not in (None, "-") and (given := Path(spec)).is_file():
        target = Path(output or "")
        if target.is_file() and target.samefile(given):
            raise typer.BadParameter(f"{output} is the spec itself", param_hint="--output")


def read_settings(given: list[str] | None) -> dict[str, Any]:
    """`--set` as names and values: a value is read as in a spec, without names."""
    from archcalc.diagnostics import Fault, SourceFile
    from archcalc.spec.expressions import Value

    found: dict[str, Any] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name or not value:
            raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--set")
        place = (SourceFile("--set", value), 1, 1, len(value))
        try:
            found[name] = Value(value, True, place).evaluate({})
        except Fault as fault:
            told = f"{fault.message}: {fault.label}" if fault.label else fault.message
            raise typer.BadParameter(f"{text!r}: {told}", param_hint="--set") from fault
    return found


def read_inputs(given: list[str] | None) -> Inputs | None:
    """`--input` as a shape, or shapes by name."""
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return _shape(given[0], given[0])
    found: dict[str, Shape] = {}
    for text in given:
        name, equals, shape = text.partition("=")
        if not equals or not name:
            raise typer.BadParameter(
                f"{text!r}: with several, each is NAME=SHAPE", param_hint="--input"
            )
        found[name] = _shape(shape, text)
    return found


def _shape(shape: str, text: str) -> Shape:
    sides = shape.strip().lower().replace("×", "x").replace(",", "x").split("x")
    if not 1 <= len(sides) <= 4 or not all(s.isdecimal() and 0 < len(s) <= 9 for s in sides):
        raise typer.BadParameter(
            f"{text!r} is no shape: write channels and sides, as in 3x256x256",
            param_hint="--input",
        )
    found = tuple(int(side) for side in sides)
    if 0 in found:
        raise typer.BadParameter(f"{text!r}: a side is at least 1", param_hint="--input")
    return found
