"""Valid specs with a few words changed give registered diagnostics only, located in the text, and
every report can be written."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from archcalc.diagnostic_codes import CODES
from archcalc.ops.registry import OPERATIONS
from archcalc.pipeline import check
from archcalc.report import json, table
from archcalc.report.diagnostics import render
from archcalc.spec.files import catalogue_files

KNOWN = {code.code for code in CODES}
NETS = [path.read_text(encoding="utf-8") for path in catalogue_files().values()]
SMALL = [
    *(op.example for op in OPERATIONS.values()),
    *(text for code in CODES if not code.is_session for text in (code.bad, code.good)),
]
TOKEN = re.compile(r"[^\W\d]\w*|\d[\d_.]*|\s+|\*\*|//|[<>=!]=|\$\(|.", re.DOTALL)
VALUES = [
    *("0", "1", "-1", "2", "7", "64", "4097", "10**9", "1/2", "0.5", "1e-5", "9" * 400, "1//0"),
    *("", "~", "true", "no", "''", "same", "full", "1x7", "relu", "{relu: }", "{leaky_relu: 0.1}"),
    *("[]", "[3]", "[1, 2]", "[[0, 1], 1]", "[0, 1, 2]", "[3, 0, 8]", "[[1, 2], 3]", "{a: [3, 8]}"),
    *("in_channels", "2*in_channels", "index", "x", "2*x", "x[0]", "len([1])", "1 > 0", "not 1"),
    *("a.b", "$(index)", "$(1/2)", "$(x", "(1).real", "2**2000", "__class__", "٣", "4.09G"),
]
WORDS = [
    *("conv", "add", "concat", "split", "pad", "crop", "flatten", "group", "do", "from", "reuse"),
    *("apply", "name", "as", "when", "only_if", "repeat", "for", "in", "expect", "set", "input"),
    *("head", "training_only", "init", "allow", "branch", "branches", "with", "let", "inputs"),
    *("defaults", "blocks", "layers", "vars", "kernel", "out", "axis", "like", "output", "depth"),
]
SIGNS = [*"{}[]:,-#|*&'\"\n\t()", ": ", "- ", "\n  ", "\x00"]


def tokens_of(text: str) -> list[str]:
    return TOKEN.findall(text)


def changed(text: str, edits: list[tuple[str, int, int, str]]) -> str:
    """The text with tokens removed, repeated, replaced, inserted or swapped."""
    tokens = tokens_of(text)
    for kind, a, b, new in edits:
        i, j = a % len(tokens), b % len(tokens)
        if kind == "out":
            tokens[i] = ""
        elif kind == "double":
            tokens[i] *= 2
        elif kind == "exchange":
            tokens[i], tokens[j] = tokens[j], tokens[i]
        elif kind == "in":
            tokens[i] += new
        else:  # words and numbers only, so that it usually stays valid YAML
            places = [n for n, token in enumerate(tokens) if token[:1].isalnum()]
            if places:
                tokens[places[a % len(places)]] = new
    return "".join(tokens) + "\n"


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["value"] * 6 + ["out", "double", "exchange", "in"]),
        st.integers(0, 5_000),
        st.integers(0, 5_000),
        st.sampled_from(VALUES * 2 + WORDS + SIGNS),
    ),
    min_size=1,
    max_size=3,
)


def examine(text: str, *, cases: bool) -> None:
    checked = check(text, cases=cases)
    for diagnostic in checked.diagnostics:
        assert diagnostic.code in KNOWN
        assert render(diagnostic)
        span = diagnostic.span
        assert span is not None
        assert min(span.line, span.column, span.length) >= 1
        assert span.line <= span.file.text.count("\n") + 1
    assert checked.ok or any(d.severity == "error" for d in checked.diagnostics)
    assert table.table(checked, table.View(), columns=80, colour=False)
    assert json.text([checked])


@settings(max_examples=250)
@given(st.sampled_from(SMALL), EDITS)
def test_small_specs(text: str, edits: list[tuple[str, int, int, str]]) -> None:
    examine(changed(text, edits), cases=True)


@settings(max_examples=120)
@given(st.sampled_from(NETS), EDITS)
def test_the_catalogue(text: str, edits: list[tuple[str, int, int, str]]) -> None:
    examine(changed(text, edits), cases=False)


def test_nothing_is_lost_in_tokens() -> None:
    for text in (*NETS, *SMALL):
        assert "".join(tokens_of(text)) == text
