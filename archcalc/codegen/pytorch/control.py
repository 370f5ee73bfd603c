"""Conditions and loops: `if` and `for`, in the constructor and in the forward pass."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from archcalc.codegen.expressions import show, variables
from archcalc.codegen.layout import Line, Nest, call, flat, under
from archcalc.codegen.pytorch.classes import statement_words
from archcalc.codegen.pytorch.sequence import carry, loop_header
from archcalc.codegen.pytorch.tensors import TensorText

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Loop, When
    from archcalc.codegen.layout import Doc, Statement
    from archcalc.codegen.pytorch.forward import ForwardWriter


def write_when(w: ForwardWriter, s: When) -> None:
    """A part that may be present: inside an `if`, or one module that an Identity replaces."""
    if s.before is not None:
        w.simple(s.before)
    kept = w.init, w.forward
    w.init, w.forward = [], []
    w.nested += 1
    try:
        w.body(s.body)
        init, forward = w.init, w.forward
    finally:
        w.nested -= 1
        w.init, w.forward = kept
    if _identity(w, s, init, forward):
        return
    moves = s.output is not s.before and s.output is not None and s.inside is not None
    if init:
        w.init.append(Nest("if ", show(s.condition), init))
    if not moves and not forward:
        return
    flag = w.use(s.condition, f"has_{s.word}")
    if moves:
        assert s.inside is not None
        assert s.output is not None
        _merge(w, s, flag, forward)
    elif forward:
        w.forward.append(under(flag, forward))


def _merge(w: ForwardWriter, s: When, flag: str, forward: list[Statement]) -> None:
    """The current tensor in one variable, whether the part is present or not."""
    assert s.output is not None
    assert s.inside is not None
    target = w.target
    before = None if s.before is None else w.wire(s.before)
    if before is not None and before.doc != target:
        w.put(target, before.doc, typed=before.typed)
    inside = w.wire(s.inside)
    w.forward, kept = forward, w.forward
    w.put(target, inside.doc, typed=False)
    forward, w.forward = w.forward, kept
    w.forward.append(under(flag, forward))
    w.wires[id(s.output)] = TensorText(target, typed=target in w.typed)


def _identity(w: ForwardWriter, s: When, init: list[Statement], forward: list[Statement]) -> bool:
    """One module that is present or not: replaced by an Identity."""
    own = [i for i in init if isinstance(i, Line) and _registers(i)]
    if forward or len(own) != 1 or s.inside is None or s.before is None or s.output is s.before:
        return False
    if any(isinstance(i, Nest) for i in init) or s.inside.label:
        return False
    wire = w.wire(s.inside)
    before = w.wires[id(s.before)]
    line = own[0]
    called = line.before.removesuffix(" = ")
    if not called:
        # Without a variable, the line is a call of `add_module`.
        called = f"self.get_submodule({flat(line.doc.arguments[0])})"  # type: ignore[union-attr]
    if not before.simple or flat(wire.doc) != f"{called}({before.doc})":
        return False
    condition = show(s.condition)
    if line.before.startswith("self."):
        word = line.before.removesuffix(" = ")
        w.init.append(Line(f"{word}: nn.Module = ", "nn.Identity()"))
        w.init.append(Nest("if ", condition, init))
    else:
        # As above, a call of `add_module`.
        key = line.doc.arguments[0]  # type: ignore[union-attr]
        other = Line("", call("self.add_module", key, "nn.Identity()"))
        w.init.append(Nest("if ", condition, init))
        w.init.append(Nest("else", "", [other]))
    assert s.output is not None
    w.give(s.output, wire.doc, typed=False)
    return True


def write_loop(w: ForwardWriter, s: Loop) -> None:
    """A loop: one `for` in the constructor, one in the forward pass."""
    target = w.target
    if s.before is not None and s.entry is not None:
        before = w.wire(s.before)
        if before.doc != target:
            w.put(target, before.doc, typed=before.typed)
            if not before.simple:
                w.wires[id(s.before)] = TensorText(target, typed=target in w.typed)
        w.wires[id(s.entry)] = TensorText(target, typed=target in w.typed)
    kept = w.init, w.forward
    w.init, w.forward = [], []
    loops, indices = set(w.loops), w.indices
    w.indices = (*indices, s.index)
    w.loops |= {s.index, *s.names}
    w.made.variables.update({s.index: ast.Constant(0), **dict.fromkeys(s.names)})
    w.made.variables.update({variable: first for variable, first, _ in s.carried})
    w.nested += 1
    w.made.locals.used |= {s.index, *s.names}
    w.loops |= {variable for variable, _, _ in s.carried}
    try:
        w.body(s.body)
        if s.inside is not None and s.entry is not None:
            w.put(target, w.wire(s.inside).doc, typed=False)
        running = _running(w, s)
        init, forward = w.init, w.forward
    finally:
        w.nested -= 1
        w.loops, w.indices = loops, indices
        w.init, w.forward = kept
    for variable, first, then in s.carried:
        w.made.optional.add(variable)
        w.init.append(Line(f"{variable} = ", show(first)))
        init = [*init, *carry(variable, then)]
    if w.nested:
        w.inner |= {variable for variable, _, _ in s.carried}
    if init:
        w.init.append(Nest(*loop_header(s, init), init))
    if forward:
        for variable, first in running:
            text = w.use(first, variable)
            w.forward.append(Line(f"{variable} = ", text))
        w.forward.append(Nest(*_forward_header(w, s, forward), forward))
    if s.output is not None:
        w.wires[id(s.output)] = TensorText(target, typed=target in w.typed)
        if s.output.label and s.output.label not in w.kept:
            doc = w.wires.pop(id(s.output)).doc
            w.give(s.output, doc, typed=target in w.typed)


def _running(w: ForwardWriter, s: Loop) -> list[tuple[str, Expr]]:
    """The running variables that an iteration uses in the forward pass, which then has them
    too."""
    found = []
    for variable, first, then in s.carried:
        if variable in statement_words(w.forward):
            text = w.use(then, variable)
            if text != variable:
                w.forward.append(Line(f"{variable} = ", text))
            found.append((variable, first))
    return found


def _forward_header(w: ForwardWriter, s: Loop, forward: list[Statement]) -> tuple[str, Doc]:
    """`for … in …` of the forward pass, over what the constructor has stored."""
    from archcalc.codegen.pytorch.sequence import loop_header as header

    if s.names:
        before, over = header(s, forward)
        text = flat(over)
        if not variables(s.over):
            return before, over
        if text.startswith("enumerate("):
            table = w.use(s.over, "table")
            return before, f"enumerate({table})"
        if text.startswith("range("):
            table = w.use(s.over, "table")
            return before, f"range(len({table}))"
        return before, w.use(s.over, "table")
    count = w.use(s.over, "depth")
    before, _ = header(s, forward)
    return before, f"range({count})"


def _registers(line: Line) -> bool:
    return line.before.startswith("self.") or flat(line.doc).startswith("self.add_module(")
