"""Receptive fields of nets: by hand, and published values."""

import pytest

from archcalc.analysis.analyze import analyze
from archcalc.ops.base import CHANNELS, Tensor
from archcalc.ops.reach import Axes, Everything, Parts, Periodic, RowMajor, Stack, Window
from tests.analysis.nets import Builder, facts, image

SIDE = 64


def window(k, s=1, p=0, d=1, rank=1):
    return facts(image(1, *(SIDE,) * rank), reach=(Window(k, s, p, p, d),) * rank)


def field(b, tensor):
    return analyze(b.net(tensor)).receptive_field_of(tensor)


def chain(*layers):
    """A net of consecutive windows (k, s, p)."""
    b = Builder(input=image(1, SIDE))
    t = 1
    for k, s, p in layers:
        t = b.layer(t, given=window(k, s, p))
    return b, t


def codes(b, tensor):
    return [d.code for d in analyze(b.net(tensor)).diagnostics]


CONV, POOL = (3, 1, 1), (2, 2, 0)


def test_vgg16_at_the_last_pool():
    # Araujo, Norris & Sim, Distill 2019: 212, stride 32, padding 90.
    layers = []
    for depth in (2, 2, 3, 3, 3):
        layers += [CONV] * depth + [POOL]
    result = field(*chain(*layers))
    assert result == ((212,), (32,), (-90,), False)


def test_alexnet_v2_at_the_last_pool():
    # The same source: 195, stride 32. Convolutions 11/4 valid, 5, 3, 3, 3 same; pools 3/2 valid.
    layers = [(11, 4, 0), (3, 2, 0), (5, 1, 2), (3, 2, 0), CONV, CONV, CONV, (3, 2, 0)]
    result = field(*chain(*layers))
    assert (result.size, result.stride) == ((195,), (32,))


def test_mobilenet_v1_at_its_last_layer():
    # The same source: 315, stride 32. A 3/2, then depthwise 3s, four of them with stride 2.
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    result = field(*chain((3, 2, 1), *[(3, s, 1) for s in strides]))
    assert (result.size, result.stride) == ((315,), (32,))


def residual(b, t, width_stride, *, first_is_strided=False, pad=1):
    """A bottleneck: 1, 3, 1, and a 1/s shortcut if there is a stride."""
    s = width_stride
    body = b.layer(t, given=window(1, s if first_is_strided else 1))
    body = b.layer(body, given=window(3, 1 if first_is_strided else s, pad))
    body = b.layer(body, given=window(1))
    shortcut = b.layer(t, given=window(1, s)) if s > 1 else t
    return b.join(body, shortcut)


def resnet50(**more):
    b, t = chain((7, 2, 3), (3, 2, 1))
    for depth, stride in ((3, 1), (4, 2), (6, 2), (3, 2)):
        for block in range(depth):
            t = residual(b, t, stride if block == 0 else 1, **more)
    return b, t


def test_resnet50_and_its_pooled_end():
    # 427 with the stride in the 3×3, 483 with it in the first 1×1 (Distill 2019).
    b, t = resnet50()
    assert field(b, t).size == (427,)
    pooled = b.layer(t, given=facts(image(1, 1), reach=(Everything(),)))
    flat = b.layer(pooled, given=facts(Tensor((1,), (CHANNELS,))))
    end = b.weighted(flat)
    report = analyze(b.net(end))
    assert report.receptive_field_of(t) == ((427,), (32,), (-213,), False)
    assert report.receptive_field_of(pooled) == ((427,), (32,), (-213,), True)
    assert report.receptive_field_of(end) == report.receptive_field_of(pooled)
    assert report.layers[-1].receptive_field.is_global
    assert not report.diagnostics
    assert field(*resnet50(first_is_strided=True)).size == (483,)


def test_two_axes_are_independent():
    b = Builder(input=image(1, SIDE, SIDE))
    t = b.layer(1, given=facts(image(1, 9, 9), reach=(Window(1), Window(7, 2, 3))))
    assert field(b, t) == ((1, 7), (1, 2), (0, -3), False)
    # A 3-window on both: 1 + 2·1 = 3 and 7 + 2·2 = 11.
    t = b.layer(t, given=facts(image(1, 9, 9), reach=(Window(3, 1, 1),) * 2))
    assert field(b, t) == ((3, 11), (1, 2), (-1, -5), False)


def test_axes_keep_their_labels_through_permute():
    b = Builder(input=image(1, SIDE, SIDE))
    turned = Tensor((1, SIDE, SIDE), (CHANNELS, 1, 0))
    t = b.layer(1, given=facts(turned), moves=Axes((0, 2, 1)))
    t = b.layer(t, given=facts(turned, reach=(Window(3, 1, 1), Window(5, 1, 2))))
    assert field(b, t).size == (5, 3)  # the first axis of the permuted tensor is the second's


def test_channels_last_reaches_count_spatial_axes_only():
    last = Tensor((SIDE, SIDE, 1), (0, 1, CHANNELS))
    b = Builder(input=image(1, SIDE, SIDE))
    t = b.layer(1, given=facts(last), moves=Axes((1, 2, 0)))
    t = b.layer(t, given=facts(last, reach=(Window(3), Window(5))))
    assert field(b, t).size == (3, 5)


def test_a_gate_is_global_and_keeps_the_local_field():
    b, t = chain(CONV)
    gate = b.layer(t, given=facts(image(1, 1), reach=(Everything(),)))
    gate = b.weighted(gate)
    out = b.join(t, gate, given=facts(image(1, SIDE)))
    assert field(b, out) == ((3,), (1,), (-1,), True)
    after = b.layer(out, given=window(*CONV))
    assert field(b, after) == ((5,), (1,), (-2,), True)
    assert codes(b, after) == []


def test_broadcasting_one_position_is_a_gate_too():
    b, t = chain(CONV)
    one = b.layer(t, given=facts(image(1, 1), reach=(Window(SIDE, SIDE),)))
    out = b.join(one, t, given=facts(image(1, SIDE)))
    assert field(b, out) == ((3,), (1,), (-1,), True)


def test_pooled_context_that_is_upsampled():
    # As in ASPP: pooled to one position, upsampled to the others' size, then concatenated.
    b, t = chain(CONV)
    deep = b.layer(t, given=window(1, 2))
    one = b.layer(deep, given=facts(image(1, 1), reach=(Everything(),)))
    zeros = (0,) * SIDE
    spread = b.layer(one, given=facts(image(1, SIDE), reach=(Periodic(zeros, zeros, 1),)))
    assert field(b, spread) == ((3,), (2,), (-1,), True)
    wide = b.layer(t, given=window(3, 1, 6, 6))
    out = b.join(wide, spread, given=facts(image(2, SIDE)))
    assert field(b, out) == ((15,), (1,), (-7,), True)
    assert codes(b, out) == []


def test_a_norm_over_the_axis_is_global_and_positions_stay():
    b, t = chain(CONV)
    t = b.layer(t, given=facts(image(1, SIDE), reach=(Everything(),)))
    t = b.layer(t, given=window(*CONV))
    assert field(b, t) == ((5,), (1,), (-2,), True)


def test_pooling_one_position_is_not_global():
    b = Builder(input=image(1, 1))
    t = b.layer(1, given=facts(image(1, 1), reach=(Everything(),)))
    t = b.layer(t, given=facts(image(1, 1), reach=(Window(*CONV),)))
    assert field(b, t).size == (3,)


def test_flatten_of_one_position_is_not_global():
    # LeNet-5's C5 leaves one position; nothing is pooled.
    b, t = chain((5, 1, 0))
    one = b.layer(t, given=facts(image(1, 1), reach=(Window(SIDE),)))
    flat = b.layer(one, given=facts(Tensor((1,), (CHANNELS,))), moves=RowMajor())
    assert field(b, flat) == ((SIDE + 4,), (1,), (0,), False)


def test_flatten_of_many_positions_is_global():
    b, t = chain((5, 1, 0))
    flat = b.layer(t, given=facts(Tensor((SIDE,), (CHANNELS,))), moves=RowMajor())
    assert field(b, flat) == ((5,), (1,), (0,), True)


def test_flattened_branches_are_united():
    b, t = chain((5, 1, 2))
    flat = {"given": facts(Tensor((SIDE,), (CHANNELS,))), "moves": RowMajor()}
    wide, narrow = b.layer(t, **flat), b.layer(1, **flat)
    made = facts(Tensor((2 * SIDE,), (CHANNELS,)))
    both = b.join(narrow, wide, given=made, moves=Stack(0))
    assert field(b, both) == ((5,), (1,), (-2,), True)


def test_parts_of_a_split_axis_start_at_their_offset():
    part = Tensor((1, 32), (CHANNELS, None))
    b, t = chain(CONV, (2, 2, 0))
    left, right = b.layer(t, given=facts(part, part), moves=Parts(1, (0, 32)))
    assert field(b, left) == ((4,), (2,), (-1,), False)
    assert field(b, right) == ((4,), (2,), (63,), False)


def test_parts_of_the_channels_have_the_field_of_their_input():
    b, t = chain(CONV)
    left, right = b.layer(t, given=facts(image(1, SIDE), image(1, SIDE)))
    assert field(b, left) == field(b, right) == ((3,), (1,), (-1,), False)


def test_concatenation_along_the_axis_is_unknown():
    b, t = chain(CONV)
    made = facts(Tensor((1, 2 * SIDE), (CHANNELS, None)))
    out = b.join(t, t, given=made, moves=Stack(1))
    assert field(b, out) == ((None,), (None,), (None,), False)


def test_transposed_branch_is_unknown_on_its_axes():
    b = Builder(input=image(1, SIDE, SIDE))
    made = facts(Tensor((1, SIDE, SIDE), (CHANNELS, 1, 0)))
    turned = b.layer(1, given=made, moves=Axes((0, 2, 1)))
    out = b.join(1, turned, given=facts(image(1, SIDE, SIDE)))
    assert field(b, out).size == (None, None)


def test_the_first_relevant_input_is_reported():
    b = Builder(left=image(1, SIDE), right=image(1, SIDE), vector=image(5))
    right = b.layer(2, given=window(7))
    left = b.layer(1, given=window(3))
    both = b.join(right, left)
    report = analyze(b.net(both))
    assert report.receptive_field_of(right).size == (7,)
    assert report.receptive_field_of(both).size == (3,)
    assert report.receptive_field_of(3) is None
    # Fields of different inputs are not compared.
    assert not report.diagnostics


def test_a_gate_from_another_input():
    b = Builder(image=image(1, SIDE), other=image(1, SIDE))
    gate = b.layer(2, given=facts(image(1, 1), reach=(Everything(),)))
    out = b.join(1, gate, given=facts(image(1, SIDE)))
    assert field(b, out) == ((1,), (1,), (0,), False)  # of the image: nothing pooled


def test_inputs_of_different_rank():
    b = Builder(row=image(1, SIDE), square=image(1, SIDE, SIDE))
    vector = {"given": facts(image(1), reach=(Everything(),) * 2), "moves": Axes((0,))}
    row, square = b.layer(1, **vector), b.layer(2, **vector)
    out = b.join(row, square)
    assert field(b, out) == ((1,), (1,), (0,), True)


def test_a_row_spread_over_a_square():
    b = Builder(row=image(1, SIDE), square=image(1, SIDE, SIDE))
    made = facts(Tensor((1, SIDE, 1), (CHANNELS, 0, None)))
    column = b.layer(1, given=made, moves=RowMajor())
    out = b.join(2, column, given=facts(image(1, SIDE, SIDE)))
    out = b.layer(out, given=window(*CONV, rank=2))
    # The column has no second axis, so only its own is reported.
    assert field(b, out) == ((3,), (1,), (-1,), False)


def test_vectors_have_no_field():
    b = Builder(input=image(10))
    t = b.weighted(1)
    report = analyze(b.net(t))
    assert report.receptive_field_of(t) is None
    assert report.layers[0].receptive_field is None


def test_unknown_layers_have_no_field():
    b, t = chain(CONV)
    t = b.layer(t, known=False)
    t = b.layer(t, known=False)
    assert field(b, t) is None


def test_an_axis_is_unknown_beyond_the_longest_pattern():
    b = Builder(input=image(1, SIDE))
    t = 1
    for k in (64, 65):  # 64·65 = 4160 > 4096 outputs until the patterns repeat together
        zeros = (0,) * k
        t = b.layer(t, given=facts(image(1, SIDE), reach=(Periodic(zeros, zeros, 1),)))
    assert field(b, t) == ((None,), (None,), (None,), False)


def test_branches_with_a_too_long_common_period():
    b = Builder(input=image(1, SIDE))
    branches = []
    for k in (64, 65):  # both with stride 1, one position out of step in every 64, in every 65
        cells = (0, 0, *range(2, k))
        branches.append(b.layer(1, given=facts(image(1, SIDE), reach=(Periodic(cells, cells, k),))))
    assert field(b, branches[0]) == ((1,), (1,), (0,), False)
    assert field(b, b.join(*branches)).size == (None,)


def test_too_much_work_gives_unknown():
    # Every layer widens a pattern of 4096 outputs; tracking all of it would take minutes.
    zeros = (0,) * 4096
    b = Builder(input=image(1, SIDE))
    t = b.layer(1, given=facts(image(1, SIDE), reach=(Periodic(zeros, zeros, 1),)))
    for _ in range(2000):
        t = b.layer(t, given=window(*CONV))
    assert field(b, t).size == (None,)


class TestMisaligned:
    """Branches with different centres or strides."""

    def test_resnet_blocks_are_aligned(self):
        b, t = chain((7, 2, 3))
        t = residual(b, t, 2)
        assert codes(b, t) == []

    def test_missing_padding(self):
        b = Builder(input=image(1, SIDE))
        wide = b.layer(1, given=window(5))
        t = b.join(wide, b.layer(1, given=window(1)))
        (warning,) = analyze(b.net(t)).diagnostics
        assert (warning.code, warning.severity) == ("misaligned-branches", "warning")
        assert warning.span.line == 3  # the join's
        assert warning.label == "branch layer0 is centred on 2, branch layer1 on 0"
        assert [(n.message, n.span.line) for n in warning.notes] == [
            ("layer0 sees 5 positions, stride 1, the first from 0", 1),
            ("layer1 sees 1 positions, stride 1, the first from 0", 2),
        ]
        assert "allow: [misaligned-branches]" in warning.help
        assert field(b, t) == ((5,), (1,), (0,), False)

    def test_less_than_a_stride_is_aligned(self):
        # Offset −3, size 7: the shortcut's centre is 0; a 3×3 without padding shifts it by 2 of 4.
        b, t = chain((7, 2, 3))
        t = residual(b, t, 2, pad=0)
        assert codes(b, t) == []
        assert field(b, t) == ((11,), (4,), (-3,), False)

    def test_different_strides_make_the_axis_unknown(self):
        b = Builder(input=image(1, SIDE))
        fine, coarse = b.layer(1, given=window(3, 1, 1)), b.layer(1, given=window(3, 2, 1))
        t = b.join(fine, coarse)
        (warning,) = analyze(b.net(t)).diagnostics
        assert warning.code == "misaligned-branches"
        assert "layer0 moves 1 input" in warning.label
        assert "layer1 2" in warning.label
        assert field(b, t).size == (None,)
        # Later layers are unknown, without a second warning.
        t = b.join(b.layer(t, given=window(3)), fine)
        assert codes(b, t) == ["misaligned-branches"]
        assert field(b, t).size == (None,)

    def test_only_the_axis_in_error_is_unknown(self):
        b = Builder(input=image(1, SIDE, SIDE))
        reach = (Window(3, 1, 1), Window(3, 2, 1))
        t = b.join(1, b.layer(1, given=facts(image(1, SIDE, SIDE), reach=reach)))
        assert field(b, t).size == (3, None)

    def test_misalignment_is_reported_at_its_origin(self):
        b = Builder(input=image(1, SIDE))
        t = b.join(b.layer(1, given=window(3)), 1)
        # Both branches have the same shift now: no new warning.
        t = b.join(b.layer(t, given=window(3, 1, 1)), t)
        assert codes(b, t) == ["misaligned-branches"]

    def test_misalignment_in_a_loop_is_reported_once(self):
        b = Builder(input=image(1, SIDE))
        t = b.join(b.layer(1, given=window(3)), 1)
        layer = b.nodes[-1].layer
        t = b.join(b.layer(t, given=window(3)), t, layer=layer)
        assert codes(b, t) == ["misaligned-branches"]

    def test_allowed(self):
        b = Builder(input=image(1, SIDE))
        t = b.join(b.layer(1, given=window(3)), 1, allow=["misaligned-branches"])
        assert codes(b, t) == []

    def test_input_as_a_branch_is_named(self):
        b = Builder(photo=image(1, SIDE))
        t = b.join(1, b.layer(1, given=window(3)))
        (warning,) = analyze(b.net(t)).diagnostics
        assert warning.label == "branch photo is centred on 0, branch layer0 on 1"
        assert warning.notes[0].span is None

    @pytest.mark.parametrize("last", [(0, 0), (0, 1)])
    def test_unet_skips(self, last):
        # Pooled by 2 (centre 1/2) and doubled again, by copies or by a transposed 3-window.
        b = Builder(input=image(1, SIDE))
        down = b.layer(1, given=window(2, 2))
        reach = (Periodic((0, 0), last, 1),)
        t = b.join(1, b.layer(down, given=facts(image(1, SIDE), reach=reach)))
        assert codes(b, t) == []
