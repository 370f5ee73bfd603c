"""`init` in Keras: weights drawn from the distribution that PyTorch draws them from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("torch", reason="PyTorch, which Keras runs on, is not installed")
pytest.importorskip("keras", reason="Keras is not installed")

import keras
import torch

import archcalc
from archcalc.codegen import export
from tests.export import keras_models as models
from tests.export.support import model_class

if TYPE_CHECKING:
    from pathlib import Path

CONV = "conv: {out: 96, kernel: 3}"
DEPTHWISE = "depthwise_conv: {kernel: 5}"
TABLE = [list(range(first, first + 90)) for first in range(0, 160, 20)]
METHODS = ["kaiming", "kaiming_uniform", "xavier", "xavier_normal"]
CASES = [
    *(f"init: {method}, {CONV}" for method in METHODS),
    *(f"init: {method}, {DEPTHWISE}" for method in METHODS),
    *(f"init: {method}, conv_transpose: {{out: 80, kernel: 3}}" for method in METHODS),
    *(f"init: {method}, linear: 600" for method in METHODS),
    f"init: orthogonal, {CONV}",
    f"init: {{orthogonal: {{gain: 2}}}}, {CONV}",
    f"init: zeros, {CONV}",
    f"init: ones, {CONV}",
    f"init: {{constant: 0.3}}, {CONV}",
    f"init: normal, {CONV}",
    f"init: {{normal: {{mean: 1, std: 0.1}}}}, {CONV}",
    f"init: {{normal: {{std: 0.02}}}}, {DEPTHWISE}",
    f"init: trunc_normal, {CONV}",
    f"init: {{trunc_normal: {{std: 0.02}}}}, {CONV}",
    f"init: uniform, {CONV}",
    f"init: {{uniform: {{low: -0.5, high: 0.1}}}}, {CONV}",
    "init: {constant: 0.3}, batchnorm: ",
    "init: zeros, prelu: {channels: true}",
    "init: {constant: 0.3}, prelu: {channels: true, init: 0.5}",
    f"init: {{uniform: {{low: 1, high: 2}}}}, conv: {{out: 8, kernel: 5, connections: {TABLE}}}",
]
PARTS = torch.tensor([0.005, 0.25, 0.5, 0.75, 0.995])


@pytest.mark.parametrize("layer", CASES)
def test_weights_begin_as_in_pytorch(layer: str, tmp_path: Path) -> None:
    """The two draws have the same quantiles, measured in standard deviations."""
    before = "global_avgpool, flatten, " if "linear" in layer else ""
    net = archcalc.load(
        f"name: begun\ninput: [256, 5, 7]\nlayers: [{before}{{name: a, {layer}}}]\n"
    )
    torch.manual_seed(1)
    theirs = model_class(net, tmp_path)().state_dict()["a.weight"].flatten()
    keras.utils.set_random_seed(2)
    model = models.build(export(net, "keras"))
    ours = model.get_layer("a").weights[0].value.detach().flatten()
    assert ours.numel() == theirs.numel()
    off = (ours.quantile(PARTS) - theirs.quantile(PARTS)).abs().max() / (theirs.std() + 1e-9)
    assert off < (0.1 if theirs.numel() > 20_000 else 0.3)
