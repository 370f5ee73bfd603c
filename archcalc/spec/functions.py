"""The arithmetic of expressions: exact and bounded.

A number is an int (or a subclass, which must be preserved: hence no `int()`, `abs()` or `round()`
on integers) or a Fraction that is not integral.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import DiagnosticError
from archcalc.ops.arithmetic import fixed
from archcalc.spec.expressions import bounded
from archcalc.spec.limits import MAX_BITS, MAX_ITEMS

if TYPE_CHECKING:
    from collections.abc import Callable


def is_number(value: Any) -> bool:
    """Whether a value is a number; booleans, strings, lists and empty values are not."""
    return value.__class__ is int or (
        hasattr(value, "numerator") and not isinstance(value, bool | float)
    )


def need_number(value: Any, what: str) -> None:
    if not is_number(value):
        from archcalc.ops.attributes import shown

        help = "take an item, as in widths[0]" if isinstance(value, tuple) else ""
        raise DiagnosticError(
            "wrong-type", f"{what} needs numbers", label=f"got {shown(value)}", help=help
        )


def settle(value: Any) -> Any:
    """The result of an operator: integral fractions become integers, too large numbers are
    errors."""
    if isinstance(value, int):
        bits = value.bit_length()
    else:
        if value.denominator == 1:
            value = value.numerator
        bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if bits > MAX_BITS:
        raise too_large()
    return value


def too_large() -> DiagnosticError:
    return DiagnosticError(
        "number-too-large",
        f"numbers must stay below 2^{MAX_BITS}",
        help="no network comes near that; is an exponent too large?",
    )


def decimal(text: str) -> Any:
    """A decimal number, exactly: 0.35 is 7/20."""
    from fractions import Fraction  # takes 6 ms to import, so only for decimals

    _, _, exponent = text.lower().partition("e")
    if len(exponent) > 4 or (exponent and abs(int(exponent)) > MAX_BITS):
        raise too_large()
    return settle(Fraction(text.replace("_", "")))


def add(a: Any, b: Any) -> Any:
    return a + b


def subtract(a: Any, b: Any) -> Any:
    return a - b


def multiply(a: Any, b: Any) -> Any:
    return a * b


def divide(a: Any, b: Any) -> Any:
    """a / b, as an integer if it is integral."""
    _need_divisor(a, b, "/")
    if a.__class__ is int and b.__class__ is int:
        if a % b == 0:
            return a // b
        from fractions import Fraction

        return Fraction(a, b)
    return a / b


def floor_divide(a: Any, b: Any) -> Any:
    _need_divisor(a, b, "//")
    return a // b


def modulo(a: Any, b: Any) -> Any:
    _need_divisor(a, b, "%")
    return a % b


def _need_divisor(a: Any, b: Any, sign: str) -> None:
    if b == 0:
        raise DiagnosticError(
            "division-by-zero",
            "division by zero",
            label=f"{a} {sign} {b}",
            help="check the divisor, or handle 0, as in x // n if n != 0 else 0",
        )


def power(a: Any, b: Any) -> Any:
    """a ** b with an integer exponent; a too large result is an error before it is computed."""
    if not isinstance(b, int):
        raise DiagnosticError(
            "wrong-type",
            "an exponent must be an integer",
            label=f"got {float(b):g}",
            help="numbers are exact: roots are not available",
        )
    if b < 0:
        return divide(1, settle(power(a, -b)))
    bits = max(a.numerator.bit_length(), a.denominator.bit_length())
    # |a| ≥ 2^(bits − 1), so the result has more than (bits − 1)·b bits
    if (bits - 1) * b > MAX_BITS:
        raise too_large()
    return a**b


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "//": floor_divide,
    "%": modulo,
    "**": power,
}


def calculate(sign: str, a: Any, b: Any) -> Any:
    """`a sign b` with checks."""
    if a.__class__ is not int or b.__class__ is not int:
        if isinstance(a, tuple) or isinstance(b, tuple):
            return _list_of(sign, a, b)
        need_number(a, sign)
        need_number(b, sign)
        for operand in (a, b):
            if hasattr(operand, "calculate") and sign in ("+", "-", "*"):
                # Compared with a Fraction, Python would not call the method of a symbolic number
                # first.
                return settle(operand.calculate(sign, a, b))
    return settle(ARITHMETIC[sign](a, b))


def _list_of(sign: str, a: Any, b: Any) -> tuple[Any, ...]:
    """Two lists one after the other, or a list repeated."""
    if sign == "+" and isinstance(a, tuple) and isinstance(b, tuple):
        return _short(a, len(a) + len(b), lambda: a + b)
    if sign == "*":
        items, times = (a, b) if isinstance(a, tuple) else (b, a)
        if isinstance(times, int) and not isinstance(times, bool):
            count = max(fixed(times), 0)
            return _short(items, len(items) * count, lambda: items * count)
    need_number(a, sign)
    need_number(b, sign)
    raise AssertionError(sign)


def _short(items: tuple[Any, ...], count: int, make: Callable[[], Any]) -> tuple[Any, ...]:
    """A list that is made only if it is short enough."""
    if count > MAX_ITEMS:
        raise DiagnosticError(
            "too-large",
            f"a list has at most {MAX_ITEMS:,} items",
            label=f"{count:,} items",
            help="use repeat for layers that are alike",
        )
    made: tuple[Any, ...] = bounded(make()) if any(isinstance(i, tuple) for i in items) else make()
    return made


def sliced(items: Any, begin: Any, end: Any, step: Any) -> tuple[Any, ...]:
    """items[begin:end:step], as in Python."""
    _need_list(items, "a slice")
    bounds = [None if n is None else _index(n) for n in (begin, end, step)]
    if bounds[2] == 0:
        raise DiagnosticError("bad-index", "the step of a slice cannot be 0")
    return tuple(items[bounds[0] : bounds[1] : bounds[2]])


def _index(index: Any) -> int:
    """A position in a list, as a plain integer."""
    _need_integer(index)
    plain: int = fixed(index)
    return plain


def _need_integer(index: Any) -> None:
    if isinstance(index, bool) or not isinstance(index, int):
        from archcalc.ops.attributes import shown

        raise DiagnosticError(
            "wrong-type",
            "an index must be an integer",
            label=f"got {shown(index)}",
            help="items count from 0; // and floor give integers",
        )


def negative(value: Any) -> Any:
    need_number(value, "-")
    return -value


def positive(value: Any) -> Any:
    need_number(value, "+")
    return value


def truth(value: Any) -> bool:
    """The truth value of a condition: booleans, and numbers that are not 0."""
    if not isinstance(value, bool):
        need_number(value, "a condition")
    return bool(value)


def contains(value: Any, items: Any) -> bool:
    return value in _need_list(items, "`in`")


def item(items: Any, index: Any) -> Any:
    """items[index]; a negative index counts from the end."""
    _need_list(items, "an index")
    _need_integer(index)
    if not -len(items) <= index < len(items):
        raise DiagnosticError(
            "bad-index",
            "index out of range",
            label=f"index {index} of a list of {len(items)}",
            help=f"the first item is 0, the last {len(items) - 1} or -1" if items else "",
        )
    return items[fixed(index)]


def _several(values: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    """The arguments, or the items of a single list."""
    if len(values) == 1 and isinstance(values[0], tuple):
        values = values[0]
    for value in values:
        need_number(value, what)
    if not values:
        raise DiagnosticError("wrong-type", f"{what} of an empty list")
    return values


def minimum(*values: Any) -> Any:
    return min(_several(values, "min"))


def maximum(*values: Any) -> Any:
    return max(_several(values, "max"))


def absolute(value: Any) -> Any:
    need_number(value, "abs")
    return -value if value < 0 else value


def round_half_even(value: Any) -> Any:
    """Rounds to the nearest integer, halves to even, as Python's `round`."""
    need_number(value, "round")
    return value if value.__class__ is int else round(value)


def floor(value: Any) -> Any:
    need_number(value, "floor")
    return value // 1


def ceil(value: Any) -> Any:
    need_number(value, "ceil")
    return -(-value // 1)


def length(value: Any) -> int:
    return len(_need_list(value, "len"))


def total(value: Any) -> Any:
    result: Any = 0
    for item in _need_list(value, "sum"):
        result = calculate("+", result, item)
    return result


def _need_list(value: Any, what: str) -> tuple[Any, ...]:
    if not isinstance(value, tuple):
        from archcalc.ops.attributes import shown

        raise DiagnosticError("wrong-type", f"{what} needs a list", label=f"got {shown(value)}")
    return value


def make_divisible(v: Any, divisor: Any = 8, min_value: Any = None) -> Any:
    """The multiple of `divisor` nearest to v, at least `min_value` (or `divisor`) and at least
    0.9·v. As in the MobileNet reference code (tensorflow/models, `_make_divisible`), exactly:

    new = max(min_value, ⌊v + divisor/2⌋ // divisor · divisor), plus divisor if new < 0.9·v.
    """
    for value in (v, divisor) if min_value is None else (v, divisor, min_value):
        need_number(value, "make_divisible")
    if divisor <= 0:
        raise DiagnosticError("wrong-type", "a divisor must be positive", label=f"got {divisor}")
    new = (2 * v + divisor) // 2 // divisor * divisor
    least = min_value or divisor
    if new < least:
        new = least
    if 10 * new < 9 * v:
        new = new + divisor
    return new


class Function(NamedTuple):
    """A function of the language, its maximum number of arguments, and those that can be named."""

    run: Callable[..., Any]
    usage: str
    most: int | None = 1
    parameters: tuple[str, ...] = ()

    def accepts(self, given: int, keywords: list[str | None]) -> bool:
        """Whether it accepts this number of arguments and these keywords."""
        if given + len(keywords) == 0 or (self.most is not None and given > self.most):
            return False
        free = self.parameters[given:]
        return all(k in free for k in keywords) and (given > 0 or free[0] in keywords)


FUNCTIONS: dict[str, Function] = {
    "min": Function(minimum, "min(a, b, …)", None),
    "max": Function(maximum, "max(a, b, …)", None),
    "round": Function(round_half_even, "round(x)"),
    "ceil": Function(ceil, "ceil(x)"),
    "floor": Function(floor, "floor(x)"),
    "abs": Function(absolute, "abs(x)"),
    "len": Function(length, "len(list)"),
    "sum": Function(total, "sum(list)"),
    "make_divisible": Function(
        make_divisible,
        "make_divisible(v, divisor=8, min_value=None)",
        3,
        ("v", "divisor", "min_value"),
    ),
}
