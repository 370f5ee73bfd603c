"""The JSON contract."""

from __future__ import annotations

import json

import pytest

from archcalc.pipeline import check
from archcalc.report.json import as_dict, text
from tests.report.support import CATALOGUE, INVALID, RESIDUAL, catalogue

KEYS = [
    "schema",
    "name",
    "inputs",
    "output",
    "outputs",
    "ok",
    "totals",
    "layers",
    "expectations",
    "diagnostics",
]
TOTALS = [
    "params",
    "buffers",
    "macs",
    "flops",
    "activations",
    "peak_activation_bytes",
    "depth",
]
LAYER = [
    "path",
    "op",
    "inputs",
    "output",
    "params",
    "buffers",
    "macs",
    "weights",
    "receptive_field",
]


def document(*checked):
    return json.loads(text(list(checked)))


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_contract(name):
    found = document(catalogue(name))
    assert list(found) == KEYS
    assert found["schema"] == 1
    assert found["ok"] is True
    assert list(found["totals"]) == TOTALS
    assert list(found["totals"]["depth"]) == ["longest", "shortest", "paths"]
    for layer in found["layers"]:
        extra = {"training_only", "shared"} & layer.keys()
        assert list(layer)[: len(LAYER)] == LAYER
        assert set(layer) == {*LAYER, *extra}
        assert all(layer[key] is True for key in extra)
        if layer["op"] == "parameter":  # no input leads to a learned tensor
            assert layer["receptive_field"] is None
        else:
            assert list(layer["receptive_field"]) == ["size", "stride", "offset", "global"]
    for one in found["expectations"]:
        assert list(one) == ["where", "what", "expected", "actual", "holds", "source", "line"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_layers_add_up_to_the_totals(name):
    """Parameters and buffers computed from the shapes of the weights."""
    found = document(catalogue(name))
    counted = [layer for layer in found["layers"] if "training_only" not in layer]
    for figure in ("params", "buffers", "macs"):
        assert sum(layer[figure] for layer in counted) == found["totals"][figure]
    numbers = 0
    for layer in counted:
        for weight, shape in layer["weights"].items():
            if "shared" not in layer and weight != "num_batches_tracked":
                size = 1
                for side in shape:
                    size *= side
                numbers += size
    assert numbers == found["totals"]["params"] + found["totals"]["buffers"]


def test_a_layer_in_full():
    first, *_ = document(check(RESIDUAL))["layers"]
    assert first == {
        "path": "stem",
        "op": "conv",
        "inputs": [[3, 32, 32]],
        "output": [16, 32, 32],
        "params": 3 * 3 * 3 * 16 + 16,
        "buffers": 0,
        "macs": 3 * 3 * 3 * 16 * 32 * 32,
        "weights": {"weight": [16, 3, 3, 3], "bias": [16]},
        "receptive_field": {"size": [3, 3], "stride": [1, 1], "offset": [-1, -1], "global": False},
    }


def test_weights_in_the_order_of_a_state_dict():
    layers = {layer["op"]: layer["weights"] for layer in document(check(RESIDUAL))["layers"]}
    assert list(layers["batchnorm"].items()) == [
        ("weight", [16]),
        ("bias", [16]),
        ("running_mean", [16]),
        ("running_var", [16]),
        ("num_batches_tracked", []),
    ]


def test_unknown_is_null_and_never_zero():
    found = document(check(INVALID))
    assert found["ok"] is False
    assert found["output"] is None
    assert found["outputs"] == {"output": None}
    assert found["totals"] == dict.fromkeys(TOTALS)
    first, second, *_ = found["layers"]
    assert first["output"] == [4, 6, 6]
    assert [second[key] for key in ("output", "params", "macs", "weights")] == [None] * 4
    (error,) = found["diagnostics"]
    assert error["code"] == "window-too-large"
    assert (error["line"], error["severity"]) == (6, "error")
    assert list(error) == [
        "code",
        "severity",
        "message",
        "help",
        "file",
        "line",
        "column",
        "notes",
    ]


def test_unparsed_layers():
    found = document(check("no-such-spec-at-all"))
    assert list(found) == KEYS
    assert found["ok"] is False
    assert found["name"] is None
    assert found["layers"] == []
    assert found["totals"] == dict.fromkeys(TOTALS)
    assert [d["code"] for d in found["diagnostics"]] == ["file-not-found"]
    assert found["diagnostics"][0]["line"] is None


def test_several_specs_are_a_list():
    found = document(catalogue("vgg16"), check(INVALID))
    assert [one["name"] for one in found] == ["VGG-16", "InvalidValue"]


def test_shared_weights_and_rational_strides():
    found = document(
        check(
            "input: [4, 8, 8]\nlayers:\n"
            "  - {name: a, conv: {out: 4, kernel: 1}}\n  - reuse: a\n"
            "  - {name: up, conv_transpose: {out: 4, kernel: 2, stride: 2}}"
        )
    )
    a, again, up = found["layers"]
    assert "shared" not in a
    assert again["shared"] is True
    assert (a["path"], again["path"]) == ("a", "a")
    assert (a["params"], again["params"]) == (20, 0)
    assert a["macs"] == again["macs"] == 4 * 4 * 64
    assert up["receptive_field"]["stride"] == ["1/2", "1/2"]


def test_the_number_of_paths_has_every_digit():
    """Residual blocks double the paths: 2^15,000 has 4,516 digits, more than Python prints."""
    spec = "input: [1]\nlayers: [{repeat: 15000, do: [add: [[relu], []]]}]"
    paths = as_dict(check(spec))["totals"]["depth"]["paths"]
    assert len(paths) == 4_516
    assert paths.startswith("28179")  # 15,000·log10(2) = 4,515.44993, and 10^0.44993 = 2.8179
    assert int(paths[-4:]) == pow(2, 15_000, 10_000)


def test_plain_ascii():
    found = text([check("name: Netz für α\ninput: [1, 4, 4]\nlayers: [relu]")])
    assert found.isascii()
    assert json.loads(found)["name"] == "Netz für α"
