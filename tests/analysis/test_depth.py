"""Depth and number of paths: hand counts, enumeration, and stacks of 33,000 residual blocks."""

import tracemalloc

from hypothesis import given as example
from hypothesis import strategies as st

from archcalc.analysis.analyze import analyze
from archcalc.analysis.depth import depth_of
from archcalc.analysis.figures import Depth
from tests.analysis.nets import Builder, Stub, facts, image


def depth(b, output):
    return analyze(b.net(output)).depth


def test_chain_has_one_path():
    b = Builder()
    t = b.weighted(b.layer(b.weighted(1)))
    assert depth(b, t) == Depth(2, 2, 1)


def test_residual_blocks_double_the_paths():
    b = Builder()
    t = 1
    for _ in range(3):
        t = b.join(b.weighted(b.weighted(t)), t)
    assert depth(b, t) == Depth(6, 0, 8)


def test_both_branches_may_be_the_same_tensor():
    b = Builder()
    assert depth(b, b.join(1, 1)) == Depth(0, 0, 2)


def test_a_size_reference_is_not_a_path():
    b = Builder()
    deep = b.weighted(1)
    assert depth(b, b.layer(1, deep)) == Depth(0, 0, 1)


def test_several_inputs():
    b = Builder(left=image(1, 8), right=image(1, 8))
    assert depth(b, b.join(b.weighted(1), 2)) == Depth(1, 0, 2)


def test_all_outputs_if_there_is_no_main_one():
    b = Builder()
    one = b.weighted(1)
    two = b.weighted(one)
    auxiliary = b.weighted(b.weighted(two), training_only=True)
    outputs = {"a": one, "b": two, "aux": auxiliary}
    assert analyze(b.net(outputs=outputs)).depth == Depth(2, 1, 2)


def test_only_the_main_output_counts():
    b = Builder()
    one = b.weighted(1)
    two = b.weighted(one)
    assert analyze(b.net(outputs={"output": one, "b": two})).depth == Depth(1, 1, 1)


def test_errors_hide_the_depth():
    b = Builder()
    assert depth(b, b.layer(b.layer(1, known=False), known=False)) is None
    assert analyze(b.net()).depth is None
    b = Builder()
    outputs = {"known": b.weighted(1), "unknown": b.layer(1, known=False)}
    assert analyze(b.net(outputs=outputs)).depth is None


def test_an_error_off_the_path_hides_nothing():
    b = Builder()
    b.layer(1, known=False)
    assert depth(b, b.weighted(1)) == Depth(1, 1, 1)


def test_depth_of_a_group_is_counted_from_its_input():
    b = Builder()
    before = b.weighted(1)
    start = len(b.nodes)
    inside = b.join(b.weighted(before), before, 1)  # the last branch comes from outside
    group = b.group(start, before, inside)
    end = b.weighted(inside)
    report = analyze(b.net(end))
    assert report.depth_of(group) == Depth(1, 0, 2)
    assert report.depth_of(b.root) == Depth(3, 1, 3)
    assert report.depth_of(b.group(len(b.nodes), end, end)) == Depth(0, 0, 1)  # an empty group
    assert report.depth_of(b.group(start, end, inside)) is None  # no path connects the two


def test_thirty_three_thousand_residual_blocks():
    b = Builder()
    t, op, given = 1, Stub(weighted=True), facts(image(1, 64))
    for _ in range(33_000):
        t = b.join(b.layer(t, op=op, given=given), t, given=given)
    assert depth(b, t) == Depth(33_000, 0, 2**33_000)


def test_path_counts_are_freed():
    # All counts of 10,000 blocks together would take 10,000²/2 bits, 6 MB.
    b = Builder()
    t, op, given = 1, Stub(weighted=True), facts(image(1, 64))
    for _ in range(10_000):
        t = b.join(b.layer(t, op=op, given=given), t, given=given)
    net = b.net(t)
    tracemalloc.start()
    try:
        depth_of(net, b.root)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


@st.composite
def graphs(draw):
    """Layers as (weighted, sources): sources are indices of earlier tensors, 0 is the input."""
    layers = []
    for n in range(draw(st.integers(1, 9))):
        sources = draw(st.lists(st.integers(0, n), min_size=1, max_size=3))
        layers.append((draw(st.booleans()), sources))
    return layers


def paths_to(layers, tensor):
    """The number of weight layers on every path from the input."""
    if tensor == 0:
        return [0]
    weighted, sources = layers[tensor - 1]
    return [length + weighted for s in sources for length in paths_to(layers, s)]


@example(graphs())
def test_against_enumeration(layers):
    b = Builder()
    for weighted, sources in layers:
        b.layer(*(s + 1 for s in sources), op=Stub(join=True, weighted=weighted))
    lengths = paths_to(layers, len(layers))
    assert depth(b, len(layers) + 1) == Depth(max(lengths), min(lengths), len(lengths))
