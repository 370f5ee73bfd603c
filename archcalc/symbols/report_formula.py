"""Formulas as text, LaTeX, SymPy source and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archcalc.ops.attributes import shown
from archcalc.report.text import wrap

if TYPE_CHECKING:
    from archcalc.symbols.formula import Formula

_GLUE = "\0"
"""A space at which lines are not broken."""

Row = tuple[dict[str, Any], "Formula"]
"""The tabulated values of vars for which a formula was made, and the formula."""


def text(rows: list[Row], columns: int) -> str:
    """For a terminal: one paragraph per metric, with its special form and its conditions."""
    lines: list[str] = []
    for setting, one in rows:
        unit = " bytes" if one.of == "memory" else ""
        head = f"{one.of} of {one.layer}" if one.layer else one.of
        head += f" ({_settings(setting)})" if setting else ""
        lines += _wrapped(f"{head} = {one}{unit}", 0, columns)
        if one.special is not None:
            when, *_ = one.special.valid_when
            lines += _wrapped(f"with {when}: {one.special}{unit}", 2, columns)
        if one.valid_when:
            lines += _wrapped(f"valid when {'; '.join(one.valid_when)}", 2, columns)
    return "\n".join(lines) + "\n"


def _settings(setting: dict[str, Any]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in setting.items())


def _wrapped(paragraph: str, indent: int, columns: int) -> list[str]:
    """Wrapped lines; all but the first are indented further, and floors are not broken."""
    first, *more = wrap(_glued(paragraph), columns - indent - 4)
    lines = [" " * indent + first, *(" " * (indent + 4) + line for line in more)]
    return [line.replace(_GLUE, " ") for line in lines]


def _glued(text: str) -> str:
    depth = 0
    glued = ""
    for c in text:
        depth += (c == "⌊") - (c == "⌋")
        glued += _GLUE if c == " " and depth else c
    return glued


def latex(rows: list[Row]) -> str:
    """One formula per line, with its special form below it."""
    lines = []
    for setting, one in rows:
        if setting:
            lines.append(f"% {_settings(setting)}")
        name = rf"\mathrm{{{one.of.replace('_', ' ')}}}"
        lines.append(f"{name} = {one.latex}")
        if one.special is not None:
            lines += [f"% {one.special.valid_when[0]}", f"{name} = {one.special.latex}"]
    return "\n".join(lines) + "\n"


def sympy(rows: list[Row]) -> str:
    """A Python program that assigns every formula to a variable named after its metric."""
    from archcalc.symbols.to_sympy import assumptions, source

    assumed = {s.text: assumptions(s) for _, one in rows for s in one.free}
    lines = ["from sympy import *", ""]
    for name in sorted(assumed):
        words = ", ".join(f"{word}={holds}" for word, holds in assumed[name].items())
        lines.append(f"{name} = Symbol({name!r}, {words})")
    for setting, one in rows:
        if setting:
            lines.append(f"# {_settings(setting)}")
        lines.append(f"{one.of} = {source(one.expression)}")
        if one.special is not None:
            lines.append(f"# {one.special.valid_when[0]}")
            lines.append(f"{one.of}_special = {source(one.special.expression)}")
    return "\n".join(lines) + "\n"


def as_json(rows: list[Row], alone: bool) -> str:
    """One object for a single metric, else a list of them."""
    objects = [as_dict(setting, one) for setting, one in rows]
    found: Any = objects[0] if alone and len(objects) == 1 else objects
    return json.dumps(found, indent=2, default=float) + "\n"


def as_dict(setting: dict[str, Any], one: Formula) -> dict[str, Any]:
    """The object of one formula. `expression` is SymPy source in the names of `symbols`."""
    from archcalc.symbols.to_sympy import assumptions, source

    found: dict[str, Any] = {
        "spec": one.spec,
        "layer": one.layer,
        "of": one.of,
        "symbols": {s.text: assumptions(s) for s in one.free},
        "expression": source(one.expression),
        "latex": one.latex,
        "valid_when": list(one.valid_when),
    }
    if one.special is not None:
        found["special"] = {
            "when": one.special.valid_when[0],
            "expression": source(one.special.expression),
            "latex": one.special.latex,
        }
    if setting:
        found["set"] = setting
    return found
