"""`check --cases`: every case of the expectations judged under its own settings.

The net is elaborated again for each set of settings and inputs that cases ask for, once however
many cases share it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.analysis.analyze import analyze
from archcalc.analysis.expectations import case_inputs
from archcalc.diagnostics import Diagnostics, Fault, Note
from archcalc.elaborate import elaborate
from archcalc.ops.attributes import Integers, shown
from archcalc.spec.expressions import tell_outside_layers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.analysis.figures import Report
    from archcalc.diagnostics import Diagnostic
    from archcalc.graph import Net
    from archcalc.ops.base import Shape
    from archcalc.report.checked import Checked
    from archcalc.spec.syntax import Case, Layer, Spec


class _Run(NamedTuple):
    """Cases that ask for the same settings and inputs."""

    settings: dict[str, Any]
    inputs: dict[str, Shape]
    cases: list[Case]

    def text(self) -> str:
        """ "original=true, input 3×160×160" """
        texts = [f"{name}={shown(value)}" for name, value in self.settings.items()]
        texts += [f"input {'×'.join(map(str, shape))}" for shape in self.inputs.values()]
        return ", ".join(texts) or "the spec's own settings"


def run_cases(checked: Checked) -> Checked:
    """The same check with all cases judged; those that it judged already stay as they are."""
    report = checked.report
    assert report is not None
    net = report.net
    diagnostics = Diagnostics()
    for diagnostic in checked.diagnostics:
        diagnostics.add(diagnostic)
    expectations = list(checked.expectations)
    for run in _runs(net, diagnostics):
        if not run.settings and not run.inputs and not net.overridden:
            continue  # the check itself
        found = _report(net.spec, run, report.dtype)
        places = {figure.span for case in run.cases for figure in case.figures}
        expectations = [e for e in expectations if e.span not in places]
        expectations += [e for e in found.expectations if e.span in places]
        for diagnostic in found.diagnostics:
            diagnostics.add(_under(diagnostic, run))  # keeps what is told already as it is
    return checked._replace(expectations=tuple(expectations), diagnostics=tuple(diagnostics.items))


def _report(spec: Spec, run: _Run, dtype: str) -> Report:
    net = elaborate(spec, Diagnostics(), settings=run.settings, inputs=run.inputs)
    return analyze(net, dtype)


def _under(diagnostic: Diagnostic, run: _Run) -> Diagnostic:
    return diagnostic._replace(notes=(*diagnostic.notes, Note(f"in the case {run.text()}")))


def _runs(net: Net, diagnostics: Diagnostics) -> list[_Run]:
    runs: dict[Any, _Run] = {}
    for case in _all_cases(net.spec):
        try:
            settings = {n: v.evaluate(net.variables) for n, v in case.settings.items()}
            inputs = _inputs(net, case)
        except Fault as fault:
            tell_outside_layers(diagnostics, fault, case.span)
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
        except Fault as fault:
            fault.span = fault.span or value.span
            raise
    return found


def _all_cases(spec: Spec) -> Iterator[Case]:
    """The cases of the net, its blocks and its layers, also of layers that are not there under
    the spec's own settings."""
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
