"""Joins in the forward pass: the branches in order, then the sum, product or concat."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from archcalc.codegen.expressions import show
from archcalc.codegen.layout import Items, Line, Nest, assign, call, flat

if TYPE_CHECKING:
    from archcalc.codegen.ir import Branch, Join, Tensor
    from archcalc.codegen.layout import Doc
    from archcalc.codegen.pytorch.forward import ForwardWriter
    from archcalc.codegen.pytorch.tensors import TensorText

SHORT = 44
"""A branch up to this length stays inside the join's expression."""

LINE = 72
"""A sum up to this length stays on one line."""

SIGNS = {"add": "+", "sub": "-", "mul": "*"}

_WORD = re.compile(r"[A-Za-z_]\w*")


class _Part(NamedTuple):
    """A written branch: its output, and when it is present (None: always)."""

    wire: TensorText
    flag: str | None
    variable: str


def write_join(w: ForwardWriter, s: Join) -> None:
    target = w.target
    for branch in s.branches:  # the input of the branches must not be computed in each
        for tensor in _starts(branch):
            if id(tensor) in w.wires:
                w.simple(tensor)
    held: list[str] = []
    parts = [_branch(w, branch, held) for branch in s.branches]
    w.target = target
    always = [p for p in parts if p.flag is None]
    if len(always) == len(parts):
        doc, typed = _whole(w, s, parts)
        if isinstance(doc, str) and doc in held:
            w.wires[id(s.output)] = w.put(target, doc, typed=typed)
        else:
            w.give(s.output, doc, typed=typed)
    elif s.op == "concat":
        _listed(w, s, parts, held)
    else:
        _total(w, s, parts, always)
    w.made.locals.used.difference_update(set(held) - w.kept)
    w.released |= set(held)


def _starts(branch: Branch) -> list[Tensor]:
    from archcalc.codegen.pytorch.tensors import reads_of_body

    return reads_of_body(branch.body, branch.value)


def _branch(w: ForwardWriter, branch: Branch, held: list[str]) -> _Part:
    variable = w.made.locals.take(branch.label or "branch", "branch")
    held.append(variable)
    w.target = variable
    flag = None
    kept = w.init, w.forward
    if branch.condition is not None:
        w.init, w.forward = [], []
        w.nested += 1
    w.body(branch.body)
    wire = w.wire(branch.value)
    if not wire.simple and (
        len(flat(wire.doc)) > SHORT
        or isinstance(wire.doc, str)
        or w.released & set(_WORD.findall(flat(wire.doc)))
    ):
        wire = w.simple(branch.value)
    if branch.condition is not None:
        w.nested -= 1
        init, forward = w.init, w.forward
        w.init, w.forward = kept
        flag = w.use(branch.condition, f"has_{branch.label or 'branch'}")
        if init:
            text = flag if flag.startswith("self.") else show(branch.condition)
            w.init.append(Nest("if ", text, init))
        if forward:
            w.forward.append(Nest("if ", flag, forward))
    return _Part(wire, flag, variable)


def _whole(w: ForwardWriter, s: Join, parts: list[_Part]) -> tuple[Doc, bool]:
    """All branches are present: one expression."""
    wires = [p.wire for p in parts]
    if s.op == "concat":
        return call(
            "torch.cat", Items("[", tuple(x.doc for x in wires), "]"), str(s.axis + 1)
        ), True
    sign = SIGNS[s.op]
    text = f" {sign} ".join(flat(x.doc) for x in wires)
    if len(text) > LINE:
        for i, part in enumerate(parts):
            if not part.wire.simple:
                wires[i] = w.put(part.variable, part.wire.doc, typed=part.wire.typed)
        text = f" {sign} ".join(flat(x.doc) for x in wires)
    return text, all(x.typed for x in wires)


def _total(w: ForwardWriter, s: Join, parts: list[_Part], always: list[_Part]) -> None:
    """Optional branches are added to those that are always present."""
    doc, typed = _whole(w, s, always)
    total = w.made.locals.take("total")  # and keep it: later code reads it
    w.put(total, doc, typed=typed, annotate=True)
    w.typed.add(total)
    for part in parts:
        if part.flag is not None:
            text = f"{total} {SIGNS[s.op]} {flat(part.wire.doc)}"
            w.forward.append(Nest("if ", part.flag, [assign(total, text)]))
    w.give(s.output, total, typed=True)


def _listed(w: ForwardWriter, s: Join, parts: list[_Part], held: list[str]) -> None:
    """A concat with optional branches: a list that grows."""
    variable = w.made.locals.take("parts")
    held.append(variable)
    first: list[Doc] = []
    rest = list(parts)
    while rest and rest[0].flag is None:
        first.append(rest.pop(0).wire.doc)
    w.forward.append(Line(f"{variable}: list[Tensor] = ", Items("[", tuple(first), "]")))
    for part in rest:
        line = Line("", call(f"{variable}.append", part.wire.doc))
        w.forward.append(line if part.flag is None else Nest("if ", part.flag, [line]))
    w.give(s.output, call("torch.cat", variable, str(s.axis + 1)), typed=True)
