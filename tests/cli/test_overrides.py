"""Overrides must match the spec: otherwise they are a usage error, reported before anything
runs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import archcalc
from tests.cli.support import run

SPEC = """\
input: [3, 8, 8]
vars: {width: 4, alpha: 0.5, wide: true, act: relu, table: [1, 2]}
layers:
  - conv: {out: make_divisible(alpha*width), kernel: 1}
  - {when: wide, conv: {out: width, kernel: 3}}
  - apply: act
  - {for: w, in: table, do: [conv: {out: w, kernel: 1}]}
"""


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("alpha", 0.35, Fraction(7, 20)),  # the decimal as written, not the nearest binary fraction
        ("alpha", 1.0, 1),
        ("table", [3, [4, 0.5]], (3, (4, Fraction(1, 2)))),
        ("act", "tanh", "tanh"),
        ("wide", False, False),
    ],
)
def test_values_are_taken_exactly(name: str, given: Any, taken: Any) -> None:
    spec = "input: [3, 8, 8]\nvars: {width: 4, alpha: 0.5, wide: true, act: relu, table: [1]}\n"
    net = archcalc.load(spec + "layers: [relu]\n", set={name: given})
    assert net.variables[name] == taken
    assert type(net.variables[name]) is type(taken)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"width": "foo"}, "width is 4 in the spec: it takes a number, not foo"),
        ({"width": True}, "it takes a number, not true"),
        ({"wide": 3}, "wide is true in the spec: it takes true or false, not 3"),
        ({"table": 3}, r"table is \[1, 2\] in the spec: it takes a list, not 3"),
        ({"width": None}, "vars are numbers, words, true, false or lists"),
        ({"width": float("nan")}, "width cannot be nan"),
        ({"widht": 3}, "no var 'widht': did you mean 'width'"),
    ],
)
def test_values_that_the_spec_cannot_take(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        archcalc.load(SPEC, set=settings)


@pytest.mark.parametrize("shape", [(3, "8", 8), (3, 0, 8), (), (1, 3, 8, 8, 8), (3, 8.0, 8), 3])
def test_invalid_shapes(shape: Any) -> None:
    for given in (shape, {"input": shape}):
        with pytest.raises(ValueError, match="is not a shape"):
            archcalc.load(SPEC, input=given)


def test_a_list_is_a_shape() -> None:
    assert archcalc.load(SPEC, input=[3, 9, 9]).tensors[1].shape == (3, 9, 9)


def test_a_shape_for_a_spec_with_an_invalid_input(tmp_path: Any) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("input: [3, x, 8]\nlayers: [relu]\n")
    assert run("check", str(path), "--input", "3x9x9").exit_code == 0
    path.write_text("layers: [relu]\n")
    found = run("check", str(path), "--input", "3x9x9")
    assert (found.exit_code, "missing-key" in found.stdout) == (1, True)


def test_the_command_reports_wrong_usage(tmp_path: Any) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    found = run("check", str(path), "--set", "width=foo")
    assert found.exit_code == 2
    assert "it takes a number, not foo" in " ".join(found.stderr.split())
