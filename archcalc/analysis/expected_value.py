"""One expected value: what it accepts, and how it and the computed value are shown.

A number is as precise as it is printed: `4.09G` accepts everything that rounds to it, 4,085,000,000
to 4,095,000,000. All arithmetic is exact, so values on the boundary are decided correctly.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import DiagnosticError

if TYPE_CHECKING:
    from archcalc.analysis.figure_values import FigureValue
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Figure

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


class RoundedNumber(NamedTuple):
    """A number and the unit of its last digit; a unit of 0 means exactly this number."""

    value: Fraction
    unit: Fraction

    def allows(self, actual: int | Fraction, rounding: str) -> bool:
        """Whether `actual` would be printed like this: rounded to half a unit of the last digit, or
        truncated if `rounding` is "down"."""
        difference = actual - self.value
        if rounding == "down" and self.unit:
            return 0 <= difference < self.unit
        return abs(2 * difference) <= self.unit


def exactly(number: int | Fraction) -> RoundedNumber:
    """A number without tolerance."""
    return RoundedNumber(Fraction(number), Fraction(0))


def read_rounded(text: str) -> RoundedNumber | None:
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
    return RoundedNumber(digits * unit, unit if suffix or point else Fraction(0))


def _are_digits(text: str) -> bool:
    """Whether a text consists of decimal digits with single underscores between them."""
    return text.isascii() and all(part.isdecimal() for part in text.split("_"))


def show(number: object) -> str:
    """A number with thousands separators: 138,357,544; [64, 1120, 8] for a list; unknown for
    None."""
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
    """The difference, absolute and relative to the expected value: "+1,000 (0.7%)"."""
    difference = Fraction(actual) - expected
    amount = abs(difference)
    shown = show(amount.numerator) if amount.denominator == 1 else f"{float(amount):g}"
    shown = ("+" if difference > 0 else "−") + shown
    if expected <= 0 or amount.numerator.bit_length() > 200:
        return shown
    percent = float(100 * amount / expected)
    share = "<0.01" if percent < 0.01 else f"{percent:.2g}" if percent < 99.5 else f"{percent:,.0f}"
    return f"{shown} ({share}%)"


class ExpectedValue:
    """A number, or a list with one per axis. A single number applies to all axes; as a shape, it is
    that of a tensor with one axis. Raises `DiagnosticError` for any other text."""

    def __init__(self, figure: Figure, names: dict[str, Any], rounding: str) -> None:
        self._rounding = rounding
        self._is_shape = figure.what == "output"
        self._text = figure.text
        self._numbers: RoundedNumber | list[RoundedNumber]
        if figure.value.items is not None:
            self._numbers = [_read(item, item.text, names) for item in figure.value.items]
        else:
            self._numbers = _read(figure.value, figure.text, names)

    def allows(self, actual: FigureValue, rounding: str = "") -> bool:
        """Whether a known value is as expected, with the case's rounding unless another is given.
        Raises `DiagnosticError` for a list if the metric has no axes."""
        numbers = self._numbers
        rounding = rounding or self._rounding
        if not isinstance(actual, tuple):
            if isinstance(numbers, list):
                raise _bad("one number", f"got a list of {len(numbers)}")
            return actual is not None and numbers.allows(actual, rounding)
        if not isinstance(numbers, list):
            numbers = [numbers] * (1 if self._is_shape else len(actual))
        return len(numbers) == len(actual) and all(
            one is not None and number.allows(one, rounding)
            for number, one in zip(numbers, actual, strict=True)
        )

    def shown(self) -> str:
        """The expected value: with separators if exact, else as written."""
        numbers = self._numbers
        if isinstance(numbers, list):
            return show(tuple([_simple(number) for number in numbers]))
        return self._text.strip() if numbers.unit else show(_simple(numbers))

    def shown_actual(self, actual: FigureValue) -> str:
        """The computed value; only once if it is the same on all axes and one number is
        expected."""
        return show(self._single(actual))

    def difference(self, actual: FigureValue) -> str:
        """The difference; "" for lists."""
        one = self._single(actual)
        if one is None or isinstance(one, tuple) or isinstance(self._numbers, list):
            return ""
        return show_difference(one, self._numbers.value)

    def _single(self, actual: FigureValue) -> FigureValue:
        lists = self._is_shape or isinstance(self._numbers, list)
        if isinstance(actual, tuple) and not lists and len(set(actual)) == 1:
            return actual[0]
        return actual


def _read(value: Value, text: str, names: dict[str, Any]) -> RoundedNumber:
    printed = read_rounded(text)
    if printed is not None:
        return printed
    number = value.evaluate(names)
    if isinstance(number, bool) or not isinstance(number, int | Fraction):
        raise _bad("a number", f"got {text.strip()!r}")
    return exactly(number)


def _simple(number: RoundedNumber) -> int | Fraction:
    value = number.value
    return value.numerator if value.denominator == 1 else value


def _bad(needed: str, label: str) -> DiagnosticError:
    return DiagnosticError(
        "bad-expectation",
        f"an expected value must be {needed}",
        label=label,
        help="write 138_357_544, 4.09G, 159.5Ki, or an expression such as 2*classes",
    )
