"""Which inputs work: the sets of sides, the layers that restrict them, and the nearest sizes."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, NamedTuple

from archcalc.symbols.conditions import Condition
from archcalc.symbols.decide import Undecided
from archcalc.symbols.explore import axis_of, where
from archcalc.symbols.sides import ALL, Sides, described
from archcalc.symbols.write import condition

if TYPE_CHECKING:
    from archcalc.diagnostics import Span
    from archcalc.symbols.cover import Region
    from archcalc.symbols.explore import Exploration
    from archcalc.symbols.terms import Poly
    from archcalc.symbols.trace import Trouble


class Reason(NamedTuple):
    """A restriction: the layer that makes it, the sides that it leaves to one axis (None where it
    ties several), the condition in words, and what the layer needs. `compared` are the tensors
    that disagree, where it is about two: what they are called, and the sides in question."""

    path: str
    span: Span
    axis: int | None
    allowed: Sides | None
    condition: str
    needs: str
    compared: tuple[tuple[str, Poly], ...] = ()


def reasons(found: Exploration) -> list[Reason]:
    """Every layer that restricts the sides, those left out whose restriction another implies."""
    valid = found.valid
    merged: dict[tuple[str, int, int | None, str], Reason] = {}
    for region in found.regions:
        for trouble in region.walk.recorder.troubles:
            reason = _reason(found, valid, region, trouble)
            key = (
                reason.path,
                reason.span.line,
                reason.axis,
                reason.condition * (not reason.allowed),
            )
            before = merged.get(key)
            if before is not None and before.allowed is not None and reason.allowed is not None:
                compared = tuple({**dict(reason.compared), **dict(before.compared)}.items())
                allowed = before.allowed & reason.allowed
                reason = before._replace(allowed=allowed, compared=compared)
            merged[key] = reason
    return _worded(found, _binding(list(merged.values())))


def _reason(
    found: Exploration, valid: tuple[Sides, ...], region: Region, trouble: Trouble
) -> Reason:
    """The comparison that decided a fault: the first of its layer that no valid size makes so."""
    path, span, needs = trouble.path, trouble.span, trouble.message
    tied: Reason | None = None
    for decision in trouble.decisions:
        place = axis_of(decision.condition, found.axes)
        if place is None:
            text = condition(decision.condition.negated())
            compared = _compared(trouble, decision.condition)
            tied = tied or Reason(path, span, None, None, text, needs, compared)
            continue
        sides = where(decision.condition, found.axes[place])
        if not sides & valid[place]:
            compared = _compared(trouble, decision.condition)
            return Reason(path, span, place, ~sides, "", needs, compared)
    if tied is not None:
        return tied
    for place, sides in enumerate(region.sides):
        if not sides & valid[place]:
            return Reason(path, span, place, ~sides, "", needs)
    return Reason(path, span, None, None, trouble.label or "no size is valid", needs)


def _compared(trouble: Trouble, decided: Condition) -> tuple[tuple[str, Poly], ...]:
    """The two sides, of two tensors that the layer reads, whose comparison this is; none where
    they cannot be told apart by what they are called."""
    for (one, first), (other, second) in combinations(trouble.operands, 2):
        if one == other:
            continue
        for a, b in zip(first, second, strict=False):
            for difference in (a - b, b - a):
                if Condition(decided.relation, difference).tidy() == decided:
                    return (one, a), (other, b)
    return ()


def _binding(all_of_them: list[Reason]) -> list[Reason]:
    """Without those that follow from one other."""
    kept: list[Reason] = []
    for reason in all_of_them:
        mine = reason.allowed
        if mine is None or not any(
            other.axis == reason.axis
            and other.allowed is not None
            and other.allowed <= mine
            and (other.allowed != mine or other in kept)
            for other in all_of_them
            if other is not reason
        ):
            kept.append(reason)
    return kept


def _worded(found: Exploration, kept: list[Reason]) -> list[Reason]:
    """With conditions in words. Where one takes many residues, what it leaves of those before it
    is said instead: "H ≡ 0 (mod 16)" after "H ≡ 0 (mod 8)"."""
    left: dict[int, Sides] = {}
    worded: list[Reason] = []
    for reason in sorted(kept, key=_size_of):
        if reason.axis is None or reason.allowed is None:
            worded.append(reason)
            continue
        name = found.axes[reason.axis].name
        shown = reason.allowed
        if len(shown.residues) > 1:
            left[reason.axis] = shown & left.get(reason.axis, ALL)
            if sum(shown.residues) > 1:
                shown = left[reason.axis]
        worded.append(reason._replace(allowed=shown, condition=described(shown, name)))
    return worded


def _size_of(reason: Reason) -> tuple[int, int, int]:
    if reason.axis is None or reason.allowed is None:
        return len("axes"), 0, 0
    return reason.axis, len(reason.allowed.residues), len(reason.allowed.small)


def nearest_sizes(found: Exploration) -> list[tuple[int, ...]]:
    """The valid sizes nearest to the spec's own, each axis up or down by as little as can be."""
    valid = found.valid
    choices: list[list[int]] = []
    for own, sides in zip(found.own, valid, strict=True):
        below, above = sides.nearest(own)
        near = [own] if own in sides else [n for n in (below, above) if n is not None]
        choices.append(near)
    down = tuple(c[0] for c in choices if c)
    up = tuple(c[-1] for c in choices if c)
    if len(down) < len(choices):
        return []
    if found.coupled:
        tried = sorted(product(*choices), key=lambda at: _distance(at, found.own))
        return [at for at in tried if at != found.own and is_valid(found, at)][:2]
    return [at for at in dict.fromkeys((down, up)) if at != found.own]


def _distance(at: tuple[int, ...], own: tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in zip(at, own, strict=True))


def is_valid(found: Exploration, at: tuple[int, ...]) -> bool:
    """Whether a size is valid. Raises `Undecided` where it is in no region."""
    for region in found.regions:
        if region.contains(at, found.axes):
            return region.valid
    raise Undecided(f"the size {at} goes a way that was not walked")
