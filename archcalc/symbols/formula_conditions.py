"""The conditions of a formula as text; its form without floors; and which vars are integers."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import TYPE_CHECKING, Any

from archcalc.budget import BudgetExceeded, limited
from archcalc.diagnostics import DiagnosticError
from archcalc.symbols.conditions import Condition
from archcalc.symbols.division import replaced
from archcalc.symbols.periodicity import sizes_where
from archcalc.symbols.size_sets import ALL, SizeSet, Undecided, together
from archcalc.symbols.terms import Floor, Poly, Rounded, Symbol, number, of_atom, symbol
from archcalc.symbols.text import condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archcalc.spec.syntax import Case, Layer, Spec
    from archcalc.symbols.symbolic_walk import Decision

    Bound = tuple[Fraction, bool]
    """A number, and whether it is itself excluded."""


MOST_STEPS = 100_000
"""The budget for the size sets of one formula; further conditions are kept as they are."""


def valid_when(conditions: Iterable[Condition]) -> tuple[str, ...]:
    """Conditions as text: on one integer as a set of sizes, on one fraction as its bound and step.

    >>> from archcalc.symbols.terms import symbol
    >>> h, w = symbol("H"), symbol("w", whole=False, least=0)
    >>> at_least_one = Condition("ge", w.scaled(32) - number(1))
    >>> whole = Condition("whole", w.scaled(32))
    >>> valid_when([Condition("ge", h - number(3)), at_least_one, whole, whole.negated()])
    ('H ≥ 3', 'w ≥ 1/32', 'w a multiple of 1/32', '32·w is not an integer')
    """
    sets: dict[str, SizeSet] = {}
    bounds: dict[str, Bound] = {}
    steps: dict[str, list[Fraction]] = {}
    rest: dict[str, None] = {}
    left = MOST_STEPS
    for one in conditions:
        symbols = one.poly.symbols()
        name = next(iter(symbols)) if len(symbols) == 1 else None
        if name is None:
            rest[condition(one)] = None
        elif name.whole:
            try:
                with limited(left) as budget:
                    sets[name.text] = sets.get(name.text, ALL) & sizes_where(one, name)
            except (Undecided, BudgetExceeded):
                rest[condition(one)] = None
            left = budget.left
        elif (bound := _bound(one)) is not None:
            bounds[name.text] = max(bounds.get(name.text, bound), bound)
        elif (step := _step(one, name)) is not None:
            steps.setdefault(name.text, []).append(step)
        else:
            rest[condition(one)] = None
    return (
        *together((name, sets[name]) for name in sorted(sets) if sets[name] != ALL),
        *(f"{name} {'>' if open_ else '≥'} {b}" for name, (b, open_) in sorted(bounds.items())),
        *(f"{name} a multiple of {common_multiple(of)}" for name, of in sorted(steps.items())),
        *rest,
    )


def _bound(one: Condition) -> Bound | None:
    """The lower bound that a condition gives for its symbol: 1/64, excluded, for round(32·w) ≥
    1."""
    relation, poly = one
    alone = [(m[0], c) for m, c in poly.terms.items() if len(m) == 1 and c > 0]
    if relation not in ("ge", "gt") or len(alone) != 1 or len(poly.terms.keys() - {()}) > 1:
        return None
    ((atom, c),) = alone
    bound, open_ = Fraction(-poly.terms.get((), 0)) / Fraction(c), relation == "gt"
    if isinstance(atom, Symbol):
        return bound, open_
    least = floor(bound) + 1 if open_ else ceil(bound)  # the atom is integral
    if isinstance(atom, Rounded):
        # Halves round to even, so the bound is included for an even number only.
        half = atom.over - number(least - Fraction(1, 2))
        return _bound(Condition("gt" if least % 2 else "ge", half))
    if isinstance(atom, Floor) and atom.under.constant is not None:
        return _bound(Condition("ge", atom.over - atom.under.scaled(least)))
    return None


def _step(one: Condition, name: Symbol) -> Fraction | None:
    """What the symbol must be a multiple of if a multiple of it must be an integer."""
    if one.relation != "whole":
        return None
    ((monomial, c), *more) = one.poly.terms.items()
    if more or monomial != (name,):
        return None
    return abs(1 / Fraction(c))


def without_floors(value: tuple[Poly, ...]) -> tuple[str, tuple[Poly, ...]] | None:
    """The terms for multiples of the smallest steps at which all floors vanish, and these steps as
    text; None if there are no floors, or some remain."""
    steps: dict[Symbol, Fraction] = {}
    for poly in value:
        _collect_steps(poly, steps)
    if not steps:
        return None
    turns = {s: symbol(f"{s.text}·", least=0) for s in steps}
    inside = {s: turns[s].scaled(step) for s, step in steps.items()}
    back = {
        next(iter(turns[s].symbols())): of_atom(s).scaled(1 / step) for s, step in steps.items()
    }
    made = tuple(replaced(replaced(poly, inside), back) for poly in value)
    if any(not isinstance(a, Symbol) for poly in made for a in poly.atoms()):
        return None
    return _in_words(steps), made


def _collect_steps(poly: Poly, steps: dict[Symbol, Fraction]) -> None:
    for atom in poly.atoms():
        if isinstance(atom, Floor | Rounded):
            under = atom.under.constant if isinstance(atom, Floor) else 1
            for monomial, c in atom.over.terms.items():
                if under is not None and len(monomial) == 1 and isinstance(monomial[0], Symbol):
                    step = abs(Fraction(under) / Fraction(c))
                    name = monomial[0]
                    before = steps.get(name, Fraction(1) if name.whole else step)
                    steps[name] = common_multiple((before, step))
        for part in atom.parts():
            _collect_steps(part, steps)


def common_multiple(steps: Iterable[Fraction]) -> Fraction:
    """The least common multiple."""
    steps = list(steps)
    return Fraction(lcm(*(s.numerator for s in steps)), gcd(*(s.denominator for s in steps)))


def _in_words(steps: dict[Symbol, Fraction]) -> str:
    by_step: dict[Fraction, list[str]] = {}
    for s, step in sorted(steps.items(), key=lambda item: item[0].text):
        by_step.setdefault(step, []).append(s.text)
    return ", ".join(
        f"{' and '.join(group)} multiple{'s' * (len(group) > 1)} of {step}"
        for step, group in by_step.items()
    )


def written_whole(spec: Spec, name: str, value: Any) -> bool:
    """Whether the spec gives a var integer values only, written as such (8, not 8.0)."""
    written = spec.variables[name]
    if not isinstance(value, int) or (
        written.constant and not written.text.lstrip("+-").replace("_", "").isdecimal()
    ):
        return False
    for case in _cases(spec):
        setting = case.settings.get(name)
        if setting is not None:
            try:
                if not isinstance(setting.evaluate({}), int):
                    return False
            except DiagnosticError:
                continue
    return True


def needed_whole(name: str, value: Any, decisions: list[Decision]) -> bool:
    """Whether a walk in which the var was any number requires it to be an integer."""
    multiples = []
    for relation, poly in (d.condition for d in decisions):
        if relation == "whole" and name in {s.text for s in poly.symbols()}:
            alone = [c for m, c in poly.terms.items() if [a.text for a in m] == [name]]
            whole = len(poly.terms) == len(alone) and type(alone[0]) is int
            multiples.append(alone[0].numerator if whole else 1)
    return bool(multiples) and (value != 1 or gcd(*multiples) == 1)


def _cases(spec: Spec) -> Iterator[Case]:
    yield from spec.expect
    yield from _cases_in(spec.layers)
    for block in spec.blocks.values():
        yield from block.expect
        yield from _cases_in(block.body)


def _cases_in(layers: tuple[Layer, ...]) -> Iterator[Case]:
    for layer in layers:
        yield from layer.expect
        yield from _cases_in(layer.body)
        for branch in layer.branches:
            yield from _cases_in(branch.body)
