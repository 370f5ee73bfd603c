"""The form of a formula without floors: for sizes that are multiples of the strides."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING

from archcalc.symbols.decide import replaced
from archcalc.symbols.terms import Floor, Poly, Rounded, Symbol, of_atom, symbol

if TYPE_CHECKING:
    from collections.abc import Iterable


def without_floors(value: tuple[Poly, ...]) -> tuple[str, tuple[Poly, ...]] | None:
    """The terms for multiples of the smallest steps at which all floors vanish, and these steps in
    words; None where there are no floors, or some stay."""
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
    """The least number that all go into."""
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
