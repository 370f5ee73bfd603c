"""ONNX files: the real models of the onnx package, and exports from PyTorch."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

pytest.importorskip("onnx", reason="onnx is not installed")

import onnx

import archcalc
from archcalc.importing.errors import ImportFailed
from archcalc.importing.locate import spec_of
from tests.cli.support import run

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

# Parameters of Caffe's AlexNet and of torchvision's VGG-19, SqueezeNet 1.1 and ResNet-50; None
# without an independent count.
PARAMS = {
    "bvlc_alexnet": 60_965_224,
    "vgg19": 143_667_240,
    "squeezenet": 1_235_496,
    "resnet50": 25_557_032,
    "inception_v1": None,
    "shufflenet": None,
    "zfnet512": None,
}


@pytest.mark.parametrize("name", PARAMS)
def test_real_models(name):
    report = archcalc.analyze(spec_of(str(LIGHT / f"light_{name}.onnx"), {}, None))
    output = report.net.tensors[report.net.outputs["output"]].shape
    assert output[0] == 1000
    if PARAMS[name] is not None:
        assert report.totals.params == PARAMS[name]


def test_macs_match_hand_arithmetic():
    """Caffe's AlexNet on 224×224: maps of 54, 26 and 12 positions, and 9,216 features."""
    ours = archcalc.analyze(spec_of(str(LIGHT / "light_bvlc_alexnet.onnx"), {}, None))
    convolutions = 54**2 * 96 * 363 + 26**2 * 256 * 1200
    convolutions += 12**2 * (384 * 2304 + 384 * 1728 + 256 * 1728)
    assert ours.totals.macs == convolutions + 9216 * 4096 + 4096 * 4096 + 4096 * 1000


@pytest.mark.parametrize("name", ["densenet121", "inception_v2"])
def test_a_constant_per_channel_is_an_error_that_names_the_node(name):
    with pytest.raises(ImportFailed, match="Mul with a constant tensor"):
        spec_of(str(LIGHT / f"light_{name}.onnx"), {}, None)


def exported(model, shape, path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that works without onnxscript is deprecated
        torch.onnx.export(model.eval(), torch.zeros(1, *shape), path, dynamo=False)
    return path


@pytest.mark.parametrize("name", ["LeNet", "UNet", "WaveNet", "Hourglass", "Shape"])
def test_exports_from_pytorch(name, tmp_path):
    """Parameters and keys of the model: none of these has a batch normalization to fuse."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from tests.importing.test_torch_models import MODELS

    build, shapes = MODELS[name]
    model = build()
    path = exported(model, shapes[0], str(tmp_path / "net.onnx"))
    report = archcalc.analyze(spec_of(path, {}, None))
    keys = {
        f"{node.path}.{weight.name}"
        for node in report.net.nodes
        for weight in (node.facts.weights if node.facts else ())
    }
    assert keys == set(model.state_dict())
    assert report.totals.params == sum(p.numel() for p in model.parameters())


def test_the_module_hierarchy_is_restored(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from tests.importing.support import torchvision_models

    model = torchvision_models().resnet18()
    path = exported(model, (3, 64, 64), str(tmp_path / "net.onnx"))
    text = spec_of(path, {}, None)
    assert len(text.splitlines()) <= 60
    assert "blocks:" in text
    assert "downsample" in text
    assert (
        archcalc.analyze(text).totals.macs
        == archcalc.analyze(archcalc.load("resnet18", input=(3, 64, 64))).totals.macs
    )


def test_bad_files(tmp_path):
    whole = (LIGHT / "light_vgg19.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[:3000])
    (tmp_path / "text.onnx").write_text("no model")
    (tmp_path / "empty.onnx").write_bytes(b"")
    for name, status in [("cut", 1), ("text", 1), ("empty", 1), ("absent", 2)]:
        found = run("check", str(tmp_path / f"{name}.onnx"))
        assert (found.exit_code, name) == (status, name)
        assert found.stderr.startswith("error: ")
        assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("operator", "message"),
    [
        ("ReduceMean", "y: a ReduceMean that merges the batch"),
        ("PRelu", "y: PRelu has unexpected inputs or attributes"),
        ("BatchNormalization", "y: BatchNormalization has unexpected inputs or attributes"),
    ],
)
def test_a_node_without_inputs_that_it_needs(tmp_path, operator, message):
    """ONNX's own shape inference lets them pass."""
    make = onnx.helper.make_tensor_value_info
    data, output = (make(name, onnx.TensorProto.FLOAT, [1, 3, 8, 8]) for name in ("x", "y"))
    node = onnx.helper.make_node(operator, ["x"], ["y"])
    model = onnx.helper.make_model(
        onnx.helper.make_graph([node], "net", [data], [output]),
        opset_imports=[onnx.helper.make_opsetid("", 13)],
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    found = run("check", str(path))
    assert (found.exit_code, found.stderr) == (1, f"error: {message}\n")


def test_external_data_is_not_needed(tmp_path):
    """A missing file of weights: only their shapes are needed."""
    model = onnx.load(LIGHT / "light_vgg19.onnx")
    weight = model.graph.initializer.add()
    weight.name, weight.data_type = "conv1_1_w_0", onnx.TensorProto.FLOAT
    weight.dims.extend([64, 3, 3, 3])
    weight.data_location = onnx.TensorProto.EXTERNAL
    entry = weight.external_data.add()
    entry.key, entry.value = "location", "weights.bin"
    for node in model.graph.node:
        if node.output[0] == "conv1_1_w_0":
            model.graph.node.remove(node)
            break
    path = tmp_path / "external.onnx"
    path.write_bytes(model.SerializeToString())
    assert archcalc.analyze(spec_of(str(path), {}, None)).totals.params == 143_667_240


def test_a_dynamic_size_needs_input(tmp_path):
    model = onnx.load(LIGHT / "light_vgg19.onnx")
    data = next(one for one in model.graph.input if one.name == "data_0")
    data.type.tensor_type.shape.dim[2].dim_param = "height"
    path = tmp_path / "open.onnx"
    path.write_bytes(model.SerializeToString())
    found = run("check", str(path))
    assert found.exit_code == 2
    assert "--input 3x224x224" in found.stderr
    assert run("check", str(path), "--input", "3x224x224").exit_code == 0
