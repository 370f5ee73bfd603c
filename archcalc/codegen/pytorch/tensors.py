"""Tensors in the forward pass, and the tensors that a body reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.ir import Head, Invoke, Join, Level, Loop, Tensor, When

if TYPE_CHECKING:
    from archcalc.codegen.ir import Body
    from archcalc.codegen.layout import Doc


class TensorText:
    """A tensor in `forward`: an expression, `simple` if that is a variable, `typed` if a type
    checker knows that it is a Tensor."""

    __slots__ = ("doc", "simple", "typed")

    def __init__(self, doc: Doc, *, typed: bool) -> None:
        self.doc = doc
        self.simple = isinstance(doc, str) and doc.isidentifier()
        self.typed = typed


def always_heads(body: Body) -> bool:
    """Whether an additional output exists in every run."""
    for s in body:
        if isinstance(s, Head) and not s.training_only:
            return True
        if isinstance(s, Level) and s.heads and always_heads(s.body):
            return True
        if isinstance(s, Invoke) and s.module.heads and always_heads(s.module.body):
            return True
        if isinstance(s, Join) and any(
            b.condition is None and always_heads(b.body) for b in s.branches
        ):
            return True
    return False


def reads_of_body(body: Body, value: Tensor | None) -> list[Tensor]:
    """The tensors that a body reads, including its result."""
    found: list[Tensor] = [] if value is None else [value]
    for s in body:
        for field in s:
            if isinstance(field, Tensor):
                found.append(field)
            elif isinstance(field, tuple):
                found += [t for t in field if isinstance(t, Tensor)]
                if field and not isinstance(s, Level):
                    for branch in getattr(s, "branches", ()):
                        found += reads_of_body(branch.body, branch.value)
    return found


def every_read(body: Body) -> list[Tensor]:
    """The tensors that a body and its nested bodies read."""
    found: list[Tensor] = []
    for s in body:
        found += reads_of_body((s,), None)
        if isinstance(s, When | Loop | Head | Level):
            found += every_read(s.body)
        if isinstance(s, Head):
            found.append(s.value)
        for branch in s.branches if isinstance(s, Join) else ():
            found += [branch.value, *every_read(branch.body)]
    return found
