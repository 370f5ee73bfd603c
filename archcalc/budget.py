"""A budget of work, counted in steps instead of time, so that results do not depend on the machine.

A step is a few microseconds of plain Python. Code that starts work which a spec can make
arbitrarily long opens a budget (`with limited(STEPS):`), and the code that does the work spends
from it (`spend(n)`). Without an open budget, spending is free. Budgets nest: an inner one never
exceeds the rest of the outer one, and what it uses is taken from the outer one too.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class BudgetExceeded(Exception):
    """The budget is used up: the caller returns a partial answer."""


class Budget:
    """Remaining steps."""

    __slots__ = ("left", "steps")

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.left = steps

    def spend(self, steps: int) -> None:
        """Takes steps away. Raises `BudgetExceeded` if fewer remain."""
        self.left -= steps
        if self.left < 0:
            raise BudgetExceeded


_open: ContextVar[Budget | None] = ContextVar("budget", default=None)


def spend(steps: int) -> None:
    """Takes steps from the open budget, if any. Raises `BudgetExceeded`."""
    budget = _open.get()
    if budget is not None:
        budget.spend(steps)


@contextmanager
def limited(steps: int) -> Iterator[Budget]:
    """Opens a budget for a `with` block."""
    outer = _open.get()
    budget = Budget(max(0, steps if outer is None else min(steps, outer.left)))
    token = _open.set(budget)
    try:
        yield budget
    finally:
        _open.reset(token)
        if outer is not None:
            outer.left -= budget.steps - max(0, budget.left)
