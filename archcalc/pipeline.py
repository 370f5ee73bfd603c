"""From a file or text to a checked net: find, parse, elaborate, analyse.

Errors of a spec are never raised: they are in the diagnostics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.diagnostics import Diagnostics, Stop
from archcalc.gc_pause import paused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike
    from typing import Any

    from archcalc.diagnostics import Diagnostic
    from archcalc.graph import Net
    from archcalc.ops.base import Shape
    from archcalc.overrides import Inputs
    from archcalc.report.checked import Checked
    from archcalc.spec.syntax import Spec


class Unknown(ValueError):
    """A setting or an input that the spec does not have: a usage error, not an error of the
    spec."""


class Opened(NamedTuple):
    """A net with its diagnostics, or only these if the text could not be parsed."""

    net: Net | None
    diagnostics: tuple[Diagnostic, ...]


def open_spec(
    source: str | PathLike[str],
    settings: dict[str, Any] | None = None,
    inputs: Inputs | None = None,
    allow_outside: bool = False,
) -> Opened:
    """The net of a spec. Raises `Unknown` for a setting or an input that it does not have."""
    spec, diagnostics = parse(source, allow_outside)
    if spec is None:
        return Opened(None, tuple(diagnostics.items))
    return elaborated(spec, diagnostics, settings or {}, inputs)


def check(
    source: str | PathLike[str],
    *,
    settings: dict[str, Any] | None = None,
    inputs: Inputs | None = None,
    allow_outside: bool = False,
    dtype: str = "float32",
    convention: str = "",
    cases: bool = False,
) -> Checked:
    """The report of a spec, with or without errors. `cases` runs every case of its expectations.

    Raises `Unknown` for a setting or an input that the spec does not have.
    """
    from archcalc.analysis.analyze import analyze
    from archcalc.report.checked import Checked
    from archcalc.spec.files import shown_name

    spec, diagnostics = parse(source, allow_outside)
    name = shown_name(source)
    if spec is None:
        return Checked(name, None, (), tuple(diagnostics.items))
    net = elaborated(spec, diagnostics, settings or {}, inputs).net
    assert net is not None
    report = analyze(net, dtype, convention)
    told = report.diagnostics
    if diagnostics.failed:
        from archcalc.symbols.nearest_size import with_sizes

        told = with_sizes(net, *overrides(spec, settings or {}, inputs), told)
    checked = Checked(name, report, report.expectations, told)
    if cases:
        from archcalc.cases import run_cases

        return run_cases(checked)
    return checked


def parse(source: str | PathLike[str], allow_outside: bool) -> tuple[Spec | None, Diagnostics]:
    """The syntax tree, None if the text cannot be parsed; errors are in the diagnostics."""
    from archcalc.spec.files import open_source, opener
    from archcalc.spec.parse import parse_spec

    diagnostics = Diagnostics()
    try:
        file = open_source(source, diagnostics)
        return parse_spec(file, diagnostics, opener(allow_outside)), diagnostics
    except Stop:
        return None, diagnostics


def elaborated(
    spec: Spec, diagnostics: Diagnostics, settings: dict[str, Any], inputs: Inputs | None
) -> Opened:
    """The net of a parsed spec, with values for its vars and shapes for its inputs."""
    from archcalc.elaborate import elaborate
    from archcalc.elaborate.static_checks import check_statically

    values, shapes = overrides(spec, settings, inputs)
    with paused():
        net = elaborate(spec, diagnostics, settings=values, inputs=shapes)
        check_statically(spec, diagnostics)
    told = tuple(diagnostics.items)
    return Opened(net._replace(diagnostics=told), told)


def overrides(
    spec: Spec, settings: Mapping[str, Any], inputs: Inputs | None
) -> tuple[dict[str, Any], dict[str, Shape]]:
    """Values for vars and shapes by input name, in the form that the spec needs.

    Raises `Unknown` for an unknown name, or an invalid value or shape.
    """
    if not settings and inputs is None:
        return {}, {}
    from archcalc.overrides import named_inputs, named_settings

    return named_settings(spec, settings), named_inputs(spec, inputs)
