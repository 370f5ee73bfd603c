"""The texts of a diagram, mostly the spec's own and not yet escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.analysis.memory import BYTES
from archcalc.report import numbers
from archcalc.report.call_text import call
from archcalc.report.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archcalc.analysis.figures import Report
    from archcalc.draw.model import Box
    from archcalc.graph import Group, Node
    from archcalc.ops.base import Tensor

FIGURES = ("params", "macs", "receptive_field", "memory")
"""The choices of `--show`."""

UNKNOWN = numbers.UNKNOWN

LONGEST = 44
"""Characters per line in a box."""


def tell_layer(box: Box, nodes: tuple[Node, ...]) -> None:
    """The operation of a layer's box, and the layers it has absorbed."""
    head = nodes[0]
    if head.op.join:
        box.title = head.op.sign or head.op.name
        box.detail = "" if head.op.sign else _described(head)
    else:
        box.title, box.detail = head.op.name, cut(_described(head), LONGEST)
    box.more = tuple(cut(f"{n.op.name} {_described(n)}".rstrip(), LONGEST) for n in nodes[1:])


def _described(node: Node) -> str:
    # If the input has no spatial axes, attributes per axis are empty and not shown.
    if node.attributes is None or (node.invalid and () in vars(node.attributes).values()):
        return ""
    return node.op.describe(node.attributes)


def call_parts(group: Group) -> tuple[str, str]:
    """A block's name and arguments; a group only has a name."""
    block, _, arguments = call(group).partition(" ")
    return block, cut(arguments, 3 * LONGEST)


def name(path: str, last: str, base: str) -> str:
    """A path below its frame; from the first to the last of several."""
    first = path.removeprefix(f"{base}.") if base else path
    if last and last != path:
        end = last.removeprefix(f"{base}.") if base else last
        stem = first.rstrip("0123456789")
        short = end[len(stem) :] if end.startswith(stem) and end[len(stem) :].isdecimal() else end
        first = f"{first}–{short}"
    return cut(first, LONGEST)


def shapes(first: Tensor | None, last: Tensor | None) -> str:
    """The output of a box: from the first to the last of several if their channels differ.

    "64×56×56", "96…256×56×56".
    """
    if first is None or last is None or first.shape == last.shape:
        return numbers.shape(None if last is None else last.shape)
    if len(first.shape) != len(last.shape):
        return f"{numbers.shape(first.shape)} … {numbers.shape(last.shape)}"
    pairs = zip(first.shape, last.shape, strict=True)
    return "×".join(str(a) if a == b else f"{a}…{b}" for a, b in pairs)


def figures(
    report: Report, covered: list[int], show: tuple[str, ...], output: int | None
) -> list[str]:
    """The requested metrics, for all layers of a box. A frame has no output."""
    texts: list[str] = []
    for figure in FIGURES:
        if figure not in show:
            continue
        if figure == "params":
            texts.append(f"{numbers.grouped(_sum(report, covered, 'params'))} params")
        elif figure == "macs":
            texts.append(f"{numbers.scaled(_sum(report, covered, 'macs'))} macs")
        elif figure == "memory":
            count = _sum(report, covered, "activations")
            amount = None if count is None else count * BYTES[report.dtype]
            texts.append(numbers.bytes_(amount))
        elif output is not None:
            texts.append(f"field {numbers.field(report.receptive_field_of(output))}")
    return texts


def _sum(report: Report, covered: Iterable[int], figure: str) -> int | None:
    total = 0
    for index in covered:
        one = getattr(report.layers[index].totals, figure)
        if one is None:
            return None
        total += one
    return total


def facts(report: Report) -> Iterator[str]:
    """The lines about the net below its name."""
    net = report.net
    if net.spec.source:
        yield cut(net.spec.source, 100)
    totals = report.totals
    told = [f"{numbers.grouped(totals.params)} params", f"{numbers.scaled(totals.macs)} macs"]
    output = net.root.output
    field = report.receptive_field_of(output) if output else None
    if field is not None and field.size:
        told.append(f"receptive field {numbers.per_axis(field.size)}")
    yield ", ".join(told)
