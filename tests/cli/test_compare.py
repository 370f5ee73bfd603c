"""`archcalc compare`: options, formats, exit statuses."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.support import run

SPEC = """name: Small
input: [3, 8, 8]
vars: {width: 4}
layers:
  - {name: a, conv: {out: width, kernel: 3}}
expect: {params: 112}
"""


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SPEC)
    (tmp_path / "invalid.yaml").write_text(SPEC.replace("kernel: 3", "kernel: 30"))
    (tmp_path / "a:b=c.yaml").write_text(SPEC)
    return tmp_path


def params(stdout):
    line = re.search(r"^params +(.*)$", stdout, re.MULTILINE)[1]
    return [int(number) for number in re.findall(r"(?<!\S)\d+(?!\S)", line)]


def test_settings_for_one_and_for_all():
    assert params(run("compare", "small", "small:width=8").stdout) == [112, 224]
    found = run("compare", "small", "small:width=8", "--set", "width=2")
    assert (found.exit_code, params(found.stdout)) == (0, [56, 224])
    found = run("compare", "small", "small:input=6x8x8")
    assert params(found.stdout) == [112, 4 * (6 * 9 + 1)]
    found = run("compare", "small", "small:input=6x8x8", "--input", "1x8x8")
    assert params(found.stdout) == [4 * (9 + 1), 4 * (6 * 9 + 1)]


def test_a_file_name_can_contain_a_colon():
    found = run("compare", "small", "a:b=c.yaml")
    assert (found.exit_code, params(found.stdout)) == (0, [112, 112])


def test_the_published_ratio():
    found = run("compare", "inception_naive", "inception_reduced")
    assert re.search(r"^macs +120,422,400 +12,443,648 +0\.10× −90%$", found.stdout, re.MULTILINE)


def test_depth():
    shallow = run("compare", "resnet34", "plain34", "--depth", "1").stdout
    deep = run("compare", "resnet34", "plain34", "--depth", "all").stdout
    assert "downsample" not in shallow
    assert "layer2.0.downsample" in deep
    assert run("compare", "resnet34", "plain34", "--depth", "0").exit_code == 2


def test_formats():
    found = run("compare", "small", "small:width=8", "--format", "json")
    assert json.loads(found.stdout)["totals"]["params"] == {"values": [112, 224], "ratios": [1, 2]}
    found = run("compare", "small", "small:width=8", "--format", "markdown")
    assert "| params | 112 | 224 | 2.00× +100% |" in found.stdout


def test_an_error_is_reported_and_nothing_compared():
    found = run("compare", "small", "invalid")
    assert (found.exit_code, found.stdout) == (1, "")
    assert "error[window-too-large]" in found.stderr
    found = run("compare", "small", "nope")
    assert found.exit_code == 1
    assert "no spec named `nope`" in found.stderr


def test_failed_expectations_do_not_stop_a_comparison():
    found = run("compare", "small", "small:width=8")
    assert found.exit_code == 0
    assert found.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["small"], "needs at least two specs"),
        (["small", "small:widht=8"], "did you mean 'width'"),
        (["small", "vgg16", "--set", "width=8"], "for a single net write SPEC:NAME=VALUE"),
        (["small", "small:width"], "small: 'width' is not NAME=VALUE"),
        (["small", "small:width=(8"], "invalid expression"),
        (["small", "small:input=3x"], "is not a shape"),
    ],
)
def test_wrong_usage(arguments, told):
    found = run("compare", *arguments)
    assert found.exit_code == 2
    assert told in " ".join(found.stderr.split())
