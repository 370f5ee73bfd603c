"""Shared functions for tests of exported code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import archcalc
from archcalc.analysis.analyze import analyze
from archcalc.codegen import export
from archcalc.codegen.verify import asked, probe
from archcalc.codegen.verify.compared import compare
from archcalc.codegen.verify.measurable import choose

if TYPE_CHECKING:
    from archcalc.codegen.verify.compared import Compared
    from archcalc.graph import Net

ROOT = Path(__file__).parents[2]
RULES = "E,F,I,N,UP,B"


def model_class(net: Net, folder: Path, name: str = "generated") -> Any:
    """The generated model's class, imported from a file as a user would."""
    file = folder / f"{name}.py"
    file.write_text(export(net), encoding="utf-8")
    return probe.load(str(file))


def compared(
    net: Net, folder: Path, device: str = "cpu", file: Path | None = None
) -> list[Compared]:
    """Everything that `verify` compares, in this process. `file` contains the code, if given."""
    if file is None:
        file = folder / "generated.py"
        file.write_text(export(net), encoding="utf-8")
    report = analyze(net)
    chosen = None if device == "meta" else choose(report)
    request = {"file": str(file), **asked(net, chosen, device=device)}
    return compare(report, probe.answer(request), chosen)


def differences(rows: list[Compared]) -> list[str]:
    return [f"{row.what}: {d}" for row in rows for d in row.differences]


def lint(folder: Path) -> str:
    """The messages of ruff's formatter and linter for a folder of generated files."""
    ruff = [sys.executable, "-m", "ruff"]
    common = ["--isolated", "--no-cache", "--line-length", "100", "--target-version", "py311"]
    formatted = _run([*ruff, "format", *common, "--diff", str(folder)])
    checked = _run([*ruff, "check", *common, "--select", RULES, "--quiet", str(folder)])
    return formatted + checked


def types(folder: Path) -> str:
    """The messages of mypy --strict, without the project's own settings."""
    # One cache per worker: two simultaneous runs would conflict.
    cache = ROOT / ".mypy_cache" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--cache-dir",
        str(cache),
    ]
    return _run([*command, str(folder)])


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def load(text: str, **settings: Any) -> Net:
    return archcalc.load(text, set=settings)
