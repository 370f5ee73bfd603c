"""Path counts compared with enumeration, and with the receptive fields of `check`."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archcalc.draw.field import field_picture
from archcalc.draw.output import CannotDraw
from archcalc.draw.paths import count_paths, plane_of
from tests.draw.support import GATE, INCEPTION, RESIDUAL, parsed, report, texts


def counted(found, target, cell):
    net = found.net
    source = next(iter(net.inputs.values()))
    return count_paths(net, source, target, cell, plane_of(net.tensors[source]))


def test_two_convolutions_by_hand():
    """(1 1 1) * (1 1 1) = (1 2 3 2 1) along each axis."""
    spec = "input: [1, 9, 9]\nlayers:\n" + "  - conv: {out: 1, kernel: 3, padding: 1}\n" * 2
    grid = counted(report(spec), 3, (4, 4))
    one = [0, 0, 1, 2, 3, 2, 1, 0, 0]
    assert grid == [[a * b for b in one] for a in one]


def test_gaps_by_hand():
    """Dilations 1 and 3 fill each other's gaps; 2 and 2 leave every other position unread."""
    spec = "input: [1, 15]\nlayers:\n  - conv: {{out: 1, kernel: 3, padding: {0}, dilation: {0}}}\n"
    two = "  - conv: {{out: 1, kernel: 3, padding: {0}, dilation: {0}}}\n"
    dense = counted(report(spec.format(1) + two.format(3)), 3, (0, 7))
    assert dense == [[0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]]
    holes = counted(report(spec.format(2) + two.format(2)), 3, (0, 7))
    assert holes == [[0, 0, 0, 1, 0, 2, 0, 3, 0, 2, 0, 1, 0, 0, 0]]


def test_a_residual_adds_the_identity():
    spec = """
    input: [1, 7]
    layers:
      - add: {body: [conv: {out: 1, kernel: 3, padding: 1}], short: []}
      - add: {body: [conv: {out: 1, kernel: 3, padding: 1}], short: []}
    """
    found = report(spec)
    # (1 2 1) * (1 2 1)
    assert counted(found, found.net.root.output, (0, 3)) == [[0, 1, 4, 6, 4, 1, 0]]


layer = st.one_of(
    st.tuples(
        st.just("conv"), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2)
    ),
    st.tuples(
        st.just("up"), st.integers(1, 4), st.integers(1, 3), st.integers(0, 0), st.just(1)
    ),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(layer, min_size=1, max_size=4), st.integers(9, 14), st.integers(0, 10**6))
def test_chains_against_enumeration(layers, side, pick):
    lines = []
    sides = [side]
    for kind, k, s, p, d in layers:
        n = sides[-1]
        if kind == "conv":
            after = (n + 2 * p - d * (k - 1) - 1) // s + 1
            lines.append(
                f"  - conv: {{out: 1, kernel: {k}, stride: {s}, padding: {p}, dilation: {d}}}"
            )
        else:
            after = (n - 1) * s + k
            lines.append(f"  - conv_transpose: {{out: 1, kernel: {k}, stride: {s}}}")
        if not 1 <= after <= 60 or (kind == "up" and s > k):
            return
        sides.append(after)

    @cache
    def paths(depth, position, start):
        """Paths from position `start` of the input to a position after `depth` layers."""
        if depth == 0:
            return int(position == start)
        kind, k, s, p, d = layers[depth - 1]
        if kind == "conv":
            read = [position * s - p + t * d for t in range(k)]
        else:
            read = [i for i in range(sides[depth - 1]) if 0 <= position - i * s < k]
        return sum(paths(depth - 1, i, start) for i in read if 0 <= i < sides[depth - 1])

    found = report(f"input: [1, {side}]\nlayers:\n" + "\n".join(lines))
    cell = pick % sides[-1]
    wanted = [paths(len(layers), cell, start) for start in range(side)]
    assert counted(found, found.net.root.output, (0, cell)) == [wanted]


@pytest.mark.parametrize(
    ("spec", "path"),
    [("vgg16", "features.30"), ("resnet50", "layer3"), ("googlenet", "inception4b"),
     ("inception_v4", "features.10"), (RESIDUAL, "3")],
)  # fmt: skip
def test_what_is_read_fills_the_receptive_field(spec, path):
    """The first and the last position read are the window's, if that is inside the input."""
    found = report(spec)
    net = found.net
    group = next(g for g in levels(net.root) if g[0] == path)
    sides = net.tensors[group[1]].shape[1:]
    cell = (sides[0] // 2, sides[1] // 2)
    grid = counted(found, group[1], cell)
    field = found.receptive_field_of(group[1])
    for axis, lines in enumerate((grid, list(zip(*grid, strict=True)))):
        read = [i for i, line in enumerate(lines) if any(line)]
        start = field.offset[axis] + cell[axis] * field.stride[axis]
        assert read[0] == max(0, start)
        assert read[-1] == min(len(lines), start + field.size[axis]) - 1


def levels(group):
    for child in group.children:
        if hasattr(child, "children"):
            if child.level:
                yield child.path, child.output
            yield from levels(child)
        else:
            yield child.path, child.outputs[0]


def test_a_gate_is_ignored_and_a_global_pool_reads_everything():
    found = report(GATE)
    grid = counted(found, found.net.root.output, (3, 4))
    assert [(r, c) for r, row in enumerate(grid) for c, n in enumerate(row) if n] == [(3, 4)]
    pooled = report(
        "input: [2, 5, 6]\nlayers: [conv: {out: 1, kernel: 1}, global_avgpool, flatten]"
    )
    assert counted(pooled, pooled.net.root.output, (0, 0)) == [[1] * 6] * 5


def test_the_picture_has_a_description():
    spec = "name: holes\ninput: [1, 20, 20]\nlayers:\n" + (
        "  - conv: {out: 1, kernel: 3, dilation: 2, padding: 2}\n" * 2
    )
    written = texts(parsed(field_picture(report(spec), "1")))
    assert "1: output 1×20×20, position (10, 10)" in written
    assert "receptive field 9, stride 1, offset −4" in written
    assert "reads 25 positions; the window has 9×9 = 81" in written
    assert "1 to 9 paths, on a log scale" in written


def test_a_window_that_leaves_the_input():
    written = texts(parsed(field_picture(report("resnet50"), "layer4")))
    # 224² inside; the window of (3, 3) starts at 3·32 − 213 and covers the input whole.
    assert (
        "reads 50,176 positions; the window has 427×427 = 182,329, 132,153 of them outside "
        "the input"
    ) in written


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        (INCEPTION, "nowhere", "the net has no layer 'nowhere'"),
        (INCEPTION, "a.conv9", "did you mean"),
        ("input: [10]\nlayers: [linear: 4]", "0", "the input has no spatial axes"),
        ("input: [1, 9, 9]\nlayers: [conv: {out: 1, kernel: 12}]", "0", "unknown"),
        ("input: [1, 4000, 4000]\nlayers: [conv: {out: 1, kernel: 3}]", "0", "4,000×4,000"),
    ],
)
def test_errors_of_undrawable_layers(spec, path, message):
    text = spec if "\n" in spec else spec + "\n"
    with pytest.raises(CannotDraw) as error:
        field_picture(report(text), path)
    assert message.replace("4,000×4,000", "3,998×3,998") in str(error.value).replace(
        "4,000×4,000", "3,998×3,998"
    )
