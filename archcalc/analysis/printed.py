"""A number as it is printed in a paper: its suffix and its digits say how exact it is.

`4.09G` stands for everything that rounds to it: 4,085,000,000 to 4,095,000,000. All arithmetic is
exact, so that a figure on the edge is judged right.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

SUFFIXES = {
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "B": 10**9,
    "T": 10**12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
}

MAX_DIGITS = 1000  # Python takes quadratic time to read digits


class Printed(NamedTuple):
    """A number and the unit of its last digit; a unit of 0: exactly this number."""

    value: Fraction
    unit: Fraction

    def allows(self, actual: int | Fraction, rounding: str) -> bool:
        """Whether `actual` is printed so: to half a unit of the last digit, or, where `rounding`
        is "down", cut off after it."""
        difference = actual - self.value
        if rounding == "down" and self.unit:
            return 0 <= difference < self.unit
        return abs(2 * difference) <= self.unit


def exactly(number: int | Fraction) -> Printed:
    """A number with no leeway."""
    return Printed(Fraction(number), Fraction(0))


def read_printed(text: str) -> Printed | None:
    """A number with a suffix or decimals, or a plain integer; None for any other text."""
    text = text.strip()
    suffix = next((s for s in SUFFIXES if text.endswith(s)), "")
    whole, point, decimals = text.removesuffix(suffix).partition(".")
    if not _are_digits(whole) or (point and not _are_digits(decimals)):
        return None
    if len(text) > MAX_DIGITS:
        return None
    digits = int(whole + decimals)
    unit = Fraction(SUFFIXES.get(suffix, 1), 10 ** len(decimals.replace("_", "")))
    return Printed(digits * unit, unit if suffix or point else Fraction(0))


def _are_digits(text: str) -> bool:
    """Decimal digits, with single underscores between them."""
    return text.isascii() and all(part.isdecimal() for part in text.split("_"))


def show(number: object) -> str:
    """A figure as people read it: 138,357,544; [64, 1120, 8] for a list; unknown for None."""
    if isinstance(number, tuple):
        return "[" + ", ".join([show(one).replace(",", "") for one in number]) + "]"
    if not isinstance(number, int):
        return "unknown" if number is None else str(number)
    if number.bit_length() > 200:
        # Python refuses to print an integer of more than 4300 digits.
        power = number.bit_length() - 1
        return f"2^{power}" if number == 1 << power else f"about 2^{power}"
    return f"{number:,}"


def show_difference(actual: int | Fraction, expected: int | Fraction) -> str:
    """How far off, and by how much of what was expected: "+1,000 (0.7%)"."""
    difference = Fraction(actual) - expected
    amount = abs(difference)
    shown = show(amount.numerator) if amount.denominator == 1 else f"{float(amount):g}"
    shown = ("+" if difference > 0 else "−") + shown
    if expected <= 0 or amount.numerator.bit_length() > 200:
        return shown
    percent = float(100 * amount / expected)
    share = "<0.01" if percent < 0.01 else f"{percent:.2g}" if percent < 99.5 else f"{percent:,.0f}"
    return f"{shown} ({share}%)"
