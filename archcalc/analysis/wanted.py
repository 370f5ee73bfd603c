"""One expected figure: what it allows, and how it and the actual one are shown."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from archcalc.analysis.printed import Printed, exactly, read_printed, show, show_difference
from archcalc.diagnostics import Fault

if TYPE_CHECKING:
    from archcalc.analysis.actual import Actual
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Figure


class Wanted:
    """A number, or a list of one an axis. A lone number holds for all axes; as a shape, it is
    that of a tensor with one axis. Raises `Fault` where the text is neither."""

    def __init__(self, figure: Figure, names: dict[str, Any], rounding: str) -> None:
        self._rounding = rounding
        self._is_shape = figure.what == "output"
        self._text = figure.text
        self._numbers: Printed | list[Printed]
        if figure.value.items is not None:
            self._numbers = [_read(item, item.text, names) for item in figure.value.items]
        else:
            self._numbers = _read(figure.value, figure.text, names)

    def allows(self, actual: Actual, rounding: str = "") -> bool:
        """Whether a known figure is as expected, under the case's rounding unless told another.
        Raises `Fault` for a list where there are no axes."""
        numbers = self._numbers
        rounding = rounding or self._rounding
        if not isinstance(actual, tuple):
            if isinstance(numbers, list):
                raise _bad("one number", f"this is a list of {len(numbers)}")
            return actual is not None and numbers.allows(actual, rounding)
        if not isinstance(numbers, list):
            numbers = [numbers] * (1 if self._is_shape else len(actual))
        return len(numbers) == len(actual) and all(
            one is not None and number.allows(one, rounding)
            for number, one in zip(numbers, actual, strict=True)
        )

    def shown(self) -> str:
        """What is expected: digits with separators where exact, else as written."""
        numbers = self._numbers
        if isinstance(numbers, list):
            return show(tuple([_simple(number) for number in numbers]))
        return self._text.strip() if numbers.unit else show(_simple(numbers))

    def shown_actual(self, actual: Actual) -> str:
        """The actual figure; once for all axes where it is the same and one number is expected."""
        return show(self._single(actual))

    def difference(self, actual: Actual) -> str:
        """How far off the actual figure is; "" for lists."""
        one = self._single(actual)
        if one is None or isinstance(one, tuple) or isinstance(self._numbers, list):
            return ""
        return show_difference(one, self._numbers.value)

    def _single(self, actual: Actual) -> Actual:
        lists = self._is_shape or isinstance(self._numbers, list)
        if isinstance(actual, tuple) and not lists and len(set(actual)) == 1:
            return actual[0]
        return actual


def _read(value: Value, text: str, names: dict[str, Any]) -> Printed:
    printed = read_printed(text)
    if printed is not None:
        return printed
    number = value.evaluate(names)
    if isinstance(number, bool) or not isinstance(number, int | Fraction):
        raise _bad("a number", f"{text.strip()!r} is none")
    return exactly(number)


def _simple(number: Printed) -> int | Fraction:
    value = number.value
    return value.numerator if value.denominator == 1 else value


def _bad(needed: str, label: str) -> Fault:
    return Fault(
        "bad-expectation",
        f"an expected figure is {needed}",
        label=label,
        help="write 138_357_544, 4.09G, 159.5Ki, or an expression such as 2*classes",
    )
