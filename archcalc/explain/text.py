"""Explanations as text for a terminal, or as LaTeX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.explain.equations import MEANINGS
from archcalc.explain.terms import Leaf, Style, Sum, Term, leaves, render
from archcalc.report.numbers import grouped, shape
from archcalc.report.text import printable, wrap

if TYPE_CHECKING:
    from fractions import Fraction

    from archcalc.analysis.figures import ReceptiveField
    from archcalc.explain.equations import Equation
    from archcalc.explain.explanation import Explanation

_INDENT = 17


def text(told: Explanation, columns: int) -> str:
    """The explanation for a terminal: each metric as a formula, with its numbers, and the
    result."""
    lines = [f"{printable(told.path)}   {printable(told.what)}"]
    if told.span is not None:
        lines[0] += f"   ({printable(told.span.file.name)}:{told.span.line})"
    inputs = " and ".join(map(shape, told.inputs))
    lines.append(f"input {inputs}, output {shape(told.output)}")
    if told.branches:
        lines += ["", "branches"]
        for branch in told.branches:
            field = _field(branch.field)
            lines.append(f"  {printable(branch.path)}   {shape(branch.shape)}{field}")
    lines.append("")
    for equation in told.equations:
        lines += _equation(equation, columns)
    lines += _legend(told, columns)
    return "\n".join(lines) + "\n"


def latex(told: Explanation) -> str:
    """The explanation as LaTeX: one `align*` with a line per figure."""
    rows = []
    for equation in told.equations:
        result = r"\text{unknown}" if equation.result is None else str(equation.result)
        name = rf"\text{{{equation.figure}}}"
        if equation.term is None or isinstance(equation.term, int):
            rows.append(rf"  {name} &= {result}")
            continue
        names = render(equation.term, Style(latex=True))
        numbers = render(equation.term, Style(numbers=True, latex=True))
        middle = f"{names} = " if not _is_sum_of_parts(equation.term) else ""
        rows.append(rf"  {name} &= {middle}{numbers} = {result}")
    body = " \\\\\n".join(rows)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def _equation(equation: Equation, columns: int) -> list[str]:
    head = f"{equation.figure:<{_INDENT - 2}}"
    result = _result(equation.result)
    if equation.note:
        lines = wrap(f"= {result} ({equation.note})", columns - _INDENT - 1)
        return [f"{head} {lines[0]}", *(" " * (_INDENT + 1) + line for line in lines[1:])]
    if equation.term is None or isinstance(equation.term, int):
        return [f"{head} = {result}"]
    parts = [render(equation.term, Style()), render(equation.term, Style(numbers=True)), result]
    if isinstance(equation.term, Leaf):
        parts = parts[::2]
    lines = []
    for part in parts:
        first, *more = wrap(f"= {part}", max(20, columns - _INDENT - 1))
        lines.append(f"{head} {first}")
        lines += [" " * (_INDENT + 1) + line for line in more]
        head = " " * (_INDENT - 2)
    return lines


def _result(result: int | Fraction | None) -> str:
    text = grouped(result) if result is None or isinstance(result, int) else str(result)
    return text.replace("-", "−")


def _field(field: ReceptiveField | None) -> str:
    if field is None or not field.size:
        return ""
    size = "×".join(map(str, dict.fromkeys(field.size)))
    stride = "×".join(map(str, dict.fromkeys(field.stride)))
    everything = ", and the whole input (global)" if field.is_global else ""
    return f"   receptive field {size}, stride {stride}{everything}"


def _legend(told: Explanation, columns: int) -> list[str]:
    """The meaning of the symbols in use."""
    used: dict[str, None] = {}
    for equation in told.equations:
        if equation.term is not None and not _is_sum_of_parts(equation.term):
            used.update(dict.fromkeys(leaf.name for leaf in leaves(equation.term)))
    meanings = [f"{name} {MEANINGS[name]}" for name in used if name in MEANINGS]
    return ["", *wrap(", ".join(meanings), columns)] if meanings else []


def _is_sum_of_parts(term: Term) -> bool:
    """Whether a term is the sum of the parts of a block, whose names are paths."""
    return isinstance(term, Sum) and all(
        isinstance(part, Leaf) and part.name not in MEANINGS for _, part in term.terms
    )
