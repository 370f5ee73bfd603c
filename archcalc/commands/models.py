"""Models in place of specs: commands take `module:callable` and ONNX files as well."""

from __future__ import annotations

from typing import Any

import typer

Options = list[str] | None

MOST_WARNINGS = 5
"""The maximum number of opaque modules to list."""


def resolve(source: str, set_: Options, input_: Options) -> tuple[Options, Options]:
    """The settings and inputs that are left for a source. A model is imported here: it takes them
    up, and its spec is then found under the source's name.

    Exits with a message where the model cannot be imported.
    """
    if ":" not in source and not source.endswith(".onnx"):
        return set_, input_
    from archcalc.commands.options import read_inputs, read_settings
    from archcalc.importing.locate import is_reference
    from archcalc.spec.files import provide

    if not is_reference(source):
        return set_, input_
    provide(source, imported(source, read_settings(set_), read_inputs(input_)))
    return None, None


def imported(reference: str, arguments: dict[str, Any], inputs: Any) -> str:
    """The spec of a model as text. Exits with 1, or 2 for wrong usage, if there is none."""
    from warnings import catch_warnings, simplefilter

    from archcalc.importing.errors import ImportFailed, Opaque
    from archcalc.importing.locate import is_reference, spec_of
    from archcalc.report.stream import emit_error
    from archcalc.report.text import printable

    if not is_reference(reference):
        raise typer.BadParameter(
            f"{reference!r} is neither MODULE:CALLABLE, as in torchvision.models:resnet50,"
            " nor an .onnx file",
            param_hint="MODEL",
        )
    try:
        with catch_warnings(record=True) as caught:
            simplefilter("always", Opaque)
            text = spec_of(reference, arguments, inputs)
    except ImportFailed as failed:
        emit_error(f"error: {printable(failed.message)}\n")
        if failed.help:
            emit_error(f"  = help: {printable(failed.help)}\n")
        raise typer.Exit(2 if failed.usage else 1) from failed
    told = [str(one.message) for one in caught if issubclass(one.category, Opaque)]
    for message in told[:MOST_WARNINGS]:
        emit_error(f"warning: {printable(message)}\n")
    if len(told) > MOST_WARNINGS:
        emit_error(f"warning: {len(told) - MOST_WARNINGS} more modules are opaque\n")
    return text
