"""The valid input sizes of a spec as text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archcalc.report.text import wrap
from archcalc.symbols.region_cover import axis_of, where
from archcalc.symbols.size_sets import Undecided, described, together
from archcalc.symbols.text import several, written
from archcalc.symbols.valid_sizes import answer

if TYPE_CHECKING:
    from archcalc.symbols.region_cover import Exploration
    from archcalc.symbols.size_sets import SizeSet
    from archcalc.symbols.valid_sizes import Answer, Demand, Fit, Reason

MOST_TEXT = 140
"""Maximum length of the formulas of two tensors; longer ones do not help."""


def text(found: Exploration, columns: int) -> str:
    """The report for a terminal."""
    told = answer(found)
    lines = [f"{found.spec.name}: valid input sizes", ""]
    if found.complete:
        lines += _decided(told)
    else:
        verdict = "valid" if told.own_valid else "invalid"
        lines += [f"  undecided: {found.why}", "", f"the spec's own {_own(found)} is {verdict}"]
    return "\n".join(part for line in lines for part in _wrapped(line, columns)) + "\n"


def _decided(told: Answer) -> list[str]:
    found = told.found
    lines = [f"  {line}" for line in _sets(found, found.valid)]
    if found.coupled:
        lines.append("  (the axes depend on one another: see the conditions below)")
    if told.reasons:
        lines += ["", "because", *_reason_lines(found, told.reasons)]
    if not told.own_valid:
        near = [_size(size) for size in told.nearest]
        sizes = f"; the nearest valid sizes are {' and '.join(near)}" if near else ""
        lines += ["", f"the spec's own {_own(found)} is invalid{sizes}"]
    lines += ["", "checkpoint stays compatible", *_weights_lines(told)]
    return [*lines, "", "fit", *_fit_lines(told)]


def _wrapped(line: str, columns: int) -> list[str]:
    """Wrapped with the line's own indentation, continuation lines indented further."""
    indent = len(line) - len(line.lstrip())
    first, *more = wrap(line, columns - indent - 2) or [""]
    return [" " * indent + first, *(" " * (indent + 2) + part for part in more)]


def _sets(found: Exploration, sizes: tuple[SizeSet, ...]) -> list[str]:
    """The sets of sizes, equal ones combined."""
    return together((a.name, s) for s, a in zip(sizes, found.axes, strict=True))


def _reason_lines(found: Exploration, reasons: list[Reason]) -> list[str]:
    """Every restriction with its layer, the axes of one layer combined."""
    grouped: dict[tuple[str, str], list[Reason]] = {}
    for reason in reasons:
        head = f"{reason.path} at " if reason.path else ""
        place = f"{head}{reason.span.file.name}:{reason.span.line}"
        grouped.setdefault((place, reason.needs), []).append(reason)
    lines = []
    for (place, needs), group in grouped.items():
        sizes = [
            (found.axes[r.axis].name, r.allowed)
            for r in group
            if r.axis is not None and r.allowed is not None
        ]
        coupled = [r.condition for r in group if r.axis is None or r.allowed is None]
        why = _disagreement(group) or needs
        lines.append(f"  {'; '.join([*together(sizes), *coupled])}: {place}: {why}")
    return lines


def _disagreement(group: list[Reason]) -> str:
    """The tensors whose sizes a layer finds unequal: "enc4 is ⌊H/8⌋ × ⌊W/8⌋, up4 is 2·⌊H/16⌋ ×
    2·⌊W/16⌋"; "" if it is not about tensors."""
    names = [name for name, _ in group[0].compared]
    if any([name for name, _ in reason.compared] != names for reason in group):
        parts = [part for reason in group if (part := _disagreement([reason]))]
        return "; ".join(parts) if len(parts) == len(group) else ""
    shapes = zip(*([size for _, size in reason.compared] for reason in group), strict=True)
    text = ", ".join(f"{n} is {several(s)}" for n, s in zip(names, shapes, strict=True))
    return text if len(text) <= MOST_TEXT else f"{' and '.join(names)} are not equal"


def _size(size: tuple[int, ...]) -> str:
    return "×".join(map(str, size))


def _own(found: Exploration) -> str:
    """ "size 224×224", or with names if there are several inputs."""
    if len({axis.input for axis in found.axes}) == 1:
        return f"size {_size(found.own)}"
    named = zip(found.axes, found.own, strict=True)
    return "size " + ", ".join(f"{axis.name} = {size}" for axis, size in named)


def _weights_lines(told: Answer) -> list[str]:
    fit = told.weights
    if fit is None:
        return ["  undecided" if told.own_valid else "  unknown: the spec's own size is invalid"]
    if not fit.binding:
        return ["  at every valid size"]
    lines = [f"  {line}" for line in _sets(told.found, fit.sizes)]
    if fit.coupled:
        lines.append("  (each axis with the others as in the spec)")
    lines += [f"  {d.path} at line {d.span.line}: {d.text}" for d in fit.binding[:3]]
    return lines


def _fit_lines(told: Answer) -> list[str]:
    found = told.found
    lines: list[str] = []
    for title, fit in (
        ("strides divide evenly", told.strides),
        ("padding is symmetric", told.padding),
    ):
        lines.append(
            f"  {title}: {', '.join(_sets(found, fit.sizes)) if fit is not None else 'undecided'}"
        )
        if fit is not None and fit.failing:
            names = list(dict.fromkeys(d.path for d in fit.failing))
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            lines.append(f"    not at {_size(found.own)}: {', '.join(names[:3])}{more}")
    if any(size is not None for size in told.field_fits):
        size = "×".join("?" if size is None else str(size) for size in told.field_fits)
        lines.append(f"  receptive field ({_size(told.field)}) fits: from {size}")
    return lines


def as_json(found: Exploration) -> str:
    """The object; `minimum` and `residues` describe all but `also`: valid sizes below the
    minimum."""
    return json.dumps(as_dict(found), indent=2) + "\n"


def as_dict(found: Exploration) -> dict[str, Any]:
    """One object per spec. If the sizes are undecided (`why`), `axes` is empty."""
    told = answer(found)
    return {
        "spec": found.spec.name,
        "axes": _axes(found, found.valid) if found.complete else [],
        "coupled": found.coupled,
        "decided": found.complete,
        "why": found.why,
        "reasons": [
            {
                "layer": r.path,
                "line": r.span.line,
                "file": r.span.file.name,
                "condition": r.condition,
                "needs": r.needs,
                "compared": {name: written(size) for name, size in r.compared},
            }
            for r in told.reasons
        ],
        "same_weights": told.weights
        and {"always": not told.weights.binding, **_fit(found, told.weights)},
        "quality": {
            "no_row_dropped": told.strides and _fit(found, told.strides),
            "padding_symmetric": told.padding and _fit(found, told.padding),
            "receptive_field": list(told.field) or None,
            "filled_from": list(told.field_fits) or None,
        },
        "own": list(found.own),
        "own_valid": told.own_valid,
    }


def _axes(found: Exploration, sizes: tuple[SizeSet, ...]) -> list[dict[str, Any]]:
    rows = []
    for axis, one in zip(found.axes, sizes, strict=True):
        minimum, exceptions = one.rule
        residues = [r for r, member in enumerate(one.residues) if member]
        row: dict[str, Any] = {
            "input": axis.input,
            "axis": axis.name,
            "minimum": minimum if residues else one.smallest,
            "period": len(one.residues),
            "residues": residues,
        }
        if exceptions:
            row["also"] = list(exceptions)
        rows.append(row)
    return rows


def _fit(found: Exploration, fit: Fit) -> dict[str, Any]:
    return {
        "axes": _axes(found, fit.sizes),
        "coupled": fit.coupled,
        "reasons": [
            {"layer": d.path, "line": d.span.line, "condition": _condition(found, d)}
            for d in fit.binding
        ],
    }


def _condition(found: Exploration, demand: Demand) -> str:
    """A condition as a set of sizes if it is about one axis."""
    place = axis_of(demand.condition, found.axes)
    if place is None:
        return demand.text
    try:
        return described(where(demand.condition, found.axes[place]), found.axes[place].name)
    except Undecided:
        return demand.text
