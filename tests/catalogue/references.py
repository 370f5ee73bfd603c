"""What torchvision 0.28 reports for its nets: `tests/data/torchvision`, one module per line."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tests.catalogue.support import FILES

ROOT = Path(__file__).parents[2]
REFERENCES = ROOT / "tests" / "data" / "torchvision"
NAMES = {
    "alexnet": "alexnet_torchvision",
    "googlenet": "googlenet_torchvision",
    # without dashes, 1_6gf would be 16gf, and 3_2gf 32gf
    "regnet_x_1_6gf": "regnet_x_1600mf",
    "regnet_x_3_2gf": "regnet_x_3200mf",
    "regnet_y_1_6gf": "regnet_y_1600mf",
    "regnet_y_3_2gf": "regnet_y_3200mf",
}
BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


class Reference(NamedTuple):
    """torchvision's numbers for a net; `outputs` by module, without training-only ones."""

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
    return FILES[NAMES.get(name, name)]


CHECKPOINTS = sorted(path.stem for path in REFERENCES.glob("*.txt"))
