"""The number of classes for a block whose calls have values of several types, and their
annotations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import archcalc
from tests.export.interpreter import largest_difference
from tests.export.support import compared, differences, lint, model_class, types

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = """
input: [4, 12, 12]
blocks:
  unit:
    with: {out: , kernel: {type: any}, padding: {type: any, default: 0}}
    do: [{name: conv, conv: {out: out, kernel: kernel, padding: padding}}]
"""

CASES: dict[str, tuple[tuple[str, ...], int, str]] = {
    # title: (calls, classes of the block, a parameter)
    "numbers, lists and words": (
        (
            "kernel: 1",
            "kernel: 3, padding: same",
            "kernel: 1x7, padding: [0, 3]",
            "kernel: 3, padding: 1",
        ),
        3,
        "padding: int = 0",
    ),
    "a default of another type than the calls give": (
        ("kernel: 1x7, padding: [0, 3]", "kernel: 1x7, padding: [1, 3]"),
        1,
        "padding: int | tuple[int, int] = 0",
    ),
}


def _text(calls: tuple[str, ...]) -> str:
    layers = [f"  - {{name: n{i}, unit: {{out: 4, {call}}}}}\n" for i, call in enumerate(calls)]
    return f"{BLOCK}layers:\n{''.join(layers)}"


@pytest.mark.parametrize("title", CASES)
def test_compatible_calls_share_a_class(title: str, tmp_path: Path) -> None:
    calls, count, parameter = CASES[title]
    net = archcalc.load(_text(calls))
    code = archcalc.export(net)
    assert len(re.findall("^class Unit", code, re.MULTILINE)) == count, code
    assert parameter in code, code
    assert differences(compared(net, tmp_path)) == []
    assert largest_difference(model_class(net, tmp_path)(), net) < 1e-9
    assert lint(tmp_path) == ""
    assert types(tmp_path) == ""


def test_an_empty_do_under_a_condition_is_the_identity(tmp_path: Path) -> None:
    spec = (
        "input: [3, 8, 8]\nvars: {flag: true}\nlayers:\n"
        "  - {when: flag, do: []}\n  - add: [[relu], []]\n"
    )
    assert differences(compared(archcalc.load(spec), tmp_path)) == []
