"""`archcalc import`, and models in place of specs."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

from tests.cli.support import run

FILE = Path(__file__).with_name("models.py")
LENET = f"{FILE}:LeNet"


def test_import_prints_a_valid_spec(tmp_path):
    found = run("import", LENET, "--input", "1x28x28", "--set", "classes=7")
    assert found.exit_code == 0
    assert "fc2, linear: 7" in found.stdout
    # 6·26 + 16·151 + 120·257 + 7·121, by hand
    assert "expect: {output: [7], params: 34259}" in found.stdout
    spec = tmp_path / "net.yaml"
    assert run("import", LENET, "--input", "1x28x28", "-o", str(spec)).exit_code == 0
    assert run("check", str(spec)).exit_code == 0
    again = run("import", LENET, "--input", "1x28x28", "-o", str(spec))
    assert again.exit_code == 1
    assert "already exists" in again.stderr


@pytest.mark.parametrize("command", ["check", "explain", "formula", "inputs", "export"])
def test_every_command_takes_a_model(command):
    found = run(command, LENET, "--input", "1x28x28")
    assert found.exit_code == 0, found.stderr
    assert found.stdout


def test_render_and_compare_take_a_model(tmp_path):
    picture = tmp_path / "net.svg"
    assert run("render", LENET, "--input", "1x28x28", "-o", str(picture)).exit_code == 0
    assert picture.read_text().startswith("<?xml") or "<svg" in picture.read_text()
    found = run("compare", "lenet5_modern", LENET, "--input", "1x28x28")
    assert found.exit_code == 0, found.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((LENET,), 2, "--input 3x224x224"),
        ((f"{FILE}:LeNett", "--input", "1x28x28"), 2, "has no LeNett"),
        (("no_such_module:Net", "--input", "1x28x28"), 2, "no module no_such_module"),
        (("no_such_file.py:Net", "--input", "1x28x28"), 2, "no file no_such_file.py"),
        ((f"{FILE}:WaveBlock", "--input", "8x20"), 2, "--set NAME=VALUE"),
        ((LENET, "--input", "3x28x28"), 1, "the model fails in conv1"),
        ((f"{FILE}:double_conv", "--input", "x=1x2x2"), 2, "--set NAME=VALUE"),
        ((LENET, "--input", "y=1x28x28"), 2, "no argument y"),
    ],
)
def test_errors(arguments, status, message):
    found = run("check", *arguments)
    assert found.exit_code == status
    assert message in found.stderr
    assert "Traceback" not in found.stderr


def test_a_spec_cannot_cause_an_import(tmp_path):
    marker = tmp_path / "ran"
    (tmp_path / "evil.py").write_text(f"open({str(marker)!r}, 'w').write('x')\nNet = None\n")
    spec = tmp_path / "net.yaml"
    spec.write_text(f"extends: {tmp_path / 'evil.py'}:Net\nname: evil.py:Net\n")
    assert run("check", str(spec)).exit_code == 1
    assert not marker.exists()
