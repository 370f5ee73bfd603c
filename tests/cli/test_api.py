"""`archcalc.load` and `archcalc.analyze`."""

from __future__ import annotations

import pytest

import archcalc
from archcalc.diagnostics import SpecError

TEXT = """
input: [3, 8, 8]
vars: {width: 4}
layers:
  - {name: a, conv: {out: width, kernel: 3}}
"""


def test_a_path_a_name_and_text(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(TEXT)
    for source in (path, str(path), TEXT):
        report = archcalc.analyze(archcalc.load(source))
        assert report.totals.params == 3 * 3 * 3 * 4 + 4
        assert report.ok
        assert archcalc.analyze(source).totals == report.totals
        assert archcalc.export(source) == archcalc.export(archcalc.load(source))
    assert archcalc.load("vgg16").name == "VGG-16"


def test_settings_and_inputs():
    net = archcalc.load(TEXT, set={"width": 5}, input=(3, 10, 10))
    assert archcalc.analyze(net).layers[0].output == (5, 8, 8)
    net = archcalc.load(TEXT, input={"input": (3, 9, 9)})
    assert archcalc.analyze(net).layers[0].output == (4, 7, 7)


def test_every_error_is_in_the_error():
    with pytest.raises(SpecError) as caught:
        archcalc.load(TEXT.replace("kernel: 3", "kernel: 30") + "  - conv: {}\n")
    assert {d.code for d in caught.value.diagnostics} >= {"window-too-large"}
    assert len(caught.value.diagnostics) == 2
    assert "error[window-too-large]" in str(caught.value)


def test_a_missing_file():
    with pytest.raises(SpecError, match="file-not-found"):
        archcalc.load("no-such-file.yaml")


def test_wrong_use():
    with pytest.raises(ValueError, match="no var 'widht': did you mean 'width'"):
        archcalc.load(TEXT, set={"widht": 5})
    with pytest.raises(ValueError, match="no input 'image'"):
        archcalc.load(TEXT, input={"image": (3, 9, 9)})
    with pytest.raises(ValueError, match="dtype must be one of"):
        archcalc.analyze(archcalc.load(TEXT), dtype="int4")


def test_a_failed_expectation_is_not_an_error_of_loading():
    net = archcalc.load(TEXT + "expect: {params: 1}\n")
    report = archcalc.analyze(net)
    assert not report.ok
    assert report.expectations[0].difference.startswith("+111")


def test_a_report_is_frozen():
    report = archcalc.analyze(archcalc.load(TEXT))
    with pytest.raises(AttributeError):
        report.totals.params = 1
