"""YAML's own errors in plain words: where, what, and what would fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import Note, Span
from archcalc.spec.limits import TOO_DEEP

if TYPE_CHECKING:
    from archcalc.diagnostics import Diagnostics, SourceFile

_HINTS = (
    # (part of the loader's message, what is wrong, what would fix it); the first match counts
    (
        "alphabetic or numeric character",
        "an unquoted * or & at the start of a value",
        "quote it: they are YAML's signs for aliases and anchors",
    ),
    (
        "mapping values are not allowed",
        "a second `: ` on this line",
        "quote the text, or put the inner key on a line of its own, further in",
    ),
    (
        "unexpected end of stream",
        "a quoted text does not end",
        "close the quote",
    ),
    (
        "escape character",
        "an unknown escape in a double-quoted text",
        "write \\\\ for a backslash, or use single quotes",
    ),
    (
        "could not find expected ':'",
        "a key without its colon",
        "write `key: value`, with a space after the colon",
    ),
    (
        "',' or '}'",
        "a {…} that is not closed, or a comma is missing",
        "close it with `}`, and put commas between its entries",
    ),
    (
        "',' or ']'",
        "a […] that is not closed, or a comma is missing",
        "close it with `]`, and put commas between its entries",
    ),
    (
        "<document start>",
        "text after the end of the spec",
        "check the brackets, and that every top-level key starts in the first column",
    ),
    (
        "did not find expected",
        "an entry that does not line up with the others",
        "start all entries of a list or mapping in the same column",
    ),
    (
        "expected <block end>",
        "an entry that does not line up with the others",
        "start all entries of a list or mapping in the same column",
    ),
)


def report(error: Exception, file: SourceFile, diagnostics: Diagnostics) -> None:
    """Adds a YAML error, with its place, as a diagnostic."""
    mark: Any = getattr(error, "problem_mark", None)
    if mark is None:
        _report_character(file, diagnostics)
        return
    span = Span(file, mark.line + 1, mark.column + 1)
    problem = str(getattr(error, "problem", ""))
    if "nesting depth" in problem:
        # libyaml's own bound, which its look-ahead meets before the tree's: 1,000 since 0.2.6
        diagnostics.error("nesting-too-deep", TOO_DEEP, span, help="use blocks")
        return
    opened = getattr(error, "context_mark", None)
    place = span if opened is None else Span(file, opened.line + 1, opened.column + 1)
    notes: tuple[Note, ...] = ()
    tight = next((at for at in (place, span) if _tight_dash(at)), None)
    if tight is not None:
        span, place = tight, tight
        message, help = "a `-` without a space after it", f"write - {_tight_dash(tight)}"
    else:
        message, help = _explain(problem, span)
    if "',' or" in problem and place.line != span.line:
        # A bracket that nobody closed: seen far below, and mended where it is.
        notes = (Note("read on to here", span),)
        span = place
    elif place != span:
        notes = (Note(f"{getattr(error, 'context', '')}, which starts here", place),)
    diagnostics.error("yaml-syntax", message, span, label=problem, help=help, notes=notes)


def _tight_dash(span: Span) -> str:
    """What stands on a line right after its `-`, "" where nothing does."""
    text = span.file.line(span.line).strip()
    return text[1:50] if text[:1] == "-" and text[1:2].isalpha() else ""


def _explain(problem: str, span: Span) -> tuple[str, str]:
    line = span.file.line(span.line)
    here = line[span.column - 1 : span.column]
    before = line[: span.column - 1].rstrip()
    if "\t" in (here, line[len(line) - len(line.lstrip()) :][:1], line[:1]):
        return "a tab indents this line", "YAML is indented with spaces only"
    if here and here in "@`%":
        return f"a value cannot begin with {here}", "quote it"
    if here and here in "[{" and before and before[-1] not in ",:[{-":
        return "an unquoted expression with a bracket", f"quote it: {_quoted(line, span.column)}"
    if "mapping values" in problem:
        tight = _tight_colon(line)
        if tight:
            return "a colon without a space after it", f"write {tight}: …"
        bare = _without_colon(line)
        if bare:
            return f"{bare} without its colon", f"write {bare}: {{…}}"
    for part, message, help in _HINTS:
        if part in problem:
            return message, help
    return "this is not YAML", "check the quotes, brackets, colons and indentation around here"


def _tight_colon(line: str) -> str:
    """The key before a `:{` or `:[`, "" where there is none."""
    for end in (":{", ":["):
        before, found, _ = line.partition(end)
        if found:
            return before.split()[-1].lstrip("{[") if before.split() else ""
    return ""


def _without_colon(line: str) -> str:
    """The word before a `{` that a colon should stand between, "" where there is none."""
    word = line.partition("{")[0].strip().removeprefix("- ").strip()
    return word if "{" in line and word.isidentifier() else ""


def _quoted(line: str, column: int) -> str:
    """The expression around a bracket, in quotes, as a hint."""
    start = max(line.rfind(c, 0, column - 1) for c in ",:{[") + 1
    end = min((i for i in (line.find(c, column) for c in ",}") if i >= 0), default=len(line))
    return f'"{line[start:end].strip()}"'


def _report_character(file: SourceFile, diagnostics: Diagnostics) -> None:
    """The loader says no line for a character that YAML forbids; it is found again here."""
    from yaml.reader import Reader

    found = Reader.NON_PRINTABLE.search(file.text)
    position = found.start() if found else 0
    line = file.text.count("\n", 0, position) + 1
    column = position - (file.text.rfind("\n", 0, position) + 1) + 1
    character = file.text[position : position + 1]
    diagnostics.error(
        "yaml-syntax",
        f"the character U+{ord(character):04X} may not stand in YAML"
        if found
        else "this is not YAML",
        Span(file, line, column),
        help="remove it; is this a text file?",
    )
