"""Metrics of a catalogue net by the names in the tables in `tests/data`."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcalc.pipeline import check

if TYPE_CHECKING:
    from archcalc.analysis.figures import LayerReport, Report
    from archcalc.graph import Group

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
FILES = {path.stem: path for path in sorted((ROOT / "specs").rglob("*.yaml"))}
CATALOGUE = sorted(FILES)

# Nets with their own blocks or layers: the others only set vars of one of these.
FAMILIES = [
    name
    for name in CATALOGUE
    if re.search(r"^(blocks|layers):", FILES[name].read_text(), re.MULTILINE)
]


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table in `tests/data`."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shape(text: str) -> list[int]:
    return [int(side) for side in text.split("x")]


def _setting(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if text.isdecimal():
        return int(text)
    if text.isalpha():
        return text
    from fractions import Fraction

    return Fraction(text)


@cache
def report_of(net: str, settings: str = "", input: str = "") -> Report:
    """The report of a catalogue net, with settings as "width=0.5" and input as "3x160x160"."""
    pairs = [pair.split("=") for pair in settings.split()]
    found = check(
        FILES[net],
        settings={name: _setting(value) for name, value in pairs},
        inputs=tuple(shape(input)) if input else None,
    ).report
    assert found is not None
    return found


def group_at(group: Group, path: str) -> Group | None:
    """The group with the path `level`."""
    from archcalc.graph import Group as GroupClass

    for child in group.children:
        if isinstance(child, GroupClass):
            if child.level and child.path == path:
                return child
            found = group_at(child, path)
            if found is not None:
                return found
    return None


class Part:
    """A layer, a group, or (for the empty path) the net."""

    def __init__(self, report: Report, path: str) -> None:
        self.report = report
        self.group = report.net.root if not path else group_at(report.net.root, path)
        self.layers: list[LayerReport] = [
            layer
            for layer in report.layers
            if not path or layer.node.path == path or layer.node.path.startswith(path + ".")
        ] or [layer for layer in report.layers if layer.node.op.name == path]
        assert self.layers, f"no layer {path}"

    def counted(self) -> list[LayerReport]:
        return [layer for layer in self.layers if not layer.node.training_only]

    def input(self) -> tuple[int, ...]:
        if self.group is None:
            return self._known(self.layers[0].inputs[0])
        assert self.group.input is not None
        tensor = self.report.net.tensors[self.group.input]
        assert tensor is not None
        return tensor.shape

    def output(self) -> tuple[int, ...]:
        if self.group is None:
            return self._known(self.layers[-1].output)
        assert self.group.output is not None
        tensor = self.report.net.tensors[self.group.output]
        assert tensor is not None
        return tensor.shape

    @staticmethod
    def _known(found: tuple[int, ...] | None) -> tuple[int, ...]:
        assert found is not None
        return found

    def total(self, figure: str) -> int:
        return sum(getattr(layer.totals, figure) for layer in self.counted())

    def weights(self) -> int:
        """Trainable parameters without biases, from their shapes."""
        count = 0
        for layer in self.counted():
            assert layer.node.facts is not None
            for weight in layer.node.facts.weights:
                if weight.trainable and weight.name != "bias":
                    size = 1
                    for side in weight.shape:
                        size *= side
                    count += size
        return count

    def kernels(self) -> list[tuple[int, ...]]:
        """The shapes of the convolutions' weights, in order."""
        found = []
        for layer in self.layers:
            if layer.node.op.name in ("conv", "depthwise_conv"):
                assert layer.node.facts is not None
                found.append(layer.node.facts.weights[0].shape)
        return found
