"""The passes on whole specs: published values, and errors that only show with the parser and the
passes together."""

import pytest

import archcalc

HEAD = "input: [8, 32, 32]\nlayers:\n"


def report(layers):
    return archcalc.analyze(archcalc.load(HEAD + layers))


@pytest.mark.parametrize(
    ("name", "size", "stride"),
    [
        # Araujo, Norris & Sim, Distill 2019 (TF-Slim nets; bn_inception is its inception_v2).
        ("vgg16", 212, 32),
        ("mobilenet", 315, 32),
        ("bn_inception", 699, 32),
        ("inception_v4", 2071, 32),
    ],
)
def test_published_receptive_fields(name, size, stride):
    found = archcalc.analyze(archcalc.load(name))
    field = found.layers[-1].receptive_field
    assert set(field.size) == {size}
    assert set(field.stride) == {stride}
    assert field.is_global


@pytest.mark.parametrize(
    ("name", "longest", "shortest", "paths"),
    [
        ("vgg16", 16, 16, 1),
        ("resnet50", 50, 6, 2**16),  # shortest: the stem, four projections, the classifier
        ("resnet152", 152, 6, 2**50),
        ("googlenet", 22, 13, 4**9),
    ],
)
def test_published_depths(name, longest, shortest, paths):
    assert archcalc.analyze(archcalc.load(name)).depth == (longest, shortest, paths)


def test_vgg16_needs_its_first_two_maps_at_once():
    found = archcalc.analyze(archcalc.load("vgg16"))
    assert found.peak_activation_bytes == 2 * 64 * 224 * 224 * 4


def test_groups_of_a_loop_add_up():
    found = report(
        """\
  - repeat: 3
    do:
      - conv: {out: 8, kernel: 3, padding: 1}
      - relu
"""
    )
    (loop,) = found.net.root.children
    one = 8 * 8 * 9 + 8
    assert [found.of(turn).params for turn in loop.children] == [one] * 3
    assert found.of(loop).params == found.totals.params == 3 * one
    assert [found.depth_of(turn) for turn in loop.children] == [(1, 1, 1)] * 3


def test_reuse_shares_weights_but_not_macs():
    found = report(
        """\
  - {name: twice, conv: {out: 8, kernel: 3, padding: 1}}
  - reuse: twice
"""
    )
    assert found.totals.params == 8 * 8 * 9 + 8
    assert found.totals.macs == 2 * 8 * 8 * 9 * 32 * 32
    assert found.layers[1].receptive_field.size == (5, 5)


def test_split_halves_have_the_field_of_their_input():
    found = report(
        """\
  - conv: {out: 8, kernel: 3, padding: 1}
  - split: [left, right]
  - concat:
      - [{from: left}]
      - [{from: right}, {conv: {out: 4, kernel: 3, padding: 1}}]
"""
    )
    assert found.layers[-1].receptive_field == ((5, 5), (1, 1), (-2, -2), False)
    assert found.depth.paths == 2


def test_a_gate_of_one_cell_that_was_flattened():
    found = report(
        """\
  - conv: {out: 8, kernel: 3, padding: 1}
  - mul:
      body: []
      gate: [global_avgpool, flatten, {linear: 8}, sigmoid, {reshape: [8, 1, 1]}]
"""
    )
    assert found.layers[-1].receptive_field == ((3, 3), (1, 1), (-1, -1), True)


def test_a_unet_of_pools_and_transposed_convolutions_is_aligned():
    found = report(
        """\
  - {name: fine, conv: {out: 8, kernel: 3, padding: 1}}
  - maxpool: 2
  - conv: {out: 8, kernel: 3, padding: 1}
  - conv_transpose: {out: 8, kernel: 2, stride: 2}
  - concat: [{from: fine}, []]
"""
    )
    assert not found.diagnostics
    # Output 0 of the last convolution but one sees coarse cells −1 to 1, fine cells −2 to 3, and
    # so input −3 to 4; outputs 0 and 1 both see that.
    assert found.layers[-1].receptive_field == ((8, 8), (1, 1), (-3, -3), False)
    assert found.depth == (3, 1, 2)


def test_a_pooled_shortcut_is_less_than_a_stride_off():
    # The 3-window with stride 2 and padding 1 is centred on 0, the pool's two cells on 1/2.
    found = report(
        """\
  - add:
      body: [conv: {out: 8, kernel: 3, stride: 2, padding: 1}]
      shortcut: [avgpool: 2]
"""
    )
    assert not found.diagnostics


CAUSAL = "conv: {out: 8, kernel: 3, dilation: 4, padding: [[8, 0], [8, 0]]}"


@pytest.mark.parametrize(
    ("branches", "misaligned"),
    [
        # Causal: the windows have the same end.
        (f"[[{{{CAUSAL}}}], []]", False),
        (f"[[{{{CAUSAL}}}], [{{conv: {{out: 8, kernel: 1}}}}]]", False),
        # The same rows at the end: half of the window is ahead.
        (f"[[{{{CAUSAL.replace('[8, 0]', '[0, 8]')}}}], []]", True),
        # A nearest upsampling reads up to a stride back, with one of its phases at the fine
        # position.
        ("[[{conv: {out: 8, kernel: 3, stride: 8, padding: 1}}, {upsample: 8}], []]", False),
        ("[[{maxpool: 4}, {upsample: 4}], []]", False),
        # Off by one output position, and by less.
        ("[[{crop: [[1, 0], [1, 0]]}, {pad: [[0, 1], [0, 1]]}], []]", True),
        ("[[{avgpool: {kernel: 2, stride: 1}}, {pad: [[0, 1], [0, 1]]}], []]", False),
        # As a score of FCN that is cropped by one row too many: a step of 4 input positions.
        (
            "[[{maxpool: 4}], [{maxpool: 4}, {crop: [[1, 0], [1, 0]]}, {pad: [[0, 1], [0, 1]]}]]",
            True,
        ),
    ],
)
def test_which_branches_are_misaligned(branches, misaligned):
    found = report(f"  - add: {branches}\n")
    assert [d.code for d in found.diagnostics] == ["misaligned-branches"] * misaligned


def test_training_only_heads_are_excluded():
    found = report(
        """\
  - conv: {out: 8, kernel: 3, padding: 1}
  - name: aux
    head: true
    training_only: true
    group: [flatten, {linear: 10}]
  - global_avgpool
"""
    )
    assert found.totals.params == 8 * 8 * 9 + 8
    aux = found.net.root.children[1]
    assert found.of(aux).params == 8 * 32 * 32 * 10 + 10
    assert found.depth == (1, 1, 1)
    assert found.peak_activation_bytes == 2 * 8 * 32 * 32 * 4


UNKNOWN = (None, None)
BRANCHES = "[[{conv: {out: 4, kernel: 1}}], [{conv: {out: 4, kernel: 5, padding: 2}}]]"
FINE, POOLED = "conv: {out: 4, kernel: 3, padding: 1}", "avgpool: 2"


@pytest.mark.parametrize(
    ("layers", "size", "stride", "is_global"),
    [
        # Rows and columns in one axis: every position still depends on a 3×3 window.
        ([FINE, "reshape: [4, 1024]"], (3, 3), (1, 1), False),
        # A window along that axis crosses rows.
        ([FINE, "reshape: [4, 1024]", "conv: {out: 4, kernel: 33}"], UNKNOWN, UNKNOWN, False),
        ([FINE, "flatten: {start: 1}", "maxpool: 2"], UNKNOWN, UNKNOWN, False),
        ([FINE, "flatten: {start: 1}", "mean: [1]"], (3, 3), (1, 1), True),
        ([FINE, "flatten: {start: 1}", "softmax: -1"], (3, 3), (1, 1), True),
        # Back to rows and columns: nothing has moved.
        ([FINE, "flatten: {start: 1}", "reshape: [4, 32, 32]", FINE], (5, 5), (1, 1), False),
        # Other rows and columns: the starts of rows are unknown.
        ([FINE, "reshape: [4, 64, 16]", FINE], UNKNOWN, UNKNOWN, False),
        ([FINE, "reshape: [4, 8, 128]", FINE], UNKNOWN, UNKNOWN, False),
        # Only channels are split: positions are unchanged.
        ([FINE, "reshape: [2, 2, 32, 32]", "reshape: [4, 32, 32]", FINE], (5, 5), (1, 1), False),
        # 2×2 positions become channels (space to depth): a window of 2 with stride 2.
        (
            ["reshape: [8, 16, 2, 16, 2]", "permute: [0, 2, 4, 1, 3]", "reshape: [32, 16, 16]"],
            (2, 2),
            (2, 2),
            False,
        ),
        # Channels become 2×2 positions (pixel shuffle): adjacent ones are half a step apart.
        (
            [
                POOLED,
                "reshape: [2, 2, 2, 16, 16]",
                "permute: [0, 3, 1, 4, 2]",
                "reshape: [2, 32, 32]",
            ],
            (2, 2),
            (1, 1),
            False,
        ),
        # Windows of 4×4 (Swin): after a mean over one of them and the inverse, it depends on its
        # 4×4 window.
        (
            [
                "permute: [1, 2, 0]",
                "reshape: [8, 4, 8, 4, 8]",
                "permute: [0, 2, 1, 3, 4]",
                "reshape: [64, 16, 8]",
                "softmax: 1",
                "reshape: [8, 8, 4, 4, 8]",
                "permute: [0, 2, 1, 3, 4]",
                "reshape: [32, 32, 8]",
                "permute: [2, 0, 1]",
            ],
            (4, 4),
            (1, 1),
            False,
        ),
        # Rows and columns swapped: the long kernel is along the input's columns.
        (["permute: [0, 2, 1]", "conv: {out: 4, kernel: [7, 1]}"], (1, 7), (1, 1), False),
        (["add: {a: [{permute: [0, 2, 1]}], b: []}"], UNKNOWN, UNKNOWN, False),
        # Concatenated along the rows: the source of a row depends on the position.
        (["concat: {axis: 1, branches: [[], []]}", FINE], (None, 3), (None, 1), False),
        # A part of the rows; the mean over it depends on that part, not on all of the input.
        (["slice: {axis: 1, end: 16}", FINE], (3, 3), (1, 1), False),
        (["slice: {axis: 1, begin: 8, end: 24}", "global_avgpool"], (16, 1), (1, 1), True),
        (["slice: {axis: 1, begin: 8, step: 2}", FINE], (5, 3), (2, 1), False),
        # The part of the channels from a 1×1 depends on one position, the other part on five.
        (
            [
                f"concat: {BRANCHES}",
                "relu",
                "slice: {end: 4}",
            ],
            (1, 1),
            (1, 1),
            False,
        ),
        (
            [
                f"concat: {BRANCHES}",
                "channel_shuffle: 2",
                "slice: {end: 2}",
            ],
            (5, 5),
            (1, 1),
            False,
        ),
        # A part of a flattened map: its positions are not tracked.
        (["flatten", "slice: {end: 100}"], UNKNOWN, UNKNOWN, False),
    ],
)
def test_positions_that_move(layers, size, stride, is_global):
    found = report(
        "".join(f"  - {{{text}}}\n" if ":" in text else f"  - {text}\n" for text in layers)
    )
    field = found.layers[-1].receptive_field
    assert (field.size, field.stride, field.is_global) == (size, stride, is_global)


def test_parts_of_split_rows_start_at_their_offset():
    found = report("  - {split: {into: [top, bottom], axis: 1}}\n  - {from: bottom, relu: }\n")
    assert found.layers[-1].receptive_field == ((1, 1), (1, 1), (16, 0), False)


def test_an_expectation_of_an_unknown_field_does_not_pass():
    found = report(
        "  - reshape: [8, 1024]\n  - conv: {out: 4, kernel: 33}\nexpect: {receptive_field: 33}\n"
    )
    (row,) = found.expectations
    assert (row.actual, row.holds) == ("[unknown, unknown]", None)
