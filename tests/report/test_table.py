"""The table: golden files, the sums in them checked apart, and widths of the terminal.

After a wanted change write the golden files anew with `GOLDEN=write pytest tests/report`, and read
the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from archcalc.pipeline import check
from archcalc.report import markdown
from archcalc.report.table import table
from archcalc.report.text import width
from tests.report.support import CATALOGUE, FAULTY, RESIDUAL, catalogue

GOLDEN = Path(__file__).parent / "golden"


def agrees(name, text):
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def plain(checked, depth=None, columns=80):
    return table(checked, depth=depth, columns=columns, colour=False)


def test_golden_table():
    agrees("residual_80.txt", plain(check(RESIDUAL), depth=1))


def test_golden_cases_and_an_opened_table():
    agrees("residual_cases_100.txt", plain(check(RESIDUAL, cases=True), 2, 100))


def test_golden_faults():
    agrees("faulty_80.txt", plain(check(FAULTY)))


def test_golden_markdown():
    agrees("residual.md", markdown.text(check(RESIDUAL), depth=1))
    agrees("faulty.md", markdown.text(check(FAULTY), depth=1))


@pytest.mark.parametrize("name", ["residual_80.txt", "residual_cases_100.txt"])
def test_the_golden_tables_add_up(name):
    """The columns of the file itself, against its totals and arithmetic by hand."""
    text = (GOLDEN / name).read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"(stem|\d–\d|\d|fc) ", line)]
    found = [re.findall(r"(?<= )\d{1,3}(?:,\d{3})+(?= )|(?<= )\d+(?= )", line) for line in rows]
    params, macs = (
        [int(row[position].replace(",", "")) for row in found] for position in figure_columns(text)
    )
    assert params == [448, 3 * 4_640, 4_640, 0, 0, 170]
    stem, block = 27 * 16 * 1024, 2 * 16 * 16 * 9 * 1024
    assert macs == [stem, 3 * block, block, 0, 0, 160]
    assert total(text, "params") == sum(params)
    assert total(text, "macs") == sum(macs)


def figure_columns(text):
    """Where params and macs stand among the numbers of a row, from its end."""
    head = next(line for line in text.splitlines() if line.startswith("layer ")).split()
    # The field holds a slash and is no number.
    after = len(head) - 2 - head.index("macs")
    return -2 - after, -1 - after


def total(text, name):
    (figure,) = re.findall(rf"^{name} +([\d,]+)  ", text, re.MULTILINE)
    return int(figure.replace(",", ""))


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
@pytest.mark.parametrize("name", CATALOGUE)
def test_no_line_is_wider_than_the_terminal(name, columns):
    text = plain(catalogue(name), columns=columns)
    head, expected = text.split("\nexpected\n")
    lines = head.splitlines()[3:]  # what the author wrote of the net is not cut
    assert max(map(width, lines)) <= columns
    if columns >= 80:
        assert max(map(width, expected.splitlines())) <= columns


@pytest.mark.parametrize("name", CATALOGUE)
def test_figures_are_never_cut(name):
    report = catalogue(name).report
    text = plain(catalogue(name))
    assert total(text, "params") == report.totals.params
    assert total(text, "macs") == report.totals.macs
    wide = plain(catalogue(name), columns=200)
    head = next(line for line in wide.splitlines() if line.startswith("layer "))
    assert head.split()[2:] == ["output", "params", "macs", "flops", "activations", "field"]


def test_vgg16_as_it_is_read_on_80_columns():
    lines = plain(catalogue("vgg16")).splitlines()
    assert lines[5].split() == ["features", "512×7×7", "14,714,688", "15.35G", "212/32"]
    assert max(map(len, lines)) == 80
    assert "ok: " in lines[-1]


def test_resnet152_fits_a_screen():
    text = plain(catalogue("resnet152"))
    assert "2^50 = 1,125,899,906,842,624 paths" in text.replace("\n" + " " * 33, " ")
    assert re.search(r"^  1–35  bottleneck 256 +×35 .* 39,101,440 ", text, re.MULTILINE)


def test_heads_of_the_training_are_told_apart():
    """Two heads of GoogLeNet: 1×1 convolution to 128, and linear 2048 → 1024 → 1000."""
    linear = 2048 * 1024 + 1024 + 1024 * 1000 + 1000
    params = (512 * 128 + 128 + linear) + (528 * 128 + 128 + linear)
    lines = plain(catalogue("googlenet")).splitlines()
    position = next(i for i, line in enumerate(lines) if line.startswith("params "))
    assert lines[position + 1].split()[:3] == ["not", "counted", f"{params:,}"]


def test_unknown_is_not_the_same_as_not_checked():
    checked = check(RESIDUAL)
    held, _, waiting = checked.expectations
    checked = checked._replace(
        expectations=(held, waiting, waiting._replace(actual="unknown", what="macs"))
    )
    text = plain(checked)
    assert text.endswith("ok: 1 expectation holds, 1 not checked (--cases runs every case)\n")
    assert re.search(r"^– macs +20_708  unknown$", text, re.MULTILINE)


def test_an_expectation_that_fails_shows_the_difference():
    text = plain(check(RESIDUAL.replace("19_178", "20_178")))
    assert re.search(r"^✗ params  20_178 +19,178 \(.*1,000.*\) +by hand$", text, re.MULTILINE)
    assert text.endswith("\n1 error\n")


def test_names_of_strangers_cannot_steer_the_terminal():
    escape = r"\e[31m\e]0;x\a\u202e"
    spec = (
        f'name: "{escape}"\nsource: "{escape}"\ninput: [1, 4, 4]\n'
        f'vars: {{v: "{escape}"}}\n'
        f'layers:\n  - {{name: "{escape}", relu: }}\n  - {{as: "{escape}", sigmoid: }}\n'
        f'  - {{from: "{escape}"}}\n  - {{conv: "{escape}"}}\n'
        f'expect: {{output: "{escape}", source: "{escape}"}}\n'
    )
    text = plain(check(spec))
    assert text.replace("\n", "").isprintable()
    assert markdown.text(check(spec), depth=None).replace("\n", "").isprintable()


def test_names_of_strangers_cannot_break_out_of_markdown():
    name = "</td><script>|`*_[x](y)"
    text = markdown.text(
        check(f"name: '{name}'\ninput: [1, 4, 4]\nlayers:\n  - {{name: '{name}', relu: }}"),
        depth=None,
    )
    assert "<script" not in text.replace("\\<", "")
    row = next(line for line in text.splitlines() if "relu" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 8
