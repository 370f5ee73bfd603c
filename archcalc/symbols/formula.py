"""Closed formulas: the figures of a walk whose sides and vars are symbols."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import SpecError
from archcalc.symbols.decide import replaced
from archcalc.symbols.figures import Refused, figure_of
from archcalc.symbols.freed import freed_walk
from archcalc.symbols.multiples import without_floors
from archcalc.symbols.terms import number, of_atom
from archcalc.symbols.valid_when import valid_when
from archcalc.symbols.write import condition, several

if TYPE_CHECKING:
    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Spec
    from archcalc.symbols.terms import Number, Poly, Symbol
    from archcalc.symbols.trace import Decision

FIGURES = ("output", "params", "macs", "memory", "receptive_field")
PER_AXIS = ("output", "receptive_field")


class Formula(NamedTuple):
    """A figure of a net or of a layer (`layer` is its path, "" for the net) as a formula.

    `value` holds its terms: one, or one an axis (output, receptive_field); `free` are the symbols
    in them. `valid_when` are the conditions under which it holds, in words. `special` is its form
    for multiples of the strides, which is the first of its conditions; None where there are no
    floors to be rid of.
    """

    spec: str
    layer: str
    of: str
    free: tuple[Symbol, ...]
    value: tuple[Poly, ...]
    valid_when: tuple[str, ...]
    special: Formula | None = None

    @property
    def expression(self) -> Any:
        """The figure as a SymPy expression; a tuple of them for output and receptive_field."""
        from archcalc.symbols.to_sympy import expressions

        return expressions(self.value) if self.of in PER_AXIS else expressions(self.value)[0]

    @property
    def symbols(self) -> dict[str, Any]:
        """The SymPy symbols in it by name, with what is assumed of them."""
        from archcalc.symbols.to_sympy import expression

        return {name.text: expression(of_atom(name)) for name in self.free}

    @property
    def latex(self) -> str:
        """The figure as LaTeX."""
        from archcalc.symbols.to_sympy import latex

        return latex(self.expression)

    def at(self, **values: float | Fraction) -> Number | tuple[Number, ...]:
        """The figure, exactly, with numbers for its symbols (a float counts as it is written).

        It is right where `valid_when` holds. Raises `ValueError` for a symbol without a number.
        """
        missing = [name.text for name in self.free if name.text not in values]
        if missing:
            raise ValueError(f"the formula needs a number for {', '.join(missing)}")
        put = {name: number(Fraction(str(values[name.text]))) for name in self.free}
        numbers = tuple(replaced(poly, put).terms.get((), 0) for poly in self.value)
        return numbers if self.of in PER_AXIS else numbers[0]

    def __str__(self) -> str:
        return several(self.value)

    def _repr_latex_(self) -> str:
        """A notebook shows it typeset."""
        return f"$\\displaystyle {self.latex}$"


def formulas(
    spec: Spec,
    of: tuple[str, ...],
    *,
    layer: str = "",
    free: tuple[str, ...] = (),
    settings: dict[str, Any] | None = None,
    inputs: dict[str, Shape] | None = None,
) -> list[Formula]:
    """The figures of a net or one of its layers, in the sides of the input unless `free` names
    other sides and vars.

    Raises `SpecError` for a spec with faults, and `Refused` for a name that cannot be free, an
    unknown layer, and a figure that has no formula; figures that a layer has not are left out where
    it has others.
    """
    walked = freed_walk(spec, free, settings or {}, inputs or {})
    if walked.failed:
        raise SpecError(walked.diagnostics.items)
    recorder = walked.recorder
    before = list(recorder.decisions)
    made: list[Formula] = []
    problem: Refused | None = None
    for one in of:
        recorder.decisions = list(before)
        try:
            value = figure_of(walked.net, layer, one)
            recorder.finish(layer)
            made.append(_formula(spec, layer, one, value, recorder.decisions))
        except Refused as refused:
            problem = problem or refused
    if problem is not None and not made:
        raise problem
    return made


def _formula(
    spec: Spec, layer: str, of: str, value: tuple[Poly, ...], decisions: list[Decision]
) -> Formula:
    decisions = [d for d in decisions if of == "receptive_field" or not d.local]
    for decision in decisions:
        _refuse_shaping(decision)
    symbols = sorted(set().union(*(p.symbols() for p in value)), key=lambda s: s.text)
    conditions = valid_when(d.condition for d in decisions)
    one = Formula(spec.name, layer, of, tuple(symbols), value, conditions)
    special = without_floors(value)
    if special is None:
        return one
    when, terms = special
    return one._replace(special=one._replace(value=terms, valid_when=(when, *conditions)))


def _refuse_shaping(decision: Decision) -> None:
    """A var that a decision nails to one value shapes the graph. A side that is nailed is told of
    in `valid_when`: it cannot be tabulated."""
    relation, poly = decision.condition
    found = poly.symbols()
    if relation != "eq" or len(found) != 1:
        return
    (name,) = found
    if name.most is not None:
        return
    raise Refused(
        f"{name.text} shapes the graph: what is built here is for {condition(decision.condition)} "
        "alone, so each of its values has a formula of its own",
        help=f"tabulate it instead: --table {name.text}=1..5",
        span=decision.span,
    )
