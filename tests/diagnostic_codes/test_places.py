"""What is underlined: the offending part of the text, not the whole line."""

from __future__ import annotations

import pytest

from archcalc.pipeline import check

HEAD = "input: [3, 8, 8]\nvars: {width: 8}\n"


def places(text: str) -> list[tuple[str, str]]:
    """The code of each diagnostic and the text that it underlines."""
    found = []
    for diagnostic in check(HEAD + text).diagnostics:
        span = diagnostic.span
        assert span is not None
        line = span.file.line(span.line)
        found.append((diagnostic.code, line[span.column - 1 : span.column - 1 + span.length]))
    return found


PLACES = [
    # values
    ("layers: [conv: {out: 2*widht + 1, kernel: 3}]", "unknown-name", "widht"),
    ("layers: [conv: {out: '2*widht + 1', kernel: 3}]", "unknown-name", "widht"),
    ("layers: [conv: {out: 8, kernel: [3, 2*k]}]", "unknown-name", "k"),
    ("layers: [conv: {out: max(width), kernel: 3, stride: mxa(2)}]", "unknown-function", "mxa"),
    ("layers: [conv: {out: 8 if width > 2 else [1], kernel: 3}]", "yaml-syntax", "["),
    ("layers: [conv: {out: 8, kernel: 0}]", "bad-value", "0"),
    ("layers: [conv: {out: 8, kernel: 9}]", "window-too-large", "9"),
    # an error of the layer as a whole, and of one of two joined branches
    ("layers: [linear: 3]", "linear-on-spatial", "linear"),
    ("layers: [{add: [{conv: {out: 8, kernel: 1}}, []]}]", "shape-mismatch", "add"),
    # vars, inputs, conditions, loops, names
    ("blocks: {b: {let: {w: 2*k}, do: []}}\nlayers: [b]", "unknown-name", "k"),
    ("layers: [{when: width > least, relu: }]", "unknown-name", "least"),
    ("layers: [{add: [{only_if: least, relu: }, []]}]", "unknown-name", "least"),
    ("layers: [{repeat: -width, do: [relu]}]", "bad-value", "-width"),
    ("layers: [{for: [a, b], in: [[1, 2], [3]], do: [relu]}]", "bad-table", "[3]"),
    ("layers: [{for: [a, b], in: [[1, 2], [3, 4*k]], do: [relu]}]", "unknown-name", "k"),
    ("layers: [{name: x$(index), relu: }]", "unknown-name", "index"),
    ("layers: [{name: x$(width/3), relu: }]", "wrong-type", "(width/3)"),
    ("layers: [{name: 1st, relu: }, {add: [relu, []]}]", "invalid-name", "1st"),
    ("layers: [{name: a, relu: }, {name: a, tanh: }]", "duplicate-name", "a"),
    ("layers: [{as: a, relu: }, {as: a, tanh: }]", "duplicate-name", "a"),
    ("layers: [{from: nowhere, relu: }]", "unknown-label", "nowhere"),
    ("layers: [{crop: {like: nowhere}}]", "unknown-label", "nowhere"),
    ("layers: [{reuse: nowhere}]", "unknown-label", "reuse"),
    # keys
    ("layers: [{conv: {out: 8, kernal: 1}}]", "unknown-attribute", "kernal"),
    ("layers: [{conv: {out: 8}, kernel: 1}]", "misplaced-key", "kernel"),
    ("layers: [{repeat: 2, relu: }]", "misplaced-key", "repeat"),
    ("layer: []\nlayers: [relu]", "unknown-key", "layer"),
    # expectations
    ("layers: [relu]\nexpect: {params: 1}", "expectation-failed", "1"),
    ("layers: [relu]\nexpect: {output: [3, 8, 2*k]}", "unknown-name", "k"),
    ("layers: [relu]\nexpect: {set: {widht: 3}, params: 0}", "bad-expectation", "widht"),
    ("layers: [relu]\nexpect: {set: {width: 2*k}, params: 0}", "unknown-name", "k"),
    ("layers: [relu]\nexpect: {input: {i: [3]}, params: 0}", "bad-expectation", "i"),
    ("layers: [relu]\nexpect: {parms: 0}", "unknown-figure", "parms"),
    ("layers: [{relu: , allow: misaligned}]", "unknown-code", "misaligned"),
    (
        "layers: [{from: input, conv: {out: 3, kernel: 1}, init: {normal: {std: k/2}}}]",
        "unknown-name",
        "k",
    ),
]


@pytest.mark.parametrize(("text", "code", "underlined"), PLACES, ids=[p[0] for p in PLACES])
def test_the_location(text: str, code: str, underlined: str) -> None:
    assert places(text) == [(code, underlined)]


def test_an_error_in_a_block_shows_the_call() -> None:
    text = HEAD + "blocks: {b: {do: [conv: {out: 2*k, kernel: 1}]}}\nlayers: [b, b]\n"
    (diagnostic,) = check(text).diagnostics
    assert [(n.message, n.span and n.span.line) for n in diagnostic.notes] == [
        ("in this call of b", 4)
    ]
