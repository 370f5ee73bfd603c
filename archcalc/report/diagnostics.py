"""Diagnostics as a compiler prints them: message, location, source line with a label, help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.report.palette import paint
from archcalc.report.text import cells, printable, width, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.diagnostics import Diagnostic, Span

_TAB = 4
_BEFORE = 24  # cells of a trimmed line that are kept before the underlined part


def render_all(
    diagnostics: Iterable[Diagnostic],
    colour: bool = False,
    columns: int = 100,
    explained: set[str] | None = None,
) -> list[str]:
    """The diagnostics as texts. The first of each code ends with the command that explains it;
    `explained` holds the codes that had theirs, for output in several parts."""
    explained = set() if explained is None else explained
    texts = []
    for diagnostic in diagnostics:
        texts.append(render(diagnostic, colour, columns, more=diagnostic.code not in explained))
        explained.add(diagnostic.code)
    return texts


def render(
    diagnostic: Diagnostic, colour: bool = False, columns: int = 100, *, more: bool = False
) -> str:
    """The diagnostic as text of several lines, trimmed to `columns`; with `more`, the last one is
    the command that explains its code.

    >>> from archcalc.diagnostics import Diagnostic, SourceFile, Span
    >>> file = SourceFile("net.yaml", "input: [3, 8, 8]\\nlayers: [conv: {out: 0}]")
    >>> error = Diagnostic("bad-value", "error", "`out` must be at least 1", Span(file, 2, 22, 1))
    >>> print(render(error._replace(label="got 0"), more=True))
    error[bad-value]: `out` must be at least 1
     --> net.yaml:2:22
      |
    2 | layers: [conv: {out: 0}]
      |                      ^ got 0
      = more: archcalc explain bad-value
    """
    spans = [s for s in (diagnostic.span, *(n.span for n in diagnostic.notes)) if s is not None]
    gutter = max((len(str(s.line)) for s in spans), default=1)
    style = "error" if diagnostic.severity == "error" else "warning"
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", style, colour)
    lines = [f"{head}{paint(f': {_shown(diagnostic.message)}', 'strong', colour)}"]
    if diagnostic.span is not None:
        lines += _place("-->", diagnostic.span, gutter, colour)
        lines += _excerpt(diagnostic.span, "^", diagnostic.label, style, gutter, columns, colour)
    elif diagnostic.label:
        lines += _remark("note", diagnostic.label, gutter, columns, colour)
    for note in diagnostic.notes:
        if note.span is None:
            lines += _remark("note", note.message, gutter, columns, colour)
        else:
            lines += _place(":::", note.span, gutter, colour)
            lines += _excerpt(note.span, "-", note.message, "place", gutter, columns, colour)
    if diagnostic.help:
        lines += _remark("help", diagnostic.help, gutter, columns, colour)
    if more:
        lines += _remark("more", f"archcalc explain {diagnostic.code}", gutter, columns, colour)
    return "\n".join(lines)


def _shown(text: str) -> str:
    return printable(text.replace("\n", " "))


def _remark(kind: str, text: str, gutter: int, columns: int, colour: bool) -> list[str]:
    start = f"{' ' * gutter} {paint('=', 'place', colour)} {paint(kind, 'strong', colour)}: "
    indent = gutter + len(f" = {kind}: ")
    first, *more = wrap(_shown(text), columns - indent) or [""]
    return [start + first, *(" " * indent + line for line in more)]


def _place(arrow: str, span: Span, gutter: int, colour: bool) -> list[str]:
    where = f"{printable(span.file.name)}:{span.line}:{span.column}"
    return [f"{' ' * gutter}{paint(arrow, 'place', colour)} {where}"]


def _excerpt(
    span: Span, mark: str, label: str, style: str, gutter: int, columns: int, colour: bool
) -> list[str]:
    """The source line with the span underlined, followed by the label."""
    bar = paint("|", "place", colour)
    empty = " " * gutter
    text, start, length = _window(span, columns - gutter - 3)
    number = paint(str(span.line).rjust(gutter), "place", colour)
    underline = paint(mark * length, style, colour)
    remark = paint(f" {_shown(label)}", style, colour) if label else ""
    return [
        f"{empty} {bar}",
        f"{number} {bar} {text}".rstrip(),
        f"{empty} {bar} {' ' * start}{underline}{remark}",
    ]


def _window(span: Span, limit: int) -> tuple[str, int, int]:
    """The source line as it is shown, the cell where the span starts, and its length in cells.

    A line that is longer than `limit` is trimmed around the span.
    """
    line = span.file.line(span.line)
    before = _expand(line[: span.column - 1])
    place = _expand(line[span.column - 1 : span.column - 1 + span.length])
    after = _expand(line[span.column - 1 + span.length :])
    start, length = width(before), max(width(place), 1)
    if start + length + width(after) <= limit:
        return before + place + after, start, length
    if start > _BEFORE and start + length + 1 > limit:
        before = "…" + _last_cells(before, _BEFORE - 1)
        start = width(before)
    length = min(length, max(limit - start - 1, 1))
    room = limit - start - 1
    text = _first_cells(place + after, room)
    return before + text + ("…" if text != place + after else ""), start, length


def _expand(text: str) -> str:
    """The text with tabs as spaces and unprintable characters as one sign, to keep columns."""
    if text.isprintable():
        return text
    return "".join(" " * _TAB if c == "\t" else c if c.isprintable() else "�" for c in text)


def _first_cells(text: str, limit: int) -> str:
    used = 0
    for position, character in enumerate(text):
        used += cells(character)
        if used > limit:
            return text[:position]
    return text


def _last_cells(text: str, limit: int) -> str:
    return _first_cells(text[::-1], limit)[::-1]
