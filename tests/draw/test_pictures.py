"""The committed pictures are what the commands draw.

`GOLDEN=write pytest tests/draw/test_pictures.py` draws them again: look at them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from examples.front_page import picture
from tests.cli.support import run
from tests.draw.support import embedded_only, parsed

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "examples" / "pictures"

COMMANDS = {
    "lenet5_volumes": ["lenet5", "--style", "volumes"],
    "vgg16": ["vgg16"],
    "resnet18": ["resnet18", "--depth", "all"],
    "resnet50": ["resnet50"],
    "googlenet": ["googlenet"],
    "unet_volumes": ["examples/unet.yaml", "--style", "volumes"],
    "dilated_field": ["examples/dilated_gaps.yaml", "--receptive-field", "last"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_picture(name, monkeypatch, tmp_path):
    # The embedded engine writes the same bytes on every platform.
    embedded_only(monkeypatch, tmp_path)
    monkeypatch.chdir(ROOT)
    target = tmp_path / "drawn.svg"
    assert run("render", *COMMANDS[name], "-o", str(target)).exit_code == 0
    drawn = target.read_text(encoding="utf-8")
    path = PICTURES / f"{name}.svg"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")
    assert parsed(drawn.encode()) is not None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_of_the_readme(theme, monkeypatch, tmp_path):
    embedded_only(monkeypatch, tmp_path)
    drawn = picture(theme)
    path = PICTURES / f"front_page_{theme}.svg"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")
    assert parsed(drawn.encode()) is not None
    assert f"examples/pictures/front_page_{theme}.svg" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", ["specs/commands.md", "specs/language.md"])
def test_the_pages_show_pictures_that_are_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = re.findall(r"\]\((\S*pictures/\w+\.svg)\)", text)
    assert shown
    for file in shown:
        assert ((ROOT / page).parent / file).resolve().is_file()
