"""Numbers as text for readers. Unknown is "?", never zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.analysis.figures import ReceptiveField
    from archcalc.ops.base import Shape

UNKNOWN = "?"

_DIGITS_AT_ONCE = 4000  # Python refuses to print an integer of more than 4,300 digits
_READABLE = 10**18  # above this a count is shown as a power or rounded


def grouped(number: int | None) -> str:
    """A count with separators.

    >>> grouped(138_357_544)
    '138,357,544'
    """
    if number is None:
        return UNKNOWN
    return f"{number:,}" if abs(number) < _READABLE else approximate(number)


def scaled(number: int | None) -> str:
    """A count in at most seven characters, to four digits; exact below 10,000.

    >>> scaled(15_470_264_320), scaled(1_792), scaled(86_704_128), scaled(999_999)
    ('15.47 G', '1,792', '86.70 M', '1.000 M')
    """
    if number is None:
        return UNKNOWN
    if abs(number) < 10_000:
        return f"{number:,}"
    for suffix, unit in (("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15)):
        value = number / unit
        if value < 999.95:
            places = 3 if value < 9.9995 else 2 if value < 99.995 else 1
            return f"{value:.{places}f} {suffix}"
    return approximate(number)


def approximate(number: int) -> str:
    """A huge count: a power of two exactly, anything else to three digits.

    >>> approximate(2**100), approximate(3**100)
    ('2^100', '≈ 5.15·10^47')
    """
    bits = number.bit_length()
    if number == 1 << (bits - 1):
        return f"2^{bits - 1}"
    text = decimal_text(number)
    exponent = len(text) - 1
    digits = round(int(text[:4]) / 1000, 2)
    if digits == 10:
        digits, exponent = 1, exponent + 1
    return f"≈ {digits:.2f}·10^{exponent}"


def paths(number: int) -> str:
    """The number of paths: a power of two as such, huge ones rounded.

    >>> paths(1), paths(65_536), paths(12), paths(2**50_000)
    ('1 path', '2^16 = 65,536 paths', '12 paths', '2^50000 paths')
    """
    if number == 1:
        return "1 path"
    text = grouped(number)
    if number >= 16 and number & (number - 1) == 0 and number < _READABLE:
        text = f"2^{number.bit_length() - 1} = {text}"
    return f"{text} paths"


def decimal_text(number: int) -> str:
    """All digits of an integer, however many there are.

    Halved by powers of ten, so that Python's bound on digits stays in force for everyone else and
    the time stays far below quadratic.

    >>> decimal_text(12), decimal_text(10**9000) == "1" + "0" * 9000
    ('12', True)
    """
    if number < 0:
        return "-" + decimal_text(-number)
    # 1,233/4,096 is just above the digits per bit: log10(2) = 0.30103.
    digits = number.bit_length() * 1233 // 4096 + 1
    if digits <= _DIGITS_AT_ONCE:
        return str(number)
    half = digits // 2
    high, low = divmod(number, 10**half)
    return (decimal_text(high) if high else "") + decimal_text(low).zfill(half)


def percent(number: int | None, total: int | None) -> str:
    """The share of a total in percent; nothing for none of it, or if either is unknown.

    >>> percent(14_714_688, 138_357_544), percent(1, 1_000), percent(0, 5), percent(5, 5)
    ('11', '<1', '', '100')
    """
    if not number or not total:
        return ""
    rounded = (200 * number + total) // (2 * total)
    return str(rounded) if rounded else "<1"


def as_shown(figure: str) -> str:
    """A figure as a spec has it, in the style of all other figures.

    >>> as_shown("138_357_544"), as_shown("4.09G"), as_shown("[1_000]"), as_shown("2**8")
    ('138,357,544', '4.09 G', '[1000]', '2**8')
    """
    from re import fullmatch, sub

    figure = sub(r"(?<=\d)_(?=\d)", "", figure.strip())
    if fullmatch(r"\d{4,18}", figure):
        return f"{int(figure):,}"
    return sub(r"^(\d[\d.]*)([KMGBT]i?)$", r"\1 \2", figure)


def shape(sides: Shape | None) -> str:
    """A shape as people write it.

    >>> shape((64, 224, 224)), shape(None)
    ('64×224×224', '?')
    """
    return UNKNOWN if sides is None else "×".join(map(str, sides))


def per_axis(entries: Iterable[object]) -> str:
    """One entry if all axes agree, else one per axis; with a minus sign, as in formulas.

    >>> per_axis((3, 3)), per_axis((-1, 7)), per_axis((None,))
    ('3', '−1×7', '?')
    """
    texts = [UNKNOWN if e is None else str(e).replace("-", "−") for e in entries]
    return texts[0] if len(set(texts)) == 1 else "×".join(texts)


def field(receptive_field: ReceptiveField | None, mark: str = " global") -> str:
    """Size and stride of a receptive field: "212/32", with a mark if it is global too."""
    if receptive_field is None:
        return UNKNOWN
    stride = per_axis(receptive_field.stride)
    if "/" in stride:
        stride = f"({stride})"
    local = f"{per_axis(receptive_field.size)}/{stride}"
    return f"{local}{mark}" if receptive_field.is_global else local


def bytes_(number: int | None) -> str:
    """An amount of memory in binary units.

    >>> bytes_(553_430_176), bytes_(512)
    ('527.8 MiB', '512 B')
    """
    if number is None:
        return UNKNOWN
    if number < 1024:
        return f"{number} B"
    unit, name = 2**10, "KiB"
    for larger in ("MiB", "GiB", "TiB"):
        if number < 1024 * unit:
            break
        unit, name = 1024 * unit, larger
    return f"{number / unit:,.1f} {name}"


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "error"), counted(2, "error")
    ('1 error', '2 errors')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
