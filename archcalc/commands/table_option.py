"""`--table NAME=VALUES`: one row for each combination of values of vars."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import typer

from archcalc.commands.options import read_settings

if TYPE_CHECKING:
    from archcalc.spec.syntax import Spec

MOST_ROWS = 1_000


def rows_of(spec: Spec, table: list[str] | None, free: tuple[str, ...]) -> list[dict[str, Any]]:
    """The settings of every row: all combinations of the columns, or one row without settings if
    there is no table."""
    from archcalc.overrides import Unknown, named_settings

    columns: dict[str, list[Any]] = {}
    for text in table or ():
        name, equals, values = text.partition("=")
        name = name.strip()
        if not equals or not values.strip():
            raise _wrong(f"{text!r} is not NAME=VALUES")
        if name in free:
            raise _wrong(f"{name} cannot be both in --free and in --table")
        columns[name] = _values(name, values)
    if prod(map(len, columns.values())) > MOST_ROWS:
        raise _wrong(f"at most {MOST_ROWS:,} rows")
    try:
        return [
            named_settings(spec, dict(zip(columns, row, strict=True)))
            for row in product(*columns.values())
        ]
    except Unknown as unknown:
        raise _wrong(str(unknown)) from unknown


def _values(name: str, text: str) -> list[Any]:
    """The values of `1..5`, or values separated by commas; a list is in brackets."""
    first, dots, last = (part.strip() for part in text.partition(".."))
    if dots and first.isdecimal() and last.isdecimal():
        if int(last) < int(first):
            raise _wrong(f"{text!r}: the first number must be ≤ the last")
        return list(range(int(first), min(int(last), int(first) + MOST_ROWS) + 1))
    entries: list[str] = [""]
    depth = 0
    for character in text:
        depth += (character in "[(") - (character in ")]")
        if character == "," and not depth:
            entries.append("")
        else:
            entries[-1] += character
    return [read_settings([f"{name}={entry}"])[name] for entry in entries]


def _wrong(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="--table")
