"""Fewer boxes: small layers join the one before them, identical neighbours become one with a count.

Two parts are alike if they have the same operations with the same attributes, the same wiring
inside and the same spatial output size; channels may differ, as along a dense block. They are
folded only if that hides no connection: each of a run reads nothing but the output of the one
before it, and nothing else reads what is hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.draw.part import Part
from archcalc.report.call_text import call
from archcalc.report.folding import FREE, continues, reader_counts

if TYPE_CHECKING:
    from archcalc.graph import Net, Node
    from archcalc.ops.base import Tensor

ABSORBED = FREE | {"normalisation"}
"""Families that share the box of the layer before them."""

LONGEST_RUN = 8
"""Maximum number of parts per iteration of a repeat found in a list, with or without a loop."""

WORTH_A_FRAME = 4
"""A repeat of several parts needs a frame: it must save at least this many parts."""

_NEVER = -1


class Wiring:
    """Which nodes read which tensors."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.keys: dict[Any, int] = {}
        self.readers = reader_counts(net)
        self.last_read = [_NEVER] * len(net.tensors)
        for node in net.nodes:
            for tensor in node.inputs:
                self.last_read[tensor] = node.index
        for tensor in net.outputs.values():
            self.last_read[tensor] = len(net.nodes)

    def key(self, description: Any) -> int:
        """A small integer for a description: equal for equal ones."""
        return self.keys.setdefault(description, len(self.keys) + 1)

    def reads(self, start: int, end: int) -> set[int]:
        """The tensors that nodes start … end − 1 read from before them."""
        producers = self.net.producers
        found: set[int] = set()
        for node in self.net.nodes[start:end]:
            for tensor in node.inputs:
                producer = producers[tensor]
                if producer is None or producer < start:
                    found.add(tensor)
        return found

    def keeps_to_itself(self, start: int, end: int, output: int | None) -> bool:
        """Whether no node after end − 1 reads an output of nodes start … end − 1, except
        `output`."""
        return all(
            tensor == output or self.last_read[tensor] < end
            for node in self.net.nodes[start:end]
            for tensor in node.outputs
        )

    def inside(self, start: int, end: int) -> tuple[int, ...]:
        """How nodes start … end − 1 read each other: distances, 0 for earlier tensors."""
        producers = self.net.producers
        found: list[int] = []
        for node in self.net.nodes[start:end]:
            for tensor in node.inputs:
                producer = producers[tensor]
                known = producer is not None and producer >= start
                found.append(node.index - producer if known and producer is not None else 0)
        return tuple(found)


def absorb(parts: list[Part], wiring: Wiring) -> list[Part]:
    """The parts, with normalisation, activation and dropout merged into the layer before them."""
    found: list[Part] = []
    for part in parts:
        before = found[-1] if found else None
        if before is not None and _goes_into(part, before, wiring):
            before.end, before.output = part.end, part.output
        else:
            found.append(part)
    return found


def _goes_into(part: Part, before: Part, wiring: Wiring) -> bool:
    if part.kind != "layer" or before.kind != "layer" or part.end - part.start > 1:
        return False
    nodes = wiring.net.nodes
    node, last = nodes[part.start], nodes[before.end - 1]
    return node.op.family in ABSORBED and continues(wiring.readers, last, node)


def fold(parts: list[Part], wiring: Wiring) -> list[Part]:
    """The parts with runs of identical ones combined; runs of several parts get a frame."""
    for part in parts:
        part.key = wiring.key(_description(part, wiring))
    found: list[Part] = []
    at = 0
    while at < len(parts):
        length, turns = _best_run(parts, at, wiring)
        run = parts[at : at + length]
        if turns > 1:
            found.append(_folded(run, turns, parts[at + length * turns - 1].output))
            found[-1].key = wiring.key(("run", turns, found[-1].key, *(q.key for q in run)))
        else:
            found += run
        at += length * turns
    return found


def _folded(run: list[Part], turns: int, output: int | None) -> Part:
    if len(run) == 1:
        part = run[0]
        if part.count == 1:
            part.count, part.output = turns, output
            return part
    whole = Part("repeat", run[0].start, run[-1].stop, output, parts=run)
    whole.count = turns
    return whole


def _best_run(parts: list[Part], at: int, wiring: Wiring) -> tuple[int, int]:
    """The number of parts per iteration from here on, and of iterations: (1, 1) if nothing
    folds."""
    best, saved = (1, 1), 0
    for length in range(1, min(LONGEST_RUN, (len(parts) - at) // 2) + 1):
        turns = _turns(parts, at, length, wiring)
        saves = (turns - 1) * length
        if saves > saved and (length == 1 or saves >= WORTH_A_FRAME):
            best, saved = (length, turns), saves
    return best


def _turns(parts: list[Part], at: int, length: int, wiring: Wiring) -> int:
    """How often parts[at : at + length] repeat, alike and without hiding connections."""
    first = [part.key for part in parts[at : at + length]]
    turns = 1
    while True:
        here = at + turns * length
        following = parts[here : here + length]
        if [part.key for part in following] != first:
            return turns
        if not _may_follow(parts[here - length : here], following, wiring):
            return turns
        turns += 1


def _may_follow(turn: list[Part], following: list[Part], wiring: Wiring) -> bool:
    start, middle, end = turn[0].start, following[0].start, following[-1].stop
    if start == middle or turn[-1].kind != following[-1].kind:
        return False
    output = turn[-1].output
    if turn[-1].kind == "branch":
        # Identical branches are side by side: they read the same, and only the join reads them.
        return (
            len(turn) == 1
            and wiring.reads(start, middle) == wiring.reads(middle, end)
            and wiring.keeps_to_itself(start, middle, output)
            and wiring.keeps_to_itself(middle, end, following[-1].output)
        )
    return (
        output is not None
        and wiring.reads(middle, end) == {output}
        and wiring.last_read[output] < end
        and wiring.keeps_to_itself(start, middle, output)
        and wiring.keeps_to_itself(middle, end, following[-1].output)
    )


def _description(part: Part, wiring: Wiring) -> Any:
    """What identical parts have in common."""
    inside = wiring.inside(part.start, part.stop)
    nodes = wiring.net.nodes
    if part.kind == "layer":
        layers = [_layer(wiring.net, node) for node in nodes[part.start : part.end]]
        return ("layer", _written(part), inside, *layers)
    children = [(child.key, child.count) for child in part.parts]
    return (part.kind, part.title, _written(part), inside, *children)


def _written(part: Part) -> str:
    return "" if part.group is None else call(part.group)


def _layer(net: Net, node: Node) -> Any:
    described = "" if node.attributes is None else node.op.describe(node.attributes)
    return (
        node.op.name,
        described,
        node.index if node.invalid else -1,  # an invalid layer is always shown separately
        node.shared is None,
        node.training_only,
        *(_sides(net.tensors[t]) for t in node.inputs + node.outputs),
    )


def _sides(tensor: Tensor | None) -> Any:
    """The shape without its channels; the whole shape if it has nothing else."""
    if tensor is None or len(tensor.shape) == 1:
        return None if tensor is None else tensor.shape
    place = tensor.channel_axis
    return tensor.shape[:place] + tensor.shape[place + 1 :]
