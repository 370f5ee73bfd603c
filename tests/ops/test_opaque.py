"""User-defined layers: metrics that the spec states are used, all others are unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import archcalc
from archcalc.diagnostics import SpecError

if TYPE_CHECKING:
    from pathlib import Path

    from archcalc.analysis.figures import Report


def check(opaque: str, *more: str) -> Report:
    lines = [
        "input: [8, 6, 6]",
        "layers:",
        "  - conv: {out: 4, kernel: 1}",
        f"  - opaque: {opaque}",
    ]
    return archcalc.analyze(archcalc.load("\n".join([*lines, *more])))


def test_unstated_metrics_are_unknown_in_every_total() -> None:
    report = check("pkg.Layer", "  - relu")
    assert report.net.tensors[report.net.nodes[1].outputs[0]].shape == (4, 6, 6)  # type: ignore[union-attr]
    assert report.totals.params is None
    assert report.totals.buffers is None
    assert report.totals.macs is None
    assert report.totals.flops is None
    field = report.receptive_field_of(report.net.nodes[1].outputs[0])
    assert field is not None
    assert field.size == (None, None)


def test_stated_metrics_are_used() -> None:
    report = check("{class: pkg.Layer, output: [in_channels*2, 3, 3], params: 10, macs: 4*9}")
    assert report.totals.params == 8 * 4 + 4 + 10
    assert report.totals.buffers == 0
    assert report.totals.macs == 8 * 4 * 36 + 36
    assert report.totals.flops is None


def test_weights_have_names() -> None:
    report = check(
        "{class: pkg.Layer, weights: {a.weight: [4, 3], scale: []}, buffers: {mean: [7]}}"
    )
    facts = report.net.nodes[1].facts
    assert facts is not None
    names = [(w.name, w.shape, w.trainable) for w in facts.weights]
    assert names == [("a.weight", (4, 3), True), ("scale", (), True), ("mean", (7,), False)]
    assert (facts.params, facts.buffers) == (13, 7)


def test_weight_names_are_not_expressions() -> None:
    """A var with the name of a weight does not replace it."""
    text = (
        "vars: {weight: 5}\ninput: [4]\nlayers: [opaque: {class: a.B, weights: {weight: [weight]}}]"
    )
    facts = archcalc.load(text).nodes[0].facts
    assert facts is not None
    assert [(w.name, w.shape) for w in facts.weights] == [("weight", (5,))]


@pytest.mark.parametrize(
    ("opaque", "words"),
    [
        ("Layer", "module and a class"),
        ("pkg.Layer()", "module and a class"),
        ("pkg.class.Layer", "module and a class"),
        ("{class: pkg.Layer, params: 3, weights: {w: [2]}}", "differs from the sizes"),
        ("{class: pkg.Layer, output: [3, same]}", "as many axes"),
        ("{class: pkg.Layer, arguments: {class: 3}}", "names that Python accepts"),
        ("{class: pkg.Layer, arguments: [3]}", "must be a mapping"),
        ("{class: pkg.Layer, macs: -1}", "at least 0"),
        ("{class: pkg.Layer, inputs: [nothing]}", "unknown label"),
        ("{class: [a, b]}", "must be a text"),
    ],
)
def test_errors(opaque: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        archcalc.export(archcalc.load(f"input: [4, 8, 8]\nlayers:\n  - opaque: {opaque}\n"))
    assert words in str(caught.value)


OWN = """
import torch
from torch import nn


class Gate(nn.Module):
    def __init__(self, width, bias=True, mode="mul"):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width, 1, 1))
        self.bias = nn.Parameter(torch.zeros(width, 1, 1)) if bias else None
        assert mode == "mul"

    def forward(self, x, gate, more):
        return x * (gate + more) * self.weight
"""

SPEC = """
input: [3, 8, 8]
vars: {c: 4}
layers:
  - {name: a, conv: {out: c, kernel: 1}}
  - {name: b, conv: {out: c, kernel: 1}}
  - {name: g, opaque: {class: own_layers.Gate, inputs: [a, b], output: [c, same, same], macs: 0,
      weights: {weight: [c, 1, 1]}, arguments: {width: c, bias: false, mode: mul}}}
  - relu
"""


def test_pytorch_imports_the_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    (tmp_path / "own_layers.py").write_text(OWN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    net = archcalc.load(SPEC)
    assert "import own_layers" in archcalc.export(net).splitlines()
    model = archcalc.to_torch(net)
    assert model(torch.randn(2, 3, 8, 8)).shape == (2, 4, 8, 8)
    keys = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    assert keys["g.weight"] == (4, 1, 1)
    assert sum(value.numel() for value in model.state_dict().values()) == 16 + 20 + 4
    assert archcalc.analyze(net).totals.params == 16 + 20 + 4
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    from archcalc.codegen.verify import verify

    result = verify(net)
    assert result.ok, result


def test_keras_export_reports_an_error() -> None:
    with pytest.raises(SpecError, match="Keras cannot express a layer of your own"):
        archcalc.export(archcalc.load(SPEC), "keras")
