"""The reference of a diagnostic code or an operation, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.explain.terms import Style, render
from archcalc.ops.attributes import REQUIRED, shown
from archcalc.report.text import wrap

if TYPE_CHECKING:
    from archcalc.diagnostic_codes import Code
    from archcalc.diagnostics import Diagnostic
    from archcalc.ops.base import Operation


def code_text(code: Code, columns: int) -> str:
    """A diagnostic code: what it means and why, with a bad and a fixed spec (or commands)."""
    lines = [f"{code.code}: {code.title}", "", *wrap(code.why, columns)]
    for title, text in (("Bad:", code.bad), ("Fixed:", code.good)):
        lines += ["", title, "", *("    " + line for line in text.splitlines())]
    return "\n".join(lines) + "\n"


def with_suggestion(word: str, diagnostics: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """The diagnostics with the operation or code that a word which is not a spec may mean."""
    from archcalc.diagnostic_codes import CODES
    from archcalc.ops.registry import OPERATIONS
    from archcalc.spec.synonyms import absent, likely

    meant = likely(word, OPERATIONS) or likely(word, [code.code for code in CODES])
    help = f"did you mean `archcalc explain {meant}`?" if meant else absent(word)
    message = f"no spec, diagnostic code or operation named `{word}`"
    return tuple(
        d._replace(message=message, label="", help=help or d.help)
        if d.code == "file-not-found"
        else d
        for d in diagnostics
    )


def operation_text(op: Operation, columns: int, *, latex: bool) -> str:
    """An operation: its attributes, the formulas that `check` uses, and an example."""
    lines = [f"{op.name}: {op.summary}"]
    if op.source:
        lines += ["", *wrap(f"Source: {op.source}", columns)]
    if op.attributes:
        lines += ["", "Attributes" + (f" (a single value is {op.main})" if op.main else "")]
    for attribute in op.attributes:
        default = attribute.default
        given = (
            "required"
            if default is REQUIRED
            else "not given by default"
            if default is None
            else f"default {shown_default(default)}"
        )
        text = f"{attribute.name}: {attribute.doc} {attribute.kind.title}; {given}."
        first, *more = wrap(text, columns - 4)
        lines += [f"  {first}", *("      " + line for line in more)]
    formulas = _formulas(op, latex=latex)
    if formulas:
        lines += ["", "Formulas", *formulas]
    lines += ["", "Example", "", *("    " + line for line in op.example.splitlines())]
    return "\n".join(lines) + "\n"


def shown_default(value: object) -> str:
    """A default as a spec writes it."""
    return f"{value:g}" if isinstance(value, float) else shown(value)


def _formulas(op: Operation, *, latex: bool) -> list[str]:
    """The formulas of the operation, derived from its own example."""
    from archcalc import analyze, load
    from archcalc.explain.explanation import explain

    report = analyze(load(op.example))
    layer = next(one for one in report.layers if one.node.op is op)
    found = []
    for equation in explain(report, layer.node.path).equations:
        if equation.term is not None:
            formula = render(equation.term, Style(latex=latex))
            found.append(f"  {equation.figure:<15} = {formula}")
    return found
