"""An additional target is one file and one entry."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

import archcalc
from archcalc.codegen import TARGETS
from archcalc.codegen.refusal import refused
from archcalc.diagnostics import SpecError
from tests.cli.support import run

if TYPE_CHECKING:
    from archcalc.graph import Net


def generate(net: Net) -> str:
    """One line per layer, and no softmax."""
    for node in net.nodes:
        if node.op.name == "softmax":
            raise refused(node.layer, "a softmax", "leave it out", "Toy")
    return "".join(f"{node.op.name} {node.path}\n" for node in net.nodes)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("toy_target")
    module.generate = generate  # type: ignore[attr-defined]  # made here
    monkeypatch.setitem(sys.modules, "toy_target", module)
    monkeypatch.setitem(TARGETS, "toy", "toy_target")


SPEC = "input: [1, 8, 8]\nlayers:\n  - {name: a, conv: {out: 2, kernel: 3}}\n  - relu\n"


def test_an_additional_target_generates_code() -> None:
    assert archcalc.export(archcalc.load(SPEC), "toy") == "conv a\nrelu 1\n"


def test_the_command_accepts_it() -> None:
    done = run("export", "vgg11", "--target", "toy")
    assert done.exit_code == 0
    assert done.stdout.startswith("conv features.0\nrelu features.1\n")
    assert "pytorch, keras, toy" in run("export", "vgg11", "--target", "none").stderr


def test_its_errors_point_to_the_line() -> None:
    with pytest.raises(SpecError) as caught:
        archcalc.export(archcalc.load(SPEC + "  - softmax\n"), "toy")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == "Toy cannot express a softmax"
    assert diagnostic.span is not None
    assert diagnostic.span.line == 5
