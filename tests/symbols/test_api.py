"""`archcalc.formula` and `archcalc.inputs`."""

from __future__ import annotations

import pytest
import sympy

import archcalc
from archcalc.diagnostics import SpecError
from tests.cli.support import process

TEXT = """
input: [3, 8, 8]
vars: {width: 4, depth: 2}
layers:
  - {name: a, conv: {out: width, kernel: 3}}
  - repeat: depth
    do: [maxpool: 2]
"""


def test_a_figure_as_a_sympy_expression() -> None:
    one = archcalc.formula(TEXT, of="macs", free=("width", "H", "W"))
    h, w, width = (one.symbols[name] for name in ("H", "W", "width"))
    # 3·3·3·width at (H − 2)·(W − 2) positions
    assert sympy.expand(one.expression - 27 * width * (h - 2) * (w - 2)) == 0
    assert one._repr_latex_() == f"$\\displaystyle {one.latex}$"


def test_a_net_keeps_its_settings() -> None:
    net = archcalc.load(TEXT, set={"width": 5}, input=(3, 20, 21))
    assert archcalc.formula(net, "a", of="params").expression == 27 * 5 + 5
    assert archcalc.formula(net, of="output", free=("H",)).expression[2] == (21 - 2) // 4
    assert archcalc.inputs(archcalc.load(TEXT, set={"depth": 1})).axes["H"].smallest == 4


def test_wrong_usage_is_reported() -> None:
    with pytest.raises(ValueError, match=r"depth changes the graph.*--table depth"):
        archcalc.formula(TEXT, free=("depth",))
    with pytest.raises(ValueError, match="of must be one of output, params"):
        archcalc.formula(TEXT, of="mass")
    with pytest.raises(ValueError, match="no input with spatial axes"):
        archcalc.inputs("input: [8]\nlayers: [linear: 3]\n")
    with pytest.raises(SpecError):
        archcalc.formula(TEXT.replace("kernel", "kernal"))
    with pytest.raises(SpecError):
        archcalc.inputs("no-such-file.yaml")


def test_inputs() -> None:
    found = archcalc.inputs(TEXT)
    assert (6, 7) in found
    assert (5, 7) not in found
    assert (6,) not in found
    assert "6" not in found
    assert list(found.axes) == ["H", "W"]
    assert not found.coupled
    assert found.complete
    assert {r.path for r in found.reasons} == {"2"}
    assert found.nearest == []
    assert str(found).splitlines()[2] == "  H, W ≥ 6"
    assert found.to_dict()["axes"][0]["minimum"] == 6


def test_sympy_is_imported_on_demand() -> None:
    code = (
        "import sys, archcalc; one = archcalc.formula('vgg16'); str(one)\n"
        "archcalc.inputs('vgg16'); assert 'sympy' not in sys.modules\n"
        "one.expression; assert 'sympy' in sys.modules"
    )
    assert process(python=("-c", code)).returncode == 0
