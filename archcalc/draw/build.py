"""Converts a finished report to the data of a diagram, opened to a depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.draw import words
from archcalc.draw.arrows import arrows_of
from archcalc.draw.layer_errors import LayerErrors
from archcalc.draw.model import Box, Diagram, Frame
from archcalc.draw.part_tree import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.analysis.figures import Report
    from archcalc.draw.part import Part

PAGE = 30
"""The maximum number of boxes and frames that fit a page."""

Offsets = tuple[int, ...]
"""The offsets of the hidden copies of a folded node: itself (0) first, the last one last."""


def build(
    report: Report, *, depth: int | None = None, unfold: bool = False, show: Iterable[str] = ()
) -> Diagram:
    """The diagram with `depth` levels of groups and blocks (1: the net's own layers).

    None: as many levels as fit a page, and at least one. `unfold`: every layer separately. `show`:
    any of `words.FIGURES`, shown in every box.
    """
    parts = parts_of(report.net, unfold=unfold)
    builder = Builder(report, tuple(show))
    builder.inputs()
    level = fitting_depth(parts) if depth is None else depth
    for part in parts:
        builder.add(part, builder.children, "", level, (0,))
    builder.outputs()
    arrows = arrows_of(builder)
    facts = tuple(words.facts(report))
    return Diagram(report.net.name, facts, tuple(builder.children), tuple(builder.boxes), arrows)


def fitting_depth(parts: list[Part]) -> int:
    """The deepest opening that fits a page."""
    depth = 1
    while True:
        more = _count(parts, depth + 1)
        if more > PAGE or more == _count(parts, depth):
            return depth
        depth += 1


def _count(parts: list[Part], depth: int) -> int:
    """The number of boxes and frames with `depth` levels open; not exact if it exceeds a page."""
    total = 0
    for part in parts:
        if part.kind == "layer" or (part.kind == "level" and depth == 1):
            total += 1
        else:
            frame = part.kind != "branch" or part.count > 1
            total += frame + _count(part.parts, depth - (part.kind == "level"))
        if total > PAGE:
            break
    return total


class Builder:
    """Converts parts to boxes and frames. `owners[i]` is the box that contains node i, `ends` the
    boxes of inputs, outputs and lost layers, by tensor."""

    def __init__(self, report: Report, show: tuple[str, ...]) -> None:
        self.report = report
        self.net = report.net
        self.show = show
        self.children: list[Box | Frame] = []
        self.boxes: list[Box] = []
        self.owners: list[Box | None] = [None] * len(self.net.nodes)
        self.ends: dict[int, Box] = {}
        self.told: list[tuple[Box, int, int]] = []  # boxes with their nodes, without hidden ones
        self.heads: list[tuple[Box, int]] = []  # the boxes of outputs, with their tensors
        self.errors = LayerErrors(report)
        self._ids: set[str] = set()

    def inputs(self) -> None:
        """A box for every input of the net, and one for every layer lost to an error."""
        for name, tensor in self.net.inputs.items():
            box = Box("input", self._id(name), name, "input")
            self._shape(box, tensor, tensor)
            self._place(box, self.children)
            self.ends[tensor] = box
        for tensor, message in self.errors.lost():
            box = Box("error", self._id(f"lost {tensor}"), "error")
            box.message, box.state, box.shape = message, "invalid", words.UNKNOWN
            self._place(box, self.children)
            self.ends[tensor] = box

    def outputs(self) -> None:
        """A box for every output of the net."""
        trained = {t for node in self.net.nodes if node.training_only for t in node.outputs}
        for name, tensor in self.net.outputs.items():
            box = Box("output", self._id(name), name, "output")
            self._shape(box, tensor, tensor)
            box.training_only = tensor in trained
            if box.training_only:
                box.marks.append("training only")
            self._place(box, self.children)
            self.heads.append((box, tensor))

    def add(
        self, part: Part, into: list[Box | Frame], base: str, depth: int, offsets: Offsets
    ) -> None:
        """Adds a part to a frame. `base` is the path relative to which names are shown."""
        offsets = tuple([o + k * part.size for o in offsets for k in range(part.count)])
        if part.kind == "layer":
            self._layer(part, into, base, offsets)
        elif part.kind == "level" and depth <= 1:
            self._closed(part, into, base, offsets)
        elif part.kind == "branch" and part.count == 1:
            before = len(into)
            for child in part.parts:
                self.add(child, into, base, depth, offsets)
            if len(into) > before:
                into[before].branch = part.title
        else:
            self._frame(part, into, base, depth, offsets)

    def _layer(self, part: Part, into: list[Box | Frame], base: str, offsets: Offsets) -> None:
        nodes = self.net.nodes[part.start : part.end]
        head = nodes[0]
        join = head.op.join
        path = part.group.path if part.group is not None else head.path
        box = Box("join" if join else "layer", self._id(path), "", head.op.family)
        words.tell_layer(box, nodes)
        # A join is a path component only if it has a name.
        if not join or head.layer.name is not None:
            last = self.net.nodes[head.index + (part.count - 1) * part.size]
            box.name = words.name(path, last.path if part.group is None else "", base)
        self._finish(box, part, into, offsets)
        for node in nodes:
            if node.invalid:
                box.state, box.message = "invalid", self.errors.message(node)

    def _closed(self, part: Part, into: list[Box | Frame], base: str, offsets: Offsets) -> None:
        assert part.group is not None
        box = Box("block", self._id(part.group.path), "", "block")
        box.title, box.detail = words.call_parts(part.group)
        box.name = words.name(part.group.path, self._last_path(part), base)
        layers = part.size
        box.more = (f"{layers:,} layers" if layers > 1 else "1 layer",)
        self._finish(box, part, into, offsets)
        invalid = [node for node in self.net.nodes[part.start : part.stop] if node.invalid]
        if invalid:
            box.state, box.message = "invalid", self.errors.message(invalid[0])

    def _frame(
        self, part: Part, into: list[Box | Frame], base: str, depth: int, offsets: Offsets
    ) -> None:
        kind = {"branch": "parallel"}.get(part.kind, part.kind)
        path = part.group.path if part.group is not None else f"{base} {part.start}"
        frame = Frame(kind, self._id(f"in {path}"))
        frame.count = part.count
        frame.branch = part.title
        if part.group is not None:
            frame.title, frame.detail = words.call_parts(part.group)
            frame.name = words.name(path, self._last_path(part), base)
            base = path
        frame.figures = words.figures(self.report, self._covered(part, offsets), self.show, None)
        into.append(frame)
        below = depth - (part.kind == "level")
        for child in part.parts:
            self.add(child, frame.children, base, below, offsets)

    def _finish(self, box: Box, part: Part, into: list[Box | Frame], offsets: Offsets) -> None:
        """The common parts of all boxes of layers: output, count, metrics, marks; and their
        owner."""
        covered = self._covered(part, offsets)
        box.count = part.count
        first = self._output_of(part)
        last = self._moved(first, offsets[-1])
        self._shape(box, first, last)
        box.figures = words.figures(self.report, covered, self.show, last)
        nodes = self.net.nodes[part.start : part.end]
        box.training_only = all(node.training_only for node in nodes)
        if box.training_only:
            box.marks.append("training only")
        for node in nodes:
            if node.shared is not None and node.facts is not None and node.facts.weights:
                box.marks.append(f"weights of {self.net.nodes[node.shared].path}")
                break
        if box.sides is None:
            box.state = "unknown"
        for index in covered:
            self.owners[index] = box
        self.told.append((box, part.start, part.end))
        self._place(box, into)

    def _covered(self, part: Part, offsets: Offsets) -> list[int]:
        """The nodes that a part represents, in all folds around it."""
        return [i + o for o in offsets for i in range(part.start, part.end)]

    def _output_of(self, part: Part) -> int | None:
        """The output tensor of the first of the `count`."""
        if part.kind == "layer":
            return self.net.nodes[part.end - 1].outputs[0]
        return part.group.output if part.group is not None else part.output

    def _moved(self, tensor: int | None, offset: int) -> int | None:
        """The tensor of a copy of a node that corresponds to a tensor; `offset` is its distance."""
        producer = self.net.producers[tensor] if tensor is not None else None
        if tensor is None or producer is None:
            return tensor
        place = self.net.nodes[producer].outputs.index(tensor)
        return self.net.nodes[producer + offset].outputs[place]

    def _last_path(self, part: Part) -> str:
        """The path of the last of identical levels, derived from that of its first layer."""
        assert part.group is not None
        if part.count == 1:
            return part.group.path
        levels = part.group.path.count(".") + 1
        last = self.net.nodes[part.start + (part.count - 1) * part.size].path
        return ".".join(last.split(".")[:levels])

    def _shape(self, box: Box, first: int | None, last: int | None) -> None:
        one = self.net.tensors[first] if first is not None else None
        other = self.net.tensors[last] if last is not None else None
        box.shape = words.shapes(one, other)
        box.sides = other.shape if other is not None else None

    def _place(self, box: Box, into: list[Box | Frame]) -> None:
        into.append(box)
        self.boxes.append(box)

    def _id(self, path: str) -> str:
        """A unique and safe name: ids must not contain user text."""
        plain = "".join(c if c.isascii() and (c.isalnum() or c in "._") else "-" for c in path[:80])
        name, number = plain or "-", 1
        while name in self._ids:
            number += 1
            name = f"{plain}-{number}"
        self._ids.add(name)
        return name
