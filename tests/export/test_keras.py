"""The Keras target: the parameters of the model that is built are those that were worked out.

Keras is no dependency of the tests: without it this file is skipped. The nets are small, or as they
are in their papers where the weights are few.
"""

from __future__ import annotations

import os
import warnings
from math import prod

import pytest

import archcalc

NETS = ["lenet5", "lenet5_modern", "resnet20", "plain20", "mobilenet", "googlenet"]


@pytest.mark.parametrize("name", NETS)
def test_parameters_are_those_worked_out(name: str) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("keras", reason="Keras is not installed")
        net = archcalc.load(name)
        scope: dict[str, object] = {"__name__": "exported"}
        exec(archcalc.export(net, "keras"), scope)  # noqa: S102  # the code is our own
        model = scope["build"]()  # type: ignore[operator]
    totals = archcalc.analyze(net).totals
    assert sum(prod(w.shape) for w in model.trainable_weights) == totals.params
    assert sum(prod(w.shape) for w in model.non_trainable_weights) == totals.buffers
    channels, *sides = net.tensors[net.outputs["output"]].shape
    assert tuple(model.outputs[0].shape[1:]) == (*sides, channels)
