"""The weights of public checkpoints: their keys, shapes and order, from the paths of a spec."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from archcalc.ops.base import key
from archcalc.pipeline import check
from archcalc.report.json import as_dict
from tests.catalogue.references import CHECKPOINTS, reference, sides, spec_of
from tests.catalogue.support import rows

# Key and shape of every array as torchvision 0.28 (else timm 1.0.31) registers them, one
# "key 64x3x7x7" ("scalar" without axes) per line in order, as a SHA-256 digest; parameters and
# multiply-accumulates as torchvision's metadata of the weights gives them, for timm's models as
# PyTorch's FlopCounterMode counts them.
MEMBERS = {row["name"]: row for row in rows("public_checkpoints.csv")}


def described(name: str) -> dict[str, Any]:
    """The spec as `check --format json` gives it."""
    return as_dict(check(spec_of(name)))


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_state_dict(name: str) -> None:
    found = described(name)
    weights = [
        (key(layer["path"], weight), shape)
        for layer in found["layers"]
        for weight, shape in layer["weights"].items()
    ]
    assert weights == reference(name).weights


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_outputs_and_totals(name: str) -> None:
    found, wanted = described(name), reference(name)
    outputs = {layer["path"]: layer["output"] for layer in found["layers"]}
    assert {path: outputs.get(path) for path in wanted.outputs} == wanted.outputs
    assert found["ok"]
    assert found["inputs"] == {"input": sides(wanted.totals["input"])}
    assert found["output"] == sides(wanted.totals["output"])
    assert found["totals"]["params"] == int(wanted.totals["params"])
    assert found["totals"]["macs"] == int(wanted.totals["macs"])
    assert sum(layer["params"] for layer in found["layers"]) == int(wanted.totals["all_params"])


@pytest.mark.parametrize("name", MEMBERS)
def test_members_of_families(name: str) -> None:
    found, wanted = described(name), MEMBERS[name]
    arrays = [
        f"{key(layer['path'], weight)} {'x'.join(map(str, shape)) or 'scalar'}\n"
        for layer in found["layers"]
        for weight, shape in layer["weights"].items()
    ]
    assert len(arrays) == int(wanted["arrays"])
    assert sha256("".join(arrays).encode()).hexdigest() == wanted["sha256"]
    assert list(found["inputs"].values()) == [sides(wanted["input"])]
    assert found["totals"]["params"] == int(wanted["params"])
    assert f"{found['totals']['macs'] / 1e9:.3f}" == wanted["gmacs"]


def test_the_references_exist() -> None:
    assert {"vgg16", "resnet50", "densenet121", "shufflenet_v2_x1_0"} <= set(CHECKPOINTS)
