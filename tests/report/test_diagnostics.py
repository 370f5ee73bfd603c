"""Diagnostics as text. The expected forms are written by hand, modelled on rustc's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archcalc.diagnostics import Diagnostic, Note, SourceFile, Span
from archcalc.report.diagnostics import render
from archcalc.report.text import width

FILE = SourceFile(
    "resnet18.yaml",
    "\n" * 13 + "      - add:\n" + "\n" * 85 + "  - basic: {width: 128, stride: 2}\n",
)


def test_the_form():
    error = Diagnostic(
        "shape-mismatch",
        "error",
        "add needs equal shapes",
        Span(FILE, 14, 9, 3),
        "branch 1 is 128×28×28, branch 2 (identity) is 64×56×56",
        "give branch 2 a conv with out: 128, kernel: 1, stride: 2",
    )
    assert render(error).splitlines() == [
        "error[shape-mismatch]: add needs equal shapes",
        "  --> resnet18.yaml:14:9",
        "   |",
        "14 |       - add:",
        "   |         ^^^ branch 1 is 128×28×28, branch 2 (identity) is 64×56×56",
        "   = help: give branch 2 a conv with out: 128, kernel: 1, stride: 2",
    ]


def test_notes_have_their_own_locations():
    error = Diagnostic(
        "some-code",
        "warning",
        "a rule",
        Span(FILE, 14, 9, 3),
        notes=(Note("called here", Span(FILE, 100, 5, 5)), Note("a remark")),
    )
    assert render(error).splitlines() == [
        "warning[some-code]: a rule",
        "   --> resnet18.yaml:14:9",
        "    |",
        " 14 |       - add:",
        "    |         ^^^",
        "   ::: resnet18.yaml:100:5",
        "    |",
        "100 |   - basic: {width: 128, stride: 2}",
        "    |     ----- called here",
        "    = note: a remark",
    ]


def test_without_a_location():
    error = Diagnostic("no-such-file", "error", "there is no file x.yaml", help="did you mean y?")
    assert render(error).splitlines() == [
        "error[no-such-file]: there is no file x.yaml",
        "  = help: did you mean y?",
    ]


def test_a_location_past_the_end_of_the_file():
    file = SourceFile("a.yaml", "x: [")
    lines = render(Diagnostic("bad-yaml", "error", "not closed", Span(file, 2, 1))).splitlines()
    assert lines[-2:] == ["2 |", "  | ^"]


def test_control_characters_never_reach_the_terminal():
    escape = "\x1b[31m\x07\u202e"
    file = SourceFile(f"a{escape}.yaml", f"name: {escape}x")
    error = Diagnostic("c", "error", escape, Span(file, 1, 1, 4), escape, escape)
    error = error._replace(notes=(Note(escape), Note(escape, Span(file, 1, 7, 1))))
    text = render(error)
    assert text.replace("\n", "").isprintable()


def test_colour_changes_nothing_but_colour():
    import re

    error = Diagnostic("c", "error", "rule", Span(FILE, 14, 9, 3), "label", "help")
    error = error._replace(notes=(Note("here", Span(FILE, 100, 5, 5)),))
    coloured = render(error, colour=True)
    assert coloured != render(error)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == render(error)


SHOWN = str.maketrans({"\t": "    ", "\x07": "\ufffd"})
SIGNS = st.sampled_from("a \té層\x07😀×")
LINES = st.text(SIGNS, max_size=40) | st.text(SIGNS, min_size=40, max_size=120)


@given(LINES, st.integers(1, 90), st.integers(1, 60), st.integers(40, 80))
def test_the_underline_is_below_the_span(line, column, length, columns):
    line += "X"
    column = min(column, len(line))
    length = min(length, len(line) + 1 - column)
    span = Span(SourceFile("f", line), 1, column, length)
    text = render(Diagnostic("c", "error", "m", span), columns=columns)
    *_, shown, underline = text.splitlines()
    source, marks = shown[4:], underline[4:]
    start = len(marks) - len(marks.lstrip())
    assert max(width(shown), width(underline)) <= columns
    # Left of the underline is the text left of the span, or its end.
    before = line[: column - 1].translate(SHOWN)
    left = _cells(source, 0, start)
    assert left == before or (left[0] == "…" and before.endswith(left[1:]))
    # Above the underline is the span, or its beginning.
    place = line[column - 1 : column - 1 + length].translate(SHOWN)
    above = _cells(source, start, len(marks))
    assert place.rstrip() == above.rstrip() or place.startswith(above.rstrip("…"))
    assert marks.strip("^ ") == ""


def _cells(text, start, end):
    """The characters that start in these cells."""
    found, cell = "", 0
    for character in text:
        if start <= cell < end:
            found += character
        cell += width(character)
    return found
