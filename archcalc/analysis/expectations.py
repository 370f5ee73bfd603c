"""Compares the expectations of a spec with the computed metrics: of the net, of blocks and layers.

An integer must match exactly; a number with a suffix or decimals to half a unit of its last digit;
anything else is an expression, which must match exactly. A case is only compared if its settings
apply: its vars and inputs as given, all others as in the spec.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from archcalc.analysis.expected_value import ExpectedValue, show
from archcalc.analysis.figure_values import Part, figure_of
from archcalc.analysis.figures import ExpectationReport
from archcalc.analysis.hints import hint
from archcalc.diagnostics import DiagnosticError, Stop, did_you_mean
from archcalc.spec.expressions import report_outside_layers
from archcalc.spec.limits import MAX_ERRORS, stop_at_many

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.analysis.context import AnalysisContext
    from archcalc.analysis.figure_values import FigureValue
    from archcalc.diagnostics import Span
    from archcalc.graph import Expected, Net
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Case, Figure


def run(context: AnalysisContext) -> None:
    """One row per expected value, and an error for each that fails."""
    rows: list[ExpectationReport] = []
    with suppress(Stop):  # after a hundred errors
        _compare_all(context, rows)
    context.expectations = tuple(rows)


def _compare_all(context: AnalysisContext, rows: list[ExpectationReport]) -> None:
    in_force: dict[int, bool] = {}  # by case, which all iterations of a loop share
    for expected in context.net.expected:
        case = expected.case
        if id(case) not in in_force:
            in_force[id(case)] = _in_force(context, case)
        part = Part(context, expected.target)
        for figure in case.figures:
            actual, holds, difference = "", None, ""
            if in_force[id(case)]:
                try:
                    actual, holds, difference = _compare(part, figure, expected)
                except DiagnosticError as error:
                    _report(context, error, figure.span)
            rows.append(
                ExpectationReport(
                    expected.target.path,
                    figure.what,
                    figure.text,
                    actual,
                    holds,
                    difference,
                    case.source,
                    figure.span,
                )
            )


def _report(context: AnalysisContext, error: DiagnosticError, span: Span) -> None:
    """Reports an error, unless it is a consequence of another one."""
    if error.code != "unknown-tensor" or not any(
        d.severity == "error" for d in context.net.diagnostics
    ):
        report_outside_layers(context.diagnostics, error, span)
    stop_at_many(context.diagnostics, span)


def _in_force(context: AnalysisContext, case: Case) -> bool:
    """Whether the net has the settings of a case."""
    net = context.net
    try:
        return _vars_in_force(net, case) and _inputs_in_force(net, case)
    except DiagnosticError as error:
        _report(context, error, case.span)
        return False


def _vars_in_force(net: Net, case: Case) -> bool:
    for name, value in case.settings.items():
        if name not in net.variables:
            if name in net.spec.variables:
                return False  # invalid, which is reported
            raise _unknown(case, "var", name, net.variables)
        if value.evaluate(net.variables) != net.variables[name]:
            return False
    return not any(name in net.overridden for name in net.variables if name not in case.settings)


def _inputs_in_force(net: Net, case: Case) -> bool:
    given = case_inputs(net, case)
    for name, index in net.inputs.items():
        if name not in given:
            if f"input {name}" in net.overridden:
                return False
        else:
            tensor = net.tensors[index]
            if tensor is None or given[name].evaluate(net.variables) != tensor.shape:
                return False
    return True


def case_inputs(net: Net, case: Case) -> dict[str, Value]:
    """The shapes that a case gives, by input name. Raises `DiagnosticError`."""
    given = case.inputs
    if given is None:
        return {}
    if isinstance(given, dict):
        for name in given:
            if name not in net.inputs:
                raise _unknown(case, "input", name, net.inputs)
        return given
    if len(net.inputs) > 1:
        names = ", ".join(f"{name}: …" for name in net.inputs)
        raise DiagnosticError(
            "bad-expectation",
            "the case does not name the input that its shape is for",
            label=f"one shape, but {len(net.inputs)} inputs",
            help=f"write input: {{{names}}}",
            span=given.span,
        )
    return dict.fromkeys(net.inputs, given)


def _unknown(case: Case, what: str, name: str, known: Iterable[str]) -> DiagnosticError:
    return DiagnosticError(
        "bad-expectation",
        f"unknown {what} `{name}` in a case",
        label=f"the spec has no such {what}",
        help=did_you_mean(name, known) or f"the spec has no {what}s",
        span=case.places[name],
    )


def _compare(part: Part, figure: Figure, expected: Expected) -> tuple[str, bool | None, str]:
    """The computed value, whether the expectation passes, and the difference if it fails, which is
    reported as an error too. Raises `DiagnosticError` if they cannot be compared."""
    actual = figure_of(part, figure.what)
    wanted = ExpectedValue(figure, expected.names, expected.case.rounding)
    if actual is None or (isinstance(actual, tuple) and None in actual):
        return show(actual), None, ""
    shown = wanted.shown_actual(actual)
    if wanted.allows(actual):
        return shown, True, ""
    difference = wanted.difference(actual)
    where = f"{expected.target.path}: " if expected.target.path else ""
    error = DiagnosticError(
        "expectation-failed",
        f"{where}{figure.what} is {shown}, expected {wanted.shown()}",
        label=difference or f"got {shown}",
        help=lambda: _help(part, figure, wanted, actual),
    )
    part.context.diagnostics.report(error, figure.span)
    return shown, False, difference


def _help(part: Part, figure: Figure, wanted: ExpectedValue, actual: FigureValue) -> str:
    """The most likely cause; only for the first hundred failures."""
    if len(part.context.diagnostics.items) > MAX_ERRORS:
        return ""
    if wanted.allows(actual, "down"):
        return "the source truncates: write rounding: down"
    return hint(part, figure.what, wanted.allows)
