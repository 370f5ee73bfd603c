"""The calls of blocks that a net makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.refusal import refused
from archcalc.graph import Group, Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcalc.graph import Net
    from archcalc.spec.syntax import Block


class NetCalls:
    """The block calls of the net, except those that `reuse` repeats."""

    def __init__(self, net: Net, target: str) -> None:
        self.net = net
        self.target = target
        self.groups: dict[str, list[Group]] = {}
        self.first: dict[str, Node] = {}
        self._check()
        waiting: list[Group] = [net.root]
        seen: set[str] = set()
        while waiting:
            group = waiting.pop()
            if group.level and group.kind != "net":
                if group.path in seen:
                    continue
                seen.add(group.path)
            if group.kind == "block" and group.level and group.block is not None:
                self.groups.setdefault(group.block.name, []).append(group)
            waiting += [c for c in reversed(group.children) if isinstance(c, Group)]

    def by_block(self, blocks: Mapping[str, Block]) -> dict[str, list[Group]]:
        """In the order of the blocks, callees first."""
        return {word: self.groups[word] for word in blocks if word in self.groups}

    def _check(self) -> None:
        """Rejects a reused layer whose numbers depend on the call: the code only has those of
        the first."""
        for node in self.net.nodes:
            first = self.first.setdefault(node.path, node)
            if first is node or first.op is not node.op:
                continue
            here = self.net.tensors[node.inputs[0]]
            there = self.net.tensors[first.inputs[0]]
            rank = here is not None and there is not None and len(here.shape) == len(there.shape)
            norm = here is not None and there is not None and here.channels == there.channels
            if (
                vars(node.attributes or _NONE) != vars(first.attributes or _NONE)
                or not rank
                or (node.op.family == "norm" and not norm)
            ):
                raise refused(
                    node.layer,
                    "a reused layer whose values depend on the call",
                    "write the layer a second time",
                    self.target,
                )


class _Empty:
    pass


_NONE = _Empty()
