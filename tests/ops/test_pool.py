"""Pooling, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from archcalc.ops.base import CHANNELS, Tensor
from archcalc.ops.reach import Everything, Periodic, Unknown, Window
from tests.ops.support import connections, describe, error, run, shape

CASES: list[tuple[str, tuple[int, ...], dict[str, Any], tuple[int, ...]]] = [
    # AlexNet: ⌊(55 − 3)/2⌋ + 1 = 27
    ("maxpool", (96, 55, 55), {"kernel": 3, "stride": 2}, (96, 27, 27)),
    # the default stride is the kernel
    ("maxpool", (64, 224, 224), {"kernel": 2}, (64, 112, 112)),
    # ResNet: ⌊(112 + 2 − 3)/2⌋ + 1 = 56
    ("maxpool", (64, 112, 112), {"kernel": 3, "stride": 2, "padding": 1}, (64, 56, 56)),
    # GoogLeNet: ⌈(112 − 3)/2⌉ + 1 = 56
    ("maxpool", (64, 112, 112), {"kernel": 3, "stride": 2, "ceil": True}, (64, 56, 56)),
    # ⌈(5 + 2 − 2)/3⌉ + 1 = 3, but the third window would start at 6 − 1 ≥ 5
    ("maxpool", (1, 5), {"kernel": 2, "stride": 3, "padding": 1, "ceil": True}, (1, 2)),
    # dilation 2: span 5
    ("maxpool", (1, 9, 9), {"kernel": 3, "stride": 1, "dilation": 2}, (1, 5, 5)),
    ("maxpool", (1, 7, 7), {"kernel": 2, "padding": "same"}, (1, 4, 4)),
    ("avgpool", (16, 8, 8), {"kernel": [2, 4]}, (16, 4, 2)),
    # one row at the end only, as in nets from Caffe: ⌊(28 + 1 − 3)/2⌋ + 1 = 14
    ("avgpool", (16, 28), {"kernel": 3, "stride": 2, "padding": [[0, 1]]}, (16, 14)),
    ("avgpool", (4, 8, 8, 8), {"kernel": 2}, (4, 4, 4, 4)),
    ("global_avgpool", (2048, 7, 7), {}, (2048, 1, 1)),
    ("global_maxpool", (64, 100), {}, (64, 1)),
    ("adaptive_avgpool", (256, 13, 13), {"output": [6, 7]}, (256, 6, 7)),
    ("subsample", (6, 28, 28), {}, (6, 14, 14)),
    ("mean", (1280, 7, 7), {}, (1280,)),
    ("mean", (1280, 7, 7), {"axes": [-1]}, (1280, 7)),
    ("mean", (1280, 7, 7), {"axes": [1, 2], "keepdim": True}, (1280, 1, 1)),
    ("mean", (3, 7, 7), {"axes": 0}, (7, 7)),
]


@pytest.mark.parametrize(("word", "given", "attributes", "output"), CASES)
def test_shapes_by_hand(
    word: str, given: tuple[int, ...], attributes: dict[str, Any], output: tuple[int, ...]
) -> None:
    facts = run(word, given, **attributes)
    assert facts.outputs[0].shape == output
    assert facts.macs == 0


def test_flops_by_hand() -> None:
    # one per window element and output, or per element read
    assert run("maxpool", (4, 8, 8), kernel=3, stride=1).flops == 9 * 4 * 36
    assert run("avgpool", (4, 8, 8), kernel=2).flops == 4 * 4 * 16
    assert run("global_avgpool", (4, 8, 8)).flops == 256
    assert run("mean", (4, 8, 8)).flops == 256
    # 5 to 3: the shares 0–1, 1–3, 3–4 are 2 + 3 + 2 cells
    assert run("adaptive_avgpool", (4, 5), output=3).flops == 4 * 7
    # subsample: 3 sums, a product, a bias
    assert run("subsample", (4, 8, 8)).flops == 5 * 4 * 16


def test_the_subsampling_of_lenet5() -> None:
    # LeCun et al. 1998, section II.B: S2 has 12 parameters and 5,880 connections, S4 32 and 2,000.
    for given, params, count in (((6, 28, 28), 12, 5880), ((16, 10, 10), 32, 2000)):
        assert run("subsample", given).params == params
        assert connections("subsample", given) == count
    assert run("subsample", (6, 28, 28)).reach == (Window(2, 2), Window(2, 2))


def test_reaches() -> None:
    assert run("maxpool", (1, 9), kernel=3, padding=1).reach == (Window(3, 3, 1, 1),)
    assert run("global_avgpool", (8, 7, 7)).reach == (Everything(), Everything())
    assert run("adaptive_avgpool", (8, 14), output=7).reach == (Window(2, 2),)
    assert run("adaptive_avgpool", (8, 5), output=3).reach == (Periodic((0, 1, 3), (1, 3, 4), 5),)
    assert run("mean", (8, 7, 7), axes=[2]).reach == (None, Everything())
    assert run("mean", (8, 7, 7), axes=[0]).reach is None


def test_mean_keeps_the_labels_of_the_remaining_axes() -> None:
    assert run("mean", (8, 7, 5), axes=[1]).outputs[0] == Tensor((8, 5), (CHANNELS, 1))
    assert run("mean", (8, 7, 5), axes=[0]).outputs[0] == Tensor((7, 5), (0, 1))


def test_errors() -> None:
    found = error("maxpool", (8, 2, 9), kernel=3)
    assert (found.code, found.attribute) == ("window-too-large", "kernel")
    assert found.label == "window 3, padded size 2 (axis 1 of 8×2×9)"
    assert "at most 2" in found.help
    # PyTorch rejects padding of more than half the kernel
    found = error("maxpool", (8, 9, 9), kernel=3, padding=2)
    assert (found.code, found.attribute) == ("bad-value", "padding")
    assert found.label == "padding 2, window 3"
    assert error("avgpool", (8, 9), kernel=3, padding=[[0, 3]]).code == "bad-value"
    assert shape("avgpool", (8, 9), kernel=3, padding=[[0, 2]]) == (8, 3)
    assert error("maxpool", (8,), kernel=2).code == "wrong-rank"
    assert error("global_avgpool", Tensor((7, 7, 8), (0, 1, CHANNELS))).code == "wrong-layout"
    assert error("subsample", (8, 1, 1)).code == "window-too-large"
    assert error("mean", (8, 7, 7), axes=[3]).code == "wrong-rank"
    assert error("mean", (8, 7, 7), axes=[1, -2]).code == "bad-value"
    assert error("mean", (8,), axes=[0]).code == "wrong-rank"


def test_a_too_long_pattern_makes_only_the_field_unknown() -> None:
    # 10,007 and 10,009 are primes: the outputs read in turn what 10,009 patterns say
    facts = run("adaptive_avgpool", (1, 10_007), output=10_009)
    assert facts.outputs[0].shape == (1, 10_009)
    assert facts.reach == (Unknown(),)


def test_a_window_dropped_by_ceil_may_be_larger_than_the_input() -> None:
    # PyTorch: ⌈(1 − 2)/2⌉ + 1 = 1, but ⌈(1 − 3)/2⌉ + 1 = 0
    assert shape("maxpool", (8, 1), kernel=2, ceil=True) == (8, 1)
    assert error("maxpool", (8, 1), kernel=3, stride=2, ceil=True).code == "window-too-large"


def test_descriptions() -> None:
    assert describe("maxpool", kernel=3, stride=2, ceil=True) == "3×3, /2, ceil"
    assert describe("avgpool", kernel=2) == "2×2"
    assert describe("adaptive_avgpool", output=6) == "to 6"
    assert describe("subsample") == "2×2"
    assert describe("mean", axes=[1, 2]) == "axes 1, 2"
