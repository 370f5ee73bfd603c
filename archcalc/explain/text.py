"""Explanations as text for a terminal, or as LaTeX for a sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.explain.naming import MEANINGS
from archcalc.explain.render import Style, render
from archcalc.explain.written import Ceiling, Extreme, Floor, Leaf, Product, Sum, Term
from archcalc.report.numbers import grouped, shape
from archcalc.report.text import printable, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.analysis.figures import ReceptiveField
    from archcalc.explain.figures import Working
    from archcalc.explain.parts import Explanation

_INDENT = 17


def text(told: Explanation, columns: int) -> str:
    """The explanation for a terminal: each figure as formula, numbers put in, result."""
    lines = [f"{printable(told.path)}   {printable(told.what)}"]
    if told.span is not None:
        lines[0] += f"   ({printable(told.span.file.name)}:{told.span.line})"
    inputs = " and ".join(map(shape, told.inputs))
    lines.append(f"input {inputs}, output {shape(told.output)}")
    if told.branches:
        lines += ["", "it joins"]
        for branch in told.branches:
            field = _field(branch.field)
            lines.append(f"  {printable(branch.path)}   {shape(branch.shape)}{field}")
    lines.append("")
    for working in told.workings:
        lines += _working(working, columns)
    lines += _legend(told, columns)
    return "\n".join(lines) + "\n"


def latex(told: Explanation) -> str:
    """The explanation as LaTeX: one `align*` with a line a figure."""
    rows = []
    for working in told.workings:
        result = str(working.result) if working.result is not None else r"\text{unknown}"
        name = rf"\text{{{working.figure}}}"
        if working.term is None or isinstance(working.term, int):
            rows.append(rf"  {name} &= {result}")
            continue
        names = render(working.term, Style(latex=True))
        numbers = render(working.term, Style(numbers=True, latex=True))
        middle = f"{names} = " if not _is_sum_of_parts(working.term) else ""
        rows.append(rf"  {name} &= {middle}{numbers} = {result}")
    body = " \\\\\n".join(rows)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def _working(working: Working, columns: int) -> list[str]:
    head = f"{working.figure:<{_INDENT - 2}}"
    result = grouped(working.result)
    if working.note:
        lines = wrap(f"= {result}   {working.note}", columns - _INDENT - 1)
        return [f"{head} {lines[0]}", *(" " * (_INDENT + 1) + line for line in lines[1:])]
    if working.term is None or isinstance(working.term, int):
        return [f"{head} = {result}"]
    parts = [render(working.term, Style()), render(working.term, Style(numbers=True)), result]
    if isinstance(working.term, Leaf):
        parts = parts[::2]
    lines = []
    for part in parts:
        first, *more = wrap(f"= {part}", max(20, columns - _INDENT - 1))
        lines.append(f"{head} {first}")
        lines += [" " * (_INDENT + 1) + line for line in more]
        head = " " * (_INDENT - 2)
    return lines


def _field(field: ReceptiveField | None) -> str:
    if field is None or not field.size:
        return ""
    size = "×".join(map(str, dict.fromkeys(field.size)))
    stride = "×".join(map(str, dict.fromkeys(field.stride)))
    everything = ", and the whole input" if field.is_global else ""
    return f"   receptive field {size}, stride {stride}{everything}"


def _legend(told: Explanation, columns: int) -> list[str]:
    """What the letters mean, those that were used."""
    used: dict[str, None] = {}
    for working in told.workings:
        if working.term is not None and not _is_sum_of_parts(working.term):
            used.update(dict.fromkeys(_letters(working.term)))
    meanings = [f"{name} {MEANINGS[name]}" for name in used if name in MEANINGS]
    return ["", *wrap(", ".join(meanings), columns)] if meanings else []


def _letters(term: Term) -> Iterator[str]:
    match term:
        case Leaf():
            yield term.name
        case Sum():
            for _, part in term.terms:
                yield from _letters(part)
        case Product():
            for part in term.factors:
                yield from _letters(part)
        case Floor() | Ceiling():
            yield from _letters(term.above)
            yield from _letters(term.below)
        case Extreme():
            for part in term.terms:
                yield from _letters(part)


def _is_sum_of_parts(term: Term) -> bool:
    """Whether a term adds up the parts of a block, whose names are paths and no letters."""
    return isinstance(term, Sum) and all(
        isinstance(part, Leaf) and part.name not in MEANINGS for _, part in term.terms
    )
