"""`archcalc render`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from archcalc.commands.models import resolve
from archcalc.commands.options import (
    AllowOutside,
    Depth,
    Input,
    Set,
    SpecArgument,
    read_depth,
    read_inputs,
    read_settings,
    usage,
)
from archcalc.commands.output import fail, keep_spec, save

Format = Literal["svg", "png", "pdf", "dot"]
Style = Literal["diagram", "volumes"]
Theme = Literal["light", "dark"]
Direction = Literal["down", "right"]


def render(
    spec: SpecArgument,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="File to write (.svg, .png, .pdf or .dot), or - for standard output. "
            "[default: SPEC.svg]",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[
        Format | None,
        typer.Option(
            "--format", help="Output format. [default: by the extension]", show_default=False
        ),
    ] = None,
    depth: Depth = None,
    unfold: Annotated[
        bool, typer.Option("--unfold", help="Draw every layer, repeated ones too.")
    ] = False,
    show: Annotated[
        str,
        typer.Option(
            metavar="METRIC,...",
            help="Metrics to show per box: params, macs, receptive_field, memory.",
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
            help="Draw the input region that one output of a layer depends on.",
            show_default=False,
        ),
    ] = None,
    theme: Annotated[Theme, typer.Option(help="Colours for a light or dark page.")] = "light",
    direction: Annotated[Direction, typer.Option(help="Layout direction.")] = "down",
    set_: Set = None,
    input_: Input = None,
    allow_outside: AllowOutside = False,
) -> None:
    """Draw the architecture, or the receptive field of a layer.

    Blocks are drawn as the spec defines them. Exits with 0, with 1 if the spec has an error (what
    is known is drawn, offending layers in red), and with 2 for wrong usage or if the picture cannot
    be drawn or written.

    \b
    Examples:
      archcalc render vgg16 -o vgg16.svg
      archcalc render resnet152 --depth all --show params,macs
      archcalc render lenet5 --style volumes -o lenet5.svg
      archcalc render vgg16 --receptive-field features.30 -o field.svg
      archcalc render my.yaml -o - --format dot | tred
    """
    from archcalc.draw import output as files
    from archcalc.draw.words import FIGURES
    from archcalc.pipeline import check
    from archcalc.report.formats import print_diagnostics

    figures = [figure.strip() for figure in show.split(",") if figure.strip()]
    for figure in figures:
        if figure not in FIGURES:
            message = f"invalid metric {figure!r}, choose from {', '.join(FIGURES)}"
            raise typer.BadParameter(message, param_hint="--show")
    keep_spec(spec, output)
    set_, input_ = resolve(spec, set_, input_)
    settings, inputs, levels = read_settings(set_), read_inputs(input_), read_depth(depth)
    target = output or ("-" if spec == "-" else f"{Path(spec).stem}.{format_ or 'svg'}")
    try:
        kind = format_ or files.format_of(target)
        with usage(spec):
            checked = check(spec, settings=settings, inputs=inputs, allow_outside=allow_outside)
        data = b""
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
                files.check_arrows(built, drawing, kind)
                data = files.rendered(drawing, kind)
    except files.CannotDraw as reason:
        fail(str(reason))
    print_diagnostics(checked.diagnostics)  # standard output may be the picture
    if data:
        save(target, data, tell=output is None)
    if checked.errors:
        raise typer.Exit(1)


def _svg_only(picture: str, kind: str) -> bytes:
    from archcalc.draw.output import CannotDraw

    if kind != "svg":
        raise CannotDraw(f"this picture can only be written as svg, not as {kind}")
    return picture.encode()
