"""`archcalc new`: copies to start from."""

from __future__ import annotations

import pytest

from archcalc.spec.files import catalogue_files, catalogue_names
from tests.cli.support import run


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_starter_spec(folder):
    found = run("new")
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout == "wrote model.yaml\ncheck it with: archcalc check model.yaml\n"
    text = (folder / "model.yaml").read_text()
    assert text.count("#") > 10
    assert run("check", "model.yaml", "--cases").exit_code == 0


def test_the_expectations_of_the_starter_by_hand(folder):
    run("new")

    def residual(a, b):
        """Two 3×3 convolutions with norms, and a 1×1 one with a norm if the width changes."""
        shortcut = a * b + 2 * b if a != b else 0
        return 9 * a * b + 9 * b * b + 4 * b + shortcut

    for width in (16, 32):
        blocks = 2 * residual(width, width)
        blocks += residual(width, 2 * width) + residual(2 * width, 4 * width)
        total = 27 * width + 2 * width + blocks + 4 * width * 10 + 10
        assert f"params: {total:_}" in (folder / "model.yaml").read_text()


@pytest.mark.parametrize("name", catalogue_names())
def test_every_copied_net_passes(folder, name):
    found = run("new", name)
    assert found.exit_code == 0
    assert (folder / f"{name}.yaml").read_bytes() == catalogue_files()[name].read_bytes()
    assert run("check", f"{name}.yaml").exit_code == 0
    assert ("it extends" in found.stdout) == ("extends:" in (folder / f"{name}.yaml").read_text())


def test_the_base_of_a_copy_is_reported(folder):
    found = run("new", "resnet34.yaml", "-o", "mine.yaml")
    assert "it extends resnet18.yaml of the catalogue" in found.stdout
    assert "copy it with: archcalc new resnet18" in found.stdout
    (folder / "resnet18.yaml").write_text("input: [1, 1, 1]\nlayers: [relu]\n")
    found = run("new", "resnet34")
    assert "it extends resnet18.yaml in the same folder" in found.stdout
    # under the name of its base it still extends the catalogue's
    found = run("new", "resnet34", "-o", "resnet18.yaml", "--force")
    assert "it extends resnet18.yaml of the catalogue" in found.stdout
    assert run("check", "resnet18.yaml").exit_code == 0


def test_standard_output(folder):
    found = run("new", "plain18", "-o", "-")
    assert found.stdout == catalogue_files()["plain18"].read_text(encoding="utf-8")
    assert "it extends resnet18.yaml" in found.stderr
    assert list(folder.iterdir()) == []


def test_existing_files_are_kept(folder):
    (folder / "vgg16.yaml").write_text("mine")
    found = run("new", "vgg16")
    assert found.exit_code == 1
    assert "vgg16.yaml already exists" in found.stderr
    assert "--force" in found.stderr
    assert (folder / "vgg16.yaml").read_text() == "mine"
    assert run("new", "vgg16", "--force").exit_code == 0
    assert "VGG-16" in (folder / "vgg16.yaml").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["vgg61"],
            "or vgg13? `archcalc new -o vgg61.yaml` starts a spec of your own",
        ),
        (["my_model"], "see `archcalc list`; `archcalc new -o my_model.yaml`"),
        (["../vgg16"], "no net `../vgg16` in the catalogue"),
        (["vgg16", "-o", "."], ". is a folder"),
    ],
)
def test_mistakes(arguments, told):
    found = run("new", *arguments, COLUMNS="120")
    assert found.exit_code == 1
    assert told in found.stderr


def test_an_unwritable_folder():
    found = run("new", "vgg16", "-o", "no/such/folder.yaml")
    assert found.exit_code == 2
    assert found.stderr == "archcalc: cannot write no/such/folder.yaml: No such file or directory\n"
