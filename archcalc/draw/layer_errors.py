"""Which error message belongs to which layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcalc.analysis.figures import Report
    from archcalc.diagnostics import Diagnostic, Span
    from archcalc.graph import Node
    from archcalc.spec.syntax import Layer


class LayerErrors:
    """The errors of a net by location."""

    def __init__(self, report: Report) -> None:
        self.net = report.net
        self.errors = [d for d in report.net.diagnostics if d.severity == "error"]

    def message(self, node: Node) -> str:
        """The error of an invalid layer."""
        for error in self.errors:
            if _points_at(error, node.layer):
                return told(error)
        return "this layer is in error"

    def lost(self) -> list[tuple[int, str]]:
        """The tensors of layers that did not become a node, with the messages.

        Errors and lost tensors come in the order of the text; those of nodes are excluded.
        """
        net = self.net
        known = set(net.inputs.values())
        lost = [t for t, p in enumerate(net.producers) if p is None and t not in known and t > 0]
        if not lost:
            return []
        layers = [node.layer for node in net.nodes if node.invalid]
        left = [e for e in self.errors if not any(_points_at(e, layer) for layer in layers)]
        messages = [told(e) for e in left] or ["this layer has an error"]
        return [(t, messages[min(i, len(messages) - 1)]) for i, t in enumerate(lost)]


def told(error: Diagnostic) -> str:
    """A diagnostic in one line, with the line number."""
    text = f"{error.message}: {error.label}" if error.label else error.message
    return f"line {error.span.line}: {text}" if error.span is not None else text


def _points_at(error: Diagnostic, layer: Layer) -> bool:
    """Whether an error is located at a layer's operation, its attributes or its modifiers."""
    span = error.span
    if span is None:
        return False
    places = [layer.span, *(value.span for value in layer.arguments.values())]
    places += [branch.span for branch in layer.branches]
    beside = (layer.source, layer.when, layer.name, layer.label)
    places += [value.span for value in beside if value is not None]
    return any(_within(span, place) for place in places)


def _within(span: Span, place: Span) -> bool:
    return (
        span.file is place.file
        and span.line == place.line
        and place.column <= span.column < place.column + max(place.length, 1)
    )
