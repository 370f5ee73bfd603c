"""Numbers as text."""

from __future__ import annotations

import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archcalc.analysis.figures import ReceptiveField
from archcalc.report import numbers
from archcalc.report.text import cut, printable, width, wrap


@given(st.integers(0, 30_000), st.integers(0, 2**64))
def test_decimal_text_has_every_digit(bits, noise):
    number = (1 << bits) + noise
    limit = sys.get_int_max_str_digits()
    text = numbers.decimal_text(number)
    assert sys.get_int_max_str_digits() == limit
    try:
        sys.set_int_max_str_digits(0)
        assert text == str(number)
    finally:
        sys.set_int_max_str_digits(limit)


def test_decimal_text_beyond_pythons_limit():
    with pytest.raises(ValueError, match="digits"):
        str(2**100_000)
    text = numbers.decimal_text(2**100_000)
    assert len(text) == 30_103  # ⌊100,000 · log10(2)⌋ + 1
    assert text.endswith("376")  # 2^100,000 mod 1,000
    assert text[-3:] == str(pow(2, 100_000, 1000))
    assert numbers.decimal_text(-(10**5000)) == "-1" + "0" * 5000


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.00 k"),
        (12_345, "12.35 k"),
        (99_994, "99.99 k"),
        (99_996, "100.0 k"),
        (999_949, "999.9 k"),
        (999_951, "1.000 M"),
        (15_470_264_320, "15.47 G"),
        (None, "?"),
    ],
)
def test_scaled(number, text):
    assert numbers.scaled(number) == text


@given(st.integers(0, 10**18 - 10**15))
def test_scaled_is_short_and_right_to_four_digits(number):
    text = numbers.scaled(number)
    assert len(text) <= 7
    units = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
    unit = units.get(text[-1])
    value = Fraction(text[:-2]) * unit if unit else int(text.replace(",", ""))
    assert abs(value - number) * 1999 <= number


@pytest.mark.parametrize(
    ("paths", "text"),
    [
        (1, "1 path"),
        (2, "2 paths"),
        (8, "8 paths"),
        (16, "2^4 = 16 paths"),
        (65_536, "2^16 = 65,536 paths"),
        (3**12, "531,441 paths"),
        (2**601, "2^601 paths"),
        (999_999 * 10**20, "≈ 1.00·10^26 paths"),
    ],
)
def test_paths(paths, text):
    assert numbers.paths(paths) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "?"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (4 * 138_357_544, "527.8 MiB"),
        (2**50, "1,024.0 TiB"),
    ],
)
def test_bytes(number, text):
    assert numbers.bytes_(number) == text


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (None, "?"),
        (ReceptiveField((212, 212), (32, 32), (-90, -90), False), "212/32"),
        (ReceptiveField((7, 1), (2, 1), (0, 0), True), "7×1/2×1 global"),
        (ReceptiveField((None, None), (None, None), (None, None), False), "?/?"),
        (ReceptiveField((4,), (Fraction(1, 2),), (0,), False), "4/(1/2)"),
    ],
)
def test_field(field, text):
    assert numbers.field(field) == text


@given(st.text(), st.integers(1, 40))
def test_cut_keeps_to_its_limit(text, limit):
    text = printable(text)
    assert text.isprintable()
    assert width(cut(text, limit)) <= limit


@given(st.text(st.sampled_from("ab 層"), max_size=60), st.integers(4, 40))
def test_wrap_loses_nothing(text, limit):
    lines = wrap(text, limit)
    assert " ".join(lines).split() == text.split()
    assert all(width(line) <= limit or " " not in line for line in lines)
