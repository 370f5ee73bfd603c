"""The parts around the rows: the heading, the totals, the expectations, the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.analysis.memory import BYTES
from archcalc.ops.attributes import shown
from archcalc.report import numbers
from archcalc.report.palette import paint
from archcalc.report.text import cut, left, printable, width, wrap

if TYPE_CHECKING:
    from archcalc.analysis.figures import ExpectationReport, ReceptiveField, Report
    from archcalc.graph import Net
    from archcalc.report.checked import Checked


def heading(report: Report, source: str, columns: int, colour: bool) -> str:
    """The net's name and file, its source, its inputs and outputs, and its overridden settings."""
    net = report.net
    lines = [f"{paint(printable(net.name), 'strong', colour)} ({printable(source)})"]
    if net.spec.source:
        lines += [
            paint(part, "faint", colour) for part in wrap(printable(net.spec.source), columns)
        ]
    lines += wrap(", ".join(ends(net)), columns)
    settings = [f"{n}={shown(v)}" for n, v in net.variables.items() if n in net.overridden]
    if settings:
        lines += wrap(f"with {', '.join(map(printable, settings))}", columns)
    return "\n".join(lines)


def ends(net: Net) -> list[str]:
    """The inputs and outputs with their shapes: "input 3×224×224", "output 1000"."""
    found: list[str] = []
    for kind, tensors in (("input", net.inputs), ("output", net.outputs)):
        for name, index in tensors.items():
            tensor = net.tensors[index]
            text = numbers.shape(None if tensor is None else tensor.shape)
            found.append(f"{kind} {text}" if name == kind else f"{kind} {printable(name)} {text}")
    return found


def totals(report: Report) -> list[tuple[str, str, str]]:
    """The totals: name, value, and the convention by which it is counted."""
    all_ = report.totals
    found = [
        ("params", numbers.grouped(all_.params), f"trainable{_memory(report, all_.params)}"),
        ("macs", numbers.grouped(all_.macs), "multiply-accumulates, without biases"),
        (
            "flops",
            numbers.grouped(all_.flops),
            "2·macs + bias, norm, activation and pooling ops",
        ),
        (
            "activations",
            numbers.grouped(all_.activations),
            f"outputs of all layers{_memory(report, all_.activations)}",
        ),
        (
            "peak memory",
            numbers.bytes_(report.peak_activation_bytes),
            f"of live activations in inference, {report.dtype}",
        ),
    ]
    if all_.buffers != 0:
        found.insert(1, ("buffers", numbers.grouped(all_.buffers), "not trainable"))
    if any(layer.node.training_only for layer in report.layers):
        text = "params of layers that run in training only"
        found.insert(1, ("not counted", numbers.grouped(_training_params(report)), text))
    return found + _depth(report) + _field(report) + _counted(report)


def _counted(report: Report) -> list[tuple[str, str, str]]:
    """The totals by another tool's convention."""
    found = report.counted
    if found is None:
        return []
    rows = [(f"{found.convention} params", numbers.grouped(found.params), "")]
    return [*rows, (f"{found.convention} macs", numbers.grouped(found.macs), found.rule)]


def _memory(report: Report, count: int | None) -> str:
    if count is None:
        return ""
    return f"; {numbers.bytes_(count * BYTES[report.dtype])} as {report.dtype}"


def _training_params(report: Report) -> int | None:
    total = 0
    for layer in report.layers:
        if layer.node.training_only:
            if layer.totals.params is None:
                return None
            total += layer.totals.params
    return total


def _depth(report: Report) -> list[tuple[str, str, str]]:
    depth = report.depth
    if depth is None:
        return [("depth", numbers.UNKNOWN, "weight layers on the longest path")]
    remark = "weight layers on the longest path"
    if depth.shortest != depth.longest:
        remark += f", {depth.shortest:,} on the shortest"
    return [("depth", numbers.grouped(depth.longest), f"{remark}; {numbers.paths(depth.paths)}")]


def _field(report: Report) -> list[tuple[str, str, str]]:
    output = report.net.root.output
    field = report.receptive_field_of(output) if output is not None else None
    if field is None or not field.size:
        return []
    return [("receptive field", numbers.per_axis(field.size), field_remark(field))]


def field_remark(field: ReceptiveField) -> str:
    """The remarks next to the size of a receptive field."""
    text = f"stride {numbers.per_axis(field.stride)}, offset {numbers.per_axis(field.offset)}"
    return f"{text}; also global, covers the full input" if field.is_global else text


def expectations(checked: Checked, columns: int, colour: bool, *, everything: bool) -> str:
    """The failed expectations, or all of them: expected, actual, difference, source."""
    chosen = [e for e in checked.expectations if everything or e.holds is False]
    if not chosen:
        return ""
    rows = [[printable(cell) for cell in expectation_cells(e, checked)] for e in chosen]
    widths = [min(max(width(row[i]) for row in rows), columns // 3) for i in range(3)]
    lines = [paint("expectations" if everything else "failed expectations", "strong", colour)]
    for e, row in zip(chosen, rows, strict=True):
        mark, style = MARKS[e.holds]
        line = "  ".join(left(t, limit) for t, limit in zip(row[:3], widths, strict=True))
        if width(line) + width(row[3]) + 4 > columns:
            line = line.rstrip()
        if width(line) + 2 > columns:
            line = "  ".join(row[:3])
        room = columns - width(line) - 4
        # The source may be cut, a number never.
        source = paint(cut(row[3], room), "faint", colour) if row[3] and room > 8 else ""
        lines.append(f"{paint(mark, style, colour)} {line}  {source}".rstrip())
    return "\n".join(lines)


def expectation_cells(e: ExpectationReport, checked: Checked) -> list[str]:
    """An expectation as every format shows it: metric, expected, actual, source."""
    settings = _settings(e, checked)
    return [
        f"{e.where} {e.what}".strip(),
        numbers.as_shown(e.expected),
        _finding(e, settings),
        e.source or "",
    ]


MARKS = {True: ("✓", "good"), False: ("✗", "bad"), None: ("–", "faint")}
"""The mark and style of an expectation that passed, failed or was not checked."""


def _settings(e: ExpectationReport, checked: Checked) -> str:
    """The settings to which an expectation applies."""
    if checked.report is None:
        return ""
    for expected in checked.report.net.expected:
        case = expected.case
        if any(figure.span == e.span for figure in case.figures):
            texts = [f"{name}={value.text}" for name, value in case.settings.items()]
            if isinstance(case.inputs, dict):
                texts += [f"input {name} {value.text}" for name, value in case.inputs.items()]
            elif case.inputs is not None:
                texts.append(f"input {case.inputs.text}")
            return ", ".join(texts)
    return ""


def _finding(e: ExpectationReport, settings: str) -> str:
    """The actual value, if it adds anything to the expected one."""
    under = f" with {settings}" if settings else ""
    if e.holds is None:
        return e.actual or f"not checked{under}"
    difference = f" ({e.difference})" if e.difference else ""
    same = e.holds and _bare(e.actual) == _bare(e.expected)
    return f"{'' if same else e.actual}{difference}{under}".strip()


def _bare(figure: str) -> str:
    """A number without separators."""
    return figure.translate({ord(sign): None for sign in "_, "})


def verdict(checked: Checked, colour: bool) -> str:
    """The last line: "ok: 11 expectations passed", or how many errors there are."""
    passed = sum(e.holds is True for e in checked.expectations)
    waiting = sum(e.holds is None and not e.actual for e in checked.expectations)
    unknown = sum(e.holds is None and bool(e.actual) for e in checked.expectations)
    told = [f"{numbers.counted(passed, 'expectation')} passed"] if passed else []
    if unknown:
        told.append(f"{unknown:,} unknown")
    if waiting:
        told.append(f"{waiting:,} not checked (see --cases)")
    rest = ", ".join(told)
    if not checked.ok:
        head = paint(numbers.counted(checked.errors, "error"), "error", colour)
        return f"{head}; {rest}" if rest else head
    return paint("ok", "good", colour) + (f": {rest}" if rest else "")
