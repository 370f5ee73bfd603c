"""Which layer's receptive field a gradient can measure, and at which position.

A window that extends over the border of the input, or of a map on the way, is cut there, so that
the gradient is smaller than the receptive field. The measured window lies inside all of them. After
a layer that reads a part of the channels nothing is measured: the receptive field is that of all
channels, and the omitted ones may have a larger field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.ops.reach import Periodic

if TYPE_CHECKING:
    from archcalc.analysis.figures import ReceptiveField, Report
    from archcalc.graph import Node

MOVING = ("permute", "reshape")
"""Operations after which an axis is no longer at its position in the input."""

PARTING = ("split", "slice")
"""Operations that output a part of the channels."""


class Chosen(NamedTuple):
    """The measured layer, an output position, and the expected input region."""

    path: str
    position: tuple[int, ...]
    reaches: tuple[tuple[int, int], ...]


class Unmeasurable(ValueError):
    """The requested layer has no receptive field that a gradient can measure."""


def choose(report: Report, path: str | None = None) -> Chosen | None:
    """The layer with this path, or the last measurable one; None if there is none.

    Raises `Unmeasurable` if the given layer cannot be measured.
    """
    found = _measurable(report)
    if path is None:
        return next(reversed(found.values()), None)
    if path in found:
        return found[path]
    some = ", ".join(list(found)[:8]) + (", …" if len(found) > 8 else "")
    known = f"; these can: {some}" if found else ""
    raise Unmeasurable(
        f"the receptive field of {path!r} cannot be measured: {_why(report, path)}{known}"
    )


def why_none(report: Report) -> str:
    """Why no layer can be measured."""
    return _one_input(report) or "no layer with weights has a window clear of all borders"


def _one_input(report: Report) -> str:
    count = len(report.net.inputs)
    return "" if count == 1 else f"the net has {count} inputs"


def _why(report: Report, path: str) -> str:
    """Why this layer cannot be measured."""
    node = next((layer.node for layer in report.layers if layer.node.path == path), None)
    if node is None:
        return "there is no such layer"
    if not _has_module(node):
        return "it has no weights of its own, or runs in training only"
    return _one_input(report) or (
        "none of its windows is clear of the borders of the input and of the maps on the way, or a"
        " layer before it reads all of its input, a part of the channels, or windows not all alike"
    )


def _measurable(report: Report) -> dict[str, Chosen]:
    net = report.net
    if len(net.inputs) != 1:
        return {}
    tensor = net.tensors[next(iter(net.inputs.values()))]
    assert tensor is not None
    covered = [(0, side - 1) for side in tensor.shape[1:]]
    found: dict[str, Chosen] = {}
    for layer in report.layers:
        node, field = layer.node, layer.receptive_field
        entering = net.tensors[node.inputs[0]]
        assert entering is not None
        if _is_irregular(node, field) or _leaves_out(node, entering.channels):
            break
        if field is None or layer.output is None or len(layer.output) != len(covered) + 1:
            continue
        axes = list(zip(field.size, field.stride, field.offset, layer.output[1:], strict=True))
        covered = _narrowed(covered, axes)
        if _has_module(node) and (chosen := _inside(node.path, axes, covered)) is not None:
            found[chosen.path] = chosen
    return found


def _is_irregular(node: Node, field: ReceptiveField | None) -> bool:
    """Whether windows here or later are not all alike, or as large as the input."""
    if node.op.name in MOVING or node.facts is None:
        return True
    if any(isinstance(r, Periodic) for r in node.facts.reach or ()):
        return True
    return field is not None and (field.is_global or None in field.size)


def _leaves_out(node: Node, channels: int) -> bool:
    """Whether the layer only reads a part of its input's channels."""
    table = getattr(node.attributes, "connections", None)
    read = None if table is None else {channel for row in table for channel in row}
    return node.op.name in PARTING or (read is not None and len(read) < channels)


def _has_module(node: Node) -> bool:
    """Whether the layer is a separate module that runs once."""
    weights = node.facts is not None and bool(node.facts.weights)
    return weights and node.shared is None and not node.training_only


def _narrowed(covered: list[tuple[int, int]], axes: list[Any]) -> list[tuple[int, int]]:
    """The part of the input that all maps so far depend on, axis by axis."""
    return [
        (max(first, offset), min(last, offset + (count - 1) * stride + size - 1))
        for (first, last), (size, stride, offset, count) in zip(covered, axes, strict=True)
    ]


def _inside(path: str, axes: list[Any], covered: list[tuple[int, int]]) -> Chosen | None:
    """A position in the middle whose window lies in the covered part on every axis."""
    position, reaches = [], []
    for (size, stride, offset, count), (first, last) in zip(axes, covered, strict=True):
        fits = [j for j in range(count) if first <= offset + j * stride <= last - size + 1]
        if not fits:
            return None
        j = fits[len(fits) // 2]
        position.append(j)
        reaches.append((offset + j * stride, offset + j * stride + size - 1))
    return Chosen(path, tuple(position), tuple(reaches)) if axes else None
