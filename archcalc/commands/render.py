"""`archcalc render`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from archcalc.commands.check import read_depth
from archcalc.commands.options import (
    AllowOutside,
    Input,
    Set,
    complete_specs,
    keep_spec,
    read_inputs,
    read_settings,
)

Format = Literal["svg", "png", "pdf", "dot"]
Style = Literal["diagram", "volumes"]
Theme = Literal["light", "dark"]
Direction = Literal["down", "right"]


def render(
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
            help="svg, png, pdf or dot by its ending; - for standard output. [default: SPEC.svg]",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="What to write, whatever the ending.", show_default=False),
    ] = None,
    depth: Annotated[
        str | None,
        typer.Option(
            metavar="N|all",
            help="Open N levels of groups and blocks. [default: what fits a page]",
            show_default=False,
        ),
    ] = None,
    unfold: Annotated[
        bool, typer.Option("--unfold", help="Draw every layer by itself, equal ones too.")
    ] = False,
    show: Annotated[
        str,
        typer.Option(
            metavar="FIGURES",
            help="Of every box: params,macs,receptive_field,memory.",
            show_default=False,
        ),
    ] = "",
    style: Annotated[
        Style, typer.Option(help="Boxes and arrows, or feature maps in perspective.")
    ] = "diagram",
    receptive_field: Annotated[
        str | None,
        typer.Option(
            "--receptive-field",
            metavar="LAYER",
            help="Draw what one output of this layer sees of the input.",
            show_default=False,
        ),
    ] = None,
    theme: Annotated[Theme, typer.Option()] = "light",
    direction: Annotated[Direction, typer.Option(help="Where a diagram flows to.")] = "down",
    set_: Set = None,
    input_: Input = None,
    allow_outside: AllowOutside = False,
) -> None:
    """Draw the architecture as its author wrote it, or the receptive field of a layer.

    Exits with 0, with 1 where the spec has an error (what is known of it is drawn all the same, the
    layers at fault in red), and with 2 for wrong usage.

    \b
    Examples:
      archcalc render vgg16.yaml -o vgg16.svg
      archcalc render resnet152 --depth all --show params,macs
      archcalc render lenet5 --style volumes -o lenet5.svg
      archcalc render vgg16 --receptive-field features.30 -o field.svg
      archcalc render my.yaml -o - --format dot | tred
    """
    from archcalc.draw import output as files
    from archcalc.draw.words import FIGURES
    from archcalc.pipeline import Unknown, check
    from archcalc.report.formats import faults

    figures = [figure.strip() for figure in show.split(",") if figure.strip()]
    for figure in figures:
        if figure not in FIGURES:
            message = f"{figure!r} is none of {', '.join(FIGURES)}"
            raise typer.BadParameter(message, param_hint="--show")
    keep_spec(spec, output)
    settings, inputs, levels = read_settings(set_), read_inputs(input_), read_depth(depth)
    target = output or f"{Path(spec).stem}.{format_ or 'svg'}"
    try:
        kind = format_ or files.format_of(target)
        checked = check(spec, settings=settings, inputs=inputs, allow_outside=allow_outside)
        if checked.report is not None:
            if receptive_field is not None:
                from archcalc.draw.field import field_picture

                data = _svg_only(field_picture(checked.report, receptive_field, theme), kind)
            elif style == "volumes":
                from archcalc.draw.volumes import volumes

                data = _svg_only(volumes(checked.report, levels, theme), kind)
            else:
                from archcalc.draw.build import build
                from archcalc.draw.dot import to_graphviz

                built = build(checked.report, depth=levels, unfold=unfold, show=figures)
                files.check_boxes(len(built.boxes), kind)
                drawing = to_graphviz(built, theme=theme, direction=direction)
                data = files.rendered(drawing, kind)
            files.write(target, data)
    except Unknown as unknown:
        raise typer.BadParameter(f"{spec}: {unknown}") from unknown
    except files.CannotDraw as reason:
        typer.echo(f"archcalc: {reason}", err=True)
        raise typer.Exit(2) from reason
    faults([checked])  # standard output may be the picture
    if checked.report is not None and output is None:
        typer.echo(f"wrote {target}", err=True)
    if checked.errors:
        raise typer.Exit(1)


def _svg_only(picture: str, kind: str) -> bytes:
    from archcalc.draw.output import CannotDraw

    if kind != "svg":
        raise CannotDraw(f"this picture is drawn as svg only, not as {kind}")
    return picture.encode()
