"""PyTorch models in various styles become equivalent specs."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch

import archcalc
from archcalc.importing.errors import ImportFailed, Opaque
from archcalc.pipeline import check
from archcalc.report.json import as_dict
from tests.importing import models

MODELS = {
    "LeNet": (models.LeNet, [(1, 28, 28)]),
    "UNet": (models.UNet, [(3, 32, 32)]),
    "darknet": (models.darknet, [(3, 32, 32)]),
    "generator": (models.generator, [(64, 1, 1)]),
    "WaveNet": (models.WaveNet, [(1, 100)]),
    "Siamese": (models.Siamese, [(1, 14, 14), (1, 14, 14)]),
    "Shape": (models.Shape, [(3, 8, 8)]),
    "Lazy": (models.Lazy, [(3, 8, 8)]),
    "Hourglass": (lambda: models.Hourglass(3), [(8, 16, 16)]),
    "TwoHeads": (models.TwoHeads, [(3, 9, 9)]),
}


def imported(name):
    build, shapes = MODELS[name]
    model = build()
    return model, shapes, archcalc.from_torch(model, *shapes)


@pytest.mark.parametrize("name", MODELS)
def test_weights_equal_the_models(name):
    """Keys and shapes of the state_dict, according to PyTorch."""
    model, shapes, net = imported(name)
    if name == "Lazy":
        model(*(torch.zeros(1, *shape) for shape in shapes))
    ours = {
        f"{layer['path']}.{weight}": tuple(shape)
        for layer in as_dict(check(archcalc.to_yaml(net)))["layers"]
        for weight, shape in layer["weights"].items()
    }
    assert ours == {key: tuple(array.shape) for key, array in model.state_dict().items()}


@pytest.mark.parametrize("name", [name for name in MODELS if name != "Lazy"])
def test_exported_code_computes_the_same(name):
    """The model's own weights, loaded with strict=True, give the same outputs in float64."""
    torch.manual_seed(0)
    model, shapes, net = imported(name)
    again = archcalc.to_torch(net)
    again.load_state_dict(model.state_dict(), strict=True)
    given = [torch.rand(2, *shape, dtype=torch.float64) for shape in shapes]
    with torch.no_grad():
        theirs, ours = model.double().eval()(*given), again.double().eval()(*given)
    if isinstance(theirs, tuple):
        ours = list(ours.values())
        assert [tuple(one.shape) for one in ours] == [tuple(one.shape) for one in theirs]
    for one, other in zip(
        ours if isinstance(ours, list) else [ours],
        theirs if isinstance(theirs, tuple) else [theirs],
        strict=True,
    ):
        assert torch.allclose(one, other, rtol=0, atol=1e-12)


def text_of(name):
    return archcalc.to_yaml(imported(name)[2])


def test_a_class_becomes_a_block_and_repetition_a_loop():
    text = text_of("WaveNet")
    assert "wave_block:\n    with: {dilation: }" in text
    assert "for: dilation, in: [1, 2, 4, 8, 16, 32]" in text


def test_a_gate_and_a_residual_are_joins_with_branches():
    text = text_of("WaveNet")
    assert "from:" not in text
    assert "- mul:" in text
    assert "add:" in text


def test_a_shared_module_is_reused():
    assert "reuse: encoder" in text_of("Siamese")


def test_heads_and_training_only():
    text = text_of("TwoHeads")
    assert "head: true" in text
    model = models.Auxiliary()
    text = archcalc.to_yaml(archcalc.from_torch(model, (3, 9, 9)))
    assert "name: aux, head: true, training_only: true" in text.replace("\n    ", ", ").replace(
        "name: aux\n", "name: aux, "
    ) or ("training_only: true" in text and "name: aux" in text)


def test_the_model_is_not_changed():
    model = models.LeNet().train()
    before = {key: array.clone() for key, array in model.state_dict().items()}
    archcalc.from_torch(model, torch.zeros(1, 1, 28, 28))
    assert model.training
    assert all(torch.equal(array, before[key]) for key, array in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize(
    ("build", "shape", "message"),
    [
        (models.Branches, (3, 8, 8), "depends on tensor values"),
        (models.Unused, (3, 8, 8), "nothing in the forward pass uses never.weight"),
        (models.LeNet, (3, 28, 28), "the model fails in conv1"),
    ],
)
def test_unsupported_models(build, shape, message):
    with pytest.raises(ImportFailed, match=message):
        archcalc.from_torch(build(), shape)


def test_unsupported_modules_become_opaque():
    """Parameters by hand: 224 + 584 + 72 + 8 + 18. MACs are unknown, never zero."""
    model = models.Unexpressed()
    with pytest.warns(Opaque) as found:
        net = archcalc.from_torch(model, (3, 9, 9))
    assert [str(one.message).partition(" ")[0] for one in found] == ["standardized", "scaled"]
    assert "the weight of `conv2d` is computed" in str(found[0].message)
    report = archcalc.analyze(net)
    assert report.totals.params == 224 + 584 + 72 + 8 + 18
    assert report.totals.macs is None
    keys = {
        f"{node.path}.{weight.name}"
        for node in net.nodes
        if node.facts
        for weight in node.facts.weights
    }
    assert keys == set(model.state_dict())
    text = archcalc.to_yaml(net)
    assert "tests.importing.models.Standardized" in text


ROUND = ["alexnet", "resnet18", "mobilenet_v2", "densenet121", "xception", "flownet_s", "siamese"]


@pytest.mark.parametrize("name", ROUND)
def test_round_trip_of_the_catalogue(name):
    """A net exported to PyTorch and imported again has its totals, keys and shapes."""
    net = archcalc.load(name)
    with torch.device("meta"):
        model = archcalc.to_torch(net)
    shapes = [net.tensors[index].shape for index in net.inputs.values()]
    back = archcalc.from_torch(model, *shapes)
    assert archcalc.analyze(back).totals == archcalc.analyze(net).totals
    assert weights_of(back) == weights_of(net)


def weights_of(net):
    return {
        f"{node.path}.{weight.name}": weight.shape
        for node in net.nodes
        if node.facts and node.shared is None
        for weight in node.facts.weights
    }


@pytest.mark.filterwarnings("ignore::archcalc.importing.errors.Opaque")
def test_normalized_weights_count_once():
    """By parametrization, each weight is one tensor and its norms: those of the state_dict."""
    model = models.temporal()
    net = archcalc.from_torch(model, (2, 50))
    trained = sum(p.numel() for p in model.parameters())
    assert archcalc.analyze(net).totals.params == trained
    assert weights_of(net) == {key: tuple(a.shape) for key, a in model.state_dict().items()}
