"""Elaborations of one spec under other values of its vars.

Code with a var as the constructor's argument must be right for other values too. So it is proved
not only for the values in force but for a few more; where that cannot be, the var is written as
the number that it has.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import Diagnostics
from archcalc.exporting.edges import edges_of
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from archcalc.graph import Net

LARGEST = 3
"""A net that others values make this many times larger is not tried: export stays quick."""


SMALL = 300
"""A net of fewer layers is tried with more values."""


class Other(NamedTuple):
    """A net in which one var has another value."""

    value: Any
    net: Net


def other_nets(net: Net) -> dict[str, list[Other]]:
    """For every var, nets in which it has other values; none where no other value goes."""
    edges = edges_of(net.spec)
    return {word: _with_other_values(net, word, edges) for word in net.variables}


def _with_other_values(net: Net, word: str, edges: list[int]) -> list[Other]:
    value = net.variables[word]
    small = len(net.nodes) < SMALL
    found = _tried(net, word, [*_of_cases(net, word), *_near(value)], 6 if small else 3)
    if type(value) is int and small:
        known = {value, *(other.value for other in found)}
        found += _tried(net, word, [edge for edge in edges if edge not in known], len(edges))
    return found


def _tried(net: Net, word: str, values: Iterable[Any], most: int) -> list[Other]:
    """The nets with the first of these values that go."""
    found: list[Other] = []
    for value in values:
        if value == net.variables[word] or len(found) == most:
            continue
        other = again(net, {word: value})
        if other is not None:
            found.append(Other(value, other))
    return found


def together(net: Net, others: dict[str, list[Other]]) -> list[Net]:
    """Nets in which all these vars have other values at once."""
    if len(others) < 2:
        return []
    found = []
    for turn in range(2):
        made = again(net, {word: some[turn % len(some)].value for word, some in others.items()})
        if made is not None:
            found.append(made)
    return found


def again(net: Net, settings: dict[str, Any]) -> Net | None:
    """The spec elaborated anew with some vars changed, None where that has errors."""
    from archcalc.elaborate import elaborate

    given, shapes = net.given()
    diagnostics = Diagnostics()
    made = elaborate(net.spec, diagnostics, settings={**given, **settings}, inputs=shapes)
    if diagnostics.failed or len(made.nodes) > LARGEST * len(net.nodes) + 1000:
        return None
    return made


def _of_cases(net: Net, word: str) -> list[Any]:
    """Values that the spec's own expectations are told for."""
    from archcalc.diagnostics import DiagnosticError

    found = []
    for case in net.spec.expect:
        if word in case.settings:
            try:
                found.append(case.settings[word].evaluate({}))
            except DiagnosticError:
                continue
    return found


def _near(value: Any) -> list[Any]:
    """Values like this one, the likeliest to work first."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str) or value is None or isinstance(value, Operand):
        return []
    if isinstance(value, tuple):
        return _near_list(value)
    if isinstance(value, int):
        steps = (2 * value, value + 1, value + 2, value - 1, value - 2, value // 2, 3 * value)
        # A factor of 1 or a rate of 0 is often one that may be a fraction.
        fraction = [Fraction(1, 2)] if value in (0, 1) else []
        return [*fraction, *(v for v in dict.fromkeys(steps) if v > 0)]
    return [2 * value, value / 2]


def _near_list(value: tuple[Any, ...]) -> list[Any]:
    """Every number doubled, or 2 more; a row more or less; the first number of every row alone
    doubled, the last alone 1 more or less: a kernel that is odd in place of an even one changes
    sides."""
    changed = [
        _mapped(value, lambda v: 2 * v),
        (*value, *value[-1:]),
        value[:-1],
        tuple(_last(v, lambda n: n + 1) for v in value),
        tuple(_last(v, lambda n: n - 1 or 1) for v in value),
        _mapped(value, lambda v: v + 2),
        tuple((_mapped(v[0], lambda n: 2 * n), *v[1:]) if _is_row(v) else v for v in value),
        (*value[:-1], *(_mapped(v, lambda n: n + 2) for v in value[-1:])),
    ]
    return [one for one in dict.fromkeys(changed) if one and one != value]


def _is_row(value: Any) -> bool:
    return type(value) is tuple and bool(value)


def _last(value: Any, change: Callable[[int], int]) -> Any:
    """A row whose last entry, where it is a number, is another one."""
    return (*value[:-1], _mapped(value[-1], change)) if _is_row(value) else value


def _mapped(value: Any, change: Callable[[int], int]) -> Any:
    if type(value) is tuple:
        return tuple(_mapped(v, change) for v in value)
    return change(value) if type(value) is int else value
