"""Comparisons: numbers from papers and by hand, and sums that must agree."""

from __future__ import annotations

import pytest

from archcalc.compare.data import ratio
from archcalc.compare.differences import ALL, differences
from archcalc.compare.rows import costly, rows
from archcalc.compare.words import times
from tests.compare.support import PAIRS, compared, of_text


def figure(found, name):
    return next(figure.values for figure in found.totals if figure.name == name)


def weighing(found, other=1, depth=ALL):
    """The paths, params and macs of the differences with a cost."""
    return [
        (entry.paths[0] or entry.paths[1], entry.amounts.params, entry.amounts.macs)
        for entry in differences(found, other, depth).entries
        if entry.weighs
    ]


def test_the_reduction_of_an_inception_branch():
    """Szegedy et al. 2015: 28·28·32·(5·5·192) against 28·28·16·192 + 28·28·32·(5·5·16)."""
    found = compared("inception_naive", "inception_reduced")
    assert figure(found, "macs") == (120_422_400, 2_408_448 + 10_035_200)
    assert times(12_443_648, 120_422_400) == "0.10×"
    assert ratio(120_422_400, 12_443_648) == pytest.approx(9.677, abs=0.0005)
    assert weighing(found) == [
        ("reduce", 192 * 16 + 16, 2_408_448),
        ("conv5x5", 25 * 16 * 32 - 25 * 192 * 32, 10_035_200 - 120_422_400),
    ]


def test_a_resnet_differs_from_a_plain_net_by_its_shortcuts():
    """Three 1×1 convolutions with batch norm, by He et al. 2015, Table 1 and option B."""
    found = compared("plain34", "resnet34")
    assert weighing(found, depth=3) == [
        ("layer2.0.downsample", 64 * 128 + 2 * 128, 28 * 28 * 64 * 128),
        ("layer3.0.downsample", 128 * 256 + 2 * 256, 14 * 14 * 128 * 256),
        ("layer4.0.downsample", 256 * 512 + 2 * 512, 7 * 7 * 256 * 512),
    ]
    (adds,) = differences(found, 1).slight
    assert sum(entry.times for entry in adds) == 3 + 4 + 6 + 3
    assert figure(found, "paths") == (1, 2**16)


def test_column_c_of_vgg():
    """Its three 1×1 convolutions have a ninth of the weights and MACs of the 3×3 ones."""
    found = compared("vgg16", "vgg16_c")
    assert weighing(found) == [
        ("features.14", -8 * 256 * 256, -8 * 256 * 256 * 56 * 56),
        ("features.21", -8 * 512 * 512, -8 * 512 * 512 * 28 * 28),
        ("features.28", -8 * 512 * 512, -8 * 512 * 512 * 14 * 14),
    ]
    change = differences(found, 1).entries[0].change
    assert change == "conv 3×3, 256, pad 1 → conv 1×1, 256"


def test_mobilenet_at_half_its_width():
    """Howard et al. 2017, Table 6: 569 and 149 million multiply-adds, 4.2 and 1.3 million
    parameters."""
    found = compared("mobilenet", "mobilenet:width=0.5")
    assert [round(macs / 10**6) for macs in figure(found, "macs")] == [569, 149]
    assert [round(params / 10**6, 1) for params in figure(found, "params")] == [4.2, 1.3]
    entries = weighing(found, depth=1)
    # block2 of width w: depthwise 9 and pointwise from 64·w to 128·w channels, 56×56, norms
    full, half = (9 * c + 2 * c + c * 2 * c + 4 * c for c in (64, 32))
    assert ("block2", half - full, 56 * 56 * (9 * 32 + 32 * 64 - 9 * 64 - 64 * 128)) in entries
    assert [match.items[0].path for match in found.rows] == [
        match.items[1].path for match in found.rows
    ]


def test_a_deeper_net_has_further_blocks():
    found = compared("resnet20", "resnet110")
    # n = 18 instead of 3: fifteen more blocks of 2·(9·16·16) weights and two norms
    first = differences(found, 1, 2).entries[0]
    assert (first.paths, first.last, first.times) == ((None, "layer1.3"), "layer1.17", 15)
    assert first.amounts.params == 15 * (2 * 9 * 16 * 16 + 4 * 16)
    assert figure(found, "depth") == (20, 110)


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("depth", [1, 2, ALL, None])
def test_differences_add_up(pair, depth):
    """At any depth, and however layers are matched."""
    found = compared(*pair)
    a, b = (side.report.totals for side in found.sides)
    entries = differences(found, 1, depth).entries
    for position, name in enumerate(("params", "buffers", "macs")):
        total = sum(entry.amounts[position] for entry in entries)
        assert total == b[position] - a[position], name


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("depth", [1, 2, 100])
def test_rows_add_up(pair, depth):
    """The rows of a level add up to its totals, and all of them to the net's."""
    found = compared(*pair)
    chosen = rows(found.rows, depth)
    for position, side in enumerate(found.sides):
        assert _sums(chosen, position) == tuple(side.report.totals)


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_rows_without_cost_are_omitted_and_none_is_repeated(pair):
    found = compared(*pair)
    every, shown = rows(found.rows, 100), costly(rows(found.rows, 100))
    for position in range(2):
        assert _sums(shown, position)[:3] == _sums(every, position)[:3]
    assert all(row.opened or any(t and any(t[:3]) for t in row.totals) for row in shown)
    level = [row for row in shown if row.indent == 0]
    assert len({(row.label, row.totals) for row in level}) == len(level)


def _sums(chosen, position):
    """The sum over rows that are not opened, without those of training only."""
    known = [
        row.totals[position]
        for row in chosen
        if not row.opened and not row.training_only and row.totals[position] is not None
    ]
    return tuple(sum(column) for column in zip(*known, strict=True))


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_there_and_back(pair):
    """What one net has more, the other has less."""
    there, back = compared(*pair), compared(*reversed(pair))
    totals = [
        sum(entry.amounts.params for entry in differences(found, 1).entries)
        for found in (there, back)
    ]
    assert totals[0] == -totals[1]


def test_a_net_and_itself():
    found = compared("googlenet", "googlenet")
    assert differences(found, 1) == ((), 0)
    assert all(match.same for match in found.rows)


def test_three_nets():
    found = compared("resnet18", "resnet34", "resnet50")
    assert figure(found, "depth") == (18, 34, 50)
    for other in (1, 2):
        entries = differences(found, other).entries
        a, b = (found.sides[i].report.totals for i in (0, other))
        assert sum(entry.amounts.macs for entry in entries) == b.macs - a.macs
    labels = [match.first.label for match in found.rows]
    assert labels == ["conv1", "bn1", "2", "3", *(f"layer{i}" for i in range(1, 5)), "8", "9", "fc"]
    layer2 = next(match for match in found.rows if match.first.label == "layer2")
    assert [sum(i is not None for i in child.items) for child in layer2.children] == [3, 3, 2, 2]


ONE = "input: [3, 8, 8]\nlayers:\n  - {name: a, conv: {out: 4, kernel: 3}}\n  - relu\n"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("relu", "tanh"), "relu → tanh"),
        (("kernel: 3", "kernel: 5"), "conv 3×3, 4 → conv 5×5, 4"),
        (("input: [3,", "input: [6,"), "conv 3×3, 4, on 3 → 6 channels"),
        (("input: [3, 8, 8]", "input: [3, 9, 8]"), "conv 3×3, 4, on 3×8×8 → 3×9×8"),
        (("  - relu\n", ""), "only in a: relu"),
        (("  - relu\n", "  - relu\n  - flatten\n"), "only in b: flatten"),
        (("relu", "batchnorm"), "only in a: relu"),
    ],
)
def test_how_a_change_is_shown(change, text):
    found = of_text(ONE, ONE.replace(*change))
    assert text in [entry.change for entry in differences(found, 1).entries]


def test_attributes_that_a_table_does_not_show():
    norm = "input: [3, 8, 8]\nlayers: [{batchnorm: {eps: 0.001}}]\n"
    found = of_text(norm, norm.replace("0.001", "0.01"))
    (entry,) = differences(found, 1).entries
    assert entry.change == "batchnorm, eps 0.001 → 0.01"
    assert not entry.weighs


def test_layers_that_only_follow_are_counted():
    found = of_text(ONE, ONE.replace("out: 4", "out: 5"))
    assert differences(found, 1).quiet == 1  # the relu
    assert len(differences(found, 1).entries) == 1
