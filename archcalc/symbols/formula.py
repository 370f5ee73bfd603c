"""Closed formulas: the metrics of a walk whose input sizes and vars are symbols.

They come from the passes and facts that `check` uses; no formula is written twice.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.analysis import cost, memory, receptive_field
from archcalc.analysis.context import AnalysisContext
from archcalc.budget import BudgetExceeded, limited, spend
from archcalc.diagnostics import SpecError
from archcalc.graph import Group, NoSuchLayer
from archcalc.symbols.division import replaced
from archcalc.symbols.formula_conditions import valid_when, without_floors
from archcalc.symbols.region_cover import explore, is_box, united
from archcalc.symbols.size_sets import ALL, Undecided, together
from archcalc.symbols.symbolic_walk import Refused, freed_walk
from archcalc.symbols.terms import number, of_atom
from archcalc.symbols.text import condition, several
from archcalc.symbols.traced import poly_of, structural_equality

if TYPE_CHECKING:
    from archcalc.graph import Net, Node
    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Spec
    from archcalc.symbols.region_cover import Exploration, Region
    from archcalc.symbols.symbolic_walk import Decision, Walk
    from archcalc.symbols.terms import Number, Poly, Symbol

FIGURES = ("output", "params", "macs", "memory", "receptive_field")
PER_AXIS = ("output", "receptive_field")

LONGEST_REPR = 300

MOST_STEPS = 500_000
"""The budget for the formulas of a net: about two seconds. The same again is used for the
conditions under which they are valid."""


class Formula(NamedTuple):
    """A metric of a net or of a layer (`layer` is its path, "" for the net) as a formula.

    `value` holds its terms: one, or one per axis (output, receptive_field); `free` are their
    symbols. `valid_when` are the conditions under which it holds, as text. `special` is its form
    for multiples of the strides, which are its first condition; None if there are no floors to
    eliminate.
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
        """The formula as a SymPy expression; a tuple of them for output and receptive_field."""
        from archcalc.symbols.to_sympy import expressions

        return expressions(self.value) if self.of in PER_AXIS else expressions(self.value)[0]

    @property
    def symbols(self) -> dict[str, Any]:
        """Its SymPy symbols by name, with their assumptions."""
        from archcalc.symbols.to_sympy import expression

        return {name.text: expression(of_atom(name)) for name in self.free}

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        from archcalc.symbols.to_sympy import latex

        return latex(self.expression)

    def at(self, **values: float | Fraction) -> Number | tuple[Number, ...]:
        """The exact value with numbers for its symbols (a float is taken as it is written).

        It is correct if `valid_when` holds. Raises `ValueError` for a symbol without a number.
        """
        missing = [name.text for name in self.free if name.text not in values]
        if missing:
            raise ValueError(f"the formula needs a number for {', '.join(missing)}")
        put = {name: number(Fraction(str(values[name.text]))) for name in self.free}
        numbers = tuple(replaced(poly, put).terms.get((), 0) for poly in self.value)
        return numbers if self.of in PER_AXIS else numbers[0]

    def __str__(self) -> str:
        return several(self.value)

    def __repr__(self) -> str:
        of = f"{self.of} of {self.layer}" if self.layer else self.of
        text = str(self)
        text = text if len(text) <= LONGEST_REPR else f"{text[: LONGEST_REPR - 2]} …"
        return f"<archcalc.Formula: {of} of {self.spec} = {text}>"

    def _repr_latex_(self) -> str:
        """Typeset display in a notebook."""
        return f"$\\displaystyle {self.latex}$"


class TooMuchWork(Refused):
    """A formula that exceeds the budget."""

    def __init__(self) -> None:
        super().__init__(
            "the formula takes more work than archcalc does for one spec",
            help="ask for one figure (--of), for one layer, or free fewer names",
        )


def formulas(
    spec: Spec,
    of: tuple[str, ...],
    *,
    layer: str = "",
    free: tuple[str, ...] = (),
    settings: dict[str, Any] | None = None,
    inputs: dict[str, Shape] | None = None,
) -> list[Formula]:
    """The metrics of a net or one of its layers, in the spatial sizes of the input unless `free`
    names other sizes and vars.

    Raises `SpecError` for a spec with errors, and `Refused` for a name that cannot be free, an
    unknown layer, or a metric without a formula; metrics that a layer does not have are omitted if
    it has others.
    """
    settings, inputs = settings or {}, inputs or {}
    figures: dict[str, tuple[tuple[Poly, ...], list[Decision]]] = {}
    problem: Refused | None = None
    try:
        with limited(MOST_STEPS):
            walked = freed_walk(spec, free, settings, inputs)
            if walked.failed:
                raise SpecError(walked.diagnostics.items)
            for one in of:
                try:
                    figures[one] = _figure(walked, layer, one)
                except Refused as refused:
                    problem = problem or refused
    except BudgetExceeded:
        raise TooMuchWork from None
    if problem is not None and not figures:
        raise problem
    found = None if free else explore(spec, settings, inputs, most_steps=MOST_STEPS // 2)
    shared = [d for d in walked.recorder.decisions if not d.local]
    made: list[Formula] = []
    for one, (value, own) in figures.items():
        where = found and _everywhere(found, walked, layer, one, value)
        made.append(_formula(spec, layer, one, value, [*shared, *own], where))
    return made


def _figure(walked: Walk, layer: str, of: str) -> tuple[tuple[Poly, ...], list[Decision]]:
    """A metric of a walk, and the decisions it depends on besides those of the walk."""
    recorder = walked.recorder
    before = len(recorder.decisions)
    try:
        value = figure_of(walked.net, layer, of)
    finally:
        recorder.finish(layer)
        decisions = recorder.decisions[before:]
        del recorder.decisions[before:]
    if of == "receptive_field":
        decisions += [d for d in recorder.decisions if d.local]
    return value, decisions


def _everywhere(
    found: Exploration, walked: Walk, layer: str, of: str, value: tuple[Poly, ...]
) -> tuple[str, ...] | None:
    """The sizes at which a metric has this formula, as text; None if undecided, or if they are not
    a set of sizes per axis."""
    if not found.complete:
        return None
    same: list[Region] = []
    others: list[Region] = []
    try:
        with limited(MOST_STEPS // 8):
            for region in found.regions:
                (same if _is_value(region, walked, layer, of, value) else others).append(region)
            if not same or not is_box(same, others):
                return None
            sizes = united(same, len(found.axes))
    except (Undecided, BudgetExceeded):
        return None
    named = zip((axis.name for axis in found.axes), sizes, strict=True)
    return tuple(together((name, one) for name, one in named if one != ALL))


def _is_value(region: Region, walked: Walk, layer: str, of: str, value: tuple[Poly, ...]) -> bool:
    """Whether a metric of a walk has the same formula in a whole region."""
    if not region.valid:
        return False
    if of != "receptive_field" and _alike(region.walk.net, walked.net):
        return True
    try:
        here, decisions = _figure(region.walk, layer, of)
    except Refused:
        return False
    return here == value and not decisions


def _alike(net: Net, other: Net) -> bool:
    """Whether two nets have the same layers, with the same terms for all their facts."""
    with structural_equality():
        return len(net.nodes) == len(other.nodes) and all(
            a.path == b.path and a.facts == b.facts
            for a, b in zip(net.nodes, other.nodes, strict=True)
        )


def _formula(
    spec: Spec,
    layer: str,
    of: str,
    value: tuple[Poly, ...],
    decisions: list[Decision],
    everywhere: tuple[str, ...] | None,
) -> Formula:
    """The formula, valid at the sizes `everywhere`; if these are unknown, at those with the same
    decisions as this walk."""
    for decision in decisions:
        _refuse_shaping(decision)
    symbols = sorted(set().union(*(p.symbols() for p in value)), key=lambda s: s.text)
    conditions = everywhere
    if conditions is None:
        conditions = valid_when(d.condition for d in decisions)
    one = Formula(spec.name, layer, of, tuple(symbols), value, conditions)
    try:
        with limited(MOST_STEPS // 8):
            special = without_floors(value)
    except BudgetExceeded:
        special = None
    if special is None:
        return one
    when, terms = special
    return one._replace(special=one._replace(value=terms, valid_when=(when, *conditions)))


def _refuse_shaping(decision: Decision) -> None:
    """Rejects a var that a decision fixes to one value, because it changes the graph. A fixed input
    size is listed in `valid_when` instead: it cannot be tabulated."""
    relation, poly = decision.condition
    found = poly.symbols()
    if relation != "eq" or len(found) != 1:
        return
    (name,) = found
    if name.most is not None:
        return
    raise Refused(
        f"{name.text} changes the graph: this formula is only for {condition(decision.condition)}, "
        "and each value has its own",
        help=f"tabulate it instead: --table {name.text}=1..5",
        span=decision.span,
    )


def figure_of(net: Net, layer: str, of: str) -> tuple[Poly, ...]:
    """One metric of the net ("") or of the layer, block or group with this path.

    output: the shape. params, macs: as in the report. memory: bytes in float32: the peak of an
    inference pass for the net, the outputs of a layer, all outputs in a group. receptive_field: its
    size per axis. Raises `Refused` for an unknown layer or metric.
    """
    spend(4 * len(net.nodes))
    part = find(net, layer)
    if of == "output":
        return _output(net, part)
    if of == "receptive_field":
        return _field(net, part)
    if of == "memory" and part is net.root:
        numbers = memory.peak_numbers(net)
        return _one(None if numbers is None else numbers * memory.BYTES["float32"], of)
    return _one(_total(net, part, of), of)


def find(net: Net, path: str) -> Node | Group:
    """The layer, block or group with a path; the net for "". Raises `Refused`."""
    try:
        return net.find(path)
    except NoSuchLayer as unknown:
        raise Refused(str(unknown)) from unknown


def _output(net: Net, part: Node | Group) -> tuple[Poly, ...]:
    tensor = net.tensors[_end(net, part)]
    assert tensor is not None
    return tuple(poly_of(n) for n in tensor.shape)


def _end(net: Net, part: Node | Group) -> int:
    """The output tensor of a part."""
    if isinstance(part, Group):
        end = net.outputs.get("output", part.output) if part is net.root else part.output
        if not end:
            raise Refused("this part has no single output", help="name a layer")
        return end
    return part.outputs[0]


def _field(net: Net, part: Node | Group) -> tuple[Poly, ...]:
    context = AnalysisContext(net, "float32")
    with structural_equality():
        receptive_field.run(context)
    field = context.fields.of(_end(net, part))
    if field is None or None in field.size:
        raise Refused("the receptive field is unknown here")
    return tuple(poly_of(n) for n in field.size)


def _total(net: Net, part: Node | Group, of: str) -> Any:
    """A metric of the report's totals."""
    context = AnalysisContext(net, "float32")
    cost.run(context)
    costs = context.costs
    totals = costs.of(part) if isinstance(part, Group) else costs.layers[part.index]
    if of == "memory":
        numbers: Any = totals.activations
        return None if numbers is None else numbers * memory.BYTES["float32"]
    return getattr(totals, of)


def _one(value: Any, of: str) -> tuple[Poly, ...]:
    if value is None:
        raise Refused(f"{of} is unknown here")
    return (poly_of(value),)
