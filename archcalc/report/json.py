"""The report as JSON: one object per spec, in a stable schema.

`layers` are leaves in execution order. Unknown is null, never zero. Entries of a receptive field
are integers, or strings such as "1/2" for the stride after a transposed convolution.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archcalc.analysis.figures import Totals
from archcalc.report.columns import values
from archcalc.report.numbers import decimal_text

if TYPE_CHECKING:
    from archcalc.analysis.figures import (
        ExpectationReport,
        LayerReport,
        ReceptiveField,
        Report,
    )
    from archcalc.diagnostics import Diagnostic, Span
    from archcalc.graph import Net
    from archcalc.report.checked import Checked

SCHEMA = 1


def text(checked: list[Checked]) -> str:
    """One document: the object of a single spec, a list of them for several."""
    objects = [written(as_dict(one)) for one in checked]
    if len(objects) == 1:
        return objects[0] + "\n"
    return "[\n" + ",\n".join(objects) + "\n]\n"


def written(found: dict[str, Any]) -> str:
    """An object as text, with one line per list entry: short, and with line-wise diffs.

    Plain ASCII, so that it does not depend on the stream's encoding.
    """
    lines: list[str] = []
    for key, value in found.items():
        written = json.dumps(value)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            written = "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"
        lines.append(f"  {json.dumps(key)}: {written}")
    return "{\n" + ",\n".join(lines) + "\n}"


def as_dict(checked: Checked) -> dict[str, Any]:
    """The object; its numbers are null if no net could be read."""
    report = checked.report
    net = report.net if report is not None else None
    outputs = {} if net is None else _shapes(net, net.outputs)
    return {
        "schema": SCHEMA,
        "name": None if net is None else net.name,
        "inputs": {} if net is None else _shapes(net, net.inputs),
        "output": outputs.get("output"),
        "outputs": outputs,
        "ok": checked.ok,
        "totals": _totals(report),
        "layers": [] if report is None else [_layer(layer) for layer in report.layers],
        "expectations": [_expectation(e) for e in checked.expectations],
        "diagnostics": [_diagnostic(d) for d in checked.diagnostics],
    }


def _shapes(net: Net, tensors: dict[str, int]) -> dict[str, list[int] | None]:
    found: dict[str, list[int] | None] = {}
    for name, index in tensors.items():
        tensor = net.tensors[index]
        found[name] = None if tensor is None else list(tensor.shape)
    return found


def _totals(report: Report | None) -> dict[str, Any]:
    depth = None if report is None else report.depth
    figures = dict.fromkeys(Totals._fields) if report is None else report.totals._asdict()
    found = {
        **figures,
        "peak_activation_bytes": None if report is None else report.peak_activation_bytes,
        "depth": None
        if depth is None
        else {
            "longest": depth.longest,
            "shortest": depth.shortest,
            "paths": decimal_text(depth.paths),
        },
    }
    if report is not None and report.counted is not None:
        found["counted"] = report.counted._asdict()
    return found


_LAYER = ("path", "op", "inputs", "output", "params", "buffers", "macs")


def _layer(layer: LayerReport) -> dict[str, Any]:
    node, known = layer.node, values(layer)
    found: dict[str, Any] = {key: _listed(known[key]) for key in _LAYER}
    found["weights"] = (
        None
        if node.facts is None
        else {weight.name: list(weight.shape) for weight in node.facts.weights}
    )
    found["receptive_field"] = _field(layer.receptive_field)
    for flag in ("training_only", "shared"):
        if known[flag]:
            found[flag] = True
    return found


def _listed(value: Any) -> Any:
    """A value with lists for tuples, as in JSON."""
    return [_listed(entry) for entry in value] if isinstance(value, tuple) else value


def _field(field: ReceptiveField | None) -> dict[str, Any] | None:
    if field is None:
        return None
    return {
        "size": list(field.size),
        "stride": [s if s is None or isinstance(s, int) else str(s) for s in field.stride],
        "offset": list(field.offset),
        "global": field.is_global,
    }


def _expectation(e: ExpectationReport) -> dict[str, Any]:
    return {
        "where": e.where,
        "what": e.what,
        "expected": e.expected,
        "actual": e.actual,
        "holds": e.holds,
        "source": e.source,
        "line": e.span.line,
    }


def _diagnostic(d: Diagnostic) -> dict[str, Any]:
    return {
        "code": d.code,
        "severity": d.severity,
        "message": f"{d.message}: {d.label}" if d.label else d.message,
        "help": d.help,
        **_place(d.span),
        "notes": [{"message": note.message, **_place(note.span)} for note in d.notes],
    }


def _place(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"file": None, "line": None, "column": None}
    return {"file": span.file.name, "line": span.line, "column": span.column}
