"""Properties of every operation, target and command, and of the modules that exporting must not
import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import archcalc
from archcalc.codegen import TARGETS
from archcalc.codegen.module import TorchMissing, need_torch
from archcalc.codegen.pytorch.emitters import EMITTERS, JOINS
from archcalc.codegen.pytorch.helpers import HELPERS
from archcalc.diagnostics import SpecError
from archcalc.ops.registry import ALL, OPERATIONS
from tests.cli.support import run


def test_every_operation_has_an_emitter() -> None:
    assert {*EMITTERS, *JOINS} == set(OPERATIONS)
    assert {op.name for op in ALL if op.join} == set(JOINS)


def test_every_target_exists() -> None:
    net = archcalc.load("lenet5_modern")
    for target in TARGETS:
        assert archcalc.export(net, target)


def test_an_unknown_target() -> None:
    with pytest.raises(ValueError, match="there is no target 'caffe': there are pytorch"):
        archcalc.export(archcalc.load("lenet5"), "caffe")


def test_exporting_needs_no_pytorch() -> None:
    """Neither to generate code nor to be imported; `check` does not even import the exporter."""
    code = (
        "import sys, archcalc; net = archcalc.load('resnet50'); "
        "ours = ('archcalc.codegen', 'archcalc.exporting'); "
        "assert not any(m.startswith(ours) for m in sys.modules); "
        "archcalc.export(net); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_only_codegen_depends_on_targets() -> None:
    core = Path(archcalc.__file__).parent
    for file in core.rglob("*.py"):
        if {"exporting", "codegen", "commands"} & set(file.parts):
            continue
        text = file.read_text(encoding="utf-8")
        assert "exporting.pytorch" not in text, file
        assert "exporting.keras" not in text, file
        assert "codegen.pytorch" not in text, file


def test_helpers_only_require_helpers() -> None:
    from archcalc.codegen.pytorch.helpers import with_needed

    for name in HELPERS:
        order = with_needed({name})
        assert order[-1] == name or name in order
        assert order == [h for h in HELPERS if h in order]


def test_export_command(tmp_path: Path) -> None:
    done = run("export", "lenet5_modern", "-o", str(tmp_path / "net.py"))
    assert done.exit_code == 0
    assert (tmp_path / "net.py").read_text() == archcalc.export(archcalc.load("lenet5_modern"))
    shown = run("export", "lenet5_modern", "--set", "classes=7")
    assert shown.exit_code == 0
    assert "def __init__(self, classes: int = 7) -> None:" in shown.stdout


def test_export_command_of_an_unknown_target() -> None:
    done = run("export", "lenet5", "--target", "caffe")
    assert done.exit_code == 2
    assert "choose from pytorch, keras" in " ".join(done.stderr.split())


def test_export_command_of_an_invalid_spec(tmp_path: Path) -> None:
    spec = tmp_path / "bad.yaml"
    spec.write_text("input: [3, 8, 8]\nlayers: [conv: {out: 2, kernel: 9}]\n")
    done = run("export", str(spec))
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "error[window-too-large]" in done.stderr


def test_export_command_reports_an_unsupported_layer(tmp_path: Path) -> None:
    spec = tmp_path / "odd.yaml"
    spec.write_text("input: [3, 8, 8]\nlayers:\n  - {batchnorm: , init: kaiming}\n")
    done = run("export", str(spec))
    assert done.exit_code == 1
    assert "error[not-exportable]" in done.stderr
    assert "odd.yaml:3" in done.stderr


def test_verify_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(TorchMissing, match=r"pip install 'archcalc\[torch\]'"):
        need_torch()
    done = run("verify", "lenet5")
    assert done.exit_code == 2
    assert "pip install 'archcalc[torch]'" in done.stderr


def test_a_net_with_errors_is_not_exported() -> None:
    from archcalc.pipeline import open_spec

    opened = open_spec("input: [3, 8, 8]\nlayers: [conv: {out: 2, kernel: 9}]\n")
    assert opened.net is not None
    with pytest.raises(SpecError):
        archcalc.export(opened.net)
