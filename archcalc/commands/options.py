"""Parameters that several commands share, and how their values are read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Spec

    Inputs = Shape | dict[str, Shape]

ALL_LEVELS = 10**6  # more than a net can have


def complete_specs(incomplete: str) -> list[str]:
    """Spec files and nets of the catalogue, for shell completion."""
    from pathlib import Path

    from archcalc.spec.files import catalogue_names

    beside = [str(p) for p in Path().glob(f"{incomplete}*") if p.is_dir() or p.suffix == ".yaml"]
    return beside + [name for name in catalogue_names() if name.startswith(incomplete)]


Specs = Annotated[
    list[str],
    typer.Argument(
        metavar="SPEC...",
        help="Files, nets of the catalogue (vgg16), or - for standard input.",
        autocompletion=complete_specs,
        show_default=False,
    ),
]
SpecArgument = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="A file, a net of the catalogue (vgg16), or - for standard input.",
        autocompletion=complete_specs,
        show_default=False,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Set a var of the spec; repeatable.", show_default=False
    ),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="[NAME=]SHAPE",
        help="Use another input shape, as in 3x256x256.",
        show_default=False,
    ),
]
Depth = Annotated[
    str | None,
    typer.Option(
        "--depth",
        metavar="N|all",
        help="Levels of groups and blocks to open. [default: what fits]",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")]
AllowOutside = Annotated[
    bool,
    typer.Option("--allow-outside", help="Let `extends` read files outside the spec's folder."),
]


def read_depth(text: str | None) -> int | None:
    """`--depth`: a number of levels, all of them, or None for what fits."""
    if text is None:
        return None
    if text == "all":
        return ALL_LEVELS
    if text.isdecimal() and int(text[:6]) > 0:
        return int(text[:6])
    raise typer.BadParameter(f"{text!r}: must be ≥ 1 or `all`", param_hint="--depth")


@contextmanager
def usage(spec: str) -> Iterator[None]:
    """Turns a setting, input or layer that a spec does not have into a usage error."""
    from archcalc.graph import NoSuchLayer
    from archcalc.pipeline import Unknown

    try:
        yield
    except (NoSuchLayer, Unknown) as unknown:
        raise typer.BadParameter(f"{spec}: {unknown}") from unknown


def parse_spec(
    source: str, set_: list[str] | None, input_: list[str] | None, allow_outside: bool
) -> tuple[Spec, dict[str, Any], dict[str, Shape]]:
    """The spec, settings for its vars and shapes for its inputs. Exits with 1 for a spec with
    errors, which are printed."""
    from archcalc.commands.models import resolve
    from archcalc.overrides import named_inputs, named_settings
    from archcalc.pipeline import parse
    from archcalc.report.formats import print_diagnostics

    set_, input_ = resolve(source, set_, input_)
    spec, diagnostics = parse(source, allow_outside)
    if spec is None or diagnostics.failed:
        print_diagnostics(diagnostics.items)
        raise typer.Exit(1)
    with usage(source):
        settings = named_settings(spec, read_settings(set_))
        return spec, settings, named_inputs(spec, read_inputs(input_))


def read_settings(given: list[str] | None) -> dict[str, Any]:
    """`--set` as names and values; a value is an expression without names."""
    from archcalc.diagnostics import DiagnosticError, SourceFile
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
        except DiagnosticError as error:
            told = f"{error.message}: {error.label}" if error.label else error.message
            raise typer.BadParameter(f"{text!r}: {told}", param_hint="--set") from error
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
            f"{text!r} is not a shape: write channels, then spatial sizes, as in 3x256x256",
            param_hint="--input",
        )
    found = tuple(int(side) for side in sides)
    if 0 in found:
        raise typer.BadParameter(f"{text!r}: sizes must be ≥ 1", param_hint="--input")
    return found
