"""Exports and runs the catalogue: the networks of the specs, and the names of public
checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

import archcalc
from tests.catalogue.references import CHECKPOINTS, reference, spec_of
from tests.catalogue.support import FAMILIES
from tests.export.interpreter import largest_difference
from tests.export.support import compared, differences, model_class

if TYPE_CHECKING:
    from pathlib import Path

SMALL = ["lenet5", "lenet5_modern", "lenet5_sigmoid", "plain20", "resnet20", "inception_naive"]
LONG = ["resnet1202"]
"""Specs of resnet110 with another var, which take ten times as long."""


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in LONG])
def test_every_net_equals_its_spec(name: str, tmp_path: Path) -> None:
    # On the meta device: shapes, names and counts of the net without computing values.
    assert differences(compared(archcalc.load(name), tmp_path, "meta")) == []


@pytest.mark.parametrize("name", SMALL)
def test_outputs_of_small_nets_equal_the_graphs(name: str, tmp_path: Path) -> None:
    net = archcalc.load(name)
    assert largest_difference(model_class(net, tmp_path)(), net) < 1e-9


@pytest.mark.parametrize(
    ("name", "side"),
    [("resnet18", 64), ("mobilenet", 64)],
)
def test_outputs_of_large_nets_equal_the_graphs(name: str, side: int, tmp_path: Path) -> None:
    try:
        net = archcalc.load(name, input=(3, side, side))
    except archcalc.diagnostics.SpecError:
        net = archcalc.load(name)
    assert largest_difference(model_class(net, tmp_path)(), net) < 1e-8


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_public_checkpoints_load(name: str, tmp_path: Path) -> None:
    """Keys, shapes and order of torchvision's own state_dict."""
    wanted = [(key, tuple(shape)) for key, shape in reference(name).weights]
    with torch.device("meta"):
        model = model_class(archcalc.load(spec_of(name)), tmp_path)()
    assert [(key, tuple(t.shape)) for key, t in model.state_dict().items()] == wanted
    weights = {key: torch.empty(shape, device="meta") for key, shape in wanted}
    model.load_state_dict(weights, strict=True, assign=True)


def test_vars_are_arguments_of_the_model(tmp_path: Path) -> None:
    made = model_class(archcalc.load("resnet50"), tmp_path)
    with torch.device("meta"):
        model = made(classes=10, original=True)
    assert model.fc.weight.shape == (10, 2048)
    assert model.layer2[0].conv1.stride == (2, 2)
    assert model.layer2[0].conv2.stride == (1, 1)


def test_auxiliary_heads_only_run_in_training(tmp_path: Path) -> None:
    with torch.device("meta"):
        model = model_class(archcalc.load("googlenet"), tmp_path)()
        image = torch.empty(2, 3, 224, 224)
        assert model.eval()(image).shape == (2, 1000)
        outputs = model.train()(image)
    assert {name: tuple(y.shape) for name, y in outputs.items()} == {
        "output": (2, 1000),
        "aux1": (2, 1000),
        "aux2": (2, 1000),
    }


def test_the_main_block_runs(tmp_path: Path) -> None:
    import subprocess
    import sys

    file = tmp_path / "lenet5.py"
    file.write_text(archcalc.export(archcalc.load("lenet5")), encoding="utf-8")
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["(1, 1, 32, 32) -> (1, 10)", "60,000 parameters"]


def test_to_torch() -> None:
    net = archcalc.load("resnet20")
    model = archcalc.to_torch(net, classes=7)
    # 269,722 parameters with 10 classes of 64 + 1 each
    assert sum(p.numel() for p in model.parameters()) == 269_722 - 3 * 65
    assert model(torch.rand(2, 3, 32, 32)).shape == (2, 7)


def test_to_torch_with_a_fixed_var() -> None:
    text = (
        "input: [3, 32, 32]\nvars: {side: 32}\nlayers: [{crop: {size: side}}, flatten, linear: 5]"
    )
    net = archcalc.load(text)
    assert archcalc.to_torch(net, side=8)(torch.rand(1, 3, 32, 32)).shape == (1, 5)
