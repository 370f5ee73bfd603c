"""CSV and GitHub annotations."""

from __future__ import annotations

import csv
import io
import re

import pytest

from archcalc.diagnostics import Diagnostic, SourceFile, Span
from archcalc.pipeline import check
from archcalc.report import github
from archcalc.report.checked import Checked
from archcalc.report.records import csv_text
from tests.report.support import CATALOGUE, INVALID, RESIDUAL, catalogue


def lines(*checked):
    return list(csv.DictReader(io.StringIO(csv_text(list(checked)))))


@pytest.mark.parametrize("name", CATALOGUE)
def test_csv_adds_up(name):
    checked = catalogue(name)
    counted = [line for line in lines(checked) if line["training_only"] == "false"]
    for figure in ("params", "buffers", "macs", "flops", "activations"):
        total = getattr(checked.report.totals, figure)
        assert sum(int(line[figure]) for line in counted) == total


def test_csv_of_several_specs():
    found = lines(check(RESIDUAL), catalogue("vgg16"))
    assert {line["spec"] for line in found} == {"<text>", "vgg16"}
    assert found[0] == {
        "spec": "<text>",
        "path": "stem",
        "op": "conv",
        "inputs": "3x32x32",
        "output": "16x32x32",
        "params": "448",
        "buffers": "0",
        "macs": str(27 * 16 * 1024),
        "flops": str(2 * 27 * 16 * 1024 + 16 * 1024),
        "activations": str(16 * 1024),
        "field_size": "3x3",
        "field_stride": "1x1",
        "field_offset": "-1x-1",
        "field_global": "false",
        "training_only": "false",
        "shared": "false",
    }


def test_csv_leaves_the_unknown_empty():
    _, second, *_ = lines(check(INVALID))
    assert (second["output"], second["params"], second["macs"]) == ("", "", "")


def test_csv_of_an_untrusted_spec_contains_no_formula():
    names = ["=1+cmd|x", "@x", "+1", "-1"]
    layers = "".join(f'  - {{name: "{name}", relu: }}\n' for name in names)
    found = [line["path"] for line in lines(check(f"input: [1, 4, 4]\nlayers:\n{layers}"))]
    assert found == [f"'{name}" for name in names]
    for source, cell in [
        ("=x", "'=x"),
        (" =x", "' =x"),
        ("\t=x", r"\t=x"),
        ("\u2028=x", r"\u2028=x"),
    ]:
        text = csv_text([check(INVALID)._replace(source=source)])
        assert text.splitlines()[1].startswith(f"{cell},")


def test_github_annotates_the_line():
    first, last = github.text([check(INVALID)]).splitlines()
    assert first.startswith(
        "::error file=<text>,line=6,col=43,endColumn=44,title=window-too-large::"
        "the kernel of conv is larger than its padded input: "
    )
    assert "%0Ahelp: " in first
    assert last == "archcalc: <text>: 1 error"


def test_github_annotates_a_failed_expectation():
    first, _ = github.text([check(RESIDUAL.replace("19_178", "1"))]).splitlines()
    assert re.match(r"::error file=<text>,line=\d+,col=\d+,.*params is 19,178, expected 1", first)


def test_github_commands_cannot_be_forged():
    nasty = "a,b:c%0A\r\n::error::x"
    error = Diagnostic("c", "warning", nasty, Span(SourceFile(nasty, "x"), 1, 1), nasty, nasty)
    text = github.text([Checked(nasty, None, (), (error,))])
    command, log = text.splitlines()
    properties, message = re.fullmatch(r"::warning (.*?)::(.*)", command).groups()
    assert properties == (
        r"file=a%2Cb%3Ac%250A\r\n%3A%3Aerror%3A%3Ax,line=1,col=1,endColumn=2,title=c"
    )
    shown = r"a,b:c%250A\r\n::error::x"
    assert message == f"{shown}: {shown}%0Ahelp: {shown}"
    assert log.startswith("archcalc: ")
