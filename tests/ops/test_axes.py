"""The ranks and layouts that operations accept."""

from __future__ import annotations

from typing import Any

import pytest

from archcalc.ops.base import CHANNELS, Axis, Tensor
from tests.ops.support import error, run

KERNEL: dict[str, Any] = {"kernel": 1}
RANKS: dict[str, tuple[int, int, dict[str, Any]]] = {
    # operation: minimum and maximum number of spatial axes, attributes
    "conv": (1, 3, {"out": 1, "kernel": 1}),
    "depthwise_conv": (1, 3, KERNEL),
    "conv_transpose": (1, 3, {"out": 1, "kernel": 1}),
    "maxpool": (1, 3, KERNEL),
    "avgpool": (1, 3, KERNEL),
    "global_avgpool": (1, 3, {}),
    "global_maxpool": (1, 3, {}),
    "adaptive_avgpool": (1, 3, {"output": 1}),
    "subsample": (1, 3, {}),
    "upsample": (1, 3, {"scale": 2}),
    "pad": (0, 3, {"padding": 1}),
    "crop": (1, 3, {"cropping": 0}),
    "batchnorm": (0, 3, {}),
    "lrn": (1, 3, {}),
    "groupnorm": (0, 3, {"groups": 1}),
    "instancenorm": (1, 3, {}),
    "channel_shuffle": (0, 3, {"groups": 1}),
}


@pytest.mark.parametrize("word", RANKS)
def test_ranks(word: str) -> None:
    least, most, attributes = RANKS[word]
    for rank in range(5):
        given = (4, *(6,) * rank)
        if least <= rank <= most:
            assert len(run(word, given, **attributes).outputs[0].shape) == rank + 1
        else:
            found = error(word, given, **attributes)
            assert found.code == "wrong-rank"
            assert found.message == f"{word} needs {least} to {most} spatial axes"
            assert f"with {rank}" in found.label


@pytest.mark.parametrize("word", RANKS)
def test_channels_come_first(word: str) -> None:
    attributes = RANKS[word][2]
    found = error(word, Tensor((6, 6, 4), (0, 1, CHANNELS)), **attributes)
    assert found.code == "wrong-layout"
    assert "channels on axis 2" in found.label
    found = error(word, Tensor((6, 6), (0, 1)), **attributes)
    assert (found.code, "no axis" in found.label) == ("wrong-layout", True)


ONE_CELL: tuple[Axis, ...] = (CHANNELS, 0, 1)


@pytest.mark.parametrize("word", ["maxpool", "avgpool", "conv", "depthwise_conv", "subsample"])
def test_a_window_as_large_as_its_input_fits(word: str) -> None:
    attributes = {"kernel": 3} | ({"out": 4} if word == "conv" else {})
    assert run(word, (4, 3, 3), **attributes).outputs == (Tensor((4, 1, 1), ONE_CELL),)
    assert error(word, (4, 3, 2), **attributes).code == "window-too-large"
