"""The report as a whole."""

import gc

import pytest

from archcalc.analysis import analyze as module
from archcalc.analysis.analyze import analyze
from archcalc.diagnostics import Diagnostic
from archcalc.ops.reach import Window
from archcalc.pipeline import check
from tests.analysis.nets import Builder, facts, image


def test_rows_are_the_layers_in_order():
    b = Builder()
    t = b.layer(b.weighted(1), given=facts(image(2, 32)))
    report = analyze(b.net(t))
    assert [row.node.path for row in report.layers] == ["layer0", "layer1"]
    assert [(row.inputs, row.output) for row in report.layers] == [
        (((1, 64),), (1, 64)),
        (((1, 64),), (2, 32)),
    ]


def test_diagnostics_of_the_net_come_first():
    error = Diagnostic("some-error", "error", "…", None)
    b = Builder()
    shifted = facts(image(1, 64), reach=(Window(3),))
    t = b.join(1, b.layer(1, given=shifted))
    report = analyze(b.net(t, diagnostics=[error]))
    assert [d.code for d in report.diagnostics] == ["some-error", "misaligned-branches"]
    assert not report.ok
    assert analyze(b.net(t)).ok  # a warning is not a failure


@pytest.mark.parametrize("collecting", [True, False])
def test_the_garbage_collector_is_restored(collecting, monkeypatch):
    def fail(_draft):
        raise ZeroDivisionError

    was = gc.isenabled()
    try:
        gc.enable() if collecting else gc.disable()
        analyze(Builder().net(1))
        assert gc.isenabled() is collecting
        monkeypatch.setattr(module, "PASSES", (fail,))
        with pytest.raises(ZeroDivisionError):
            analyze(Builder().net(1))
        assert gc.isenabled() is collecting
    finally:
        gc.enable() if was else gc.disable()


def test_an_empty_net():
    report = analyze(Builder().net(1))
    assert report.layers == ()
    assert report.totals == (0, 0, 0, 0, 0)
    assert report.depth == (0, 0, 1)
    assert report.peak_activation_bytes == 64 * 4


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("layres: [relu]", False),
        ("lstm: 3", False),
        ("default: {conv: {bias: false}}", False),
        ("defaults: {convv: {bias: false}}", False),
        ("defaults: {zzzzzz: {bias: false}}", False),
        ("defaults: {linaer: {bias: false}}", True),  # there is none
        ("nmae: mine", True),
        ("note: mine", True),
    ],
)
def test_totals_are_unknown_beside_a_key_that_may_be_about_the_layers(line, known):
    text = f"input: [3, 8, 8]\n{line}\nlayers: [conv: {{out: 4, kernel: 3}}]\n"
    totals = check(text).report.totals
    assert totals.params == (4 * 3 * 3 * 3 + 4 if known else None)
    assert totals.macs == (4 * 3 * 3 * 3 * 36 if known else None)


def test_the_repr_of_a_layer_is_one_line():
    (layer,) = check("input: [3, 8, 8]\nlayers: [conv: {out: 4, kernel: 3}]\n").report.layers
    assert repr(layer) == "<LayerReport '0' conv: output 4×6×6, 112 params, 3,888 macs>"
