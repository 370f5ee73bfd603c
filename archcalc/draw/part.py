"""One part of a diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcalc.graph import Group


class Part:
    """A part of the diagram: `net.nodes[start:end]`, and as many nodes again for each further
    `count`.

    `kind` is "layer" (a node and those absorbed into it; `group` is the block that consists of this
    layer), "level" (a group or block, `parts` its contents), "branch" (one branch of a join,
    `title` its label; without parts: the identity) or "repeat" (several parts, `count` times in
    sequence).

    `output` is the output tensor of the last of the `count`. `key` is equal for parts that look
    alike.
    """

    __slots__ = ("count", "end", "group", "key", "kind", "output", "parts", "start", "title")

    def __init__(
        self,
        kind: str,
        start: int,
        end: int,
        output: int | None,
        *,
        parts: list[Part] | None = None,
        group: Group | None = None,
        title: str = "",
    ) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.count = 1
        self.output = output
        self.parts = parts if parts is not None else []
        self.group = group
        self.title = title
        self.key = 0

    @property
    def size(self) -> int:
        """The number of nodes of one of the `count`."""
        return self.end - self.start

    @property
    def stop(self) -> int:
        """The index after the last node of the last of the `count`."""
        return self.start + self.size * self.count
