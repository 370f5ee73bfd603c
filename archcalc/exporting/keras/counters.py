"""Counters of layers without names: those that name nothing are left out again.

A layer's place is counted while the code runs where it comes and goes. A named layer takes a place
too, so a counter may count on without a name that depends on it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archcalc.codegen.layout import Line, assign, flat
from archcalc.exporting.keras.code import Nest, Step

if TYPE_CHECKING:
    from archcalc.exporting.keras.code import Statement

_WORD = re.compile(r"[^\W\d]\w*")


def new_counter(counter: str, first: str) -> Line:
    """The statement that makes a counter."""
    return assign(counter, f"itertools.count({first})")


def count_on(counter: str) -> Line:
    """A place that is taken by what has a name."""
    return Line("", f"next({counter})")


def counting_alone(statements: list[Statement], counters: list[str]) -> list[Statement]:
    """What counts on as the statements do, to run where they do not."""
    kept: list[Statement] = []
    for s in statements:
        if isinstance(s, Nest):
            if body := counting_alone(s.body, counters):
                kept.append(Nest(_turning(s.before, body), s.doc, body))
            continue
        text = _text(s)
        for counter in counters:
            kept += [count_on(counter)] * text.count(f"next({counter})")
    return kept


def hangs_on(counting: list[Statement], statements: list[Statement]) -> bool:
    """Whether a condition or a loop of what counts alone reads what the statements make."""
    made = {word for s in statements for word in _made(s)}
    read = {word for s in counting if isinstance(s, Nest) for word in _read(s)}
    return bool(made & read)


def _turning(header: str, body: list[Statement]) -> str:
    """The header of a loop without the names that nothing in it reads."""
    if not header.startswith("for "):
        return header
    named = set(_WORD.findall(header.removesuffix("in ")))
    read = {word for s in body if isinstance(s, Nest) for word in _read(s)}
    return header if named & read else "for _ in "


def _made(s: Statement) -> set[str]:
    """The variables that a statement sets."""
    if isinstance(s, Nest):
        return {word for inner in s.body for word in _made(inner)}
    return {s.target if isinstance(s, Step) else s.before.removesuffix(" = ")}


def _read(s: Nest) -> set[str]:
    """What the headers of a nest and of those in it read."""
    inner = [word for one in s.body if isinstance(one, Nest) for word in _read(one)]
    return {*_WORD.findall(flat(s.doc)), *inner}


def _text(s: Line | Step) -> str:
    return flat(s.layer if isinstance(s, Step) else s.doc)


def leave_idle_out(statements: list[Statement], counter: str) -> None:
    """Removes increments after the last name, and the counter if no name uses it."""
    for s in statements:
        if isinstance(s, Nest):
            leave_idle_out(s.body, counter)
    made = [n for n, s in enumerate(statements) if isinstance(s, Line) and _makes(s, counter)]
    if not made:
        return
    naming = [n for n, s in enumerate(statements) if _names(s, counter)]
    last = max(naming, default=made[0])
    statements[last + 1 :] = _without_steps(statements[last + 1 :], counter)
    if not naming:
        del statements[made[0]]


def _makes(line: Line, counter: str) -> bool:
    return line.before == f"{counter} = "


def _names(s: Statement, counter: str) -> bool:
    """Whether a name in the statement depends on the counter."""
    if isinstance(s, Nest):
        return any(_names(inner, counter) for inner in s.body)
    return f"next({counter})" in _text(s) and s != count_on(counter)


def _without_steps(statements: list[Statement], counter: str) -> list[Statement]:
    kept: list[Statement] = []
    for s in statements:
        if isinstance(s, Nest):
            body = _without_steps(s.body, counter)
            if body or not s.body:
                kept.append(s._replace(body=body))
        elif s != count_on(counter):
            kept.append(s)
    return kept
