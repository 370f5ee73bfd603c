"""Sizes in the code: proved expressions, under names of their own where they are long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import DiagnosticError
from archcalc.exporting.expressions import (
    Unevaluable,
    Untranslatable,
    evaluate,
    name,
    show,
    substitute,
    translate,
    variables,
)
from archcalc.exporting.lanes import Differs, settled
from archcalc.exporting.layout import Line
from archcalc.exporting.parts import parts_of, with_parts
from archcalc.exporting.pytorch.site import Names

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.lanes import Lane, Wire
    from archcalc.exporting.layout import Statement
    from archcalc.exporting.pytorch.builder import Builder
    from archcalc.exporting.pytorch.scope import Here
    from archcalc.spec.expressions import Value

LONG = 28
"""A size whose expression is longer gets a name."""

LINE = 72
"""A size up to this length stands on one line."""


class Sizes:
    """What a writer knows of sizes; names for them go to its statements."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.program = builder.program
        self.statements: list[Statement] = builder.init

    def names(self, here: Here, start: Wire | None) -> Names:
        return Names(here.env, None if start is None else self.channels(here, start))

    def channels(self, here: Here, wire: Wire) -> Expr | None:
        """The channels of a tensor as an expression, None where they are no one expression."""
        tensors = [lane.tensor(wire) for lane in here.lanes]
        axes = {t.channel_axis for t in tensors}
        known = wire.dims.get(axes.pop()) if len(axes) == 1 else None
        try:
            return settled(known, here.lanes, [t.channels for t in tensors])
        except Differs:
            return None

    def translated(self, value: Value, here: Here, start: Wire | None) -> Expr | None:
        try:
            return translate(value, self.names(here, start))
        except (Untranslatable, DiagnosticError, SyntaxError):
            return None

    def short(self, expr: Expr, here: Here) -> Expr:
        """A long size under a name of its own (which is left out where nothing reads it)."""
        if len(show(expr)) <= LONG:
            return expr
        return self.under_name(self.fitting(expr, here), here)

    def under_name(self, expr: Expr, here: Here) -> Expr:
        """The expression under a name, unless it has no value somewhere."""
        builder = self.builder
        values = []
        for lane in here.lanes:
            try:
                values.append(evaluate(expr, lane.py))
            except Unevaluable:
                return expr
        python = builder.ids.take("condition" if isinstance(values[0], bool) else "channels")
        for lane, value in zip(here.lanes, values, strict=True):
            lane.py[python] = value
        line = Line(f"{python} = ", show(expr))
        self.statements.append(line)
        builder.optional.append((python, line, expr))
        if here.loops or builder.moving & set(variables(expr)):
            builder.moving.add(python)
        else:
            builder.closed[python] = substitute(expr, builder.closed)
        return name(python)

    def fitted(self, expr: Expr, here: Here) -> Expr:
        """A size that fits a line among others, else under a name."""
        return expr if len(show(expr)) <= LINE else self.short(expr, here)

    def fitting(self, expr: Expr, here: Here) -> Expr:
        """A size that stands on a line of its own: its longest parts get names until it fits."""
        if len(show(expr)) <= LINE:
            return expr
        parts = [self.fitting(part, here) for part in parts_of(expr)]
        for at in sorted(range(len(parts)), key=lambda i: -len(show(parts[i]))):
            if len(show(with_parts(expr, parts))) > LINE and parts_of(parts[at]):
                parts[at] = self.under_name(parts[at], here)
        return with_parts(expr, parts)

    def number(self, lanes: list[Lane], actual: list[int], known: Expr | None, hint: str) -> Expr:
        """A size: known, or the same everywhere, or else a parameter of the class."""
        try:
            return settled(known, lanes, actual)
        except Differs:
            return self.program.extra(self.builder, lanes, actual, hint)
