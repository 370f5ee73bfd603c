"""What has been found to need another way of writing: all is then written anew, knowing it.

Writing starts from the most readable form (a function a block, loops as loops, the spec's vars as
arguments). Where one piece of code cannot serve all its places, the smallest part around it is
marked, and nothing has to be taken back half-written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from archcalc.exporting.call_sites import CallSite, NotUniform

Strategy = tuple[str, object]
"""("expand", a block's name): written where it is called; ("unroll", a loop's id): turn by turn;
("count", (a level's id, a word)): unnamed layers are counted while the code runs."""


class Restart(Exception):
    """Everything is to be written anew under a further mark."""

    def __init__(self, mark: Strategy) -> None:
        super().__init__()
        self.mark = mark


class Level(NamedTuple):
    """A level of the path: the body that makes it, and whether it is a chain."""

    key: int
    chain: bool

    def word(self, word: str) -> str:
        """What is counted: positions in a chain, else each operation."""
        return "" if self.chain else word


def turn_of(lane: CallSite | None, turns: list[CallSite]) -> CallSite | None:
    """The turn of a loop that a place lies in."""
    while lane is not None:
        if any(lane is turn for turn in turns):
            return lane
        lane = lane.outer
    return None


def differs_by_turn(differs: NotUniform, turns: list[CallSite]) -> bool:
    """Whether turns within one place differ, so that unrolling helps."""
    seen: dict[int, object] = {}
    for lane, value in differs.keys:
        turn = turn_of(lane, turns)
        if turn is not None and seen.setdefault(id(turn.outer), value) != value:
            return True
    return False
