"""The conditions under which a formula holds, in words, none of them said twice."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from archcalc.symbols.conditions import Condition
from archcalc.symbols.decide import Undecided, sides_where
from archcalc.symbols.multiples import common_multiple
from archcalc.symbols.sides import ALL, Sides, described
from archcalc.symbols.terms import Floor, Rounded, Symbol, number
from archcalc.symbols.write import condition

if TYPE_CHECKING:
    from collections.abc import Iterable

    Bound = tuple[Fraction, bool]
    """A number, and whether it is itself excluded."""


def valid_when(conditions: Iterable[Condition]) -> tuple[str, ...]:
    """Those about one whole number as a set of sizes, about one fraction as its bound and step.

    >>> from archcalc.symbols.terms import symbol
    >>> h, w = symbol("H"), symbol("w", whole=False, least=0)
    >>> at_least_one = Condition("ge", w.scaled(32) - number(1))
    >>> whole = Condition("whole", w.scaled(32))
    >>> valid_when([Condition("ge", h - number(3)), at_least_one, whole, whole.negated()])
    ('H ≥ 3', 'w ≥ 1/32', 'w a multiple of 1/32', '32·w is no integer')
    """
    sets: dict[str, Sides] = {}
    bounds: dict[str, Bound] = {}
    steps: dict[str, list[Fraction]] = {}
    rest: dict[str, None] = {}
    for one in conditions:
        symbols = one.poly.symbols()
        name = next(iter(symbols)) if len(symbols) == 1 else None
        if name is None:
            rest[condition(one)] = None
        elif name.whole:
            try:
                sets[name.text] = sets.get(name.text, ALL) & sides_where(one, name)
            except Undecided:
                rest[condition(one)] = None
        elif (bound := _bound(one)) is not None:
            bounds[name.text] = max(bounds.get(name.text, bound), bound)
        elif (step := _step(one, name)) is not None:
            steps.setdefault(name.text, []).append(step)
        else:
            rest[condition(one)] = None
    return (
        *(described(sets[name], name) for name in sorted(sets)),
        *(f"{name} {'>' if open_ else '≥'} {b}" for name, (b, open_) in sorted(bounds.items())),
        *(f"{name} a multiple of {common_multiple(of)}" for name, of in sorted(steps.items())),
        *rest,
    )


def _bound(one: Condition) -> Bound | None:
    """The bound below that a condition puts on its symbol: 1/64, excluded, for round(32·w) ≥ 1."""
    relation, poly = one
    alone = [(m[0], c) for m, c in poly.terms.items() if len(m) == 1 and c > 0]
    if relation not in ("ge", "gt") or len(alone) != 1 or len(poly.terms.keys() - {()}) > 1:
        return None
    ((atom, c),) = alone
    bound, open_ = Fraction(-poly.terms.get((), 0)) / Fraction(c), relation == "gt"
    if isinstance(atom, Symbol):
        return bound, open_
    least = floor(bound) + 1 if open_ else ceil(bound)  # the atom is whole
    if isinstance(atom, Rounded):
        # A half goes to the even one, so it counts for an even number and not for an odd one.
        half = atom.over - number(least - Fraction(1, 2))
        return _bound(Condition("gt" if least % 2 else "ge", half))
    if isinstance(atom, Floor) and atom.under.constant is not None:
        return _bound(Condition("ge", atom.over - atom.under.scaled(least)))
    return None


def _step(one: Condition, name: Symbol) -> Fraction | None:
    """What the symbol must be a multiple of, where a multiple of it must be whole."""
    if one.relation != "whole":
        return None
    ((monomial, c), *more) = one.poly.terms.items()
    if more or monomial != (name,):
        return None
    return abs(1 / Fraction(c))
