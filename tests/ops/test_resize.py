"""Upsampling, padding and cropping, by hand."""

from __future__ import annotations

from archcalc.ops.reach import Periodic, Unknown, Window
from tests.ops.support import describe, error, run, shape


def test_upsample_by_hand() -> None:
    assert shape("upsample", (256, 13, 13), scale=2) == (256, 26, 26)
    assert shape("upsample", (8, 5, 7), scale=[1, 3]) == (8, 5, 21)
    assert shape("upsample", (8, 5, 7), size=[9, 10]) == (8, 9, 10)
    assert shape("upsample", (8, 5, 7), (4, 11, 13), like="skip") == (8, 11, 13)
    assert run("upsample", (8, 4, 4), scale=2).flops == 0
    # bilinear: a weighted sum of 4 elements, 8 per output
    assert run("upsample", (8, 4, 4), scale=2, mode="linear").flops == 8 * 8 * 64


def test_upsample_reaches() -> None:
    assert run("upsample", (1, 4), scale=3).reach == (Periodic((0, 0, 0), (0, 0, 0), 1),)
    # Twice as large: output 0 lies at −1/4, output 1 at 1/4.
    assert run("upsample", (1, 4), scale=2, mode="linear").reach == (Periodic((-1, 0), (0, 1), 1),)
    # Aligned, 3 to 5: the points are 0, 1/2, 1, 3/2, 2.
    facts = run("upsample", (1, 3), size=5, mode="linear", align_corners=True)
    assert facts.reach == (Periodic((0, 0), (0, 1), 1),)


def test_pad_by_hand() -> None:
    assert shape("pad", (3, 32, 32), padding=4) == (3, 40, 40)
    assert shape("pad", (3, 32, 32), padding=[[0, 1], 2]) == (3, 33, 36)
    # a CIFAR ResNet's shortcut
    assert shape("pad", (16, 16, 16), channels=[8, 8]) == (32, 16, 16)
    # missing 3 and 1: 1 and 0 at the start
    facts = run("pad", (4, 5, 6), (9, 8, 7), like="skip")
    assert facts.outputs[0].shape == (4, 8, 7)
    assert facts.reach == (Window(1, 1, 1, 2), Window(1, 1, 0, 1))


def test_crop_by_hand() -> None:
    assert shape("crop", (64, 64, 64), cropping=4) == (64, 56, 56)
    # U-Net: 64 to 57 leaves 7, 3 at the start
    facts = run("crop", (64, 64), (1, 57), like="up")
    assert facts.outputs[0].shape == (64, 57)
    assert facts.reach == (Window(1, 1, -3, -4),)
    assert shape("crop", (64, 9, 9), size=[4, 5]) == (64, 4, 5)


def test_errors() -> None:
    found = error("upsample", (8, 4, 4))
    assert (found.code, found.message) == (
        "missing-attribute",
        "exactly one of scale, size, like must be given",
    )
    found = error("upsample", (8, 4, 4), scale=2, size=8)
    assert (found.code, found.attribute) == ("bad-value", "size")
    found = error("upsample", (8, 4, 4), scale=2, align_corners=True)
    assert (found.code, found.attribute) == ("bad-value", "align_corners")
    assert error("upsample", (8, 4, 4), (8,), like="x").code == "wrong-rank"
    # 4,999·(n − 1) + n outputs are no obstacle: only the field behind them is unknown
    assert run("upsample", (8, 4), scale=5000).reach == (Unknown(),)
    assert error("upsample", (8,), scale=2).code == "wrong-rank"
    assert error("pad", (3, 4, 4)).code == "missing-attribute"
    assert error("pad", (3, 4, 4), channels=[1]).attribute == "channels"
    assert error("pad", (3, 4, 4), channels=[0, -1]).attribute == "channels"
    assert shape("pad", (3, 4), padding=3, mode="reflect") == (3, 10)
    assert error("pad", (3, 4), (3, 9), padding=1, like="x").attribute == "like"
    found = error("pad", (3, 4, 4), padding=4, mode="reflect")
    assert (found.code, found.label) == ("bad-value", "padding 4 on a size of 4")
    found = error("pad", (3, 9), (3, 8), like="x")
    assert (found.code, found.help) == ("shape-mismatch", "use crop there")
    found = error("crop", (3, 7), (3, 8), like="x")
    assert (found.code, found.help) == ("shape-mismatch", "use pad there")
    assert found.label == "the input is 7, smaller than 8 on some axis"
    assert "the input is 4×4, smaller than 4×5" in error("crop", (3, 4, 4), size=[4, 5]).label
    found = error("crop", (3, 8, 8), cropping=4)
    assert (found.code, found.label) == ("bad-value", "8 − 4 − 4 = 0")
    assert found.help == "crop at most 7 in total"
    assert error("crop", (3, 8, 8)).code == "missing-attribute"


def test_descriptions() -> None:
    assert describe("upsample", scale=2, mode="linear") == "×2, linear"
    assert describe("upsample", like="enc1") == "like enc1, nearest"
    assert describe("upsample", size=[3, 4]) == "to 3×4, nearest"
    assert describe("pad", padding=[[0, 1], 2]) == "pad [0, 1]×2"
    assert describe("pad", channels=[8, 8]) == "channels [8, 8]"
    assert describe("crop", cropping=4) == "4"
    assert describe("crop", like="up") == "like up"
