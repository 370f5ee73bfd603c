"""The warnings about layers whose output nothing reads, and labels that nothing refers to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archcalc.diagnostics import Diagnostics
    from archcalc.graph import Net
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Layer, Name, Spec

_WORD = re.compile(r"[^\s,\[\]{}()$]+")


def lint(net: Net, diagnostics: Diagnostics) -> None:
    """Warns about unread layers and labels; not if there are errors, which may be the cause."""
    if any(d.severity == "error" for d in net.diagnostics):
        return
    _layers(net, diagnostics)
    _labels(net.spec, diagnostics)


def _layers(net: Net, diagnostics: Diagnostics) -> None:
    """A layer in a loop or block is read if one of its nodes is."""
    read = set(net.outputs.values())
    for node in net.nodes:
        read.update(node.inputs)
    unread: dict[int, Layer] = {}
    for node in net.nodes:
        if read.isdisjoint(node.outputs):
            unread.setdefault(id(node.layer), node.layer)
    if not unread:
        return
    for node in net.nodes:
        if id(node.layer) in unread and not read.isdisjoint(node.outputs):
            del unread[id(node.layer)]
    for layer in unread.values():
        if "unread-layer" not in layer.allow:
            diagnostics.warning(
                "unread-layer",
                "nothing reads the output of this layer",
                layer.span,
                label=f"{layer.word} ends here",
                help="read it with from: LABEL, make it an output with head: true, or remove it",
            )


def _labels(spec: Spec, diagnostics: Diagnostics) -> None:
    """`as` labels that occur nowhere where a label can be referred to."""
    bodies = [spec.layers, *(block.body for block in spec.blocks.values())]
    layers = [layer for body in bodies for layer in _all_layers(body)]
    labelled = [layer for layer in layers if _fixed(layer.label) and not layer.head]
    if not labelled:
        return
    words = set(_words(spec, layers))
    if None in words:
        return  # a reference is composed from values
    for layer in labelled:
        assert layer.label is not None
        name = _fixed(layer.label)
        if name not in words and "unread-label" not in layer.allow:
            diagnostics.warning(
                "unread-label",
                f"nothing reads the label `{name}`",
                layer.label.span,
                label="no from, like or argument refers to it",
                help=f"read it with from: {name}, or leave it out",
            )


def _all_layers(body: Iterable[Layer]) -> Iterator[Layer]:
    for layer in body:
        yield layer
        yield from _all_layers(layer.body)
        for branch in layer.branches:
            yield from _all_layers(branch.body)


def _fixed(name: Name | None) -> str:
    """A name without `$(…)` parts, else ""."""
    if name is None or len(name.parts) != 1 or not isinstance(name.parts[0], str):
        return ""
    return name.parts[0]


def _words(spec: Spec, layers: list[Layer]) -> Iterator[str | None]:
    """All words in places where a label can be named; None if values determine one."""
    for value in spec.variables.values():
        yield from _in_value(value)
    for layer in layers:
        if layer.source is not None:
            yield _fixed(layer.source) or None
        if layer.kind in ("reuse", "apply"):
            yield layer.word
        for value in layer.arguments.values():
            yield from _in_value(value)
        for loop in (layer.loop, *(branch.loop for branch in layer.branches)):
            if loop is not None and loop.table is not None:
                yield from _in_value(loop.table)


def _in_value(value: Value) -> Iterator[str]:
    yield from _WORD.findall(value.text)
    for item in value.items or ():
        yield from _in_value(item)
