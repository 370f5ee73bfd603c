"""Metrics that include an unparsed layer are unknown, wherever the layer is."""

from __future__ import annotations

import json

import pytest

from archcalc.pipeline import check
from archcalc.report.json import as_dict

GOOD = """\
input: [3, 32, 32]
vars: {depth: 2, wide: true}
blocks:
  unit:
    with: {width: , stride: 1}
    let: {half: width // 2}
    do:
      - add:
          body:
            - conv: {out: half, kernel: 1}
            - conv: {out: width, kernel: 3, stride: stride, padding: 1}
          shortcut:
            - when: in_channels != width or stride != 1
              conv: {out: width, kernel: 1, stride: stride}
      - relu
layers:
  - {name: stem, conv: {out: 16, kernel: 3, padding: 1}}
  - {name: stage, group: [{repeat: depth, do: [batchnorm, {unit: 16}]}]}
  - {when: wide, unit: {width: 32, stride: 2}}
  - {name: side, head: true, group: [global_avgpool, flatten, {linear: 10}]}
  - concat: [[{conv: {out: 8, kernel: 1}}], [{for: k, in: [3, 5], do: [depthwise_conv: 1]}]]
  - {name: neck, conv: {out: 16, kernel: 1}}
  - {name: again, conv: {out: 16, kernel: 1}}
  - reuse: again
  - global_avgpool
  - flatten
  - linear: 10
expect: {params: 1, macs: 1, depth: 1, receptive_field: 1, peak_activation_bytes: 1}
"""

BROKEN = [
    ("linear: 10\nexpect", "linaer: 10\nexpect"),
    ("[global_avgpool, flatten, {linear: 10}]", "[global_avgpool, flatten, {linaer: 10}]"),
    ("head: true, group", "head: true, gruop"),
    ("{repeat: depth, do:", "{repeat: depth, od:"),
    ("{repeat: depth, do:", "{repeat: dpeth, do:"),
    ("{repeat: depth, do:", "{repeat: -1, do:"),
    ("[batchnorm, {unit: 16}]", "[batchnrom, {unit: 16}]"),
    ("[batchnorm, {unit: 16}]", "7"),
    ("{unit: 16}", "{unti: 16}"),
    ("{unit: 16}", "{unit: {stride: 1}}"),
    ("{unit: 16}", "{unit: {width: 16, pace: 2}}"),
    ("width: 32, stride: 2", "width: nobody, stride: 2"),
    ("when: wide, unit", "when: wdie, unit"),
    ("when: wide, unit", "when: 'wide +', unit"),
    ("half: width // 2", "half: width // 0"),
    ("half: width // 2", "half: width // nobody"),
    ("kernel: 1}}\n  - reuse", "kernle: 1}}\n  - reuse"),
    ("kernel: 1}}\n  - reuse", "}}\n  - reuse"),
    ("reuse: again", "reuse: agian"),
    ("reuse: again", "reuse: [again]"),
    ("  - flatten\n", "  - fltaten\n"),
    ("  - flatten\n", "  -\n"),
    ("  - flatten\n", "  - {}\n"),
    ("  - flatten\n", "  - [flatten]\n"),
    ("  - flatten\n", "  - {flatten: , relu: }\n"),
    ("  - flatten\n", "  - {flatten: , startt: 0}\n"),
    ("  - flatten\n", "  - {from: nobody, flatten: }\n"),
    ("  - flatten\n", "  - {note: only a note}\n"),
    ("for: k, in: [3, 5]", "for: k, in: 3"),
    ("for: k, in: [3, 5]", "for: k, ni: [3, 5]"),
    ("for: k, in: [3, 5]", "for: k"),
    ("concat: [[{conv: {out: 8, kernel: 1}}], ", "concat: [[{cnov: {out: 8, kernel: 1}}], "),
    ("body:\n", "body: 3\n          other:\n"),
    ("          shortcut:\n            - when", "          shortcut:\n            - wehn"),
    ("layers:\n", "defaults: {conv: {bais: false}}\nlayers:\n"),
    ("layers:\n", "defaults: {conv: 3}\nlayers:\n"),
]


def unknown(found: dict[str, object]) -> bool:
    totals = found["totals"]
    assert isinstance(totals, dict)
    return all(totals[key] is None for key in ("params", "buffers", "macs", "flops", "activations"))


def test_the_unbroken_spec_is_valid() -> None:
    found = as_dict(check(GOOD))
    assert {d["code"] for d in found["diagnostics"]} == {"expectation-failed"}
    assert not unknown(found)


@pytest.mark.parametrize(("old", "new"), BROKEN)
def test_totals_with_an_unread_layer_are_unknown(old: str, new: str) -> None:
    assert GOOD.count(old) >= 1
    before, _, after = GOOD.rpartition(old)
    found = as_dict(check(before + new + after))
    errors = [d for d in found["diagnostics"] if d["severity"] == "error"]
    causes = [d for d in errors if d["code"] != "expectation-failed"]
    assert len(causes) == 1, causes
    # After a head that was not parsed, the main output's depth and field are still known.
    assert len(errors) == 1 or "head: true" in old + new or "linear: 10}]" in old
    assert unknown(found)
    assert found["totals"]["peak_activation_bytes"] is None
    json.dumps(found)
    named = {e["what"]: e["actual"] for e in found["expectations"] if e["where"] == ""}
    assert named["params"] == named["macs"] == named["peak_activation_bytes"] == "unknown"


def test_the_unread_layer_has_a_row_and_others_their_metrics() -> None:
    text = "input: [3, 8, 8]\nlayers:\n  - conv: {out: 4, kernel: 3}\n  - linaer: 10\n"
    report = check(text).report
    assert report is not None
    conv, lost = report.layers
    assert (conv.totals.params, lost.totals.params) == (3 * 4 * 9 + 4, None)
    assert (lost.node.path, lost.node.op.name, lost.node.invalid) == ("1", "linaer", True)
    assert report.totals == (None,) * 5


def test_groups_without_the_layer_keep_their_totals() -> None:
    text = """\
input: [3, 8, 8]
layers:
  - {name: good, group: [conv: {out: 4, kernel: 3}]}
  - {name: bad, group: [relu, linaer: 10]}
expect: {params: 112}
"""
    report = check(text).report
    assert report is not None
    good, bad = report.net.root.children
    assert (report.of(good).params, report.of(bad).params) == (112, None)
    assert [row.holds for row in report.expectations] == [None]


def test_layers_that_run_in_training_only_do_not_count() -> None:
    text = """\
input: [3, 8, 8]
layers:
  - {name: aux, head: true, training_only: true, group: [flatten, linaer: 10]}
  - conv: {out: 4, kernel: 3}
"""
    report = check(text).report
    assert report is not None
    assert report.totals.params == 112


def test_a_net_that_is_too_large_has_no_totals() -> None:
    text = "input: [3, 8, 8]\nlayers:\n  - {repeat: 400_000, do: [relu]}\n"
    found = as_dict(check(text))
    assert unknown(found)
    assert [d["code"] for d in found["diagnostics"]] == ["too-many-layers"]


@pytest.mark.parametrize("layers", ["layers: 3", "layers: {conv: 3}", "layer: [relu]", "layers:"])
def test_no_layers_at_all(layers: str) -> None:
    found = as_dict(check(f"input: [3, 8, 8]\n{layers}\n"))
    assert not found["ok"]
    assert unknown(found)
