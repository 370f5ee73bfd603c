"""Joins, by hand; and the help for unequal branches, which must fix them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archcalc.ops.base import CHANNELS, Tensor
from tests.ops.support import describe, error, run, shape


@pytest.mark.parametrize("word", ["add", "mul"])
def test_elementwise(word: str) -> None:
    facts = run(word, (64, 56, 56), (64, 56, 56), (64, 56, 56))
    assert facts.outputs == (Tensor((64, 56, 56), (CHANNELS, 0, 1)),)
    assert (facts.macs, facts.flops) == (0, 2 * 64 * 56 * 56)


def test_axes_of_size_1_are_broadcast() -> None:
    assert shape("mul", (64, 28, 28), (64, 1, 1)) == (64, 28, 28)
    assert shape("mul", (64, 1, 1), (64, 28, 28)) == (64, 28, 28)
    assert shape("mul", (64, 28, 28), (1, 28, 28)) == (64, 28, 28)
    assert shape("add", (1, 28, 1), (64, 1, 1), (1, 1, 30)) == (64, 28, 30)


def test_a_gate_without_axis_labels_keeps_them() -> None:
    gate = Tensor((64, 1, 1), (CHANNELS, None, None))
    assert run("mul", gate, (64, 28, 28)).outputs[0].axes == (CHANNELS, 0, 1)


def test_sub_takes_two() -> None:
    assert shape("sub", (3, 9), (3, 9)) == (3, 9)
    assert error("sub", (3, 9), (3, 9), (3, 9)).label == "got 3"


def test_concat() -> None:
    # GoogLeNet's 3a: 64 + 128 + 32 + 32
    facts = run("concat", (64, 28, 28), (128, 28, 28), (32, 28, 28), (32, 28, 28))
    assert facts.outputs == (Tensor((256, 28, 28), (CHANNELS, 0, 1)),)
    assert facts.flops == 0
    # along a spatial axis, positions belong to no single branch
    rows = run("concat", (3, 4, 9), (3, 5, 9), axis=1).outputs[0]
    assert rows == Tensor((3, 9, 9), (CHANNELS, None, 1))
    last = Tensor((9, 4), (0, CHANNELS))
    assert run("concat", last, last).outputs[0].shape == (9, 8)


def test_unequal_branches_of_an_add() -> None:
    found = error("add", (128, 28, 28), (64, 56, 56))
    assert (found.code, found.message) == ("shape-mismatch", "add needs equal shapes")
    assert found.label == "branch 1 is 128×28×28, branch 2 is 64×56×56"
    assert found.help == "give branch 2 a conv with out: 128, kernel: 1, stride: 2"
    found = error("add", (64, 56, 56), (128, 28, 28))
    assert found.help == "give branch 1 a conv with out: 128, kernel: 1, stride: 2"
    found = error("add", (64, 28, 28), (64, 28, 28), (32, 28, 28))
    assert found.label == "branch 1 is 64×28×28, branch 3 is 32×28×28"
    assert found.help == "give branch 3 a conv with out: 64, kernel: 1"
    found = error("add", (64, 28, 28), (64, 26, 26))
    assert "bring branch 1 from 28×28 to 26×26" in found.help
    found = error("add", (1, 28), (64, 28), (32, 28))
    assert found.label == "branch 2 is 64×28, branch 3 is 32×28"


def test_a_gate_that_lost_its_axes() -> None:
    found = error("mul", (64, 28, 28), (64,))
    assert found.code == "shape-mismatch"
    assert "branch 2's axes" in found.help
    assert "reshape: [64, 1, 1]" in found.help
    assert error("mul", (64, 28, 28), (32,)).help == "reshape branch 2 to 3 axes"


@given(
    st.tuples(st.integers(2, 5), st.integers(2, 20), st.integers(2, 20)),
    st.tuples(st.integers(2, 5), st.integers(2, 20), st.integers(2, 20)),
)
def test_the_conv_in_the_help_fixes_an_add(
    a: tuple[int, int, int], b: tuple[int, int, int]
) -> None:
    if a == b:
        return
    help = error("add", a, b).help
    if "conv with" not in help:
        return
    branches = [a, b]
    number = int(help.split("branch ")[1].split()[0]) - 1
    stride = help.split("stride: ")[1] if "stride" in help else "1"
    numbers = [int(s) for s in stride.strip("[]").split(", ")]
    out = int(help.split("out: ")[1].split(",")[0])
    steps = numbers if len(numbers) > 1 else numbers[0]
    mended = shape("conv", branches[number], out=out, kernel=1, stride=steps)
    assert mended == branches[1 - number]


def test_unequal_branches_of_a_concat() -> None:
    found = error("concat", (64, 28, 28), (32, 27, 28))
    assert (found.code, found.message) == (
        "shape-mismatch",
        "concat along axis 0 needs the other axes equal",
    )
    assert found.label == "axis 1 is 28 in branch 1 (64×28×28) and 27 in branch 2 (32×27×28)"
    assert found.help.startswith("the difference is 1: change a padding")
    assert "strides" in error("concat", (64, 28, 28), (32, 14, 14)).help
    assert "out: 64" in error("concat", (64, 4), (32, 9), axis=1).help
    found = error("concat", (64, 28, 28), (32,))
    assert found.message == "concat needs branches with the same number of axes"
    assert error("concat", (64, 28), (32, 28), axis=5).attribute == "axis"
    assert describe("concat", axis=1) == "axis 1"
