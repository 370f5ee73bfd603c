"""What is told of one code."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """One code. `bad` is a small whole spec that gives it, `good` the same spec mended.

    Where the text of one spec cannot give it, both are commands for a shell, each line after `$ `.
    """

    code: str
    title: str
    why: str
    bad: str
    good: str

    @property
    def is_session(self) -> bool:
        """Whether the examples are commands."""
        return self.bad.startswith("$ ")
