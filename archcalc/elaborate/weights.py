"""The cost of evaluating the values of a layer, per iteration.

Small values cost nothing; an expression of a thousand characters takes as long as 120 layers, and a
list of names any time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.spec.syntax import stands_alone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Block, Layer, Loop

CHARACTERS = 8
"""For an expression: about the time of one step."""


def weight_of_layer(layer: Layer) -> int:
    """The steps for the values of a layer, including those of a join's branches."""
    weight = 0
    for value in layer.arguments.values():
        if not value.constant:
            weight += _weight(value)
    return weight if stands_alone(layer) else weight + sum(map(_weight, _beside(layer)))


def weight_of_block(block: Block) -> int:
    """The steps for the values of a block call."""
    weight = sum(_weight(value) for _, value in block.let)
    return weight + sum(_weight(p.default) for p in block.parameters if p.default is not None)


def _beside(layer: Layer) -> Iterator[Value]:
    for name in (layer.name, layer.label, layer.source):
        if name is not None:
            yield from (part for part in name.parts if not isinstance(part, str))
    if layer.when is not None:
        yield layer.when
    yield from _of_loop(layer.loop)
    for branch in layer.branches:
        yield from _of_loop(branch.loop)
        if branch.only_if is not None:
            yield branch.only_if
    if layer.init is not None:
        yield from layer.init.arguments.values()


def _of_loop(loop: Loop | None) -> Iterator[Value]:
    if loop is not None:
        yield from (value for value in (loop.count, loop.table) if value is not None)


def _weight(value: Value) -> int:
    return 0 if value.constant else _characters(value) // CHARACTERS


def _characters(value: Value) -> int:
    """The number of characters that are read to evaluate a value."""
    if value.items is None:
        return len(value.text)
    return sum(8 + (0 if item.constant else _characters(item)) for item in value.items)
