"""Verification by running: the generated PyTorch code compared with the predictions of `check`.

Here the code is run; `compared.py` compares the results with the report.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen import export
from archcalc.codegen.module import need_torch
from archcalc.codegen.verify.compared import compare
from archcalc.codegen.verify.measurable import choose, why_none

if TYPE_CHECKING:
    from archcalc.codegen.verify.compared import Compared
    from archcalc.codegen.verify.measurable import Chosen
    from archcalc.graph import Net


class NoDevice(ValueError):
    """The requested device is not available: a usage error, not an error of the code."""


class Verification(NamedTuple):
    """Everything that was compared. `failure` is the reason if the code did not run; `unmeasured`
    the reason if no receptive field was measured."""

    rows: tuple[Compared, ...]
    failure: str = ""
    unmeasured: str = ""

    @property
    def ok(self) -> bool:
        return not self.failure and all(row.equal for row in self.rows)


def verify(
    net: Net,
    *,
    batch: int = 2,
    device: str = "cpu",
    layer: str | None = None,
    text: str | None = None,
) -> Verification:
    """Exports a net, runs it in a separate process, and compares.

    `device` is cpu, cuda, or meta (shapes and counts without data, instantly). `layer` is the path
    of the layer whose receptive field is measured; by default the last possible one. `text` is the
    code, if it is already generated. Raises `TorchMissing` without PyTorch, `NoDevice` without a
    CUDA device, `SpecError` if the net cannot be exported, and `Unmeasurable` for a layer whose
    receptive field cannot be measured with a gradient.
    """
    from archcalc.analysis.analyze import analyze

    need_torch()
    report = analyze(net)
    chosen, unmeasured = None, "the meta device has no numbers"
    if layer is not None or device != "meta":
        chosen = choose(report, layer)
        unmeasured = "" if chosen else why_none(report)
    request = asked(net, chosen, batch=batch, device=device)
    with TemporaryDirectory() as folder:
        file = Path(folder, "generated.py")
        file.write_text(export(net) if text is None else text, encoding="utf-8")
        done = subprocess.run(
            # -P: nothing next to the probe can shadow a module of Python.
            [sys.executable, "-P", str(Path(__file__).with_name("probe.py"))],
            input=json.dumps({**request, "file": str(file)}),
            capture_output=True,
            text=True,
            check=False,
        )
    if "error" in (told := _answer(done.stdout)):
        raise NoDevice(told["error"])
    if done.returncode != 0 or not told:
        return Verification((), _failure(done.stderr, done.returncode), unmeasured)
    return Verification(tuple(compare(report, told, chosen)), unmeasured=unmeasured)


def _answer(text: str) -> dict[str, Any]:
    """The answer of the probe; empty if it ended too early."""
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        return {}
    return found


def _failure(errors: str, status: int) -> str:
    """The reason why the code did not run, as Python reported it."""
    told = errors.strip() or f"it ended by itself, with exit status {status}"
    if "not enough memory" in told or "MemoryError" in told:
        told += "\nwithout numbers it takes no memory: --device meta"
    return told


def asked(
    net: Net, chosen: Chosen | None, *, batch: int = 2, device: str = "cpu"
) -> dict[str, Any]:
    """The request for the probe, except the file."""
    shapes = [list(tensor.shape) for i in net.inputs.values() if (tensor := net.tensors[i])]
    field = None if chosen is None else [chosen.path, list(chosen.position)]
    return {"inputs": shapes, "batch": batch, "device": device, "field": field}
