"""The documentation of one diagnostic code."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """One code. `bad` is a small complete spec that causes it, `good` the same spec fixed.

    Where a single spec cannot cause it, both are shell commands, each on a line after `$ `.
    """

    code: str
    title: str
    why: str
    bad: str
    good: str

    @property
    def is_session(self) -> bool:
        """Whether the examples are shell commands."""
        return self.bad.startswith("$ ")
