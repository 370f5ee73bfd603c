"""Operations that move elements, and elementwise arithmetic: shapes, labels, reaches by hand."""

from __future__ import annotations

from typing import Any

import pytest

from archcalc.ops.base import CHANNELS, Axis, Tensor
from archcalc.ops.reach import Everything, Window
from tests.ops.support import describe, error, run, shape

C = CHANNELS
MAPS = Tensor((6, 4, 5), (C, 0, 1))
LAST = Tensor((4, 5, 6), (0, 1, C))
ALL = Everything()

CASES: list[tuple[str, Tensor, dict[str, Any], tuple[int, ...], tuple[Axis, ...], Any]] = [
    # operation, input, attributes, output shape, output labels, reach
    ("flatten", MAPS, {}, (120,), (C,), (ALL, ALL)),
    ("flatten", Tensor((6, 1, 1), (C, 0, 1)), {}, (6,), (C,), None),
    ("flatten", Tensor((6, 1, 5), (C, 0, 1)), {}, (30,), (C,), (None, ALL)),
    ("flatten", MAPS, {"start": 1}, (6, 20), (C, None), None),
    ("flatten", MAPS, {"end": 1}, (24, 5), (C, 1), (ALL, None)),
    ("flatten", LAST, {"start": 1}, (4, 30), (0, C), (None, ALL)),
    ("flatten", Tensor((6, 1, 5), (C, 0, 1)), {"start": 1}, (6, 5), (C, 1), None),
    ("reshape", MAPS, {"shape": [2, 3, 4, 5]}, (2, 3, 4, 5), (C, None, 0, 1), None),
    ("reshape", MAPS, {"shape": [6, -1]}, (6, 20), (C, None), None),
    ("reshape", MAPS, {"shape": [-1]}, (120,), (C,), (ALL, ALL)),
    ("reshape", MAPS, {"shape": [24, 5]}, (24, 5), (C, 1), (ALL, None)),
    ("reshape", MAPS, {"shape": [6, 4, 5]}, (6, 4, 5), (C, 0, 1), None),
    ("reshape", LAST, {"shape": [20, 6]}, (20, 6), (None, C), None),
    ("reshape", LAST, {"shape": [4, 30]}, (4, 30), (0, C), (None, ALL)),
    ("reshape", Tensor((8,), (C,)), {"shape": [2, 2, 2]}, (2, 2, 2), (C, None, None), None),
    ("reshape", Tensor((4, 5, 1), (0, 1, C)), {"shape": [4, 5]}, (4, 5), (C, 1), None),
    ("permute", MAPS, {"order": [1, 2, 0]}, (4, 5, 6), (0, 1, C), None),
    ("permute", MAPS, {"order": [0, 2, 1]}, (6, 5, 4), (C, 1, 0), None),
    ("permute", LAST, {"order": [-1, 0, 1]}, (6, 4, 5), (C, 0, 1), None),
    ("slice", MAPS, {"end": 4}, (4, 4, 5), (C, 0, 1), None),
    ("slice", MAPS, {"begin": -2}, (2, 4, 5), (C, 0, 1), None),
    ("slice", MAPS, {"axis": 2, "begin": 1, "step": 2}, (6, 4, 2), (C, 0, 1),
     (None, Window(1, 2, -1, 0))),
    ("slice", MAPS, {"axis": 1, "end": -1}, (6, 3, 5), (C, 0, 1), (Window(1, 1, 0, -1), None)),
    ("channel_shuffle", MAPS, {"groups": 3}, (6, 4, 5), (C, 0, 1), None),
    ("identity", MAPS, {}, (6, 4, 5), (C, 0, 1), None),
    ("scale", MAPS, {"factor": 0.17}, (6, 4, 5), (C, 0, 1), None),
    ("abs", MAPS, {}, (6, 4, 5), (C, 0, 1), None),
]  # fmt: skip


@pytest.mark.parametrize(("word", "given", "attributes", "output", "axes", "reach"), CASES)
def test_by_hand(
    word: str,
    given: Tensor,
    attributes: dict[str, Any],
    output: tuple[int, ...],
    axes: tuple[Axis, ...],
    reach: Any,
) -> None:
    facts = run(word, given, **attributes)
    assert facts.outputs == (Tensor(output, axes),)
    assert facts.reach == reach
    assert (facts.params, facts.macs) == (0, 0)
    assert facts.flops == (120 if word in ("scale", "abs") else 0)


def test_split() -> None:
    parts = run("split", (116, 28, 28), into=["left", "right"]).outputs
    assert parts == (Tensor((58, 28, 28), (C, 0, 1)),) * 2
    parts = run("split", (10, 4), into=["a", "b", "c"], sizes=[2, 3, 5]).outputs
    assert [t.shape for t in parts] == [(2, 4), (3, 4), (5, 4)]
    parts = run("split", (3, 8), into=["a", "b"], axis=1).outputs
    assert parts == (Tensor((3, 4), (C, None)),) * 2
    # all outputs contain elements
    assert run("split", (116, 28), into=["left", "right"]).activations == 116 * 28


def test_errors() -> None:
    found = error("split", (9, 4), into=["a", "b"])
    assert (found.code, found.label) == ("does-not-divide", "9 = 2·4 + 1 (axis 0 of 9×4)")
    assert error("split", (9, 4), into=["a", "a"]).attribute == "into"
    assert error("split", (9, 4), into="a").attribute == "into"
    found = error("split", (9, 4), into=["a", "b"], sizes=[4, 4])
    assert (found.code, found.attribute) == ("bad-value", "sizes")
    assert "4 + 4 = 8" in found.label
    found = error("slice", (9, 4), begin=3, end=3)
    assert (found.code, found.attribute) == ("bad-value", "end")
    assert error("slice", (9, 4), begin=9).attribute == "begin"
    assert error("slice", (9, 4), end=10).label == "0 to 10 of axis 0, which has 9 (9×4)"
    assert error("slice", (9, 4), end=0).attribute == "end"
    assert error("channel_shuffle", (9, 4), groups=2).code == "does-not-divide"
    assert error("flatten", (9, 4), start=1, end=0).code == "bad-value"
    assert error("flatten", (9, 4), start=2).attribute == "start"
    assert error("permute", (9, 4), order=[0, 0]).code == "bad-value"
    assert error("permute", (9, 4), order=[0]).label == "[0], but 9×4 has the axes 0 to 1"
    found = error("reshape", (9, 4), shape=[5, -1])
    assert (found.code, found.label) == (
        "shape-mismatch",
        "9×4 has 36, 5×-1 has a multiple of 5",
    )
    assert error("reshape", (9, 4), shape=[6, 5]).label == "9×4 has 36, 6×5 has 30"
    assert error("reshape", (9, 4), shape=[-1, -1]).code == "bad-value"
    assert error("reshape", (9, 4), shape=[0, -1]).code == "bad-value"


def test_descriptions() -> None:
    assert describe("reshape", shape=[6, -1]) == "to 6×-1"
    assert describe("permute", order=[1, 2, 0]) == "1, 2, 0"
    assert describe("slice", axis=1, step=2) == "axis 1, 0::2"
    assert describe("slice", end=4) == "0:4"
    assert describe("split", into=["a", "b"]) == "into a, b"
    assert describe("scale", factor=0.17) == "×0.17"
    assert describe("flatten") == ""
    assert describe("flatten", start=1) == "axes 1 to -1"


def test_reshape_of_an_uneven_count_is_an_error() -> None:
    assert shape("reshape", (4, 9), shape=[-1, 6]) == (6, 6)
    assert error("reshape", (4, 9), shape=[-1, 100]).code == "shape-mismatch"
