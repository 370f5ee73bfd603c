"""Random bytes and mutated specs give diagnostics only, from reading to metrics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archcalc.diagnostics import Diagnostics, Stop
from archcalc.pipeline import check
from archcalc.report.diagnostics import render
from archcalc.spec.files import catalogue_files, open_source, opener
from archcalc.spec.parse import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable

SPECS = [path.read_text() for path in catalogue_files().values()]

LANGUAGE = """\
input: {image: [3, side, side], state: [16]}
vars: {side: 16, table: [[8, relu], [16, tanh]], rate: 0.5}
defaults: {conv: {bias: false}}
blocks:
  gate:
    with: {width: , act: {type: operation, default: {leaky_relu: 0.1}}, tail: [1, 2]}
    let: {inner: make_divisible(width*rate)}
    inputs: [skip]
    do:
      - {name: reduce, conv: {out: inner, kernel: 1}, init: {normal: {std: 0.01}}}
      - apply: act
      - mul: [{from: skip}, [conv: {out: 2*in_channels, kernel: 1x1}, sigmoid]]
layers:
  - {from: image, as: start, conv: {out: 8, kernel: 3, padding: [[0, 1], 1]}}
  - for: [width, act]
    in: table
    do:
      - {name: stage$(index), conv: {out: width, kernel: 3, padding: same}}
      - apply: act
  - concat:
      branches:
        - {for: r, in: [1, 2], branch: [conv: {out: 4*r, kernel: 3, dilation: r, padding: r}]}
        - {only_if: rate < 1, maxpool: {kernel: 3, stride: 1, padding: 1, ceil: true}}
      axis: 0
  - {gate: {width: in_channels//2, skip: stage1}, expect: {params: 1, rounding: down}}
  - {name: aux, head: true, training_only: true, group: [global_avgpool, flatten, linear: 10]}
  - {split: {into: [left, right]}}
  - {from: left, repeat: 2, do: [{when: index > 0, relu: }]}
  - global_avgpool
  - flatten
  - {linear: 10, note: the end, allow: misaligned-branches}
expect:
  - {output: [10], macs: 4.09G, source: nowhere}
  - {set: {rate: 1}, input: {image: [3, 8, 8]}, depth: 2*side}
"""

PIECES = [
    *("{", "}", "[", "]", ":", ",", "- ", "\n", "  ", "'", '"', "&a ", "*a", "|", "~", "#", "<<"),
    *("$(", ")", "**", "//", "-1", "0", "10**9", "0.5", "null", "true", "é", "\x00", "\t", "..."),
    *("conv", "add", "for", "in", "repeat", "do", "group", "from", "reuse", "apply", "index"),
    *("in_channels", "same", "kernel: 3", "relu", "when: ", "name: ", "head: true", "side"),
]


def swallow(text: str) -> None:
    """A check whose diagnostics can all be rendered."""
    for diagnostic in check(text + "\n").diagnostics:
        assert render(diagnostic, colour=False)


def mutations() -> st.SearchStrategy[str]:
    """A valid spec with a few characters removed, repeated, moved or replaced."""
    edit = st.tuples(
        st.integers(0, 10_000),
        st.integers(0, 40),
        st.sampled_from(["", *PIECES]) | st.text(max_size=5),
    )

    def apply(text: str, edits: list[tuple[int, int, str]]) -> str:
        for place, length, new in edits:
            at = place % (len(text) + 1)
            text = text[:at] + new + text[at + length :]
        return text

    spec = st.just(LANGUAGE) | st.sampled_from(SPECS)
    return st.builds(apply, spec, st.lists(edit, min_size=1, max_size=4))


def line_mutations() -> st.SearchStrategy[str]:
    """A valid spec with lines removed, repeated, swapped or inserted."""
    edit = st.tuples(st.sampled_from("-+<>x"), st.integers(0, 100), st.integers(0, 100))

    def apply(text: str, edits: list[tuple[str, int, int]]) -> str:
        lines = text.splitlines()
        for kind, a, b in edits:
            i, j = a % len(lines), b % len(lines)
            if kind == "x":
                lines[i], lines[j] = lines[j], lines[i]
            elif kind == "+":
                lines.insert(j, lines[i])
            elif kind == "-" and len(lines) > 1:
                del lines[i]
            else:
                lines[i] = lines[i][2:] if kind == "<" else "  " + lines[i]
        return "\n".join(lines)

    spec = st.just(LANGUAGE) | st.sampled_from(SPECS)
    return st.builds(apply, spec, st.lists(edit, min_size=1, max_size=4))


def test_the_spec_that_is_mutated_is_valid() -> None:
    codes = [d.code for d in check(LANGUAGE).diagnostics if d.severity == "error"]
    assert codes == ["expectation-failed"] * len(codes)


@pytest.mark.parametrize("strategy", [mutations, line_mutations])
def test_mutated_specs(strategy: Callable[[], st.SearchStrategy[str]]) -> None:
    @settings(max_examples=150)
    @given(strategy())
    def run(text: str) -> None:
        swallow(text)

    run()


@given(st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_random_text(text: str) -> None:
    swallow(text)


@given(data=st.binary(max_size=200))
def test_random_bytes(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = Path(tmp_path_factory.getbasetemp()) / "fuzz.yaml"
    path.write_bytes(data)
    diagnostics = Diagnostics()
    try:
        parse_spec(open_source(path, diagnostics), diagnostics, opener())
    except Stop:
        assert diagnostics.failed
    for diagnostic in diagnostics.items:
        assert render(diagnostic, colour=False)
