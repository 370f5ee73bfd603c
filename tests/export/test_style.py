"""The style of the code: four nets as golden files, and linters for the whole catalogue.

The golden files are reviewed by hand: every line follows from the spec. They are rewritten with
`python -m tests.export.test_style`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import archcalc
from archcalc.codegen import export
from tests.catalogue.support import FAMILIES
from tests.export.support import lint, types

GOLDEN = Path(__file__).with_name("golden")
MOST_LINES = {"resnet50": 110, "vgg16": 60, "googlenet": 140, "mobilenet": 75}


@pytest.mark.parametrize("name", MOST_LINES)
def test_the_four_golden_nets(name: str) -> None:
    text = export(archcalc.load(name))
    assert text == (GOLDEN / f"{name}.py.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) < MOST_LINES[name]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    for name in FAMILIES:
        (folder / f"{name}.py").write_text(export(archcalc.load(name)), encoding="utf-8")
    return folder


def test_the_whole_catalogue_passes_ruff(catalogue: Path) -> None:
    assert lint(catalogue) == ""


def test_the_whole_catalogue_passes_mypy(catalogue: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch's types are needed")
    assert types(catalogue) == ""


@pytest.mark.parametrize("name", FAMILIES)
def test_output_is_deterministic(name: str, catalogue: Path) -> None:
    assert export(archcalc.load(name)) == (catalogue / f"{name}.py").read_text(encoding="utf-8")


def test_only_pytorch_is_imported(catalogue: Path) -> None:
    allowed = {"torch", "math", "collections", "collections.abc", "typing"}
    for file in catalogue.iterdir():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= allowed, file.name
            if isinstance(node, ast.ImportFrom):
                assert node.module in allowed, file.name


def test_the_docstring_describes_the_net() -> None:
    text = export(archcalc.load("resnet50", set={"classes": 10}, input=(3, 256, 256)))
    told = ast.get_docstring(ast.parse(text))
    assert told is not None
    assert told.startswith("ResNet-50.")
    assert "Source: He, Zhang, Ren & Sun 2015" in told
    assert "Input: 3x256x256. Output: 10." in told
    # 25,557,032 − 990·2,049 parameters; the receptive field does not depend on the input.
    assert f"Parameters: {25_557_032 - 990 * 2_049:,}." in told
    assert "Receptive field: 427." in told
    assert "archcalc export resnet50.yaml --set classes=10 --input 3x256x256" in told


if __name__ == "__main__":
    for net in MOST_LINES:
        (GOLDEN / f"{net}.py.txt").write_text(export(archcalc.load(net)), encoding="utf-8")
