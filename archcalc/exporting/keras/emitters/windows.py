"""Rows around the input before a window: Keras has only valid and same, so the rest are layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.expressions import literal, variables
from archcalc.codegen.layout import call
from archcalc.exporting.call_sites import NotUniform
from archcalc.exporting.keras.op_context import Make, mixed

if TYPE_CHECKING:
    from archcalc.exporting.keras.op_context import OpContext, Steps
    from archcalc.ops.reach import Window

Sides = tuple[tuple[int, int], ...]


class Padded(NamedTuple):
    """How a window is padded: by Keras itself where `same`, else by layers before it."""

    same: bool
    steps: Steps


def windows(site: OpContext) -> list[tuple[Window, ...]]:
    """The windows in every place."""
    found = []
    for node, tensor in zip(site.nodes, site.inputs(), strict=True):
        op: Any = node.op
        found.append(op.windows(node.attributes, tensor))
    return found


def sides(site: OpContext) -> list[Sides]:
    """(begin, end) an axis, in every place."""
    return [tuple((w.begin, w.end) for w in some) for some in windows(site)]


def padding(site: OpContext) -> Padded:
    """Zeros around the input, where Keras' own words do not give the same rows."""
    if is_same(site, windows(site)):
        return Padded(True, [])
    actual = sides(site)
    if not any(n for some in actual for side in some for n in side):
        return Padded(False, [])
    return Padded(False, [zeros(site, actual)])


def zeros(site: OpContext, actual: list[Sides], *, written: bool = True) -> Make:
    """A layer that puts these rows around the input; `written` where the spec has them so."""
    return Make(
        call(f"layers.ZeroPadding{site.rank}D", rows(site, actual, written), name=site.part("pad"))
    )


def rows(
    site: OpContext, actual: list[Sides], written: bool = True, attribute: str = "padding"
) -> str:
    """Rows as Keras' layers take them: one number for all sides, else a pair for every axis."""
    if written and not any(isinstance(v, str) for v in site.values(attribute)):
        forms = [[_number(v) for v in actual]]
        if site.rank > 1:
            forms.append([None if any(b != e for b, e in v) else mixed(v) for v in actual])
        for form in forms:
            if None in form:
                continue
            try:
                found = site.expr_or_constant(attribute, form)
            except NotUniform:
                continue
            if variables(found):
                return site.text(found)
    sides_ = site.same(actual)
    number = _number(sides_)
    if number is not None:
        return str(number)
    return site.text(literal(sides_ if site.rank > 1 else sides_[0]))


def _number(some: Sides) -> int | None:
    """The one number that all sides have."""
    found = {n for side in some for n in side}
    return found.pop() if len(found) == 1 else None


def is_same(site: OpContext, found: list[tuple[Window, ...]]) -> bool:
    """Whether Keras' `same` pads so: by its word, or the half of an odd window without a stride."""
    if all(w in ("same", "same_upper") for w in site.values("padding")):
        return True
    return all(
        w.stride == 1 and w.begin == w.end and w.begin + w.end == w.dilation * (w.kernel - 1)
        for some in found
        for w in some
    ) and any(w.begin for some in found for w in some)
