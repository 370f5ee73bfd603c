"""The weights of public checkpoints: their keys, shapes and order, from the paths of a spec.

`tests/data/torchvision` has what torchvision 0.28 lists for each net, one module a line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from archcalc.pipeline import check
from archcalc.report.json import as_dict

ROOT = Path(__file__).parents[2]
REFERENCES = ROOT / "tests" / "data" / "torchvision"
NAMES = {"alexnet": "alexnet_torchvision", "googlenet": "googlenet_torchvision"}
BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


class Reference(NamedTuple):
    """What torchvision says of a net; `outputs` by module, training-only ones left out."""

    totals: dict[str, str]
    weights: list[tuple[str, list[int]]]
    outputs: dict[str, list[int]]


def sides(text: str) -> list[int]:
    return [int(side) for side in text.split("x")]


def reference(name: str) -> Reference:
    lines = (REFERENCES / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    head = next(line for line in lines if line.startswith("# input")).split()[1:]
    found = Reference(dict(zip(head[::2], head[1::2], strict=True)), [], {})
    for line in lines:
        if line.startswith("#"):
            continue
        path, output, *arrays = line.split()
        if output != "-":
            found.outputs[path] = sides(output)
        for array, shape in zip(arrays[::2], arrays[1::2], strict=True):
            if array == "bn":
                found.weights.extend((f"{path}.{part}", sides(shape)) for part in BATCH_NORM)
                found.weights.append((f"{path}.num_batches_tracked", []))
            else:
                found.weights.append((f"{path}.{array}", sides(shape)))
    return found


def spec_of(name: str) -> Path:
    own = ROOT / "tests" / "data" / "specs" / f"{name}.yaml"
    return own if own.exists() else ROOT / "specs" / f"{NAMES.get(name, name)}.yaml"


def described(name: str) -> dict[str, Any]:
    """The spec as `check --format json` gives it."""
    return as_dict(check(spec_of(name)))


CHECKPOINTS = sorted(path.stem for path in REFERENCES.glob("*.txt"))


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_state_dict(name: str) -> None:
    found = described(name)
    weights = [
        (f"{layer['path']}.{weight}", shape)
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


def test_the_references_are_there() -> None:
    assert {"vgg16", "resnet50", "densenet121", "shufflenet_v2_x1_0"} <= set(CHECKPOINTS)
