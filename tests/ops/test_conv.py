"""Convolutions, by hand and by sliding windows over index lists."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from archcalc.ops.base import CHANNELS, Tensor
from archcalc.ops.reach import Window
from archcalc.ops.read import read_attributes
from archcalc.ops.registry import OPERATIONS
from archcalc.ops.sliding import windows
from tests.ops.support import as_given, connections, describe, error, run, shape

# LeNet-5's connection table of layer C3: LeCun et al. 1998, Table I.
C3 = [
    [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [0, 4, 5], [0, 1, 5],
    [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [0, 3, 4, 5], [0, 1, 4, 5], [0, 1, 2, 5],
    [0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5], [0, 1, 2, 3, 4, 5],
]  # fmt: skip

CASES: list[tuple[tuple[int, ...], dict[str, Any], tuple[int, ...], int, int]] = [
    # input, attributes, output, params, macs
    # VGG-16's first: 3·64·9 + 64; 1,728·224²
    ((3, 224, 224), {"out": 64, "kernel": 3, "padding": 1}, (64, 224, 224), 1792, 86_704_128),
    # ResNet's first: ⌊(224 + 6 − 7)/2⌋ + 1 = 112; 3·64·49; 9,408·112²
    (
        (3, 224, 224),
        {"out": 64, "kernel": 7, "stride": 2, "padding": 3, "bias": False},
        (64, 112, 112), 9408, 118_013_952,
    ),
    # a 1×7: 192·192·7 + 192; 258,048·17²
    (
        (192, 17, 17),
        {"out": 192, "kernel": "1x7", "padding": [0, 3]},
        (192, 17, 17), 258_240, 74_575_872,
    ),
    # AlexNet's second, two towers: 48·256·25 + 256; 307,200·27²
    (
        (96, 27, 27),
        {"out": 256, "kernel": 5, "padding": 2, "groups": 2},
        (256, 27, 27), 307_456, 223_948_800,
    ),
    # three rows of padding in all: ⌊(224 + 1 + 2 − 11)/4⌋ + 1 = 55
    (
        (3, 224, 224),
        {"out": 96, "kernel": 11, "stride": 4, "padding": [[1, 2], [1, 2]]},
        (96, 55, 55), 34_944, 105_415_200,
    ),
    # dilation 2: span 5, 16 − 5 + 1 = 12; 8·4·9 + 4; 288·144
    ((8, 16, 16), {"out": 4, "kernel": 3, "dilation": 2}, (4, 12, 12), 292, 41_472),
    # one axis: ⌊(100 − 8)/5⌋ + 1 = 19; 1·16·8 + 16; 128·19
    ((1, 100), {"out": 16, "kernel": 8, "stride": 5}, (16, 19), 144, 2432),
    # three axes: 3·64·27 + 64; 5,184·16·56²
    ((3, 16, 56, 56), {"out": 64, "kernel": 3, "padding": 1}, (64, 16, 56, 56), 5248, 260_112_384),
    # words, on 28 with k = 5: 24, 28, 32
    ((1, 28, 28), {"out": 1, "kernel": 5, "padding": "valid"}, (1, 24, 24), 26, 14_400),
    ((1, 28, 28), {"out": 1, "kernel": 5, "padding": "same"}, (1, 28, 28), 26, 19_600),
    ((1, 28, 28), {"out": 1, "kernel": 5, "padding": "full"}, (1, 32, 32), 26, 25_600),
    # same with a stride: ⌈299/2⌉ = 150
    ((3, 299, 299), {"out": 1, "kernel": 3, "stride": 2, "padding": "same"}, (1, 150, 150), 28,
     607_500),
]  # fmt: skip


@pytest.mark.parametrize(("given_shape", "attributes", "output", "params", "macs"), CASES)
def test_by_hand(
    given_shape: tuple[int, ...],
    attributes: dict[str, Any],
    output: tuple[int, ...],
    params: int,
    macs: int,
) -> None:
    facts = run("conv", given_shape, **attributes)
    assert facts.outputs == (Tensor(output, (CHANNELS, *range(len(output) - 1))),)
    assert (facts.params, facts.buffers, facts.macs) == (params, 0, macs)


def test_flops_are_two_per_mac_and_one_per_bias() -> None:
    assert run("conv", (3, 8, 8), out=4, kernel=1).flops == 2 * 3 * 4 * 64 + 4 * 64
    assert run("conv", (3, 8, 8), out=4, kernel=1, bias=False).flops == 2 * 3 * 4 * 64


def test_weights_are_those_of_pytorch() -> None:
    weights = run("conv", (6, 9, 9), out=4, kernel=[3, 2], groups=2).weights
    assert [(w.name, w.shape) for w in weights] == [("weight", (4, 3, 3, 2)), ("bias", (4,))]


def test_reach_is_the_window_that_determines_the_size() -> None:
    facts = run("conv", (1, 9, 9), out=1, kernel=3, stride=2, padding=[[1, 2], 0], dilation=[2, 1])
    assert facts.reach == (Window(3, 2, 1, 2, 2), Window(3, 2, 0, 0, 1))
    assert facts.outputs[0].shape == (1, 4, 4)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("same", (0, 1)), ("same_upper", (0, 1)), ("same_lower", (1, 0))],
)
def test_the_odd_row_of_same(word: str, expected: tuple[int, int]) -> None:
    # An even kernel on an even side with stride 2 needs (4 − 1)·2 + 3 − 8 = 1 row.
    (w,) = windows((8,), (3,), (2,), word, (1,))
    assert (w.begin, w.end) == expected


def test_the_connections_of_lenet5() -> None:
    # LeCun et al. 1998, section II.B: C1 156 and 122,304; C3 1,516 and 151,600; C5 48,120.
    assert connections("conv", (1, 32, 32), out=6, kernel=5) == 122_304
    c3 = run("conv", (6, 14, 14), out=16, kernel=5, connections=C3)
    assert (c3.outputs[0].shape, c3.params) == ((16, 10, 10), 1516)
    assert c3.macs == 1500 * 100
    assert [w.shape for w in c3.weights] == [(60, 5, 5), (16,)]
    assert connections("conv", (6, 14, 14), out=16, kernel=5, connections=C3) == 151_600
    assert run("conv", (16, 5, 5), out=120, kernel=5).params == 48_120
    assert connections("conv", (16, 5, 5), out=120, kernel=5) == 48_120


def test_depthwise() -> None:
    # MobileNet's first: 32·9 = 288; 288·112²; with a multiplier of 2, twice that and 64 biases.
    one = run("depthwise_conv", (32, 112, 112), kernel=3, padding=1, bias=False)
    assert (one.params, one.macs) == (288, 3_612_672)
    two = run("depthwise_conv", (32, 112, 112), kernel=3, stride=2, padding=1, multiplier=2)
    assert two.outputs[0].shape == (64, 56, 56)
    assert (two.params, two.macs) == (576 + 64, 576 * 56 * 56)
    assert two.weights[0].shape == (64, 1, 3, 3)


TRANSPOSED: list[tuple[tuple[int, ...], dict[str, Any], tuple[int, ...], int, int]] = [
    # U-Net's: (28 − 1)·2 + 2 = 56; 1,024·512·4 + 512; 1,024·28²·512·4
    ((1024, 28, 28), {"out": 512, "kernel": 2, "stride": 2}, (512, 56, 56), 2_097_664,
     1_644_167_168),
    # DCGAN's: (4 − 1)·2 − 2 + 4 = 8; 512·256·16; 512·16·256·16
    ((512, 4, 4), {"out": 256, "kernel": 4, "stride": 2, "padding": 1, "bias": False},
     (256, 8, 8), 2_097_152, 33_554_432),
    # output padding: (7 − 1)·2 − 2 + 2 + 1 + 1 = 14; 8·4·9/2 + 8
    ((8, 7, 7), {"out": 8, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1,
                 "groups": 2}, (8, 14, 14), 296, 8 * 49 * 4 * 9),
    # dilation: (5 − 1)·1 + 3·2 + 1 = 11; 1·1·4 + 1
    ((1, 5), {"out": 1, "kernel": 4, "dilation": 2}, (1, 11), 5, 20),
    # same: 2·512, of (512 − 1)·2 + 4 = 1,026 rows one is cut off at each end
    ((3, 512), {"out": 1, "kernel": 4, "stride": 2, "padding": "same"}, (1, 1024), 13, 6_144),
    # same: 3·5, the window of 2 leaves (5 − 1)·3 + 2 = 14, and one is added
    ((1, 5), {"out": 1, "kernel": 2, "stride": 3, "padding": "same"}, (1, 15), 3, 10),
    # valid: nothing is cut off, (5 − 1)·2 + 3
    ((1, 5), {"out": 1, "kernel": 3, "stride": 2, "padding": "valid"}, (1, 11), 4, 15),
    # sides of padding: (5 − 1)·2 + 3 − 1 = 10
    ((1, 5), {"out": 1, "kernel": 3, "stride": 2, "padding": [[1, 0]]}, (1, 10), 4, 15),
]  # fmt: skip


@pytest.mark.parametrize(("given_shape", "attributes", "output", "params", "macs"), TRANSPOSED)
def test_transposed_by_hand(
    given_shape: tuple[int, ...],
    attributes: dict[str, Any],
    output: tuple[int, ...],
    params: int,
    macs: int,
) -> None:
    facts = run("conv_transpose", given_shape, **attributes)
    assert facts.outputs[0].shape == output
    assert (facts.params, facts.macs) == (params, macs)


@pytest.mark.parametrize(
    ("word", "kernel", "stride", "padding", "added"),
    [
        # ONNX ConvTranspose, auto_pad: total = d·(k − 1) + 1 − s; SAME_UPPER pads ⌊total/2⌋ at the
        # beginning, SAME_LOWER at the end
        ("same", 5, 2, (1, 2), 0),
        ("same_upper", 5, 2, (1, 2), 0),
        ("same_lower", 5, 2, (2, 1), 0),
        ("same", 3, 3, (0, 0), 0),
        ("same_lower", 1, 4, (0, 0), 3),
    ],
)
def test_same_on_a_transposed_convolution(
    word: str, kernel: int, stride: int, padding: tuple[int, int], added: int
) -> None:
    given = {"out": 1, "kernel": kernel, "stride": stride}
    attributes = {name: as_given(value) for name, value in given.items()}
    named = read_attributes(OPERATIONS["conv_transpose"], {**attributes, "padding": word}, 1)
    assert (named.padding, named.output_padding) == ((padding,), (added,))
    assert run("conv_transpose", (1, 7), padding=word, **given).outputs[0].shape == (1, 7 * stride)


def test_the_connections_of_a_transposed_convolution() -> None:
    # 5 inputs meet 3 weights each; 11 outputs have a bias
    assert connections("conv_transpose", (1, 5), out=1, kernel=3, stride=2) == 15 + 11


def test_descriptions() -> None:
    assert describe("conv", out=64, kernel=3, stride=2, padding=1) == "3×3, 64, /2, pad 1"
    assert describe("conv", rank=1, out=8, kernel=5, dilation=2) == "5, 8, dilation 2"
    assert describe("conv", out=64, kernel="1x7", padding="same") == "1×7, 64, same"
    assert describe("conv", out=4, kernel=1, padding=[[0, 1], 2]) == "1×1, 4, pad [0, 1]×2"
    assert describe("depthwise_conv", kernel=3, padding=1) == "3×3, pad 1"
    text = describe("conv_transpose", out=8, kernel=3, stride=2, output_padding=1)
    assert text == "3×3, 8, /2, output pad 1"
    assert describe("conv", out=8, kernel=1, groups=2) == "1×1, 8, groups 2"
    assert describe("conv", out=1, kernel=1, connections=[[0]]) == "1×1, 1, table"
    assert describe("conv_transpose", out=8, kernel=1, groups=2) == "1×1, 8, groups 2"
    assert describe("depthwise_conv", kernel=3, multiplier=2) == "3×3, multiplier 2"


def test_errors() -> None:
    found = error("conv", (64, 28, 28), out=128, kernel=3, groups=3)
    assert (found.code, found.attribute) == ("does-not-divide", "groups")
    assert found.label == "64 = 3·21 + 1"
    assert "groups: 2 or 4" in found.help
    found = error("conv", (64, 28, 28), out=100, kernel=3, groups=8)
    assert found.label == "100 = 8·12 + 4"
    assert "96 or 104 output channels" in found.help
    found = error("conv", (3, 5, 5), out=1, kernel=7, dilation=2)
    assert (found.code, found.attribute) == ("window-too-large", "kernel")
    assert "2·(7 − 1) + 1 = 13, padded size 5 " in found.label
    assert "at most 3" in found.help
    assert "at least 4" in found.help
    found = error("conv", (100,), out=1, kernel=3)
    assert (found.code, "linear" in found.help) == ("wrong-rank", True)
    found = error("conv", Tensor((28, 28, 3), (0, 1, CHANNELS)), out=1, kernel=3)
    assert (found.code, found.help) == ("wrong-layout", "put `permute: [2, 0, 1]` before it")
    assert error("conv", (3, 9, 9), kernel=3).code == "missing-attribute"
    assert error("conv", (3, 9, 9), out=1, kernel=[3, 3, 3]).code == "wrong-rank"
    assert error("conv", (3, 9, 9), out=1, kernel=3, paddings=1).code == "unknown-attribute"
    assert error("conv_transpose", (4, 5), out=3, kernel=2, groups=2).label == "3 = 2·1 + 1"
    found = error("conv_transpose", (1, 5), out=1, kernel=3, stride=2, output_padding=2)
    assert (found.code, found.attribute) == ("bad-value", "output_padding")
    found = error("conv_transpose", (1, 2), out=1, kernel=1, padding=1)
    assert (found.code, found.attribute) == ("bad-value", "padding")
    assert found.label == "an output of 2 less 1 + 1 is 0 (axis 1)"
    assert found.help == "use at most 1 in total"


@pytest.mark.parametrize(
    ("rows", "label"),
    [
        ([[0], [6]], "row 1 reads channel 6; the input has 6 channels"),
        ([[0], []], "row 1 is empty; the input has 6 channels"),
        ([[0, 0], [1]], "row 0 lists a channel twice; the input has 6 channels"),
        ([[0]], "1 rows, but out is 2"),
    ],
)
def test_a_bad_table_of_connections(rows: list[list[int]], label: str) -> None:
    found = error("conv", (6, 14, 14), out=2, kernel=5, connections=rows)
    assert (found.code, found.attribute, found.label) == ("bad-value", "connections", label)


def test_a_connection_table_excludes_groups() -> None:
    found = error("conv", (6, 14, 14), out=2, kernel=5, groups=2, connections=[[0], [1]])
    assert (found.attribute, found.label) == ("connections", "groups is 2")


def test_the_search_for_valid_groups_is_limited() -> None:
    found = error("conv", (10**15 + 1, 9, 9), out=10**15, kernel=1, groups=10**14)
    assert found.code == "does-not-divide"


@given(n=st.integers(1, 12), k=st.integers(1, 9), d=st.integers(1, 3), p=st.integers(0, 3))
def test_the_help_for_a_large_window_helps(n: int, k: int, d: int, p: int) -> None:
    assume(n + 2 * p < d * (k - 1) + 1)
    help = error("conv", (1, n), out=1, kernel=k, dilation=d, padding=p).help
    words = help.replace(",", "").split()
    kernel, padding = (int(w) for w in words if w.isdigit())
    assert shape("conv", (1, n), out=1, kernel=kernel, dilation=d, padding=p)
    assert error("conv", (1, n), out=1, kernel=kernel + 1, dilation=d, padding=p)
    assert shape("conv", (1, n), out=1, kernel=k, dilation=d, padding=padding)
    assert error("conv", (1, n), out=1, kernel=k, dilation=d, padding=padding - 1)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(2, 9))
def test_the_groups_in_the_help_are_valid(channels: int, out: int, groups: int) -> None:
    assume(channels % groups or out % groups)
    help = error("conv", (channels, 4), out=out, kernel=1, groups=groups).help
    for number in help.split("groups: ")[1].split(",")[0].split(" or "):
        assert shape("conv", (channels, 4), out=out, kernel=1, groups=int(number))
