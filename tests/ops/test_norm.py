"""Normalisation and regularisation, by hand."""

from __future__ import annotations

import pytest

from archcalc.ops.base import CHANNELS, Tensor
from archcalc.ops.reach import Everything
from tests.ops.support import describe, error, run

LAST = Tensor((56, 56, 96), (0, 1, CHANNELS))


def names(word: str, given: tuple[int, ...], **attributes: object) -> list[str]:
    return [w.name for w in run(word, given, **attributes).weights]


def test_batchnorm() -> None:
    facts = run("batchnorm", (64, 56, 56))
    assert (facts.params, facts.buffers) == (128, 128)
    assert facts.flops == 2 * 64 * 56 * 56
    assert names("batchnorm", (64,)) == [
        "weight",
        "bias",
        "running_mean",
        "running_var",
        "num_batches_tracked",
    ]
    assert names("batchnorm", (64, 9), affine=False)[0] == "running_mean"
    assert names("batchnorm", (64, 9), track=False) == ["weight", "bias"]
    untracked = run("batchnorm", (64, 9), track=False, affine=False)
    assert (untracked.reach, untracked.flops) == ((Everything(),), 5 * 64 * 9)
    assert run("batchnorm", (64, 9)).reach is None


def test_lrn() -> None:
    facts = run("lrn", (96, 55, 55), size=5, alpha=0.0005, k=2)
    assert (facts.params, facts.buffers, facts.outputs[0].shape) == (0, 0, (96, 55, 55))
    # square, 5 sums, product, sum, power, quotient
    assert facts.flops == 10 * 96 * 55 * 55


def test_layernorm() -> None:
    last = run("layernorm", LAST)
    assert (last.params, last.reach) == (192, None)
    # 5 for the statistics, 2 for scale and shift
    assert last.flops == 7 * 56 * 56 * 96
    whole = run("layernorm", (4, 6, 8), axes=3, bias=False)
    assert [(w.name, w.shape) for w in whole.weights] == [("weight", (4, 6, 8))]
    assert (whole.reach, whole.flops) == ((Everything(), Everything()), 6 * 192)
    assert run("layernorm", (4, 6, 8), affine=False).reach == (None, Everything())


@pytest.mark.parametrize("word", ["groupnorm", "instancenorm"])
def test_norms_over_spatial_axes_depend_on_all_positions(word: str) -> None:
    attributes = {"groups": 8} if word == "groupnorm" else {"affine": True}
    facts = run(word, (32, 7, 7), **attributes)
    assert (facts.params, facts.buffers) == (64, 0)
    assert facts.reach == (Everything(), Everything())
    assert facts.flops == 7 * 32 * 49
    assert run("instancenorm", (32, 7, 7)).params == 0


def test_errors() -> None:
    found = error("groupnorm", (30, 7, 7), groups=8)
    assert (found.code, found.label) == ("does-not-divide", "30 = 8·3 + 6")
    assert "6 or 10" in found.help
    assert error("instancenorm", (30,)).code == "wrong-rank"
    assert error("lrn", (30,)).code == "wrong-rank"
    assert error("batchnorm", LAST).code == "wrong-layout"
    found = error("layernorm", (8, 7), axes=3)
    assert (found.code, found.label) == ("wrong-rank", "3 axes, but the input is 8×7")
    assert error("dropout", (8,), p=1.5).attribute == "p"


def test_regularisation() -> None:
    assert run("dropout", (4096,)).flops == 0
    assert run("drop_path", (64, 7, 7), p=0.1).flops == 0
    scaled = run("layer_scale", (96, 7, 7))
    assert [(w.name, w.shape) for w in scaled.weights] == [("weight", (96, 1, 1))]
    assert scaled.flops == 96 * 49
    assert run("layer_scale", LAST).weights[0].shape == (96,)
    assert describe("layernorm") == ""
    assert describe("layernorm", axes=2) == "2 axes"
    assert describe("groupnorm", groups=8) == "groups 8"
    assert describe("lrn") == "5"
    assert describe("dropout", p=0.25) == "p 0.25"
    assert describe("layer_scale") == "1e-06"
