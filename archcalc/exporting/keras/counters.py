"""Counters of layers without names: those that name nothing are left out again.

A layer's place is counted while the code runs where it comes and goes. A named layer takes a place
too, so a counter may count on without a name that hangs on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.keras.code import Nest, Step
from archcalc.exporting.layout import Line, assign, flat

if TYPE_CHECKING:
    from archcalc.exporting.keras.code import Statement


def new_counter(counter: str, first: str) -> Line:
    """The statement that makes a counter."""
    return assign(counter, f"itertools.count({first})")


def count_on(counter: str) -> Line:
    """A place that is taken by what has a name."""
    return Line("", f"next({counter})")


def leave_idle_out(statements: list[Statement], counter: str) -> None:
    """Takes out what counts on after the last name, and the counter where there is no name."""
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
    """Whether a name in the statement hangs on the counter."""
    if isinstance(s, Nest):
        return any(_names(inner, counter) for inner in s.body)
    text = flat(s.layer if isinstance(s, Step) else s.doc)
    return f"next({counter})" in text and s != count_on(counter)


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
