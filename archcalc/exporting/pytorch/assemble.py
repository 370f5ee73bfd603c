"""The generated file from its parts: docstring, imports, helpers, classes, and a main block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archcalc.exporting.pytorch.builder import docstring, safe
from archcalc.exporting.pytorch.helpers import HELPERS, TYPE_VARIABLE, with_needed

if TYPE_CHECKING:
    from archcalc.exporting.pytorch.builder import Builder
    from archcalc.exporting.pytorch.program import Program
    from archcalc.graph import Net


def assemble(net: Net, program: Program, model: Builder) -> str:
    """The whole file as text."""
    classes = [line for b in program.classes for line in ["", "", *b.lines()]]
    helpers = [line for h in with_needed(program.helpers) for line in _helper(h)]
    main = _main(net, model)
    body = "\n".join([*helpers, *classes, "", "", *main])
    if "begin" in program.helpers:
        body = f"\n{TYPE_VARIABLE}\n{body}"
    lines = [*_docstring(net, program), "", *_imports(body, program.helpers)]
    return "\n".join(lines) + "\n" + body + "\n"


def _helper(name: str) -> list[str]:
    return ["", "", *HELPERS[name].strip().split("\n")]


_TYPING = {
    "collections": ("OrderedDict",),
    "collections.abc": ("Callable", "Sequence"),
    "typing": ("Any", "TypeVar"),
}


def _imports(body: str, asked: set[str]) -> list[str]:
    """What the body reads; strings and comments in it name no imports by accident of theirs."""
    lines = ["import math"] if re.search(r"\bmath\.\w", body) or "math" in asked else []
    for module, words in _TYPING.items():
        found = [w for w in words if re.search(rf"\b{w}\b[\[\](),:]", body) or w in asked]
        if found:
            lines.append(f"from {module} import {', '.join(found)}")
    if lines:
        lines.append("")
    ours = "Tensor, nn" if re.search(r"\bTensor\b", body) else "nn"
    return [*lines, "import torch", f"from torch import {ours}"]


def _docstring(net: Net, program: Program) -> list[str]:
    """What the net is, its figures, and how the file was made."""
    from archcalc.analysis.analyze import analyze

    report = analyze(net)
    spec = net.spec
    title = "A network" if spec.name.startswith("<") else safe(spec.name) or "A network"
    first = docstring(title + ("" if title.endswith(".") else "."), 0)
    lines = [first[0].removesuffix('"""'), *first[1:-1]]
    lines.append("")
    if spec.source:
        lines += _wrapped(f"Source: {safe(spec.source)}")
    ins = [_shape(net, index) for index in net.inputs.values()]
    if len(ins) > 1:
        ins = [f"{safe(w)} {s}" for w, s in zip(net.inputs, ins, strict=True)]
    lines += _wrapped(f"Input: {', '.join(ins)}. Output: {_outputs(net)}.")
    totals = report.totals
    figures = f"Parameters: {_count(totals.params)}. Multiplies: {_count(totals.macs)}."
    field = report.receptive_field_of(net.root.output) if net.root.output else None
    if field is not None and field.size and all(field.size):
        sizes = "x".join(map(str, field.size)) if len(set(field.size)) > 1 else str(field.size[0])
        figures += f" Receptive field: {sizes}."
    lines += _wrapped(figures)
    fixed = sorted(program.frozen)
    if fixed:
        told = ", ".join(f"{safe(w)} = {safe(_value(net.variables[w]))}" for w in fixed)
        lines += _wrapped(f"Fixed here, because the code's shape hangs on it: {told}.")
    lines += _wrapped(f"Made by: {_command(net)}")
    return [*lines, '"""']


def _wrapped(text: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, 100, break_on_hyphens=False)


def _shape(net: Net, index: int) -> str:
    tensor = net.tensors[index]
    assert tensor is not None
    return "x".join(map(str, tensor.shape))


def _outputs(net: Net) -> str:
    if list(net.outputs) == ["output"]:
        return _shape(net, net.outputs["output"])
    return ", ".join(f"{safe(w)} {_shape(net, i)}" for w, i in net.outputs.items()) or "none"


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _value(value: object) -> str:
    from archcalc.ops.attributes import shown

    return shown(value)


def _command(net: Net) -> str:
    """The command that makes this file again."""
    words = ["archcalc export", safe(net.spec.file.name).replace(" ", "_").rpartition("/")[2]]
    for name, value in net.variables.items():
        if name in net.overridden:
            words.append(f"--set {safe(name)}={safe(_value(value))}")
    for name, index in net.inputs.items():
        if f"input {name}" in net.overridden:
            shape = _shape(net, index)
            words.append(f"--input {shape if len(net.inputs) == 1 else f'{safe(name)}={shape}'}")
    return " ".join(words)


def _main(net: Net, model: Builder) -> list[str]:
    lines = ['if __name__ == "__main__":', f"    model = {model.name}().eval()"]
    words = []
    for index in net.inputs.values():
        tensor = net.tensors[index]
        assert tensor is not None
        words.append(f"torch.randn(1, {', '.join(map(str, tensor.shape))})")
    if len(words) == 1:
        lines.append(f"    x = {words[0]}")
        called = "model(x)"
    else:
        lines.append("    x = (")
        lines += [f"        {w}," for w in words]
        lines.append("    )")
        called = "model(*x)"
    if "dict" in model.returns and not model.returns.startswith("Tensor"):
        lines += [f"    for name, y in {called}.items():", "        print(name, tuple(y.shape))"]
    elif len(words) == 1:
        lines.append(f'    print(tuple(x.shape), "->", tuple({called}.shape))')
    else:
        lines.append(f"    print(tuple({called}.shape))")
    lines.append('    print(f"{sum(p.numel() for p in model.parameters()):,} parameters")')
    return lines
