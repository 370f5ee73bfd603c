"""The whole catalogue: every case of every spec passes, and each file has its metadata."""

from __future__ import annotations

import pytest

from archcalc.pipeline import check
from tests.catalogue.support import CATALOGUE, FILES

CIFAR = [f"resnet{n}" for n in (20, 32, 44, 56, 110, 1202)] + ["plain20", "plain56"]
IMAGENET = [f"resnet{n}" for n in (18, 34, 50, 101, 152)] + ["plain18", "plain34"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_case_passes(name: str) -> None:
    checked = check(FILES[name], cases=True)
    assert not checked.diagnostics
    assert checked.report is not None
    assert [e for e in checked.expectations if e.holds is not True] == []
    spec = checked.report.net.spec
    assert spec.name
    assert spec.source
    expected = {e.what for e in checked.expectations if not e.where}
    assert {"output", "params", "macs"} <= expected


@pytest.mark.parametrize("name", IMAGENET)
def test_both_settings_are_cases(name: str) -> None:
    checked = check(FILES[name], cases=True)
    assert checked.report is not None
    figures = {
        tuple(case.settings): {figure.what for figure in case.figures}
        for case in checked.report.net.spec.expect
        if any(figure.what == "macs" for figure in case.figures)
    }
    assert set(figures) == {(), ("original",)}


def test_the_catalogue_is_found_by_name() -> None:
    assert check("vgg16").report is not None
    assert check("vgg16.yaml").ok


def test_two_branches_compared() -> None:
    """The reduction before the 5×5 divides the MACs by 9.68."""
    naive, reduced = check("inception_naive").report, check("inception_reduced").report
    assert naive is not None
    assert reduced is not None
    assert naive.totals.macs == 28 * 28 * 32 * 5 * 5 * 192 == 120_422_400
    assert reduced.totals.macs == 28 * 28 * 16 * (192 + 32 * 5 * 5) == 12_443_648
    assert f"{120_422_400 / 12_443_648:.2f}" == "9.68"


def test_a_plain_net_is_its_residual_net_without_shortcuts() -> None:
    for residual, plain in (("resnet18", "plain18"), ("resnet34", "plain34")):
        with_shortcuts = check(FILES[residual], settings={"original": True})
        without = check(FILES[plain])
        assert with_shortcuts.report is not None
        assert without.report is not None
        assert with_shortcuts.report.totals.params == without.report.totals.params
        assert with_shortcuts.report.totals.macs == without.report.totals.macs
        assert weighted(with_shortcuts.report) == weighted(without.report)


def weighted(report: object) -> list[str]:
    from archcalc.analysis.figures import Report

    assert isinstance(report, Report)
    return [layer.node.path for layer in report.layers if layer.node.op.weighted]
