"""Finds expressions for numbers of several calls in other numbers of the same calls."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from archcalc.spec.functions import make_divisible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_FACTOR = 16
"""The largest factor that is considered intentional: 4 times a width, 6 times the channels."""

Known = dict[str, list[Any]]


def relation(vector: list[Any], known: Known) -> str | None:
    """An expression of one of the names with the values of a vector; None if there is none. Calls
    in which a value is None are ignored."""
    places = [i for i, value in enumerate(vector) if value is not None]
    known = {name: v for name, v in known.items() if all(v[i] is not None for i in places)}
    values = [vector[i] for i in places]
    if not all(type(value) is int for value in values):
        for name, others in known.items():
            if [others[i] for i in places] == values and type(others[places[0]]) is type(values[0]):
                return name
        return None
    for name, others in known.items():
        given = [others[i] for i in places]
        if all(type(one) is int and one > 0 for one in given):
            for text, function in _functions(name, given[0], values[0]):
                if all(function(x) == y for x, y in zip(given, values, strict=True)):
                    return text
    return None


def _functions(name: str, given: int, value: int) -> Iterator[tuple[str, Callable[[int], int]]]:
    """The simple functions of a number that map `given` to `value`."""
    yield name, lambda x: x
    factor = value // given
    if 1 < factor <= MOST_FACTOR and value == factor * given:
        yield f"{factor}*{name}", lambda x: factor * x
    yield f"{name}//2", lambda x: x // 2
    divisor = given // value if value > 0 else 0
    if 2 < divisor <= MOST_FACTOR * 4:
        yield f"{name}//{divisor}", lambda x: x // divisor
    yield f"({name} - 1)//2", lambda x: (x - 1) // 2
    yield f"make_divisible({name}//4, 8)", lambda x: int(make_divisible(x // 4, 8))


def condition(there: list[bool], known: Known) -> str | None:
    """A condition on the names that is true exactly for the calls in `there`; None if there is
    none.

    One comparison is tried before two that are joined by `or` and `and`.
    """
    atoms = list(_atoms(known))
    for text, truth in atoms:
        if truth == there:
            return text
    for (one, first), (other, second) in combinations(atoms, 2):
        if not any(word in f"{one} {other}" for word in ("stride", "in_channels", "entering")):
            continue  # two unrelated numbers that happen to be equal
        if [a or b for a, b in zip(first, second, strict=True)] == there:
            return f"{one} or {other}"
        if [a and b for a, b in zip(first, second, strict=True)] == there:
            return f"{one} and {other}"
    return None


def _atoms(known: Known) -> Iterator[tuple[str, list[bool]]]:
    """Comparisons of names with each other and with their values."""
    names = [name for name, vector in known.items() if all(_is_number(v) for v in vector)]
    for name in names:
        vector = known[name]
        values = sorted(set(vector))
        if isinstance(vector[0], bool):
            yield name, list(vector)
            yield f"not {name}", [not v for v in vector]
        elif len(values) <= 3:
            for value in values:
                yield f"{name} != {value}", [v != value for v in vector]
                yield f"{name} == {value}", [v == value for v in vector]
    for one, other in combinations(names, 2):
        for factor in (1, 2, 4):
            term = other if factor == 1 else f"{factor}*{other}"
            equal = [a == factor * b for a, b in zip(known[one], known[other], strict=True)]
            if any(equal) and not all(equal):
                yield f"{one} != {term}", [not e for e in equal]
                yield f"{one} == {term}", equal


def _is_number(value: Any) -> bool:
    return isinstance(value, int)
