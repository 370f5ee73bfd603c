"""Words and numbers that all formats of a comparison share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.compare.data import ratio
from archcalc.report import numbers

if TYPE_CHECKING:
    from archcalc.compare.data import Figure
    from archcalc.compare.differences import Difference

TITLES = {
    "peak_activation_bytes": "peak memory",
    "shortest_depth": "shortest path",
    "receptive_field": "receptive field",
    "effective_stride": "stride",
}
"""The display names of totals, if different."""

ABSENT = "–"

SLIGHT = "without effect on params and macs:"

EQUAL = "none: the nets are equal"


def title(figure: Figure) -> str:
    """The display name of a total."""
    return TITLES.get(figure.name, figure.name)


def value(figure: Figure, position: int, *, short: bool = False) -> str:
    """A total of one of the nets; `short`: to four digits."""
    found = figure.values[position]
    if isinstance(found, tuple):
        return numbers.per_axis(found)
    if found is not None and not isinstance(found, int):
        return str(found)
    if figure.name == "peak_activation_bytes":
        return numbers.bytes_(found)
    if figure.name == "paths" and found is not None and found >= 16 and not found & (found - 1):
        return f"2^{found.bit_length() - 1}"
    return numbers.scaled(found) if short else numbers.grouped(found)


def times(value: object, base: object) -> str:
    """A figure relative to the first net's.

    >>> times(120_422_400, 12_443_648), times(12_443_648, 120_422_400), times(5, 5)
    ('9.68×', '0.10×', '=')
    """
    if value == base and value is not None:
        return "="
    if (
        isinstance(value, int)
        and isinstance(base, int)
        and 0 < 10**6 * min(value, base) < max(value, base)
    ):
        # Numbers of paths, which may be too large for a float.
        factor = numbers.grouped(max(value, base) // min(value, base)).removeprefix("≈ ")
        return f"{factor}×" if value > base else f"1/{factor}×"
    found = ratio(value, base)
    return f"{_digits(found)}×" if found else ""


def _digits(factor: float) -> str:
    """Two decimals; fewer for large factors, more near 1 and near 0."""
    if factor < 0.1:
        return f"{factor:.2g}"
    near = 0.9 < factor < 1.1
    places = 0 if factor >= 100 else 1 if factor >= 10 else 3 if near else 2
    return f"{factor:,.{places}f}"


def times_and_change(value: object, base: object) -> str:
    """The ratio, and up to tenfold the change in percent.

    >>> times_and_change(18, 100), times_and_change(1005, 1000), times_and_change(1000, 1)
    ('0.18× −82%', '1.005× +0.5%', '1,000×')
    """
    text, found = times(value, base), ratio(value, base)
    if not text or text == "=" or not found or found >= 10:
        return text
    change = 100 * abs(found - 1)
    sign = "+" if found > 1 else "−"
    return f"{text} {sign}{change:.{0 if change >= 9.95 else 1}f}%"


def signed(amount: int | None) -> str:
    """An amount with its sign.

    >>> signed(8192), signed(-8192), signed(0)
    ('+8,192', '−8,192', '0')
    """
    if amount is None:
        return numbers.UNKNOWN
    if amount == 0:
        return "0"
    return ("+" if amount > 0 else "−") + numbers.grouped(abs(amount))


def place(entry: Difference) -> str:
    """The path of what differs: of the first net where it has the part; first to last of several.

    >>> from archcalc.analysis.figures import Totals
    >>> from archcalc.compare.differences import Difference
    >>> place(Difference(("layer1.3", None), "layer1.5", "", Totals(0, 0, 0, 0, 0), 3))
    'layer1.3–5'
    """
    path = entry.paths[0] or entry.paths[1] or ""
    if entry.times == 1:
        return path
    last = entry.last.rpartition(".")[2]
    stem = path.rpartition(".")[2].rstrip("0123456789")
    end = last.removeprefix(stem)
    return f"{path}–{end if end.isdecimal() else last}"


def slight(entries: list[Difference]) -> str:
    """Entries of one kind that do not weigh: how they differ, and where.

    >>> from archcalc.analysis.figures import Totals
    >>> from archcalc.compare.differences import Difference
    >>> none = Totals(0, 0, 0, 0, 0)
    >>> slight([Difference(("a", "a"), "a", "relu → tanh", none, 1),
    ...         Difference(("c", "c"), "c", "relu → tanh", none, 1)])
    'relu → tanh (×2, a to c)'
    """
    count = sum(entry.times for entry in entries)
    where = place(entries[0])
    if len(entries) > 1:
        where = f"{entries[0].paths[0] or entries[0].paths[1]} to {entries[-1].last}"
    return f"{entries[0].change} ({f'×{count}, ' if count > 1 else ''}{where})"


def quiet(count: int) -> str:
    """The number of layers that differ only in tensor size."""
    verb = "differs" if count == 1 else "differ"
    more = numbers.counted(count, "more layer")
    return f"{more} {verb} only in tensor size"
