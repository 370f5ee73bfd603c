"""The classes of blocks, for calls too that the net does not make."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from archcalc.diagnostics import DiagnosticError
from archcalc.exporting.lanes import Differs
from archcalc.exporting.pytorch.blocks import BlockWriter, block_lane, kind_of
from archcalc.exporting.trials import calls_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.exporting.pytorch.builder import Builder
    from archcalc.exporting.pytorch.program import Program
    from archcalc.exporting.trials import Trial
    from archcalc.graph import Group, Net
    from archcalc.spec.syntax import Block


class FurtherWriter(BlockWriter):
    """Writes the classes anew. `alone` wrote them for the net's own calls, which come first: no
    further call may add a second class of a block, or a number to a class that nobody wrote as its
    parameter."""

    def __init__(self, program: Program, alone: BlockWriter) -> None:
        super().__init__(program)
        self.alone = alone
        self._calls = [(trial, calls_of(trial.net)) for trial in program.trials]

    def write(self) -> None:
        """The classes of all blocks that the net calls, and of those that further calls reach."""
        called = self.calls()
        for word, block in self.program.spec.blocks.items():
            if block.inline:
                continue
            if word in called:
                self.write_block(block, called[word])
            elif not self._serves(block, []):
                self._without(word)

    def write_block(self, block: Block, calls: list[tuple[Net, Group]]) -> None:
        """One class for all further calls that reach the block, or else for those that were made
        for it; where none can serve, what the net's own calls have."""
        if self._serves(block, calls):
            return
        # Blocks that these reach later would find no class for what they call.
        self._keep(lambda trial, found: block.name not in found or trial.block == block.name)
        if self._serves(block, calls):
            return
        self._without(block.name)
        super().write_block(block, calls)
        if _size(self.written[block.name]) > _size(self.alone.written[block.name]):
            raise Differs([], [])  # what it calls takes more now than it can say in as few lines

    def _without(self, word: str) -> None:
        """Leaves out the further calls that reach a block."""
        self._keep(lambda _, found: word not in found)

    def _keep(self, kept: Callable[[Trial, dict[str, list[Group]]], bool]) -> None:
        self._calls = [one for one in self._calls if kept(*one)]

    def _serves(self, block: Block, calls: list[tuple[Net, Group]]) -> bool:
        """Writes one class for all further calls that are left, if there is one; gives whether."""
        further = [
            (trial.net, group)
            for trial, found in self._calls
            for group in found.get(block.name, ())
        ]
        alone = self.alone.written.get(block.name, [])
        every = [*calls, *further]
        if not further or len(alone) > 1 or len({kind_of(*call) for call in every}) > 1:
            return False
        before = self.program.snapshot()
        with suppress(Differs, DiagnosticError):
            self.write_class(block, [block_lane(*call) for call in every])
            if _numbers(self.written[block.name][0]) <= sum(map(_numbers, alone)):
                return True
        self._forget(block, before)
        return False


def _numbers(builder: Builder) -> int:
    """How many numbers a class takes that nobody wrote as its parameters."""
    return sum(parameter.kind == "extra" for parameter in builder.parameters.values())


def _size(builders: list[Builder]) -> int:
    return sum(builder.size() for builder in builders)
