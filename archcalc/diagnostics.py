"""Diagnostics as data: what is wrong, where, and how to fix it.

Nothing is printed here: `archcalc.report.diagnostics` renders them. Every code is documented in
`archcalc.diagnostic_codes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class SourceFile:
    """A text that diagnostics point into. `name` is its display name."""

    __slots__ = ("_lines", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._lines: list[str] | None = None

    def line(self, number: int) -> str:
        """The text of a line, counted from 1; empty outside the file."""
        if self._lines is None:
            self._lines = self.text.splitlines()
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""


class Span(NamedTuple):
    """A location in a file: line and column count from 1, `length` in characters of that line."""

    file: SourceFile
    line: int
    column: int
    length: int = 1


class Note(NamedTuple):
    """A further remark, with its location if it has one."""

    message: str
    span: Span | None = None


class Diagnostic(NamedTuple):
    """One error or warning.

    `message` names the problem; `label` is shown below the source line and gives the values in
    conflict; `help` suggests a fix.
    """

    code: str
    severity: str  # "error" or "warning"
    message: str
    span: Span | None = None
    label: str = ""
    help: str = ""
    notes: tuple[Note, ...] = ()


class SpecError(Exception):
    """A spec with errors, from the Python API. `diagnostics` holds all of them."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        from archcalc.report.diagnostics import render_all

        return "\n\n".join(render_all(self.diagnostics))


class DiagnosticError(Exception):
    """An error raised by inner code (an operation, an expression), without a location.

    One outer layer adds the location and continues. `attribute` is the offending attribute, "" for
    the layer as a whole; `span` is the location if inner code knows a more precise one. `message`
    names the problem, `label` gives the values in conflict, `help` suggests a fix: it may be a
    function, called only if the error is reported.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        attribute: str = "",
        label: str = "",
        help: str | Callable[[], str] = "",
        span: Span | None = None,
        notes: tuple[Note, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.attribute = attribute
        self.label = label
        self.advice = help
        self.span = span
        self.notes = notes

    @property
    def help(self) -> str:
        """The suggested fix."""
        return self.advice if isinstance(self.advice, str) else self.advice()

    def diagnostic(self, span: Span | None = None, notes: tuple[Note, ...] = ()) -> Diagnostic:
        """The diagnostic for this error; `span` is its location unless it has its own."""
        place = self.span or span
        notes = (*self.notes, *notes)
        return Diagnostic(self.code, "error", self.message, place, self.label, self.help, notes)


class Stop(Exception):
    """Raised after an error has been added, if the rest cannot be checked (invalid YAML, a
    limit)."""


class Diagnostics:
    """Collects diagnostics in order; at most one per code and location is kept.

    A layer in a loop or block is walked many times: only its first error is relevant.
    """

    def __init__(self) -> None:
        self.items: list[Diagnostic] = []
        self._seen: set[tuple[str, str, tuple[int, int, int]]] = set()

    @property
    def failed(self) -> bool:
        return any(d.severity == "error" for d in self.items)

    def add(self, diagnostic: Diagnostic) -> None:
        key = _key(diagnostic.code, diagnostic.message, diagnostic.span)
        if key not in self._seen:
            self._seen.add(key)
            self.items.append(diagnostic)

    def report(
        self, error: DiagnosticError, span: Span | None = None, notes: tuple[Note, ...] = ()
    ) -> None:
        """Adds an error; `span` is its location unless it has its own."""
        if _key(error.code, error.message, error.span or span) not in self._seen:
            self.add(error.diagnostic(span, notes))

    def error(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        label: str = "",
        help: str = "",
        notes: tuple[Note, ...] = (),
    ) -> None:
        self.add(Diagnostic(code, "error", message, span, label, help, notes))

    def warning(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        label: str = "",
        help: str = "",
        notes: tuple[Note, ...] = (),
    ) -> None:
        self.add(Diagnostic(code, "warning", message, span, label, help, notes))


def _key(code: str, message: str, span: Span | None) -> tuple[str, str, tuple[int, int, int]]:
    """The identity of a diagnostic: equal ones are reported once."""
    if span is None:
        return code, message, (0, 0, 0)
    return code, "", (id(span.file), span.line, span.column)


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a word is most likely a misspelling of, or None.

    At most about one letter in four may differ: words that are merely similar (attention, flatten)
    would be misleading suggestions.
    """
    # difflib takes 2 ms to import, and only errors need it.
    from difflib import get_close_matches
    from itertools import islice

    if len(word) > 80:
        return None
    # An untrusted spec may have 100,000 words of any length, and each comparison takes 20 µs.
    likely = islice((c for c in candidates if abs(len(c) - len(word)) <= 8), 500)
    found = get_close_matches(word.lower(), likely, n=3, cutoff=0.6)
    wrong = max(1, (len(word) + 1) // 4)
    return next((c for c in found if _edits(word.lower(), c.lower()) <= wrong), None)


def _edits(a: str, b: str) -> int:
    """The optimal string alignment distance: insertions, deletions, substitutions, and
    transpositions of adjacent letters."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a):
        last, row, before2 = row, [i + 1], before
        for j, other in enumerate(b):
            cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (letter != other))
            if i and j and letter == b[j - 1] and a[i - 1] == other:
                cost = min(cost, before2[j - 1] + 1)
            row.append(cost)
        before = last
    return row[-1]


def alternatives(words: Sequence[str]) -> str:
    """
    >>> alternatives(["resnet50"]), alternatives(["resnet50", "resnet56", "resnet152"])
    ('resnet50', 'resnet50, resnet56 or resnet152')
    """
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The help for an unknown word: the nearest known one, or all of them if they are few."""
    known = [name for name in names if name not in ("", "in_channels")]
    near = nearest(word, known)
    if near:
        return f"did you mean {near}?"
    if len(known) > 100:
        return ""
    few = dict.fromkeys(known)
    return "known here: " + ", ".join(few) if 0 < len(few) <= 12 else ""
