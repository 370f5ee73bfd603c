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
    """A diagnostic code: what it means and why, with a bad spec (or commands) and a fixed one."""
    lines = [f"{code.code}: {code.title}", "", *wrap(code.why, columns)]
    what = "These commands give it:" if code.is_session else "This spec has the error:"
    for title, text in ((what, code.bad), ("Mended:", code.good)):
        lines += ["", title, "", *("    " + line for line in text.splitlines())]
    return "\n".join(lines) + "\n"


def with_suggestion(word: str, diagnostics: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """The diagnostics of a word that is no spec, with the operation or code that may be meant."""
    from archcalc.diagnostic_codes import CODES
    from archcalc.ops.registry import OPERATIONS
    from archcalc.spec.synonyms import absent, likely

    meant = likely(word, OPERATIONS) or likely(word, [code.code for code in CODES])
    help = f"did you mean `archcalc explain {meant}`?" if meant else absent(word)
    return tuple(
        d._replace(help=help) if help and d.code == "file-not-found" else d for d in diagnostics
    )


def operation_text(op: Operation, columns: int, *, latex: bool) -> str:
    """An operation: its attributes, the formulas that `check` runs, and an example."""
    lines = [f"{op.name}: {op.summary}"]
    if op.source:
        lines += ["", *wrap(f"Source: {op.source}", columns)]
    if op.attributes:
        lines += ["", "Attributes" + (f" (a lone value is {op.main})" if op.main else "")]
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
    """A default in the words of a spec."""
    return f"{value:g}" if isinstance(value, float) else shown(value)


def _formulas(op: Operation, *, latex: bool) -> list[str]:
    """The formulas of the operation, as they arise in its own example."""
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
