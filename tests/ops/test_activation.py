"""Activations, by hand."""

from __future__ import annotations

import pytest

from archcalc.ops.base import CHANNELS, Tensor
from archcalc.ops.reach import Everything
from tests.ops.support import describe, error, run

COSTS = {
    "relu": 1, "relu6": 2, "leaky_relu": 2, "prelu": 2, "rrelu": 2, "elu": 4, "selu": 5,
    "gelu": 5, "silu": 4, "mish": 5, "softplus": 6, "hardswish": 5, "hardsigmoid": 4,
    "hardtanh": 2, "sigmoid": 4, "tanh": 1, "softmax": 5, "log_softmax": 5,
}  # fmt: skip


@pytest.mark.parametrize(("word", "cost"), COSTS.items())
def test_shape_is_unchanged_and_every_element_costs(word: str, cost: int) -> None:
    facts = run(word, (16, 5, 7))
    assert facts.outputs[0].shape == (16, 5, 7)
    assert (facts.macs, facts.flops) == (0, cost * 560)
    assert facts.params == (1 if word == "prelu" else 0)
    assert facts.reach is None


def test_costs_that_depend_on_attributes() -> None:
    assert run("gelu", (8,), approximate="tanh").flops == 9 * 8
    # LeNet-5: 1.7159·tanh(2/3·x)
    assert run("tanh", (8,), amplitude=1.7159, slope=0.6667).flops == 3 * 8


def test_prelu_has_one_weight_or_one_per_channel() -> None:
    weights = run("prelu", (16, 5, 7), channels=True).weights
    assert [(w.name, w.shape) for w in weights] == [("weight", (16,))]
    assert run("prelu", (16, 5, 7)).params == 1


def test_maxout() -> None:
    facts = run("maxout", (64, 9, 9), pieces=4)
    assert (facts.outputs[0].shape, facts.flops) == ((16, 9, 9), 3 * 16 * 81)
    last = run("maxout", Tensor((9, 6), (0, CHANNELS)), pieces=3)
    assert last.outputs[0].shape == (9, 2)


def test_softmax_over_positions_depends_on_all_of_them() -> None:
    assert run("softmax", (16, 5, 7), axis=-1).reach == (None, Everything())
    assert run("softmax", Tensor((5, 16), (0, CHANNELS))).reach is None


def test_errors() -> None:
    found = error("maxout", (10, 9), pieces=4)
    assert (found.code, found.label) == ("does-not-divide", "10 = 4·2 + 2")
    assert "8 or 12 channels" in found.help
    assert error("softmax", (10, 9), axis=2).code == "wrong-rank"
    assert error("prelu", Tensor((9, 8), (0, CHANNELS)), channels=True).code == "wrong-layout"
    assert error("hardtanh", (8,), min=2).label == "2 > 1"
    assert error("rrelu", (8,), lower=0.5).attribute == "lower"
    assert error("gelu", (8,), approximate="erf").attribute == "approximate"


def test_descriptions() -> None:
    assert describe("relu") == ""
    assert describe("leaky_relu", slope=0.2) == "slope 0.2"
    assert describe("tanh", amplitude=1.7159) == "amplitude 1.7159"
    assert describe("gelu", approximate="tanh") == "tanh"
    assert describe("prelu", channels=True) == "per channel"
    assert describe("softmax", axis=-1) == "axis -1"
    assert describe("maxout", pieces=2) == "2 pieces"
