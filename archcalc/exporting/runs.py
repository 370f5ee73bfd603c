"""Elaborations of one spec under other values of its vars.

Code with a var as the constructor's argument must be right for other values too. So it is proved
not only for the values in force but for a few more; where that cannot be, the var is written as
the number that it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import Diagnostics
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from collections.abc import Callable

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
    return {word: _with_other_values(net, word) for word in net.variables}


def _with_other_values(net: Net, word: str) -> list[Other]:
    found: list[Other] = []
    most = 6 if len(net.nodes) < SMALL else 3
    for value in [*_of_cases(net, word), *_near(net.variables[word])]:
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
    """The spec elaborated anew with some vars changed, None where that has faults."""
    from archcalc.elaborate import elaborate

    given = {w: net.variables[w] for w in net.overridden if w in net.variables}
    shapes = {}
    for name, index in net.inputs.items():
        tensor = net.tensors[index]
        if f"input {name}" in net.overridden and tensor is not None:
            shapes[name] = tensor.shape
    diagnostics = Diagnostics()
    made = elaborate(net.spec, diagnostics, settings={**given, **settings}, inputs=shapes)
    if diagnostics.failed or len(made.nodes) > LARGEST * len(net.nodes) + 1000:
        return None
    return made


def _of_cases(net: Net, word: str) -> list[Any]:
    """Values that the spec's own expectations are told for."""
    from archcalc.diagnostics import Fault

    found = []
    for case in net.spec.expect:
        if word in case.settings:
            try:
                found.append(case.settings[word].evaluate({}))
            except Fault:
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
        return [v for v in dict.fromkeys(steps) if v > 0]
    return [2 * value, value / 2]


def _near_list(value: tuple[Any, ...]) -> list[Any]:
    """Every number doubled, or 2 more; a row more or less; the first number of every row alone
    doubled, the last alone 1 more or less: a kernel that is odd in place of an even one changes
    sides."""
    changed = [
        _mapped(value, lambda v: 2 * v),
        (*value, *value[-1:]),
        value[:-1],
        tuple((*v[:-1], v[-1] + 1) if _is_row(v) else v for v in value),
        tuple((*v[:-1], v[-1] - 1 or 1) if _is_row(v) else v for v in value),
        _mapped(value, lambda v: v + 2),
        tuple((2 * v[0], *v[1:]) if _is_row(v) else v for v in value),
        (*value[:-1], *(_mapped(v, lambda n: n + 2) for v in value[-1:])),
    ]
    return [one for one in dict.fromkeys(changed) if one and one != value]


def _is_row(value: Any) -> bool:
    return type(value) is tuple and bool(value) and type(value[0]) is int


def _mapped(value: Any, change: Callable[[int], int]) -> Any:
    if type(value) is tuple:
        return tuple(_mapped(v, change) for v in value)
    return change(value) if type(value) is int else value
