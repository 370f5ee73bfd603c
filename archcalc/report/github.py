"""Annotations for a GitHub workflow: errors, warnings and failed expectations at their lines.

The form is `::error file=…,line=…,col=…,title=…::message`, with the escapes of the runner's own
toolkit, so that no text of a spec can end a command or start another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.report.summary import verdict
from archcalc.report.text import printable

if TYPE_CHECKING:
    from archcalc.diagnostics import Diagnostic, Span
    from archcalc.report.checked import Checked


def text(checked: list[Checked]) -> str:
    """The annotations of all the specs, and one plain line per spec for the log."""
    lines: list[str] = []
    for one in checked:
        lines += [_diagnostic(d) for d in one.diagnostics]
        lines.append(f"archcalc: {printable(one.source)}: {verdict(one, colour=False)}")
    return "\n".join(lines) + "\n"


def _diagnostic(d: Diagnostic) -> str:
    texts = [printable(f"{d.message}: {d.label}" if d.label else d.message)]
    texts += [printable(f"help: {d.help}")] if d.help else []
    kind = "error" if d.severity == "error" else "warning"
    return _command(kind, d.span, d.code, "\n".join(texts))


def _command(kind: str, span: Span | None, title: str, message: str) -> str:
    properties: list[tuple[str, object]] = []
    if span is not None:
        properties = [("file", span.file.name), ("line", span.line), ("col", span.column)]
        properties.append(("endColumn", span.column + span.length))
    properties.append(("title", title))
    written = ",".join(f"{name}={_property(printable(str(value)))}" for name, value in properties)
    return f"::{kind} {written}::{_data(message)}"


def _data(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
