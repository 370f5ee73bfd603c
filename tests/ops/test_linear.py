"""Fully connected layers, by hand."""

from __future__ import annotations

from archcalc.ops.base import CHANNELS, Tensor
from archcalc.ops.reach import Everything
from tests.ops.support import connections, describe, error, run


def test_linear_by_hand() -> None:
    # VGG-16's first: 25,088·4,096 = 102,760,448, and 4,096 biases.
    facts = run("linear", (25_088,), out=4096)
    assert facts.outputs == (Tensor((4096,), (CHANNELS,)),)
    assert (facts.params, facts.macs, facts.flops) == (102_764_544, 102_760_448, 205_524_992)
    assert [(w.name, w.shape) for w in facts.weights] == [
        ("weight", (4096, 25_088)),
        ("bias", (4096,)),
    ]
    assert run("linear", (84,), out=10, bias=False).params == 840


def test_linear_on_every_position() -> None:
    # Channels last: 14·14 positions of 96·384.
    facts = run("linear", Tensor((14, 14, 96), (0, 1, CHANNELS)), out=384)
    assert facts.outputs == (Tensor((14, 14, 384), (0, 1, CHANNELS)),)
    assert (facts.macs, facts.reach) == (196 * 96 * 384, None)


def test_linear_over_a_signal_depends_on_all_of_it() -> None:
    facts = run("linear", (8, 100), out=20)
    assert facts.outputs == (Tensor((8, 20), (CHANNELS, None)),)
    assert (facts.macs, facts.reach) == (8 * 100 * 20, (Everything(),))


def test_linear_on_a_map_is_an_error() -> None:
    found = error("linear", (512, 7, 7), out=10)
    assert found.code == "linear-on-spatial"
    assert "512×7×7" in found.label
    assert "flatten" in found.help


def test_the_outputs_of_lenet5() -> None:
    # LeCun et al. 1998, section II.B: F6 10,164; the output layer's 840 numbers are fixed.
    assert connections("linear", (120,), out=84) == 10_164
    rbf = run("rbf", (84,), out=10)
    assert (rbf.params, rbf.buffers, rbf.macs) == (0, 840, 840)
    # a squared difference counts 2, and the subtraction before it 1
    assert rbf.flops == 3 * 840
    assert connections("rbf", (84,), out=10) == 840
    trained = run("rbf", (84,), out=10, trainable=True)
    assert (trained.params, trained.buffers) == (840, 0)
    assert describe("rbf", 0, out=10) == "10"
