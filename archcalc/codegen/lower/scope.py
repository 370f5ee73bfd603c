"""The context of a layer: names, labels, the scope's names, the loops around."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from archcalc.codegen.expressions import Expr, binary, literal, name, variables
from archcalc.codegen.sizes import Opaque, reads_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.ir import Again, Factory, Invoke, Operation, Tensor
    from archcalc.codegen.ir import Level as IrLevel

    Callable_ = Operation | Factory | Invoke | IrLevel


class Label(NamedTuple):
    """A label for `from` and `reuse`: a tensor, and the statement that created it."""

    tensor: Tensor | None
    made: Callable_ | Again | None = None


class Labels:
    """The labels of one body. References see them and those of the enclosing bodies."""

    def __init__(self, around: Labels | None) -> None:
        self.around = around
        self.own: dict[str, Label] = {}

    def find(self, word: str) -> Label | None:
        scope: Labels | None = self
        while scope is not None:
            if word in scope.own:
                return scope.own[word]
            scope = scope.around
        return None

    def visible(self) -> dict[str, Label]:
        """All visible labels, the innermost of each name."""
        around = self.around.visible() if self.around is not None else {}
        return {**around, **self.own}


POSITION = ""
"""Counts the layers of a sequential scope."""

Count = Expr | Opaque


class Naming:
    """The names of unnamed layers of a scope: by index if it is sequential, else by operation and
    number. Counts are expressions: a loop adds the same number per iteration, a condition one or
    none. A count without a short expression is `Opaque`."""

    def __init__(self, *, chain: bool, sequential: bool) -> None:
        self.chain = chain
        self.sequential = sequential
        self.counts: dict[str, Count] = {}

    def copy(self) -> Naming:
        other = Naming(chain=self.chain, sequential=self.sequential)
        other.counts = dict(self.counts)
        return other

    def take(self, word: str, *, named: bool) -> tuple[str | Expr, ...] | Opaque:
        """The name of the next layer."""
        key = POSITION if self.chain else word
        if named and not self.chain:
            return ()
        before = self.counts.get(key, literal(0))
        if isinstance(before, Opaque):
            self.counts[key] = Opaque(before.reads)  # one more, and therefore another
            return before
        after = binary(before, ast.Add, literal(1))
        self.counts[key] = after
        number = before if self.chain else after
        stem = "" if self.chain else word
        if isinstance(number, ast.Constant):
            return (f"{stem}{number.value!r}",)
        return (stem, number) if stem else (number,)

    def merged(self, condition: Expr, other: Naming) -> None:
        """After a part that is present if `condition` holds; `other` is the state without it."""
        for key in {*self.counts, *other.counts}:
            here, there = self.counts.get(key, literal(0)), other.counts.get(key, literal(0))
            if here is there:
                continue
            # Not even two numbers are combined: the names would overlap.
            reads = reads_of(here) | reads_of(there) | frozenset(variables(condition))
            self.counts[key] = Opaque(reads)

    def turn(self, index: str, deltas: Mapping[str, Count]) -> Naming:
        """The names in an iteration of a loop that adds `deltas`."""
        inside = self.copy()
        for key, delta in deltas.items():
            before = self.counts.get(key, literal(0))
            if isinstance(before, Opaque) or isinstance(delta, Opaque):
                inside.counts[key] = Opaque(reads_of(before) | reads_of(delta) | {index})
            else:
                done = binary(delta, ast.Mult, name(index))
                inside.counts[key] = binary(done, ast.Add, before)
        return inside

    def after(self, turns: Expr, deltas: Mapping[str, Count]) -> None:
        """Continues after a loop."""
        for key, delta in deltas.items():
            before = self.counts.get(key, literal(0))
            if isinstance(before, Opaque) or isinstance(delta, Opaque):
                reads = reads_of(before) | reads_of(delta) | frozenset(variables(turns))
                self.counts[key] = Opaque(reads)
            else:
                total = binary(turns, ast.Mult, delta)
                self.counts[key] = binary(before, ast.Add, total)


class Context(NamedTuple):
    """The context of a layer. `env` maps the spec's names to expressions (None: no expression),
    `loops` are the index variables of the enclosing loops, `held` the words that refer to
    operations."""

    sites: list[CallSite]
    env: Mapping[str, Expr | None]
    labels: Labels
    naming: Naming
    loops: tuple[str, ...] = ()
    training_only: bool = False
