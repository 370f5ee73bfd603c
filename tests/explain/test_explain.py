"""`explain`: every printed equation evaluates to the printed result."""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil, floor, gcd
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from typer.testing import CliRunner

import archcalc
from archcalc.analysis import receptive_field
from archcalc.analysis.context import AnalysisContext
from archcalc.cli import app
from archcalc.explain.explanation import Explanation, explain, explain_layer
from archcalc.explain.terms import Style, leaves, render
from archcalc.explain.text import latex, text
from archcalc.graph import NoSuchLayer
from archcalc.ops.registry import OPERATIONS
from archcalc.pipeline import check
from tests.symbols.graphs import specs

if TYPE_CHECKING:
    from archcalc.analysis.figures import Report

NETS = ["vgg16", "lenet5", "resnet50", "googlenet", "mobilenet", "inception_v4", "resnet20"]
EXAMPLES = [pytest.param(op.example, id=op.name) for op in OPERATIONS.values()]
ALL_NETS = [*Path("specs").rglob("*.yaml"), *Path("examples").glob("*.yaml")]
FUNCTIONS = {
    "F": Fraction,
    "floor": floor,
    "ceil": ceil,
    "max": max,
    "min": min,
    "gcd": lambda *numbers: gcd(*map(int, numbers)),
}

# The meaning of the words that a printed equation can contain.
SIGNS = {"·": "*", "−": "-", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")"}


def evaluated(printed: str) -> Fraction:
    """The value of printed arithmetic, exactly."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", printed)
    for sign, python in SIGNS.items():
        plain = plain.replace(sign, python)
    exact = re.sub(r"\d+", r"F(\g<0>)", plain)
    found: Fraction = eval(exact, {"__builtins__": {}}, FUNCTIONS)  # noqa: S307  # our own output
    return found


def layers_of(report: Report) -> list[Explanation]:
    context = AnalysisContext(report.net, report.dtype)
    receptive_field.run(context)
    return [explain_layer(report, layer.node, context.fields) for layer in report.layers]


def printed_equations(told: Explanation) -> list[list[str]]:
    """The lines of each metric, from "=" on, as on an unlimited terminal."""
    found: list[list[str]] = []
    for line in text(told, 100_000).splitlines():
        head, equals, rest = line.partition(" = ")
        if not equals and line.startswith(" "):
            continue
        if equals and head.strip():
            found.append([rest])
        elif equals:
            found[-1].append(rest)
    return found


def check_all(report: Report) -> int:
    """Evaluates every equation of every layer; returns their number."""
    seen = 0
    for told in layers_of(report):
        for lines in printed_equations(told):
            if len(lines) < 2:
                continue
            seen += 1
            *_, numbers, result = lines
            if len(lines) > 2:  # a single name has no line with its number
                assert evaluated(numbers) == evaluated(result), (told.path, lines)
        for equation in told.equations:
            if equation.term is not None:
                values: dict[str, object] = {}
                for leaf in leaves(equation.term):
                    # One letter is one number.
                    assert values.setdefault(leaf.name, leaf.value) == leaf.value, told.path
    return seen


@pytest.mark.parametrize("net", NETS)
def test_every_printed_equation_is_true(net: str) -> None:
    report = archcalc.analyze(archcalc.load(net))
    assert check_all(report) > 3 * len(report.layers)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_operation_can_be_explained(example: str) -> None:
    check_all(archcalc.analyze(archcalc.load(example)))


@pytest.mark.slow
@pytest.mark.parametrize("path", ALL_NETS, ids=lambda path: path.stem)
def test_every_equation_of_the_catalogue_is_true(path: Path) -> None:
    report = check(path).report
    assert report is not None
    if len(report.layers) < 1_000:
        check_all(report)


@settings(max_examples=60)
@given(specs())
def test_equations_of_random_nets_are_true(source: str) -> None:
    report = check(source).report
    assert report is not None
    check_all(report)


@pytest.mark.parametrize("net", NETS)
def test_results_equal_those_of_the_report(net: str) -> None:
    report = archcalc.analyze(archcalc.load(net))
    for layer, told in zip(report.layers, layers_of(report), strict=True):
        results = {e.figure: e.result for e in told.equations}
        assert results.get("params", layer.totals.params) == layer.totals.params
        assert results.get("macs", layer.totals.macs) == layer.totals.macs
        assert results.get("flops", layer.totals.flops) == layer.totals.flops


# Outputs 2i and 2i + 1 of the transposed convolution read input i. Output o of the next layer reads
# its outputs o − 1 to o + 1, inputs ⌊(o − 1)/2⌋ to ⌊(o + 1)/2⌋: always 2. Output o of the third one
# reads ⌊(o − 1)/2⌋ to ⌊(o + 2)/2⌋: 3 if o is even, else 2. The crop moves all by one.
PHASES = """\
input: [1, 16]
layers:
  - conv_transpose: {out: 1, kernel: 2, stride: 2}
  - conv: {out: 1, kernel: 3, padding: 1}
  - conv: {out: 1, kernel: 2}
  - crop: 1
"""


def told_field(source: str, path: str) -> str:
    told = explain(archcalc.analyze(archcalc.load(source)), path)
    start = text(told, 200).split("receptive field")[1]
    return start.partition("\n\n")[0].partition("\n")[0].removeprefix(" = ")


def test_outputs_of_different_phases() -> None:
    assert told_field(PHASES, "0").startswith("1 (every output reads 1 position,")
    assert told_field(PHASES, "1").startswith("2 (every output reads 2 positions,")
    assert told_field(PHASES, "2") == "3 (even outputs read 3 positions, odd ones 2)"
    assert told_field(PHASES, "3") == "3 (even outputs read 2 positions, odd ones 3)"


# The arithmetic of the first layer of VGG-16, as in course notes.
FIRST = """\
height          = ⌊(H + 2·p − d·(k − 1) − 1)/s⌋ + 1
                = ⌊(224 + 2·1 − 1·(3 − 1) − 1)/1⌋ + 1
                = 224
params          = c_out·c_in·k·k + c_out
                = 64·3·3·3 + 64
                = 1,792
macs            = c_out·c_in·k·k·H_out·W_out
                = 64·3·3·3·224·224
                = 86,704,128
"""


def test_a_convolution_as_text() -> None:
    report = archcalc.analyze(archcalc.load("vgg16"))
    told = text(explain(report, "features.0"), 80)
    assert FIRST in told
    assert max(map(len, told.splitlines())) <= 80


def test_a_convolution_as_latex() -> None:
    report = archcalc.analyze(archcalc.load("vgg16"))
    told = latex(explain(report, "features.0"))
    assert (
        r"\text{height} &= \left\lfloor \frac{H + 2 \cdot p - d \cdot (k - 1) - 1}{s} "
        r"\right\rfloor + 1 = \left\lfloor \frac{224 + 2 \cdot 1 - 1 \cdot (3 - 1) - 1}{1} "
        r"\right\rfloor + 1 = 224" in told
    )
    assert told.count("&=") == len(told.splitlines()) - 2


def test_a_join_lists_its_branches() -> None:
    report = archcalc.analyze(archcalc.load("resnet50"))
    brought = explain(report, "layer2.0.add1").branches
    assert [b.path for b in brought] == ["layer2.0.bn3", "layer2.0.downsample.1"]
    assert [b.shape for b in brought] == [(512, 28, 28)] * 2


def test_a_block_is_the_sum_of_its_parts() -> None:
    report = archcalc.analyze(archcalc.load("resnet50"))
    told = explain(report, "layer1.0")
    # 1×1×64×64 + 3×3×64×64 + 1×1×64×256, the shortcut's 64×256, and 2 a channel of batch norm
    weights = 64 * 64 + 9 * 64 * 64 + 64 * 256 + 64 * 256
    params = {e.figure: e.result for e in told.equations}["params"]
    assert params == weights + 2 * (64 + 64 + 256 + 256)
    for equation in told.equations:
        if equation.term is not None:
            assert evaluated(render(equation.term, Style(numbers=True))) == equation.result


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["conv2d"], "did you mean `archcalc explain conv`?"),
        (["BatchNorm2d"], "did you mean `archcalc explain batchnorm`?"),
        (["shape-missmatch"], "did you mean `archcalc explain shape-mismatch`?"),
        (["lstm"], "archcalc has no recurrent layers"),
        (["vgg16", "conv1"], "similar: features.0 (conv), features.2 (conv)"),
        (["resnet50", "layer1.0.conv9"], "did you mean 'layer1.0.conv3'?"),
    ],
)
def test_an_unknown_word_gets_a_suggestion(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(app, ["explain", *arguments])
    assert result.exit_code in (1, 2)
    assert told in " ".join(result.output.split())


def test_an_unknown_path_names_the_nearest() -> None:
    report = archcalc.analyze(archcalc.load("vgg16"))
    with pytest.raises(NoSuchLayer, match=r"features\.30"):
        explain(report, "features.300")
