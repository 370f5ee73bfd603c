"""Which inputs work, written out: text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archcalc.report.text import wrap
from archcalc.symbols.answer import nearest_sizes, reasons
from archcalc.symbols.explore import axis_of, where
from archcalc.symbols.fills import fills
from archcalc.symbols.quality import padding_symmetric, rows_read, same_weights, told
from archcalc.symbols.sides import described, together
from archcalc.symbols.write import several, written

if TYPE_CHECKING:
    from archcalc.symbols.answer import Reason
    from archcalc.symbols.explore import Exploration
    from archcalc.symbols.quality import Demand, Fit
    from archcalc.symbols.sides import Sides

MOST_TEXT = 140
"""Characters of the formulas of two tensors; longer ones tell nobody anything."""


def text(found: Exploration, columns: int) -> str:
    """For people."""
    lines = [f"{found.spec.name}: inputs that work", ""]
    lines += [f"  {line}" for line in _sets(found, found.valid)]
    if found.coupled:
        lines.append("  (the sides depend on one another: see the conditions below)")
    if not found.complete:
        lines.append(f"  not decided for all sizes: {found.why}")
    why = _reason_lines(found)
    if why:
        lines += ["", "because", *why]
    if not found.regions[0].valid:
        near = [_size(size) for size in nearest_sizes(found)]
        sizes = f"; the nearest sizes that work are {' and '.join(near)}" if near else ""
        lines += ["", f"the spec's own size {_size(found.own)} does not work{sizes}"]
    lines += ["", "weights stay as they are", *_weights_lines(found)]
    lines += ["", "how well sizes fit", *_quality_lines(found)]
    return "\n".join(part for line in lines for part in _wrapped(line, columns)) + "\n"


def _wrapped(line: str, columns: int) -> list[str]:
    """In the line's own indentation, what follows indented further."""
    indent = len(line) - len(line.lstrip())
    first, *more = wrap(line, columns - indent - 2) or [""]
    return [" " * indent + first, *(" " * (indent + 2) + part for part in more)]


def _sets(found: Exploration, sides: tuple[Sides, ...]) -> list[str]:
    """The sets of sides, equal ones together."""
    return together((a.name, s) for s, a in zip(sides, found.axes, strict=True))


def _reason_lines(found: Exploration) -> list[str]:
    """Every restriction with its layer, the axes of one layer together."""
    grouped: dict[tuple[str, str], list[Reason]] = {}
    for reason in reasons(found):
        head = f"{reason.path} at " if reason.path else ""
        place = f"{head}{reason.span.file.name}:{reason.span.line}"
        grouped.setdefault((place, reason.needs), []).append(reason)
    lines = []
    for (place, needs), group in grouped.items():
        sides = [
            (found.axes[r.axis].name, r.allowed)
            for r in group
            if r.axis is not None and r.allowed is not None
        ]
        tied = [r.condition for r in group if r.axis is None or r.allowed is None]
        why = _disagreement(group) or needs
        lines.append(f"  {'; '.join([*together(sides), *tied])}: {place}: {why}")
    return lines


def _disagreement(group: list[Reason]) -> str:
    """The tensors that a layer finds unequal, with the sides in question: "enc4 is ⌊H/8⌋ ×
    ⌊W/8⌋, up4 is 2·⌊H/16⌋ × 2·⌊W/16⌋"; "" where it is not about tensors."""
    names = [name for name, _ in group[0].compared]
    if any([name for name, _ in reason.compared] != names for reason in group):
        parts = [part for reason in group if (part := _disagreement([reason]))]
        return "; ".join(parts) if len(parts) == len(group) else ""
    shapes = zip(*([side for _, side in reason.compared] for reason in group), strict=True)
    text = ", ".join(f"{n} is {several(s)}" for n, s in zip(names, shapes, strict=True))
    return text if len(text) <= MOST_TEXT else f"{' and '.join(names)} are not equal"


def _size(size: tuple[int, ...]) -> str:
    return "×".join(map(str, size))


def _weights_lines(found: Exploration) -> list[str]:
    fit = same_weights(found)
    if fit is None:
        return ["  unknown: the spec's own size does not work"]
    if not fit.binding:
        return ["  at every size that works"]
    lines = [f"  {line}" for line in _sets(found, fit.sides)]
    if fit.coupled:
        lines.append("  (each side with the others as in the spec)")
    lines += [f"  {d.path} at line {d.span.line}: {told(d)}" for d in fit.binding[:3]]
    return lines


def _quality_lines(found: Exploration) -> list[str]:
    lines: list[str] = []
    for title, fit in (
        ("no row is dropped by a stride", rows_read(found)),
        ("padding is read alike on both sides", padding_symmetric(found)),
    ):
        lines.append(f"  {title}: {', '.join(_sets(found, fit.sides))}")
        if fit.failing:
            names = list(dict.fromkeys(d.path for d in fit.failing))
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            lines.append(f"    not at {_size(found.own)}: {', '.join(names[:3])}{more}")
    field, filled = fills(found)
    if field and any(side is not None for side in filled):
        size = "×".join("?" if side is None else str(side) for side in filled)
        lines.append(f"  filled by the receptive field ({_size(field)}): from {size}")
    return lines


def as_json(found: Exploration) -> str:
    """The object; `minimum` and `residues` say all, but for `also`: valid sides below it."""
    return json.dumps(as_dict(found), indent=2) + "\n"


def as_dict(found: Exploration) -> dict[str, Any]:
    """One object a spec."""
    fit = same_weights(found)
    field, filled = fills(found)
    return {
        "spec": found.spec.name,
        "axes": _axes(found, found.valid),
        "coupled": found.coupled,
        "decided": found.complete,
        "reasons": [
            {
                "layer": r.path,
                "line": r.span.line,
                "file": r.span.file.name,
                "condition": r.condition,
                "needs": r.needs,
                "compared": {name: written(side) for name, side in r.compared},
            }
            for r in reasons(found)
        ],
        "same_weights": None if fit is None else {"always": not fit.binding, **_fit(found, fit)},
        "quality": {
            "no_row_dropped": _fit(found, rows_read(found)),
            "padding_symmetric": _fit(found, padding_symmetric(found)),
            "receptive_field": list(field) or None,
            "filled_from": list(filled) or None,
        },
        "own": list(found.own),
        "own_valid": bool(found.regions and found.regions[0].valid),
    }


def _axes(found: Exploration, sides: tuple[Sides, ...]) -> list[dict[str, Any]]:
    rows = []
    for axis, one in zip(found.axes, sides, strict=True):
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
        "axes": _axes(found, fit.sides),
        "coupled": fit.coupled,
        "reasons": [
            {"layer": d.path, "line": d.span.line, "condition": _condition(found, d)}
            for d in fit.binding
        ],
    }


def _condition(found: Exploration, demand: Demand) -> str:
    """A demand as a set of sides where it is about one."""
    place = axis_of(demand.condition, found.axes)
    if place is None:
        return told(demand)
    return described(where(demand.condition, found.axes[place]), found.axes[place].name)
