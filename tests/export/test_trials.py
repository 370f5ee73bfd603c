"""Classes are valid for calls that the net does not make: a condition that has the same value in
all of its calls stays in the code."""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")

from torch import nn

import archcalc
from tests.export.interpreter import largest_difference
from tests.export.support import compared, differences, lint, model_class, types

if TYPE_CHECKING:
    from pathlib import Path


class Case(NamedTuple):
    """A block, the net's own layers, the lines that the code must contain; and other calls: as in a
    spec, with the input channels and the other constructor arguments."""

    block: str
    layers: str
    lines: tuple[str, ...]
    others: tuple[tuple[str, int, dict[str, Any]], ...] = ()
    vars: str = "{}"


RES = """
  unit:
    with: {out: , stride: 1}
    do:
      - add:
          body: {name: conv, conv: {out: out, kernel: 3, padding: 1, stride: stride}}
          shortcut:
            - {name: downsample, when: stride != 1 or in_channels != out,
               conv: {out: out, kernel: 1, stride: stride}}
"""

CASES = {
    "a shortcut that no call needs": Case(
        RES,
        "[{name: a, unit: 8}, {name: b, unit: 8}]",
        ("        if stride != 1 or in_channels != out:", "        self.a = Unit(8, 8)"),
        (
            ("{out: 16, stride: 2}", 8, {"out": 16, "stride": 2}),
            ("{out: 12}", 6, {"out": 12}),
            ("5", 5, {"out": 5}),
        ),
    ),
    "operations that no call gives": Case(
        """
  unit:
    with:
      out:
      norm: {type: operation, default: batchnorm}
      act: {type: operation, default: relu}
    do: [{name: conv, conv: {out: out, kernel: 1}}, {name: bn, apply: norm}, {apply: act}]
""",
        "[unit: 4, unit: 8]",
        (
            "        norm: Callable[..., nn.Module] = nn.BatchNorm2d,",
            "        act: Callable[..., nn.Module] = nn.ReLU,",
            "        self.bn = norm(out)",
            "        super().__init__(Unit(8, 4), Unit(4, 8))",
        ),
        (("{out: 6, act: tanh}", 5, {"out": 6, "act": nn.Tanh}),),
    ),
    "a block that no call of the net reaches": Case(
        """
  gate: {with: {r: 4}, do: [{name: fc1, when: r > 1, conv: {out: 16, kernel: 1}}]}
  unit:
    with: {out: , se: false}
    do: [{name: p, conv: {out: out, kernel: 1}}, {name: se, when: se, gate: 4}]
""",
        "[unit: 16]",
        ("class Gate(nn.Module):", "        if se:", "            self.se = Gate(out)"),
        (("{out: 16, se: true}", 8, {"out": 16, "se": True}),),
    ),
    "a var that only has no other case in the net stays an argument": Case(
        RES,
        "[{name: s, conv: {out: f, kernel: 1}}, {name: a, unit: f}]",
        ("    def __init__(self, f: int = 8) -> None:", "        self.a = Unit(f, f)"),
        (("{out: 16, stride: 3}", 8, {"out": 16, "stride": 3}),),
        vars="{f: 8}",
    ),
    "a part with a number that only it reads": Case(
        """
  unit:
    with: {out: , squeeze: false, ratio: 4}
    do:
      - {name: conv, conv: {out: out, kernel: 1}}
      - when: squeeze
        mul:
          body: []
          gate:
            - global_avgpool
            - {name: less, conv: {out: out//ratio, kernel: 1}}
            - relu
            - {name: more, conv: {out: out, kernel: 1}}
""",
        "[{name: a, unit: 8}]",
        (
            "self, in_channels: int, out: int, squeeze: bool = False, ratio: int = 4",
            "            self.less = nn.Conv2d(out, out // ratio, 1)",
            "        self.a = Unit(8, 8)",
        ),
        (
            ("{out: 8, squeeze: true}", 3, {"out": 8, "squeeze": True}),
            (
                "{out: 12, squeeze: true, ratio: 2}",
                8,
                {"out": 12, "squeeze": True, "ratio": 2},
            ),
        ),
    ),
    "a branch that every call has, and a number given against 0": Case(
        """
  unit:
    with: {out: , drop: 0}
    do:
      - add:
          body: {do: [{name: conv, conv: {out: out, kernel: 1}}, {name: bn, batchnorm: }]}
          shortcut: {only_if: in_channels == out, do: []}
      - {name: drop, when: drop > 0, dropout: drop}
""",
        "[{name: a, unit: 8}]",
        ("        self.has_shortcut = in_channels == out", "drop: float = 0"),
        (("6", 8, {"out": 6}), ("{out: 8, drop: 0.25}", 8, {"out": 8, "drop": 0.25})),
    ),
    "two that must be changed at once": Case(
        RES,
        "[{name: a, unit: {out: 16, stride: 2}}, {name: s, conv: {out: f, kernel: 1}}, "
        "{name: b, unit: {out: 12, stride: 2}}]",
        ("    def __init__(self, f: int = 4) -> None:", "        self.b = Unit(f, 12, stride=2)"),
        (("8", 8, {"out": 8}),),
        vars="{f: 4}",
    ),
    "a condition of a block that another one calls": Case(
        RES.replace("unit", "inner")
        + """
  unit:
    with: {out: , depth: 2, last: false}
    do:
      - {name: first, inner: out}
      - repeat: depth - 1
        do: [{name: more$(index), inner: out}]
      - {name: last, when: last, inner: {out: 2*out, stride: 2}}
""",
        "[{name: a, unit: 8}, {name: b, unit: {out: 8, depth: 3}}]",
        (
            "        if stride != 1 or in_channels != out:",
            "        if last:",
            "            self.last = Inner(out, 2 * out, stride=2)",
        ),
        (("{out: 4, last: true}", 8, {"out": 4, "last": True}),),
    ),
    "a condition beside that of a head, which no model could give": Case(
        """
  unit:
    with: {out: , pool: false, aux: false}
    do:
      - {name: conv, conv: {out: out, kernel: 1}}
      - {when: aux, head: true, conv: {out: 3, kernel: 1}}
      - {when: pool, maxpool: 2}
""",
        "[{name: a, unit: 8}]",
        ("        if self.pool:", "        self.a = Unit(8, 8)"),
        (("{out: 4, pool: true}", 8, {"out": 4, "pool": True}),),
    ),
    "the default of an operation that every call gives": Case(
        """
  unit:
    with: {out: , act: {type: operation, default: relu}}
    do: [{name: conv, conv: {out: out, kernel: 1}}, apply: act]
""",
        "[{name: a, unit: {out: 8, act: silu}}, {name: b, unit: {out: 8, act: gelu}}]",
        (
            "act: Callable[..., nn.Module] = nn.ReLU",
            "        self.a = Unit(8, 8, act=nn.SiLU)",
        ),
        (("4", 8, {"out": 4}),),
    ),
}


def _text(block: str, layers: str, channels: int = 8, variables: str = "{}") -> str:
    return (
        f"name: whole\ninput: [{channels}, 9, 9]\nvars: {variables}\n"
        f"blocks:{block}layers: {layers}\n"
    )


@pytest.mark.parametrize("title", CASES)
def test_a_class_covers_calls_that_the_net_does_not_make(title: str, tmp_path: Path) -> None:
    case = CASES[title]
    net = archcalc.load(_text(case.block, case.layers, variables=case.vars))
    code = archcalc.export(net)
    for line in case.lines:
        assert line in code, code
    assert differences(compared(net, tmp_path)) == []
    assert largest_difference(model_class(net, tmp_path)(), net) < 1e-9
    for call, channels, given in case.others:
        other = archcalc.load(_text(case.block, f"[{{name: a, unit: {call}}}]", channels))
        made = sys.modules["generated"].Unit(channels, **given)
        assert largest_difference(nn.Sequential(OrderedDict(a=made)), other) < 1e-9


def test_the_cases_are_linted_and_typed(tmp_path: Path) -> None:
    for number, case in enumerate(CASES.values()):
        net = archcalc.load(_text(case.block, case.layers, variables=case.vars))
        (tmp_path / f"case{number}.py").write_text(archcalc.export(net), encoding="utf-8")
    assert lint(tmp_path) == ""
    assert types(tmp_path) == ""


LEFT_OUT = {
    "a part that PyTorch cannot express": "[{when: more, batchnorm: {eps: 0}}, {name: c, conv: C}]",
    "a head, which the whole model would have to give": (
        "[{name: c, conv: C}, {name: h, when: more, head: true, conv: C}]"
    ),
}


@pytest.mark.parametrize("title", LEFT_OUT)
def test_parts_that_cannot_be_general_follow_the_calls(title: str, tmp_path: Path) -> None:
    body = LEFT_OUT[title].replace("C", "{out: 4, kernel: 1}")
    block = f"\n  unit: {{with: {{more: false}}, do: {body}}}\n"
    net = archcalc.load(_text(block, "[{name: a, unit: }]"))
    assert "more" not in archcalc.export(net)
    assert differences(compared(net, tmp_path)) == []
