"""Invalid YAML: the message and the location of each mistake.

Each case marks the expected position of the caret with «, which is not part of the spec.
"""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from archcalc.diagnostics import Diagnostics, SourceFile, Stop
from archcalc.spec.yaml_tree import parse_tree

CASES = {
    "missing comma": [
        "layers:\n  - conv: {out: 8« kernel: 3}",
        "layers:\n  - {name: a« conv: {out: 8}}",
        'layers:\n  - {name: "a"« relu: }',
        "layers:\n  - {a: [1, 2]« b: 3}",
        "layers: [{relu: }« {tanh: }]",
        "layers:\n  - conv: {out: 8,\n      kernel: 3«\n      stride: 2}",
        "layers:\n  - conv: {out: 8,\n      kernel: 3«  # a comment\n      stride: 2}",
    ],
    "unclosed `{`": [
        "layers:\n  - conv: «{out: 8, kernel: 3\n  - relu",
        "layers:\n  - conv: «{out: 8, kernel: 3\nexpect: {params: 3}",
        "layers:\n  - conv: «{out: 8, kernel: 3",
    ],
    "unclosed `[`": ["input: «[3, 8, 8\nlayers:\n  - relu", "input: «[3, 8, 8 # sizes"],
    "`[` closed by `}`": ["input: [3, 8, 8«}\nlayers: [relu]"],
    "`{` closed by `]`": ["layers:\n  - conv: {out: 8«]"],
    "unmatched `}`": ["layers:\n  - conv: {out: 8}«}\n  - relu"],
    "unmatched `]`": ["input: [3, 8, 8]«]"],
    "unclosed quote": ['name: «"net\nlayers: [relu]', "name: «'net\nlayers: [relu]"],
    "text after the closing quote": ["name: 'it'«s a net'", 'name: "net" «one'],
    "tab in the indentation": [
        "layers:\n«\t- relu",
        "layers:\n- conv:\n«\tout: 8",
        "layers:\n  - name: a\n«\t  relu:",
        "layers:\n  -«\trelu",
    ],
    "inconsistent indentation": [
        "layers:\n    - relu\n  «- tanh",
        "layers:\n  - relu\n   «- tanh:",
        "input: [3]\n «layers: [relu]",
        "layers:\n  - name: a\n   «relu:",
        "layers:\n  - name: a\n     «relu:",
        "name: net\n  «more: 3",
    ],
    "a key among list entries": ["layers:\n  - relu\n  «conv: 3"],
    "a list entry among keys": ["input: [3]\n«- relu"],
    "missing space after `:`": [
        "layers:\n  - name«:a\n    relu:",
        "name«:net\nlayers: [relu]",
    ],
    "missing `:` after `name`": ["nam«e net\nlayers: [relu]"],
    "missing `:` after `layers`": ["input: [3]\nlayer«s\n  - relu"],
    "missing `:` after `conv`": ["layers: [{name: a, con«v {out: 8}}]"],
    "unexpected `: ` in a value": ["name: a«: b", "layers:\n  - conv: out«: 8"],
    "unexpected `:`": ["layers: [conv: {out: 3}«: 4]"],
    "missing space after `-`": ["layers:\n  - relu\n  «-tanh", "layers:\n«-relu  # one\n-tanh"],
    "unquoted `&` at the start of a value": ["layers:\n  - conv: {out: «&, kernel: 3}"],
    "unquoted `*` at the start of a value": ["name: «*"],
    "unknown anchor `w`": ["layers:\n  - conv: {out: «*w}"],
    "a value cannot begin with @": ["name: «@net"],
    "a line cannot begin with %": ["«%net: 3"],
    "unknown escape in a double-quoted string": ['name: "a«\\qb"'],
    "unquoted expression with a bracket": [
        "layers:\n  - conv: {out: widths«[0], kernel: 3}",
        "layers:\n  - conv:\n      out: [1,2]«[0]",
    ],
    "text after `|` or `>`": ["note: >«x\n"],
    "missing value": ["input: [3,«, 8]"],
    "duplicate key `a`": ["vars: {a: 1, «a: 2}"],
    "key too long": ["a" * 1100 + "«: 3"],
    "invalid character U+0001": ["name: a«\x01b"],
}


@pytest.mark.parametrize(
    ("message", "marked"), [(m, text) for m, texts in CASES.items() for text in texts]
)
def test_yaml_mistake_is_named_where_it_is(message: str, marked: str) -> None:
    before, _, after = marked.partition("«")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    found = diagnostics_of(before + after + "\n")
    assert [d.message for d in found.items] == [message]
    span = found.items[0].span
    assert span is not None
    assert (span.line, span.column) == (line, column)


def diagnostics_of(text: str) -> Diagnostics:
    found = Diagnostics()
    with suppress(Stop):
        parse_tree(SourceFile("net.yaml", text), found)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "a: {b: " + "'" * 300_001,
        "a: [" + "x " * 300_000 + ": 3]",
        "-" * 600_000 + ": a: b",
        "a: {\n" + "b: 'c\n" * 100_000,
        "a: [" + "(" * 300_000 + "[",
    ],
)
def test_a_long_invalid_line_is_explained_in_short_time(text: str) -> None:
    begin = time.process_time()
    assert diagnostics_of(text).failed
    assert time.process_time() - begin < 2
