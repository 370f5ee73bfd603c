"""Reading small specs in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError, Diagnostics, SourceFile
from archcalc.spec.expressions import Value
from archcalc.spec.parse import parse_spec

if TYPE_CHECKING:
    from archcalc.diagnostics import Diagnostic, Span
    from archcalc.spec.syntax import Layer, Spec

HEAD = "input: [3, 8, 8]\n"


def read(text: str, **files: str) -> tuple[Spec | None, list[Diagnostic]]:
    """The syntax of a spec and its diagnostics; `files` are what `extends` may name."""
    diagnostics = Diagnostics()

    def load(name: str, span: Span) -> SourceFile:
        if name not in files:
            raise DiagnosticError("file-not-found", f"there is no {name} for {span.file.name}")
        return SourceFile(name, files[name])

    return parse_spec(SourceFile("main", text), diagnostics, load), diagnostics.items


def good(text: str, **files: str) -> Spec:
    """The syntax of a spec without errors."""
    spec, diagnostics = read(text, **files)
    assert diagnostics == []
    assert spec is not None
    return spec


def layer(text: str) -> Layer:
    """The one layer that a text is, in a spec without errors."""
    (only,) = good(f"{HEAD}layers:\n  - {text}\n").layers
    return only


def errors(text: str, **files: str) -> list[tuple[str, str]]:
    """The code of each error and the text that is underlined."""
    found = []
    for d in read(text, **files)[1]:
        assert d.span is not None
        start = d.span.column - 1
        found.append((d.code, d.span.file.line(d.span.line)[start : start + d.span.length]))
    return found


def layer_errors(text: str) -> list[tuple[str, str]]:
    """The errors of a spec with one layer."""
    return errors(f"{HEAD}layers:\n  - {text}\n")


def value(text: str, *, plain: bool = True) -> Value:
    return Value(text, plain, (SourceFile("main", text), 1, 1, len(text)))


def evaluate(text: str, **names: Any) -> Any:
    return value(text).evaluate(names)
