"""A report in a notebook and as plain values."""

from __future__ import annotations

from html.parser import HTMLParser

import archcalc
from archcalc.pipeline import check
from archcalc.report import html
from tests.report.support import CATALOGUE, INVALID, RESIDUAL, catalogue

KEYS = (
    *("path", "op", "inputs", "output"),
    *("params", "buffers", "macs", "flops", "activations"),
    *("field_size", "field_stride", "field_offset", "field_global"),
    *("training_only", "shared"),
)
TAGS = {"div", "strong", "br", "table", "tr", "th", "td", "pre", "details", "summary"}


class Tags(HTMLParser):
    """The tags and the text of a document; every tag that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, _attributes):
        self.seen.append(tag)
        if tag not in ("br", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_html_has_the_figures_of_the_table():
    report = archcalc.analyze(archcalc.load("vgg16"))
    found = Tags(report._repr_html_())
    for text in ("138,357,544", "15,470,264,320", "conv 3×3, 64, pad 1", "212/32"):
        assert text in found.text
    assert set(found.seen) <= TAGS


def test_html_of_every_net_is_well_formed():
    for name in CATALOGUE:
        found = Tags(html.text(catalogue(name)))
        assert f"{catalogue(name).report.totals.params:,}" in found.text


def test_html_of_errors_and_of_untrusted_specs():
    found = Tags(html.text(check(INVALID)))
    assert "error[window-too-large]" in found.text
    evil = RESIDUAL.replace("Small residual net", "'<script>alert(1)</script>\\e[31m'")
    found = Tags(html.text(check(evil.replace("name: stem", "name: '<b>stem'"))))
    assert not {"script", "b"} & set(found.seen)
    assert "\x1b" not in found.text


def test_markdown_is_that_of_check():
    checked = check(RESIDUAL)
    report = checked.report
    assert "| **total** |" not in report._repr_markdown_()
    assert "| params | 19,178 |" in report._repr_markdown_()
    assert "| fc | linear 10 |" in report._repr_markdown_()


def test_repr_is_short():
    report = check(RESIDUAL).report
    macs = f"{report.totals.macs:,}"
    assert repr(report) == f"<Report of 'Small residual net': 19,178 params, {macs} macs>"
    assert "? params" in repr(check(INVALID).report)


def test_dicts():
    rows = check(RESIDUAL).report.to_dicts()
    assert all(tuple(row) == KEYS for row in rows)
    first, last = rows[0], rows[-1]
    assert (first["path"], first["op"], first["output"]) == ("stem", "conv", (16, 32, 32))
    assert first["inputs"] == ((3, 32, 32),)
    assert (first["params"], first["macs"]) == (27 * 16 + 16, 32 * 32 * 16 * 27)
    assert (first["field_size"], first["field_stride"], first["field_offset"]) == (3, 1, -1)
    assert (last["path"], last["params"], last["field_global"]) == ("fc", 170, True)
    assert sum(row["params"] for row in rows) == 19_178


def test_dicts_are_plain_values():
    """So that json, pandas and spreadsheets accept them."""

    def is_plain(value):
        if isinstance(value, tuple):
            return all(is_plain(one) for one in value)
        return value is None or type(value) in (int, float, str, bool)

    for name in ("lenet5", "googlenet", "inception_v3"):
        rows = catalogue(name).report.to_dicts()
        assert all(is_plain(value) for row in rows for value in row.values())
    up = "input: [2, 8, 8]\nlayers: [conv_transpose: {out: 2, kernel: 2, stride: 2}]\n"
    assert check(up).report.to_dicts()[0]["field_stride"] == 0.5
    row = check("input: [2, 8, 8]\nlayers: [conv: {out: 2, kernel: 1x3}]\n").report.to_dicts()[0]
    assert row["field_size"] == (1, 3)


def test_dicts_of_a_net_with_an_error():
    rows = check(INVALID).report.to_dicts()
    assert rows[1]["params"] is None
    assert rows[1]["output"] is None
    assert rows[1]["field_size"] is None
