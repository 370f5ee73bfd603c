"""Golden files of `compare`, whose sums are checked independently, and widths of the terminal.

`GOLDEN=write pytest tests/compare` rewrites the golden files: read the diff.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from archcalc.compare import json as as_json
from archcalc.compare import markdown, table, words
from archcalc.report.text import width
from tests.compare.support import PAIRS, compared, of_text

GOLDEN = Path(__file__).parent / "golden"
FILES = {
    "inception_80.txt": ("inception_naive", "inception_reduced"),
    "plain34_80.txt": ("resnet34", "plain34"),
    "mobilenet_80.txt": ("mobilenet", "mobilenet:width=0.5"),
    "vgg16_c_80.txt": ("vgg16", "vgg16_c"),
    "resnets_100.txt": ("resnet18", "resnet34", "resnet50"),
}


def agrees(name, text):
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def plain(found, depth=None, columns=80):
    return table.text(found, depth=depth, columns=columns, colour=False)


@pytest.mark.parametrize("name", FILES)
def test_golden_table(name):
    columns = int(re.findall(r"\d+", name)[-1])
    agrees(name, plain(compared(*FILES[name]), columns=columns))


def test_golden_markdown_and_json():
    found = compared("inception_naive", "inception_reduced")
    agrees("inception.md", markdown.text(found, depth=None))
    agrees("inception.json", as_json.text(found))


def number(text):
    return int(text.replace(",", "").replace("−", "-").replace("+", ""))


@pytest.mark.parametrize("name", FILES)
def test_the_differences_in_a_golden_file_add_up(name):
    """The numbers of the file itself: each list compared with its sum, and that with the totals."""
    text = (GOLDEN / name).read_text(encoding="utf-8")
    totals = {}
    for figure in ("params", "macs"):
        line = re.search(rf"^{figure} +(\d.*)$", text, re.MULTILINE)[1]
        totals[figure] = [number(n) for n in re.findall(r"(?<!\S)\d[\d,]*(?!\S)", line)]
    parts = text.split("\ndifferences")[1:]
    assert parts
    for other, part in enumerate(parts, start=1):
        found = re.findall(r"([+−]?[\d,]+)  +([+−]?[\d,]+)$", part, re.MULTILINE)
        *rows, last = [(number(params), number(macs)) for params, macs in found]
        assert tuple(map(sum, zip(*rows, strict=True))) == last
        assert last == tuple(totals[f][other] - totals[f][0] for f in ("params", "macs"))


def test_the_published_ratio_is_in_the_golden_file():
    text = (GOLDEN / "inception_80.txt").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("macs"))
    assert line.split() == ["macs", "120,422,400", "12,443,648", "0.10×", "−90%"]


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_80_columns(pair):
    lines = plain(compared(*pair)).splitlines()
    assert max(map(width, lines)) <= 80


def test_names_too_wide_are_letters():
    text = plain(compared("inception_naive", "inception_reduced"))
    assert "A: Inception branch, naive (inception_naive)" in text
    assert "A: " not in plain(compared("resnet34", "plain34"))


def test_a_net_twice_has_two_letters():
    assert "B: VGG-16 (vgg16)" in plain(compared("vgg16", "vgg16"))
    assert words.EQUAL in plain(compared("vgg16", "vgg16"))
    assert words.EQUAL in markdown.text(compared("vgg16", "vgg16"), depth=None)


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_markdown_tables_are_tables(pair):
    """Every row has as many cells as the heading."""
    text = markdown.text(compared(*pair), depth=None)
    for block in text.split("\n\n"):
        if block.startswith("|"):
            counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(counts) == 1


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_json(pair):
    found = json.loads(as_json.text(compared(*pair)))
    assert found["schema"] == 1
    assert [one["spec"] for one in found["specs"]] == [text.partition(":")[0] for text in pair]
    (told,) = found["differences"]
    for figure in ("params", "buffers", "macs"):
        totals = found["totals"].get(figure, {"values": [0, 0]})["values"]
        assert sum(row[figure] for row in told["layers"]) == totals[1] - totals[0]
    assert all(isinstance(paths, str) for paths in found["totals"]["paths"]["values"]), (
        "counts of paths are text"
    )


def test_an_untrusted_name_stays_text():
    spec = "name: '<b>|\\u001b[31m'\ninput: [3, 8, 8]\nlayers:\n  - {name: 'a|b', relu: }\n"
    found = of_text(spec, spec.replace("relu", "tanh"))
    assert "\x1b" not in plain(found) + markdown.text(found, depth=None)
    assert "<b>" not in markdown.text(found, depth=None)


@pytest.mark.parametrize(
    ("value", "base", "told"),
    [
        (10, 5, "2.00×"),
        (5, 10, "0.50×"),
        (1008, 1000, "1.008×"),
        (1000, 1000, "="),
        (0, 0, "="),
        (5, 0, ""),
        (0, 5, ""),
        (None, 5, ""),
        (2**600, 2**9, "2^591×"),
        (1, 2**600, "1/2^600×"),
        (123_456, 1, "123,456×"),
        ((3, 3), (6, 6), "0.50×"),
        (18, 100, "0.18×"),
        (995, 1000, "0.995×"),
        (1, 1000, "0.001×"),
        ((3, 5), (6, 6), ""),
    ],
)
def test_times(value, base, told):
    assert words.times(value, base) == told
