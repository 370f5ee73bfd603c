"""Sizes and reaches compared with brute force: windows slid over index lists, elements
scattered."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from hypothesis import assume, given
from hypothesis import strategies as st

from archcalc.ops.reach import Everything, Periodic, Window
from archcalc.ops.reduce import shares
from archcalc.ops.sliding import windows
from archcalc.ops.transpose import scattered
from archcalc.ops.upsample import copied, interpolated
from tests.ops.support import run

SIDES = st.integers(1, 24)
SMALL = st.integers(1, 5)
ROWS = st.integers(0, 4)


def positions(w: Window, n: int) -> list[list[int]]:
    """Every position of the window inside the padded input, as the positions that it reads."""
    padded = range(-w.begin, n + w.end)
    found = []
    for start in padded[:: w.stride]:
        cells = [start + w.dilation * i for i in range(w.kernel)]
        if cells[-1] in padded:
            found.append(cells)
    return found


@given(SIDES, SMALL, SMALL, ROWS, ROWS, SMALL)
def test_count_is_the_number_of_positions(
    n: int, k: int, s: int, begin: int, end: int, d: int
) -> None:
    w = Window(k, s, begin, end, d)
    assume(n + begin + end >= w.span)
    assert w.count(n) == len(positions(w, n))


@given(SIDES, SMALL, SMALL, ROWS, ROWS, SMALL)
def test_count_ceil_adds_a_window_that_still_starts_before_the_end_padding(
    n: int, k: int, s: int, begin: int, end: int, d: int
) -> None:
    w = Window(k, s, begin, end, d)
    assume(n + begin + end >= w.span)
    assume(end < w.span)
    starts = [cells[0] for cells in positions(w, n)]
    following = starts[-1] + s
    uncovered = starts[-1] + w.span < n + end
    if uncovered and following < n:
        starts.append(following)
    # The last whole window may start in the padding; then it is dropped.
    assert w.count_ceil(n) == len([start for start in starts if start < n])


@given(SIDES, SMALL, SMALL, SMALL)
def test_padding_words(n: int, k: int, s: int, d: int) -> None:
    (valid,) = windows((n,), (k,), (s,), "valid", (d,))
    assert (valid.begin, valid.end) == (0, 0)
    (full,) = windows((n,), (k,), (s,), "full", (d,))
    # full: the first window reads the first position with its last element, and vice versa.
    assert (positions(full, n)[0][-1], full.begin) == (0, full.end)
    (same,) = windows((n,), (k,), (s,), "same", (d,))
    assert same.count(n) == ceil(Fraction(n, s))
    assert same.end - same.begin in (0, 1)
    if same.begin + same.end:
        less = same._replace(end=same.end - 1)
        assert less.count(n) < same.count(n)
    (lower,) = windows((n,), (k,), (s,), "same_lower", (d,))
    assert (lower.begin, lower.end) == (same.end, same.begin)


def expand(pattern: Window | Periodic | Everything, count: int) -> list[tuple[int, int]]:
    """The lowest and highest position that each output reads."""
    assert not isinstance(pattern, Everything)
    if isinstance(pattern, Window):
        starts = [j * pattern.stride - pattern.begin for j in range(count)]
        return [(start, start + pattern.span - 1) for start in starts]
    period = len(pattern.first)
    turns = [(j // period * pattern.advance, j % period) for j in range(count)]
    return [(turn + pattern.first[i], turn + pattern.last[i]) for turn, i in turns]


def never_decrease(pairs: list[tuple[int, int]]) -> bool:
    firsts, lasts = zip(*pairs, strict=True)
    return list(firsts) == sorted(firsts) and list(lasts) == sorted(lasts)


@given(st.integers(1, 9), st.integers(1, 5), st.integers(1, 3), ROWS)
def test_transposed_convolution_with_stride_1(n: int, k: int, d: int, begin: int) -> None:
    whole = n + d * (k - 1)
    assume(whole > begin)
    read: list[set[int]] = [set() for _ in range(whole)]
    for i in range(n):
        for t in range(k):
            read[i + d * t].add(i)
    facts = run("conv_transpose", (1, n), out=1, kernel=k, dilation=d, padding=[[begin, 0]])
    assert facts.outputs[0].shape == (1, whole - begin)
    assert facts.reach is not None
    (w,) = facts.reach
    assert isinstance(w, Window)
    for j, inputs in enumerate(read[begin:]):
        cells = [j - w.begin + w.dilation * i for i in range(w.kernel)]
        assert {i for i in cells if 0 <= i < n} == inputs


@given(SIDES, st.integers(1, 7), st.integers(1, 6), ROWS)
def test_transposed_convolution(n: int, k: int, s: int, begin: int) -> None:
    whole = (n - 1) * s + k
    assume(whole > begin)
    read: list[list[int]] = [[] for _ in range(whole)]
    for i in range(n):
        for t in range(k):
            read[i * s + t].append(i)
    pairs = expand(scattered(k, s, begin, 1), whole - begin)
    assert never_decrease(pairs)
    for (first, last), inputs in zip(pairs, read[begin:], strict=True):
        assert [i for i in range(first, last + 1) if 0 <= i < n] == inputs
        assert last - first >= -1


@given(SIDES, st.integers(1, 5), st.integers(1, 6), ROWS, st.integers(2, 6))
def test_dilated_transposed_convolution(n: int, k: int, s: int, begin: int, d: int) -> None:
    whole = (n - 1) * s + d * (k - 1) + 1
    assume(whole > begin)
    read: list[list[int]] = [[] for _ in range(whole)]
    for i in range(n):
        for t in range(k):
            read[i * s + d * t].append(i)
    pattern = scattered(k, s, begin, d)
    for (first, last), inputs in zip(expand(pattern, whole - begin), read[begin:], strict=True):
        assert [i for i in range(first, last + 1, pattern.step) if 0 <= i < n] == inputs
        assert first <= last or first == last + 1


@given(SIDES, SIDES)
def test_copied(n: int, out: int) -> None:
    pairs = expand(copied(n, out), out)
    assert never_decrease(pairs)
    assert pairs == [(j * n // out, j * n // out) for j in range(out)]


@given(SIDES, SIDES, st.booleans())
def test_interpolated(n: int, out: int, aligned: bool) -> None:
    pairs = expand(interpolated(n, out, aligned), out)
    assert never_decrease(pairs)
    for j, (first, last) in enumerate(pairs):
        if not aligned:
            point = (j + Fraction(1, 2)) * n / out - Fraction(1, 2)
        elif out == 1:
            point = Fraction(0)
        else:
            point = j * Fraction(n - 1, out - 1)
        inputs = {floor(point), ceil(point)}
        assert {first, last} == inputs


@given(SIDES, SIDES)
def test_adaptive(n: int, out: int) -> None:
    pairs = expand(shares(n, out), out)
    assert never_decrease(pairs)
    share = Fraction(n, out)
    assert pairs == [(floor(i * share), ceil((i + 1) * share) - 1) for i in range(out)]
    cells = sum(last - first + 1 for first, last in pairs)
    assert run("adaptive_avgpool", (3, n), output=out).flops == 3 * cells


@given(SIDES, st.integers(0, 23), st.integers(1, 24), st.integers(1, 5))
def test_slice(n: int, begin: int, end: int, step: int) -> None:
    assume(begin < end <= n)
    facts = run("slice", (2, n), axis=1, begin=begin, end=end, step=step)
    taken = list(range(n))[begin:end:step]
    assert facts.outputs[0].shape == (2, len(taken))
    assert facts.reach is not None
    assert facts.reach[0] is not None
    assert expand(facts.reach[0], len(taken)) == [(i, i) for i in taken]


@given(SIDES, ROWS, ROWS)
def test_pad_and_crop(n: int, begin: int, end: int) -> None:
    padded = run("pad", (2, n), padding=[[begin, end]])
    held = [None] * begin + list(range(n)) + [None] * end
    assert padded.outputs[0].shape == (2, len(held))
    assert padded.reach is not None
    assert padded.reach[0] is not None
    for (first, last), position in zip(expand(padded.reach[0], len(held)), held, strict=True):
        assert first == last
        assert (first if 0 <= first < n else None) == position
    assume(begin + end < n)
    cropped = run("crop", (2, n), cropping=[[begin, end]])
    left = list(range(n))[begin : n - end]
    assert cropped.outputs[0].shape == (2, len(left))
    assert cropped.reach is not None
    assert cropped.reach[0] is not None
    assert expand(cropped.reach[0], len(left)) == [(i, i) for i in left]
