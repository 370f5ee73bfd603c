"""The docstring of a generated file: the net, its metrics, and the command that generates it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.definitions import docstring, safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcalc.analysis.figures import Report
    from archcalc.graph import Net


def heading(net: Net, frozen: frozenset[str], renamed: Mapping[str, str]) -> list[str]:
    """The net, its metrics, and how the file was made. `renamed` are the vars whose arguments have
    another name."""
    from archcalc.analysis.analyze import analyze

    report = analyze(net)
    spec = net.spec
    title = "A network" if spec.name.startswith("<") else safe(spec.name) or "A network"
    first = docstring(title + ("" if title.endswith(".") else "."), 0)
    lines = [first[0].removesuffix('"""'), *first[1:-1]]
    lines.append("")
    if spec.source:
        lines += _wrapped(f"Source: {safe(spec.source)}")
    ins = [shape_text(net, index) for index in net.inputs.values()]
    if len(ins) > 1:
        ins = [f"{safe(w)} {s}" for w, s in zip(net.inputs, ins, strict=True)]
    lines += _wrapped(f"Input: {', '.join(ins)}. Output: {_outputs(net)}.")
    totals = report.totals
    figures = f"Parameters: {_params(report)}. Multiplies: {_count(totals.macs)}."
    field = report.receptive_field_of(net.root.output) if net.root.output else None
    if field is not None and field.size and all(field.size):
        sizes = "x".join(map(str, field.size)) if len(set(field.size)) > 1 else str(field.size[0])
        seen = f"Receptive field: {sizes}."
        whole = len(figures) + 1 + len(seen) <= 100  # else on a separate line
        figures += f" {seen}" if whole else f"\n{seen}"
    lines += [line for figure in figures.split("\n") for line in _wrapped(figure)]
    fixed = sorted(frozen)
    if fixed:
        told = ", ".join(f"{safe(w)} = {safe(_value(net.variables[w]))}" for w in fixed)
        lines += _wrapped(f"Fixed here, as another value may need other code: {told}.")
    if renamed:
        told = ", ".join(f"{safe(word)} is {python}" for word, python in renamed.items())
        lines += _wrapped(f"Arguments by other names than the spec's: {told}.")
    lines += _wrapped(f"Made by: {_command(net)}")
    return [*lines, '"""']


def _wrapped(text: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, 100, break_on_hyphens=False)


def shape_text(net: Net, index: int) -> str:
    tensor = net.tensors[index]
    assert tensor is not None
    return "x".join(map(str, tensor.shape))


def _outputs(net: Net) -> str:
    if list(net.outputs) == ["output"]:
        return shape_text(net, net.outputs["output"])
    return ", ".join(f"{safe(w)} {shape_text(net, i)}" for w, i in net.outputs.items()) or "none"


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _value(value: object) -> str:
    from archcalc.ops.attributes import shown

    return shown(value)


def _params(report: Report) -> str:
    """The parameters in inference, and the additional ones in training."""
    heads = [layer for layer in report.layers if layer.node.training_only]
    told = _count(report.totals.params)
    count = sum(layer.totals.params or 0 for layer in heads)
    # If a net only has such heads, its total includes their parameters.
    apart = count > 0 and len(heads) < len(report.layers)
    return f"{told}, and {count:,} in training only" if apart else told


def _command(net: Net) -> str:
    """The command that generates this file; for a net that is not from a file, how it was made."""
    from shlex import quote

    if net.spec.file.name.startswith("<"):
        return "archcalc.export, from a text"
    words = [safe(net.spec.file.name).rpartition("/")[2]]
    for name, value in net.variables.items():
        if name in net.overridden:
            words += ["--set", f"{safe(name)}={safe(_given(value))}"]
    for name, index in net.inputs.items():
        if f"input {name}" in net.overridden:
            shape = shape_text(net, index)
            words += ["--input", shape if len(net.inputs) == 1 else f"{safe(name)}={shape}"]
    return "archcalc export " + " ".join(map(quote, words))


def _given(value: object) -> str:
    """A value in the exact form that `--set` accepts."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_given, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
