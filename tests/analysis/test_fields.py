"""Receptive fields along one axis, by hand."""

from fractions import Fraction

import pytest

from archcalc.analysis.fields import (
    POINT,
    Affine,
    Table,
    compose,
    concentric,
    period_after,
    slide,
    union,
)
from archcalc.ops.reach import Periodic, Window

DOUBLED = Periodic((0, 0), (0, 0), 1)  # each position twice


def test_windows_of_a_stack():
    # A 7-window with stride 2 and padding 3, then a 3-window with stride 2 and padding 1:
    # size 7 + 2·2 = 11, stride 4, offset −3 − 2 = −5.
    stem = slide(POINT, Window(7, 2, 3, 3))
    assert stem == Affine(7, 2, -3)
    assert slide(stem, Window(3, 2, 1, 1)) == Affine(11, 4, -5)


def test_dilation_widens_the_field():
    assert slide(POINT, Window(3, 1, 2, 2, 2)) == Affine(5, 1, -2)


def test_upsampling_then_stride_is_a_point_again():
    twice = compose(POINT, DOUBLED)
    assert twice == Table(((0, 0), (0, 0)), 1)
    assert (twice.size, twice.stride, twice.offset) == (1, Fraction(1, 2), 0)
    assert compose(twice, Window(1, 2)) == POINT


def test_transposed_convolution():
    # Kernel 3, stride 2, padding 1: output 0 reads input 0, output 1 reads inputs 0 and 1.
    field = compose(POINT, Periodic((0, 0), (0, 1), 1))
    assert (field.size, field.stride, field.offset) == (2, Fraction(1, 2), 0)


def test_outputs_with_an_empty_field():
    # Kernel 1, stride 2: every second output sees nothing.
    sparse = compose(POINT, Periodic((0, 1), (0, 0), 1))
    assert sparse.cells == ((0, 0), None)
    nothing = compose(sparse, Window(1, 2, -1))
    assert nothing.cells == (None,)
    assert (nothing.size, nothing.offset, nothing.centre) == (0, None, None)
    # A window with gaps reads outputs with an empty field, or others.
    assert compose(sparse, Window(2, 1, 0, 0, 2)).cells == ((0, 1), None)
    third = compose(POINT, Periodic((0, 1, 1), (0, 0, 0), 1))
    # Cells 0, 2, 4 see {0}, {}, {}; 1, 3, 5 see {}, {1}, {}; 2, 4, 6 see {}, {}, {2}; 3, 5, 7 see
    # {1}, {}, {}: the third output looks further than the fourth.
    stepping_back = compose(third, Window(3, 1, 0, 0, 2))
    assert stepping_back.cells == ((0, 0), (1, 1), (2, 2))
    assert stepping_back.advance == 1
    # Outputs 1, 2, 3 see {1}, {2}, {1}; 2, 3, 4 see {2}, {1}, {2}; 3, 4, 5 see {1}, {2}, {3}.
    assert compose(stepping_back, Window(3, 1, -1)).cells == ((1, 2), (1, 2), (1, 3))


def test_period_of_a_strided_pattern():
    three = Periodic((0, 0, 0), (0, 0, 0), 1)
    assert period_after(compose(POINT, three), Window(1, 2)) == 3
    assert period_after(compose(POINT, three), Window(1, 3)) == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([Affine(3, 1, -1), Affine(1, 1, 0)], Affine(3, 1, -1)),
        ([Affine(3, 1, 0), Affine(3, 1, -2)], Affine(5, 1, -2)),
        ([Affine(1, 1, 5), Affine(1, 1, 0)], Affine(6, 1, 0)),  # the gap between them counts
    ],
)
def test_union(fields, expected):
    assert union(fields) == expected
    assert union(fields[::-1]) == expected


def test_union_of_periods_two_and_three():
    # Both slopes are 1: after 6 outputs the patterns repeat together.
    two = Table(((0, 0), (0, 1)), 2)
    three = Table(((0, 0), (1, 1), (1, 2)), 3)
    hulls = [(0, 0), (0, 1), (1, 2), (2, 3), (4, 4), (4, 5)]
    assert union([two, three]) == Table(tuple(hulls), 6)


def test_concentric_fields_are_nested():
    assert concentric([Affine(1, 2, 0), Affine(3, 2, -1)]) == Affine(3, 2, -1)
    assert concentric([Affine(1, 2, 0), Affine(3, 1, -1)]) is None
    assert concentric([Affine(1, 2, 0), Affine(2, 2, -1)]) is None
    assert concentric([Affine(1, 1, 0), compose(POINT, DOUBLED)]) is None


def test_centres():
    assert Affine(3, 2, -1).centre == 0
    assert Affine(2, 2, 0).centre == Fraction(1, 2)
    # Two outputs per input, at strides of 1/2: 0 − 0 and 0 − 1/2, −1/4 on average.
    assert compose(POINT, DOUBLED).centre == Fraction(-1, 4)
    # Halved by a pool and doubled again, it is aligned with the input: (1/2 + (1/2 − 1))/2 = 0.
    assert compose(Affine(2, 2, 0), DOUBLED).centre == 0
