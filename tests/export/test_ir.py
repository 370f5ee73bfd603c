"""The module IR as text, and sizes as expressions."""

from __future__ import annotations

import pytest

import archcalc
from archcalc.codegen.expressions import name, show
from archcalc.codegen.ir import text
from archcalc.codegen.lower import lower
from archcalc.codegen.pytorch import TARGET
from archcalc.codegen.sizes import SymbolicInt

BOTTLENECK = """\
module Bottleneck(in_channels, width, stride=1, expansion=4, original=False) reads t0
  t1 = conv[conv1](t0) bias=False out=width kernel=1 stride=stride if original else 1
  t2 = batchnorm[bn1](t1)
  t3 = relu[relu](t2)
  t4 = conv[conv2](t3) bias=False out=width kernel=3 stride=1 if original else stride padding=1
  t5 = batchnorm[bn2](t4)
  t6 = relu[relu](t5)
  t7 = conv[conv3](t6) bias=False out=expansion * width kernel=1
  t8 = batchnorm[bn3](t7)
  if stride != 1 or in_channels != expansion * width:
    t9 = level[downsample](t0):
      t10 = conv[0](t0) bias=False out=expansion * width kernel=1 stride=stride
      t9 = batchnorm[1](t10)
  t11 = t9 else t0
  t12 = add(t8, t11)
  t13 = relu[relu](t12)
  return t13
"""

GROWING = """\
input: [3, 32, 32]
vars: {n: 2, growth: 4}
layers:
  - repeat: n
    do:
      - concat: [[], [conv: {out: growth, kernel: 3, padding: 1}]]
      - maxpool: 2
  - {name: last, conv: {out: 2, kernel: 1}}
"""


def _text(spec: str) -> str:
    return text(lower(archcalc.load(spec), TARGET))


def test_resnet_bottleneck() -> None:
    assert _text("resnet50").startswith(BOTTLENECK)


def test_only_changing_sizes_are_loop_variables() -> None:
    lines = _text(GROWING).splitlines()
    assert "  channels := 3" in lines
    assert "    channels := channels + growth" in lines
    assert "    height := height // 2" in lines
    assert any("conv[conv{i + 1}]" in line for line in lines)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (lambda n: (n + 1 + 1 - 3) // 1 + 1, "n"),  # a convolution that keeps the size
        (lambda n: (n - 2) // 2 + 1, "n // 2"),  # a pool of 2
        (lambda n: (n + 2 - 3) // 2 + 1, "(n + 1) // 2"),  # a convolution with stride 2
        (lambda n: 2 * n + 3 - 3, "2 * n"),
    ],
)
def test_sizes_are_simplified(size: object, expected: str) -> None:
    made = size(SymbolicInt(10, name("n"), frozenset("n")))  # type: ignore[operator]
    assert show(made.expr) == expected
    assert int(made) == eval(expected, {"n": 10})  # noqa: S307 (a text of this file)


def test_a_comparison_depends_on_its_operands() -> None:
    """The stride is 1 or 2 by the var, so that no expression of the size is valid for both."""
    program = lower(
        archcalc.load(
            "input: [1, 16]\nvars: {n: 3}\nlayers:\n"
            '  - {conv: {out: 2, kernel: 3, stride: "1 if n < 5 else 2"}}\n  - flatten\n'
            "  - linear: 4\n"
        ),
        TARGET,
    )
    assert program.fixed == {"n"}
