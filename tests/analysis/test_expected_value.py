"""Numbers as printed, and their precision."""

from fractions import Fraction

import pytest

from archcalc.analysis.expected_value import exactly, read_rounded, show, show_difference


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("25_557_032", 25_557_032, 0),
        ("0", 0, 0),
        ("4.09G", 4_090_000_000, 10_000_000),
        ("138M", 138_000_000, 1_000_000),
        ("159.5Ki", Fraction(159_5 * 1024, 10), Fraction(1024, 10)),
        ("2Gi", 2 * 1024**3, 1024**3),
        ("1B", 10**9, 10**9),
        ("1.20", Fraction(12, 10), Fraction(1, 100)),
        (" 7K ", 7000, 1000),
    ],
)
def test_reading(text, value, unit):
    assert read_rounded(text) == (value, unit)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "K",
        "1.",
        ".5",
        "1__0",
        "_1",
        "1_",
        "-1",
        "1e6",
        "2*3",
        "1.2.3",
        "1 K",
        "classes",
        "٣",
        "1k",
        "9" * 2000,
    ],
)
def test_other_texts_are_not_rounded_numbers(text):
    assert read_rounded(text) is None


@pytest.mark.parametrize(
    ("text", "actual", "rounding", "holds"),
    [
        ("7", 7, "nearest", True),
        ("7", 8, "nearest", False),
        ("7", 7, "down", True),
        ("7", 8, "down", False),
        # Half a unit of the last digit, both edges included.
        ("4.09G", 4_085_000_000, "nearest", True),
        ("4.09G", 4_084_999_999, "nearest", False),
        ("4.09G", 4_095_000_000, "nearest", True),
        ("4.09G", 4_095_000_001, "nearest", False),
        # Truncated: from the number itself to just below the next.
        ("4.09G", 4_089_999_999, "down", False),
        ("4.09G", 4_090_000_000, "down", True),
        ("4.09G", 4_099_999_999, "down", True),
        ("4.09G", 4_100_000_000, "down", False),
        # GoogLeNet's 159.5K in units of 1024 (Szegedy et al. 2014, Table 1, inception 3a).
        ("159.5Ki", 163_328, "nearest", True),
        ("159.5Ki", 163_277, "nearest", True),
        ("159.5Ki", 163_276, "nearest", False),
        ("0.5", Fraction(1, 2), "nearest", True),
        ("0.3", Fraction(1, 3), "nearest", True),
        ("0.34", Fraction(1, 3), "nearest", False),
        # More digits than floats distinguish.
        ("9007199254740993", 9007199254740992, "nearest", False),
        ("100000000000.000000000001T", 10**23 + 2, "nearest", False),
    ],
)
def test_tolerance(text, actual, rounding, holds):
    assert read_rounded(text).allows(actual, rounding) is holds


def test_exactly_has_no_tolerance():
    assert exactly(3).allows(3, "down")
    assert not exactly(3).allows(4, "down")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (138_357_544, "138,357,544"),
        ((64, 1120, None), "[64, 1120, unknown]"),
        (None, "unknown"),
        (Fraction(1, 2), "1/2"),
        pytest.param(2**33_000, "2^33000", id="more digits than Python prints"),
        pytest.param(2**33_000 + 1, "about 2^33000", id="no power of two"),
    ],
)
def test_showing(number, text):
    assert show(number) == text


@pytest.mark.parametrize(
    ("actual", "expected", "text"),
    [
        (138_357_544, 138_357_545, "−1 (<0.01%)"),
        (1007, 1000, "+7 (0.7%)"),
        (3000, 1000, "+2,000 (200%)"),
        (5, 0, "+5"),
        pytest.param(2**33_000 + 4, 4, "+2^33000", id="more digits than Python prints"),
        (Fraction(1, 2), 1, "−0.5 (50%)"),
    ],
)
def test_differences(actual, expected, text):
    assert show_difference(actual, expected) == text
