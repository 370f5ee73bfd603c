"""The rows of tables: every column adds up, identical neighbours fold, tables fit a screen."""

from __future__ import annotations

import pytest

from archcalc.pipeline import check
from archcalc.report.rows import SCREEN, rows
from tests.report.support import CATALOGUE, INVALID, RESIDUAL, catalogue

FIGURES = ("params", "buffers", "macs", "flops", "activations")


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("depth", [None, 1, 2, 1000])
def test_every_column_adds_up(name, depth):
    """A row is the sum of the rows below it, and the rows of the net are its totals."""
    report = catalogue(name).report
    found = rows(report, depth)
    counted = [row for row in found if row.indent == 0 and not row.training_only]
    for figure in FIGURES:
        total = sum(getattr(row.totals, figure) for row in counted)
        assert total == getattr(report.totals, figure)
    for position, row in enumerate(found):
        below = _below(found, position)
        for figure in FIGURES if below else ():
            assert sum(getattr(r.totals, figure) for r in below) == getattr(row.totals, figure)


def _below(found, position):
    """The rows directly below a row."""
    row, below = found[position], []
    for other in found[position + 1 :]:
        if other.indent <= row.indent:
            break
        if other.indent == row.indent + 1:
            below.append(other)
    return below


@pytest.mark.parametrize("name", CATALOGUE)
def test_opened_rows_represent_every_layer(name):
    report = catalogue(name).report
    found = rows(report, 1000)
    leaves = [
        row
        for position, row in enumerate(found)
        if row.operation != "identity" and not _below(found, position)
    ]
    assert sum(row.layers for row in leaves) == len(report.net.nodes)
    unfolded = rows(report, 1000, unfold=True)
    assert not any(" + " in row.operation for row in unfolded)
    assert sum(row.layers for row in unfolded if not row.is_level) == len(report.net.nodes)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_net_fits_a_screen(name):
    report = catalogue(name).report
    assert len(rows(report)) <= max(SCREEN, len(rows(report, 1)))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        # conv1, bn1 with relu, maxpool, stages, avgpool, flatten, fc; and in each stage the first
        # block and the equal ones after it.
        ("resnet50", 10 + 4 * 2),
        ("resnet152", 10 + 4 * 2),
        # features: conv and relu 1 + 1, 1 + 1, 1 + ×2, 1 + ×2, ×3, and 5 pools; classifier: 3; and
        # the two of them, avgpool, flatten.
        ("vgg16", 9 + 5 + 3 + 4),
    ],
)
def test_how_far_nets_are_opened(name, count):
    assert len(rows(catalogue(name).report)) == count


def test_identical_neighbours_are_one_row():
    found = rows(check(RESIDUAL).report, 1)
    assert [(row.label, row.operation, row.times) for row in found] == [
        ("stem", "conv 3×3, 16, pad 1", 1),
        ("1–3", "residual 16", 3),
        ("4", "residual 16, act sigmoid", 1),
        ("5", "global_avgpool", 1),
        ("6", "flatten", 1),
        ("fc", "linear 10", 1),
    ]
    # 3·3·3·16 + 16; 3·(2·16·16·9 + 2·16); 2·16·16·9 + 2·16; 16·10 + 10
    assert [row.totals.params for row in found] == [448, 13_920, 4_640, 0, 0, 170]


def test_joins_are_opened_with_their_level():
    found = rows(check(RESIDUAL).report, 2)
    second = [row for row in found if row.indent > 0][:6]
    assert [(row.indent, row.label, row.operation) for row in second] == [
        (1, "body:", ""),
        (2, "conv1", "conv 3×3, 16, pad 1"),
        (2, "batchnorm1", "batchnorm + relu"),
        (2, "conv2", "conv 3×3, 16, pad 1"),
        (1, "shortcut:", "identity"),
        (1, "add1", "add + relu"),
    ]
    assert {row.times for row in second} == {3}


def opened(layers, depth=1000, *, unfold=False):
    report = check(f"input: [4, 16, 16]\nlayers:\n{layers}").report
    return [(row.label, row.operation, row.times) for row in rows(report, depth, unfold=unfold)]


def test_free_activations_are_part_of_the_layer_before():
    conv = "conv: {out: 4, kernel: 1}"
    layers = f"  - {conv}\n  - relu\n  - dropout: 0.1\n  - {conv}\n  - prelu\n  - relu"
    assert opened(layers) == [
        ("0", "conv 1×1, 4 + relu + dropout p 0.1", 1),
        ("3", "conv 1×1, 4", 1),
        ("4", "prelu", 1),  # it has weights
        ("5", "relu", 1),  # an activation is not folded into another one
    ]
    assert [label for label, _, _ in opened(layers, unfold=True)] == list("012345")
    # Identical layers with identical activations fold to one row.
    turns = f"  - repeat: 3\n    do: [{conv}, relu]"
    assert opened(turns) == [("0–5", "conv 1×1, 4 + relu", 3)]
    assert opened("  - maxpool: 2\n  - relu\n  - maxpool: 2\n  - tanh") == [
        ("0", "maxpool 2×2 + relu", 1),
        ("2", "maxpool 2×2 + tanh", 1),
    ]


def test_an_activation_that_is_not_alone_in_reading_its_input_is_a_row():
    """The same rule as in pictures: nothing that is read elsewhere is hidden."""
    conv = "{as: a, conv: {out: 4, kernel: 1}}"
    layers = f"  - {conv}\n  - relu\n  - add: [{{from: a}}, []]"
    assert [operation for _, operation, _ in opened(layers)][:2] == ["conv 1×1, 4", "relu"]
    layers = f"  - {conv}\n  - {{head: true, name: out, from: a}}\n  - relu"
    assert "relu" in [operation for _, operation, _ in opened(layers)]


def test_a_folded_row_is_the_sum_of_its_layers():
    report = check("input: [4, 16, 16]\nlayers: [conv: {out: 8, kernel: 1}, relu]").report
    (row,) = rows(report)
    assert row.totals.params == 4 * 8 + 8
    assert row.totals.activations == 2 * 8 * 16 * 16
    assert row.layers == 2


def test_layers_with_other_metrics_do_not_fold():
    """Identical operations on different inputs are two rows."""
    assert opened("  - maxpool: 2\n  - maxpool: 2\n  - relu\n  - relu") == [
        ("0", "maxpool 2×2", 1),
        ("1", "maxpool 2×2 + relu + relu", 1),
    ]


def test_layers_with_other_inputs_do_not_fold():
    """Equal costs, but other attributes, arguments, or only in training."""
    assert len(opened("  - dropout: 0.1\n  - dropout: 0.2")) == 2
    block = "blocks: {b: {with: {n: }, do: [relu]}}\n"
    report = check(f"input: [1]\n{block}layers: [b: 1, b: 2, b: 2]").report
    assert [(row.label, row.operation) for row in rows(report, 1)] == [
        ("0", "b 1"),
        ("1–2", "b 2"),
    ]
    assert opened("  - relu\n  - {head: true, training_only: true, relu: }\n  - relu") == [
        ("relu1", "relu", 1),
        ("relu2", "relu", 1),
        ("relu3", "relu", 1),
    ]


def test_reused_weights_do_not_fold_into_their_first_use():
    found = opened("  - {name: a, conv: {out: 4, kernel: 1}}\n  - reuse: a\n  - reuse: a")
    assert [(operation, times) for _, operation, times in found] == [
        ("conv 1×1, 4", 1),
        ("conv 1×1, 4, weights of a", 2),
    ]


def test_iterations_of_several_layers_fold_if_that_saves_rows():
    turn = "do: [conv: {out: 4, kernel: 1}, batchnorm: ]"
    assert [row[2] for row in opened(f"  - {{repeat: 3, {turn}}}")] == [1] * 6
    assert opened(f"  - {{repeat: 50, {turn}}}") == [
        ("0–99", "repeat", 50),
        ("98", "conv 1×1, 4", 50),
        ("99", "batchnorm", 50),
    ]
    assert opened(f"  - {{repeat: 50, {turn}}}", 1) == [("0–99", "repeat", 50)]


def test_names_that_count_are_shortened():
    found = opened("  - repeat: 3\n    do: [{name: layer$(index + 1), relu: }]")
    assert found == [("layer1–3", "relu", 3)]
    found = opened("  - {name: a, relu: }\n  - {name: b, relu: }")
    assert found == [("a–b", "relu", 2)]


def test_branches_by_number_and_a_branch_of_one_layer():
    assert opened("  - concat: [[relu], [relu, relu], [], [relu, sigmoid]]") == [
        ("branch 1: relu1", "relu", 1),
        ("branch 2: relu2–3", "relu", 2),
        ("branch 3:", "identity", 1),
        ("branch 4:", "", 1),
        ("relu4", "relu", 1),
        ("sigmoid1", "sigmoid", 1),
        ("concat1", "concat", 1),
    ]


def test_what_is_known_stays_known():
    found = rows(check(INVALID).report)
    assert [(row.label, row.output, row.invalid) for row in found] == [
        ("first", (4, 6, 6), False),
        ("second", None, True),
        ("2", None, False),
        ("3", None, False),
    ]
    assert found[0].totals.params == 3 * 3 * 3 * 4 + 4
    assert found[2].totals.params in (None, 0)


def test_training_only_is_marked():
    found = {row.label: row.training_only for row in rows(catalogue("googlenet").report, 1)}
    assert [label for label, marked in found.items() if marked] == ["aux1", "aux2"]
