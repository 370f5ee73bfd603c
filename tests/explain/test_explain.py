"""`explain`: the arithmetic that is printed gives the result that is printed."""

from __future__ import annotations

import re

import pytest

import archcalc
from archcalc.diagnostics import SourceFile
from archcalc.explain.parts import explain
from archcalc.explain.render import Style, render
from archcalc.explain.text import latex, text
from archcalc.graph import NoSuchLayer
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.expressions import Value

NETS = ["vgg16", "lenet5", "resnet50", "googlenet", "mobilenet", "inception_v4", "resnet20"]
EXAMPLES = [pytest.param(op.example, id=op.name) for op in OPERATIONS.values()]


def evaluated(printed: str) -> object:
    """The value of printed arithmetic, read by the spec's own expressions."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", printed).replace("·", "*").replace("−", "-")
    plain = plain.replace("⌊", "floor(").replace("⌉", ")").replace("⌈", "ceil(").replace("⌋", ")")
    place = (SourceFile("<printed>", plain), 1, 1, len(plain))
    return Value(plain, True, place).evaluate({})


def check_all(report: archcalc.analysis.figures.Report) -> int:
    """Checks every working of every layer; gives how many there were."""
    seen = 0
    for layer in report.layers:
        for working in explain(report, layer.node.path).workings:
            if working.term is None or layer.node.shared is not None:
                continue
            numbers = render(working.term, Style(numbers=True))
            if len(numbers) < 300:  # longer than an expression may be
                seen += 1
                assert evaluated(numbers) == working.result, (layer.node.path, working.figure)
    return seen


@pytest.mark.parametrize("net", NETS)
def test_the_printed_arithmetic_gives_the_printed_result(net: str) -> None:
    report = archcalc.analyze(archcalc.load(net))
    assert check_all(report) > 3 * len(report.layers)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_operation_can_be_explained(example: str) -> None:
    check_all(archcalc.analyze(archcalc.load(example)))


@pytest.mark.parametrize("net", NETS)
def test_results_are_the_reports(net: str) -> None:
    report = archcalc.analyze(archcalc.load(net))
    for layer in report.layers:
        told = {w.figure: w.result for w in explain(report, layer.node.path).workings}
        assert told.get("params", layer.totals.params) == layer.totals.params
        assert told.get("macs", layer.totals.macs) == layer.totals.macs
        assert told.get("flops", layer.totals.flops) == layer.totals.flops


# The sums of the first layer of VGG-16, as the course notes do them.
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


def test_a_join_tells_what_each_branch_brings() -> None:
    report = archcalc.analyze(archcalc.load("resnet50"))
    brought = explain(report, "layer2.0.add1").branches
    assert [b.path for b in brought] == ["layer2.0.bn3", "layer2.0.downsample.1"]
    assert [b.shape for b in brought] == [(512, 28, 28)] * 2


def test_a_block_is_the_sum_of_its_parts() -> None:
    report = archcalc.analyze(archcalc.load("resnet50"))
    told = {w.figure: w for w in explain(report, "layer1.0").workings}
    # 1×1×64×64 + 3×3×64×64 + 1×1×64×256, the shortcut's 64×256, and 2 a channel of batch norm
    weights = 64 * 64 + 9 * 64 * 64 + 64 * 256 + 64 * 256
    assert told["params"].result == weights + 2 * (64 + 64 + 256 + 256)
    for working in told.values():
        if working.term is not None:
            assert evaluated(render(working.term, Style(numbers=True))) == working.result


def test_an_unknown_path_names_the_nearest() -> None:
    report = archcalc.analyze(archcalc.load("vgg16"))
    with pytest.raises(NoSuchLayer, match=r"features\.30"):
        explain(report, "features.300")
