"""Lists in expressions: joined, repeated, sliced."""

from __future__ import annotations

from typing import Any

import pytest

import archcalc
from archcalc.diagnostics import DiagnosticError, SourceFile, SpecError
from archcalc.spec.expressions import Value


def value(text: str, **names: Any) -> Any:
    return Value(text, True, (SourceFile("<text>", text), 1, 1, len(text))).evaluate(names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2] + [3]", (1, 2, 3)),
        ("[64]*3", (64, 64, 64)),
        ("2*[1, 2]", (1, 2, 1, 2)),
        ("[1]*0", ()),
        ("w[1:]", (20, 30, 40)),
        ("w[:-1]", (10, 20, 30)),
        ("w[::2]", (10, 30)),
        ("w[3:99]", (40,)),
        ("sum(w[:n])", 30),
        ("w + [n]*2", (10, 20, 30, 40, 2, 2)),
        ("[[1, 2]]*2 + [w]", ((1, 2), (1, 2), (10, 20, 30, 40))),
    ],
)
def test_lists(text: str, expected: Any) -> None:
    assert value(text, w=(10, 20, 30, 40), n=2) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1] + 2", "needs numbers"),
        ("[1] - [2]", "needs numbers"),
        ("[1]*[2]", "needs numbers"),
        ("[1]*true", "needs numbers"),
        ("[1]*20000", "at most 10,000"),
        ("5[1:]", "needs a list"),
        ("[1, 2][0.5:]", "must be an integer"),
        ("[1, 2][::0]", "cannot be 0"),
    ],
)
def test_errors(text: str, words: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        value(text)
    assert words in caught.value.message


def test_in_a_net() -> None:
    """Stochastic depth by position, and a table made of parts; the code runs with the same."""
    net = archcalc.load(
        "input: [3, 8, 8]\nvars: {widths: [4, 6], depths: [1, 2]}\nlayers:\n"
        "  - for: [out, depth]\n    in: '[[2, 1]]*2 + [[8, 1]]'\n"
        "    do: [{repeat: depth, do: [conv: {out: out, kernel: 1}]}]\n"
        '  - {conv: {out: "sum(widths[1:])", kernel: 1}}\n'
        '  - {dropout: "sum(depths[:1])/10"}\n'
    )
    # 3·2 + 2, 2·2 + 2, 2·8 + 8, 8·6 + 6
    assert archcalc.analyze(net).totals.params == 8 + 6 + 24 + 54
    text = archcalc.export(net)
    assert "nn.Dropout(0.1)" in text
    pytest.importorskip("torch", reason="PyTorch is not installed")
    model = archcalc.to_torch(net)
    assert sum(p.numel() for p in model.parameters()) == 92


def test_a_long_list_is_an_error_at_its_line() -> None:
    with pytest.raises(SpecError, match="at most 10,000 items"):
        archcalc.load("vars: {w: '[1]*99999'}\ninput: [3]\nlayers: [linear: 'w[0]']\n")
