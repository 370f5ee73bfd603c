"""Receptive fields compared with brute force: explicit sets of input positions, propagated through
random graphs of windows, dilation, strides, transposed convolutions, upsampling and branches."""

from fractions import Fraction
from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from archcalc.analysis.receptive_field import Walk
from archcalc.diagnostics import Diagnostics
from archcalc.ops.reach import Periodic, Window
from tests.analysis.nets import Builder, facts, image

LONG = image(1, 1000)  # sizes are irrelevant: fields are those of an infinite input

windows = st.builds(
    lambda k, s, begin, d: ("window", k, s, begin, d),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(-2, 3),
    st.integers(1, 3),
)
transposed = st.builds(
    lambda k, s, begin: ("transposed", k, s, begin),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 2),
)
copies = st.builds(lambda r: ("copied", r), st.integers(1, 3))
adaptive = st.builds(lambda n, out: ("shares", n, out), st.integers(1, 5), st.integers(1, 5))
joins = st.builds(lambda n: ("join", n), st.integers(2, 3))
graphs = st.lists(
    st.tuples(st.one_of(windows, transposed, copies, adaptive, joins), st.integers(0, 10**6)),
    min_size=1,
    max_size=7,
)


def read(kind, j):
    """The positions of its input that output j of a layer reads, from the layer's definition."""
    name, *numbers = kind
    if name == "window":
        k, s, begin, d = numbers
        return {j * s - begin + d * t for t in range(k)}
    if name == "transposed":
        k, s, begin = numbers
        spread = range(j + begin - k + 1, j + begin + 1)
        return {place // s for place in spread if place % s == 0}
    if name == "copied":
        return {j // numbers[0]}
    n, out = numbers
    return set(range(j * n // out, -(-(j + 1) * n // out)))


def reach_of(kind):
    """The same as a `Reach`, derived from the definition."""
    name, *numbers = kind
    if name == "window":
        k, s, begin, d = numbers
        return Window(k, s, begin, 0, d)
    if name == "shares":
        advance, period = numbers
    else:
        period, advance = numbers[-2] if name == "transposed" else numbers[0], 1
    first, last = [], []
    for j in range(period):
        cells = read(kind, j)
        after = next(min(read(kind, i)) for i in range(j, j + period + 1) if read(kind, i))
        first.append(min(cells) if cells else after)
        last.append(max(cells) if cells else after - 1)
    return Periodic(tuple(first), tuple(last), advance)


def slope_of(kind):
    name, *numbers = kind
    if name == "window":
        return Fraction(numbers[1])
    if name == "shares":
        return Fraction(numbers[0], numbers[1])
    return Fraction(1, numbers[-2] if name == "transposed" else numbers[0])


def grow(steps):
    """The net, and for its last tensor the positions that an output depends on and the stride."""
    b = Builder(input=LONG)
    seen = {1: cache(lambda j: frozenset([j]))}
    slopes = {1: Fraction(1)}
    for kind, pick in steps:
        tensors = list(seen)
        source = tensors[pick % len(tensors)]
        if kind[0] == "join":
            alike = [t for t in tensors if slopes[t] == slopes[source]]
            sources = [alike[(pick + i) % len(alike)] for i in range(kind[1])]
            made = b.join(*sources, given=facts(LONG))
            seen[made] = cache(
                lambda j, fs=[seen[s] for s in sources]: frozenset().union(*(f(j) for f in fs))
            )
            slopes[made] = slopes[source]
        else:
            made = b.layer(source, given=facts(LONG, reach=(reach_of(kind),)))
            seen[made] = cache(
                lambda j, f=seen[source], kind=kind: frozenset().union(
                    *(f(p) for p in read(kind, j))
                )
            )
            slopes[made] = slopes[source] * slope_of(kind)
    return b, seen[made], slopes[made], made


@settings(max_examples=400)
@given(graphs)
@example([(("transposed", 1, 3, 0), 0), (("window", 3, 1, 0, 2), 1), (("window", 3, 1, -1, 1), 2)])
def test_hulls_are_those_of_explicit_sets(steps):
    b, seen, slope, made = grow(steps)
    view = Walk(b.net(made), Diagnostics()).views()[made]
    field, report = view[0].fields[0], view[0].report
    period = len(field.cells)
    assert report.stride == (slope,)
    sizes = []
    for j in range(2 * period + 3):
        expected = seen(j)
        turn, i = divmod(j, period)
        cell = field.cells[i]
        if not expected:
            assert cell is None
            continue
        moved = turn * field.advance
        assert (cell[0] + moved, cell[1] + moved) == (min(expected), max(expected))
        sizes.append(max(expected) - min(expected) + 1)
    assert report.size == (max(sizes, default=0),)


@settings(max_examples=100)
@given(graphs)
def test_pattern_is_the_shortest(steps):
    b, _, _, made = grow(steps)
    field = Walk(b.net(made), Diagnostics()).views()[made][0].fields[0]
    period = len(field.cells)
    for shorter in range(1, period):
        if period % shorter == 0 and field.advance * shorter % period == 0:
            step = field.advance * shorter // period
            assert any(
                field.cells[i + shorter]
                != (field.cells[i] and (field.cells[i][0] + step, field.cells[i][1] + step))
                for i in range(period - shorter)
            )
