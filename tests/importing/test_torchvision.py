"""torchvision's models: exact, and as short as hand-written specs."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

import archcalc
from archcalc.importing import spec_of_model
from tests.importing.support import torchvision_models

LINES = {
    "resnet18": 80, "resnet50": 80, "mobilenet_v2": 120, "densenet121": 120, "googlenet": 120,
    "efficientnet_b0": 120, "inception_v3": 140, "shufflenet_v2_x1_0": 80, "squeezenet1_1": 60,
    "mnasnet0_5": 80, "mobilenet_v3_small": 120, "regnet_y_400mf": 120, "vgg11_bn": 60,
    "alexnet": 40, "efficientnet_v2_s": 140, "resnext50_32x4d": 80,
}  # fmt: skip
"""The maximum number of lines of a spec."""


def model(name):
    build = torchvision_models().get_model
    settings = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    try:
        with torch.device("meta"):
            return build(name, weights=None, **settings)
    except NotImplementedError:  # a constructor that needs data
        return build(name, weights=None)


@pytest.mark.parametrize("name", LINES)
def test_the_spec_is_exact_and_short(name):
    """Keys, shapes, sizes of modules and outputs are compared before a spec is returned; here the
    parameters are compared again, by PyTorch's own count."""
    made = model(name)
    shape = (3, 299, 299) if name == "inception_v3" else (3, 224, 224)
    text = spec_of_model(made, {"x": shape})
    assert len(text.splitlines()) <= LINES[name]
    report = archcalc.analyze(text)
    trained = {id(p): p.numel() for p in made.parameters()}
    assert sum(layer.totals.params or 0 for layer in report.layers) == sum(trained.values())
    assert report.net.nodes


@pytest.mark.parametrize(
    ("name", "catalogue"), [("resnet18", "resnet18"), ("vgg11_bn", "vgg11_bn")]
)
def test_metrics_equal_the_catalogues(name, catalogue):
    ours = archcalc.analyze(spec_of_model(model(name), {"x": (3, 224, 224)}))
    assert ours.totals == archcalc.analyze(catalogue).totals


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "shufflenet_v2_x0_5", "mnasnet0_5"])
def test_outputs_are_the_models(name):
    """Exported again, with the model's own weights, in float64: equal to the last bits."""
    torch.manual_seed(0)
    made = torchvision_models().get_model(name, weights=None)
    again = archcalc.to_torch(spec_of_model(made, {"x": (3, 64, 64)}))
    again.load_state_dict(made.state_dict(), strict=True)
    given = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    with torch.no_grad():
        ours, theirs = again.double().eval()(given), made.double().eval()(given)
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-10)
