"""The parts of a net that a comparison matches: its layers and the levels of its hierarchy."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from archcalc.graph import Node
from archcalc.report.call_text import call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.analysis.figures import Report, Totals
    from archcalc.graph import Group
    from archcalc.ops.base import Shape

_FEW = 3  # how many operations are listed for a group without a name


class Item:
    """A layer, or a level with layers in it, of one of the nets.

    `label` is the part of the path below its level, `word` the operation or block.
    """

    def __init__(self, report: Report, part: Node | Group, base: str) -> None:
        self.report = report
        self.part = part
        self.path = part.path
        self.label = part.path.removeprefix(f"{base}.") if base else part.path
        self.is_layer = isinstance(part, Node)
        if isinstance(part, Node):
            self.word = part.op.name
            self.family = part.op.family
            self.totals: Totals = report.layers[part.index].totals
            self.training_only = part.training_only
            self.layers = 1
        else:
            self.word = part.block.name if part.block else part.kind
            self.family = part.kind
            self.totals = report.of(part)
            nodes = report.net.nodes[part.start : part.end]
            self.training_only = bool(nodes) and all(node.training_only for node in nodes)
            self.layers = len(nodes)

    @property
    def named(self) -> bool:
        """Whether the author named it: positions are not names."""
        return not self.label.isdecimal()

    @property
    def output(self) -> Shape | None:
        part = self.part
        index = part.outputs[0] if isinstance(part, Node) else part.output
        return self._shape(index)

    @property
    def input(self) -> Shape | None:
        part = self.part
        index = (part.inputs or (None,))[0] if isinstance(part, Node) else part.input
        return self._shape(index)

    @cached_property
    def children(self) -> list[Item]:
        """The layers and levels in it; joins, loops and branches are transparent."""
        if isinstance(self.part, Node):
            return []
        return [Item(self.report, part, self.path) for part in _inside(self.part)]

    @property
    def text(self) -> str:
        """Its description: the operation with its attributes, the block call, or the contents."""
        part = self.part
        if isinstance(part, Node):
            described = "" if part.attributes is None else part.op.describe(part.attributes)
            shared = ""
            if part.shared is not None:
                shared = f", weights of {self.report.net.nodes[part.shared].path}"
            return f"{part.op.name} {described}".rstrip() + shared
        if part.block is not None:
            return call(part)
        words = [child.word for child in self.children]
        return ", ".join(words[:_FEW]) + (", …" if len(words) > _FEW else "")

    def _shape(self, index: int | None) -> Shape | None:
        tensor = None if index is None else self.report.net.tensors[index]
        return None if tensor is None else tensor.shape


def _inside(group: Group) -> Iterator[Node | Group]:
    for child in group.children:
        if isinstance(child, Node) or child.level:
            yield child
        else:
            yield from _inside(child)
