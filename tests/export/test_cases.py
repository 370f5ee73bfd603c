"""Regression tests: small nets for which exported code was once wrong. Each is now the network of
the spec, or an error at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

import archcalc
from archcalc.diagnostics import SpecError
from tests.export.interpreter import largest_difference
from tests.export.support import compared, differences, lint, model_class

FOLDER = Path(__file__).with_name("cases")
CASES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
REFUSED = {"export_reuse_reshape": 6}
"""Nets that PyTorch cannot express, and the line of the error."""


@pytest.mark.parametrize("name", [case for case in CASES if case not in REFUSED])
def test_exported_code_equals_the_spec(name: str, tmp_path: Path) -> None:
    net = archcalc.load(FOLDER / f"{name}.yaml")
    assert differences(compared(net, tmp_path)) == []
    assert largest_difference(model_class(net, tmp_path)(), net) < 1e-9
    assert lint(tmp_path) == ""


@pytest.mark.parametrize("name", REFUSED)
def test_an_unsupported_net_is_an_error_at_its_line(name: str) -> None:
    with pytest.raises(SpecError) as raised:
        archcalc.export(archcalc.load(FOLDER / f"{name}.yaml"))
    (told,) = raised.value.diagnostics
    assert told.code == "not-exportable"
    assert told.span is not None
    assert told.span.line == REFUSED[name]


def test_a_var_that_changes_a_distant_stride_is_not_an_argument() -> None:
    """At n = 12 the stride is 2, and the linear layer has another size."""
    text = (
        "input: [3, 16, 16]\nvars: {n: 3}\nlayers:\n"
        '  - conv: {out: 4, kernel: 3, stride: "2 if (n // 3) % 5 > 3 else 1"}\n'
        "  - flatten\n  - linear: 10\n"
    )
    assert "n: int" not in archcalc.export(archcalc.load(text))
    assert "n = 3" in archcalc.export(archcalc.load(text))


def test_automatic_padding_depends_on_the_kernel() -> None:
    """`same` of a transposed convolution is 1 for a kernel of 4, and 0 and 1 for one of 3."""
    text = (
        "input: [2, 9]\nvars: {k: 4}\n"
        "layers: [conv_transpose: {out: 4, kernel: k, stride: 2, padding: same}]"
    )
    code = archcalc.export(archcalc.load(text))
    assert "nn.ConvTranspose1d(2, 4, 4, stride=2, padding=1)" in code
    assert "k = 4" in code
    other = archcalc.export(archcalc.load(text, set={"k": 3}))
    assert "crops=((0, 1),)" in other
