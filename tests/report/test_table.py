"""The table: golden files, whose sums are checked independently, and widths of the terminal.

`GOLDEN=write pytest tests/report` rewrites the golden files: read the diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from archcalc.pipeline import check
from archcalc.report import markdown
from archcalc.report.table import View, _by_cost, table
from archcalc.report.text import width
from tests.report.support import CATALOGUE, INVALID, RESIDUAL, catalogue

GOLDEN = Path(__file__).parent / "golden"


def agrees(name, text):
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def plain(checked, depth=None, columns=80, **view):
    return table(checked, View(depth, **view), columns=columns, colour=False)


def test_golden_table():
    agrees("residual_80.txt", plain(check(RESIDUAL), depth=1))


def test_golden_cases_and_an_opened_table():
    agrees("residual_cases_100.txt", plain(check(RESIDUAL, cases=True), 2, 100, expect="all"))


def test_golden_errors():
    agrees("invalid_80.txt", plain(check(INVALID)))


def test_golden_markdown():
    agrees("residual.md", markdown.text(check(RESIDUAL), View(1)))
    agrees("invalid.md", markdown.text(check(INVALID), View(1)))


@pytest.mark.parametrize("name", ["residual_80.txt", "residual_cases_100.txt"])
def test_the_golden_tables_add_up(name):
    """The columns of the file itself, compared with its totals and with arithmetic by hand."""
    text = (GOLDEN / name).read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"(stem|\d–\d|\d|fc) ", line)]
    head = next(line for line in text.splitlines() if line.startswith("layer "))
    params, macs = (column(head, rows, title) for title in ("params", "macs"))
    assert params == [448, 3 * 4_640, 4_640, 0, 0, 170]
    stem, block = 27 * 16 * 1024, 2 * 16 * 16 * 9 * 1024
    assert macs == [stem, 3 * block, block, 0, 0, 160]
    assert total(text, "params") == sum(params)
    assert total(text, "macs") == sum(macs)


def column(head, rows, title):
    """The numbers that end where the title of their column ends."""
    end = head.index(title) + len(title)
    return [int(row[:end].split()[-1].replace(",", "")) for row in rows]


def total(text, name):
    (figure,) = re.findall(rf"^{name} +([\d,]+)  ", text, re.MULTILINE)
    return int(figure.replace(",", ""))


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
@pytest.mark.parametrize("name", CATALOGUE)
def test_no_line_is_wider_than_the_terminal(name, columns):
    text = plain(catalogue(name), columns=columns)
    assert max(map(width, text.splitlines()[1:])) <= columns  # the first line has the name
    text = plain(catalogue(name), columns=columns, expect="all")
    if columns >= 80:
        assert max(map(width, text.splitlines())) <= columns


@pytest.mark.parametrize("name", CATALOGUE)
def test_figures_are_never_cut(name):
    report = catalogue(name).report
    text = plain(catalogue(name))
    assert total(text, "params") == report.totals.params
    assert total(text, "macs") == report.totals.macs
    wide = plain(catalogue(name), columns=200)
    head = next(line for line in wide.splitlines() if line.startswith("layer "))
    figures = ["output", "params", "%", "macs", "%", "flops", "activations", "RF"]
    assert head.split()[2:] == figures


def test_vgg16_as_it_is_read_on_80_columns():
    lines = plain(catalogue("vgg16")).splitlines()
    # 14,714,688 of 138,357,544 parameters; 15,346,630,656 of 15,470,264,320 macs
    row = ["features", "512×7×7", "14.71", "M", "11", "15.35", "G", "99", "212/32"]
    assert lines[5].split() == row
    assert any(line.startswith("  0         conv 3×3") and " + relu " in line for line in lines)
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "ok: 11 expectations passed"


def test_resnet152_fits_a_screen():
    text = plain(catalogue("resnet152"))
    assert "2^50 = 1,125,899,906,842,624 paths" in text.replace("\n" + " " * 33, " ")
    # 35·(1024·256 + 9·256·256 + 256·1024 + 2·(256 + 256 + 1024)) = 39,101,440 of 60,192,808
    assert re.search(r"^  1–35  bottleneck 256 +×35 .* 39\.10 M 65 ", text, re.MULTILINE)


def test_training_only_heads_are_marked_in_the_table():
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
    text = plain(checked, expect="all")
    assert text.endswith("ok: 1 expectation passed, 1 unknown, 1 not checked (see --cases)\n")
    assert re.search(r"^– macs +20,708  unknown$", text, re.MULTILINE)


def test_a_failed_expectation_shows_the_difference():
    text = plain(check(RESIDUAL.replace("19_178", "20_178")))
    assert re.search(r"^✗ params  20,178 +19,178 \(.*1,000.*\) +by hand$", text, re.MULTILINE)
    assert "✓" not in text
    last = "1 error; 1 expectation passed, 1 not checked (see --cases)"
    assert text.endswith(f"\n{last}\n")


def test_passed_expectations_are_one_line_unless_all_are_asked_for():
    for name in ("googlenet", "resnet18"):
        checked = catalogue(name)
        assert sum("✓" in line for line in plain(checked).splitlines()) == 0
        shown = plain(checked, expect="all").splitlines()
        passed = sum(line.startswith("✓ ") for line in shown)
        assert f"ok: {passed} expectations passed" in plain(checked)


def test_no_figure_is_written_with_an_underscore():
    for name in CATALOGUE:
        text = plain(catalogue(name), expect="all")
        assert not re.search(r"\d_\d\d\d", text.split("\n", 1)[1].replace(name, "")), name


@pytest.mark.parametrize("sort", ["params", "macs", "memory"])
def test_the_costliest_layers_first(sort):
    """By hand from VGG-16: fc1 25,088·4,096 + 4,096 parameters; conv 3×3 64 → 64 on 224×224."""
    lines = plain(catalogue("vgg16"), sort=sort).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("layer "))
    first, figure = {
        "params": ("classifier.0", " 102.8 M 74 "),  # 102,764,544 of 138,357,544
        "macs": ("features.2", " 1.850 G 12"),  # 64·64·9·224·224 of 15,470,264,320
        "memory": ("classifier.0", " 392.1 MiB"),  # 4·(102,764,544 + 3·4,096) bytes
    }[sort]
    assert lines[start + 1].startswith(f"{first} ")
    assert figure in lines[start + 1]


def test_sorted_layers_are_all_layers_that_cost_anything():
    report = catalogue("vgg16").report
    for sort in ("params", "macs"):
        figures = [getattr(row.totals, sort) for row in _by_cost(report, View(sort=sort))]
        assert sum(figures) == getattr(report.totals, sort)
        assert figures == sorted(figures, reverse=True)
        assert len(figures) == 16  # 13 convolutions and 3 linear layers
    assert "(--depth all lists them)" in plain(catalogue("resnet152"), sort="macs")
    assert "more layer" not in plain(catalogue("resnet152"), sort="macs", depth=1000)


def test_colour_means_something_on_success():
    """Levels, costly layers, free layers and the verdict each have a style; no yellow, no blue."""
    text = table(catalogue("vgg16"), View(), columns=120, colour=True)
    assert "\x1b[36mfeatures" in text
    assert "\x1b[1m  2 " in text  # 12% of the macs
    assert "\x1b[2mavgpool" in text
    assert text.endswith("\x1b[32mok\x1b[0m: 11 expectations passed\n")
    assert not re.search(r"\x1b\[(?:\d;)?3[34]m", text)
    assert re.sub(r"\x1b\[[\d;]*m", "", text) == plain(catalogue("vgg16"), columns=120)


def test_untrusted_names_cannot_control_the_terminal():
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
    assert markdown.text(check(spec), View()).replace("\n", "").isprintable()


def test_untrusted_names_cannot_break_out_of_markdown():
    name = "</td><script>|`*_[x](y)"
    text = markdown.text(
        check(f"name: '{name}'\ninput: [1, 4, 4]\nlayers:\n  - {{name: '{name}', relu: }}"),
        View(),
    )
    assert "<script" not in text.replace("\\<", "")
    row = next(line for line in text.splitlines() if "relu" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 10
