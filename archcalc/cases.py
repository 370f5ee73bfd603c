"""`check --cases`: compares every case of the expectations with its own settings.

The net is elaborated again for each set of settings and inputs, once for all cases that share it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.analysis.analyze import analyze
from archcalc.analysis.expectations import case_inputs
from archcalc.budget import BudgetExceeded, limited, spend
from archcalc.diagnostics import DiagnosticError, Diagnostics, Note
from archcalc.elaborate import elaborate
from archcalc.ops.attributes import Integers, shown
from archcalc.spec.expressions import report_outside_layers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.analysis.figures import ExpectationReport
    from archcalc.diagnostics import Diagnostic, Span
    from archcalc.graph import Net
    from archcalc.ops.base import Shape
    from archcalc.report.checked import Checked
    from archcalc.spec.syntax import Case, Layer, Spec


MAX_STEPS = 250_000
"""Steps of elaboration and analysis for all cases together: as for one large net."""


class _Run(NamedTuple):
    """The cases with the same settings and inputs."""

    settings: dict[str, Any]
    inputs: dict[str, Shape]
    cases: list[Case]

    def text(self) -> str:
        """ "original=true, input 3×160×160" """
        texts = [f"{name}={shown(value)}" for name, value in self.settings.items()]
        texts += [f"input {'×'.join(map(str, shape))}" for shape in self.inputs.values()]
        return ", ".join(texts) or "the spec's own settings"


def run_cases(checked: Checked) -> Checked:
    """The same result with all cases compared; those compared already are unchanged."""
    report = checked.report
    assert report is not None
    net = report.net
    diagnostics = Diagnostics()
    for diagnostic in checked.diagnostics:
        diagnostics.add(diagnostic)
    rows: dict[Span, list[ExpectationReport]] = {}
    for e in checked.expectations:
        rows.setdefault(e.span, []).append(e)
    try:
        with limited(MAX_STEPS):
            for run in _runs(net, diagnostics):
                if run.settings or run.inputs or net.overridden:  # else: the original check
                    _compare(checked, run, rows, diagnostics)
    except BudgetExceeded:
        diagnostics.error(
            "too-large",
            "the cases of this spec take too long to check",
            run.cases[0].span,
            label="this case and the following ones are not checked",
            help="check them one at a time, with --set and --input",
        )
    expectations = tuple([e for found in rows.values() for e in found])
    return checked._replace(expectations=expectations, diagnostics=tuple(diagnostics.items))


def _compare(
    checked: Checked,
    run: _Run,
    rows: dict[Span, list[ExpectationReport]],
    diagnostics: Diagnostics,
) -> None:
    """Compares the cases of one run and replaces their unchecked rows."""
    assert checked.report is not None
    spec = checked.report.net.spec
    net = elaborate(spec, Diagnostics(), settings=run.settings, inputs=run.inputs)
    spend(2 * len(net.expected) + len(net.nodes))
    found = analyze(net, checked.report.dtype)
    places = {figure.span for case in run.cases for figure in case.figures}
    for place in places:
        rows.pop(place, None)
    for e in found.expectations:
        if e.span in places:
            rows.setdefault(e.span, []).append(e)
    for diagnostic in found.diagnostics:
        diagnostics.add(_under(diagnostic, run))  # keeps what is reported already


def _under(diagnostic: Diagnostic, run: _Run) -> Diagnostic:
    return diagnostic._replace(notes=(*diagnostic.notes, Note(f"in the case {run.text()}")))


def _runs(net: Net, diagnostics: Diagnostics) -> list[_Run]:
    runs: dict[Any, _Run] = {}
    for case in _all_cases(net.spec):
        try:
            settings = {n: v.evaluate(net.variables) for n, v in case.settings.items()}
            inputs = _inputs(net, case)
        except DiagnosticError as error:
            report_outside_layers(diagnostics, error, case.span)
            continue
        if all(name in net.spec.variables for name in settings):
            key = (tuple(settings.items()), tuple(inputs.items()))
            runs.setdefault(key, _Run(settings, inputs, [])).cases.append(case)
    return list(runs.values())


def _inputs(net: Net, case: Case) -> dict[str, Shape]:
    found: dict[str, Shape] = {}
    for name, value in case_inputs(net, case).items():
        try:
            found[name] = Integers(1).read(value.evaluate(net.variables), None)
        except DiagnosticError as error:
            error.span = error.span or value.span
            raise
    return found


def _all_cases(spec: Spec) -> Iterator[Case]:
    """The cases of the net, its blocks and its layers, including layers that are absent with the
    spec's own settings."""
    yield from spec.expect
    yield from _cases_of(spec.layers)
    for block in spec.blocks.values():
        yield from block.expect
        yield from _cases_of(block.body)


def _cases_of(layers: tuple[Layer, ...]) -> Iterator[Case]:
    for layer in layers:
        yield from layer.expect
        yield from _cases_of(layer.body)
        for branch in layer.branches:
            yield from _cases_of(branch.body)
