"""The passes on whole specs: published figures, and what only the text and the passes together
can get wrong."""

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


def test_reuse_shares_weights_and_not_work():
    found = report(
        """\
  - {name: twice, conv: {out: 8, kernel: 3, padding: 1}}
  - reuse: twice
"""
    )
    assert found.totals.params == 8 * 8 * 9 + 8
    assert found.totals.macs == 2 * 8 * 8 * 9 * 32 * 32
    assert found.layers[1].receptive_field.size == (5, 5)


def test_split_halves_see_what_was_split():
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


def test_misaligned_shortcut_of_a_pool():
    # The 3-window with stride 2 and padding 1 is centred on 0, the pool's two cells on 1/2.
    found = report(
        """\
  - add:
      body: [conv: {out: 8, kernel: 3, stride: 2, padding: 1}]
      shortcut: [avgpool: 2]
"""
    )
    (warning,) = found.diagnostics
    assert warning.code == "misaligned-branches"
    assert "is centred on 0, branch" in warning.label
    assert "on 0.5" in warning.label
    assert warning.span.line == 3
    assert found.ok


def test_training_only_heads_stay_out():
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
