"""Identical consecutive layers become a `repeat`, ones that differ in numbers a `for` over a
table."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcalc.importing.layers import Expression, Layer, is_chain

if TYPE_CHECKING:
    from archcalc.importing.blocks import Block

MOST_PERIOD = 8
"""The maximum number of layers in a loop body."""

FEWEST_ROWS = 3
"""The minimum number of calls for a table."""


def with_loops(layers: list[Layer], blocks: list[Block]) -> list[Layer]:
    """The layers, and those inside them, with loops."""
    for layer in layers:
        if layer.word != "do":
            layer.body = with_loops(layer.body, blocks)
        layer.branches = [with_loops(branch, blocks) for branch in layer.branches]
    chain = is_chain(layers)
    return _tables(_repeats(layers, chain=chain), {block.name: block for block in blocks}, chain)


def with_repeats(layers: list[Layer]) -> list[Layer]:
    """The layers of one body with identical consecutive ones as `repeat`."""
    return _repeats(layers, chain=is_chain(layers))


def _repeats(layers: list[Layer], *, chain: bool) -> list[Layer]:
    found: list[Layer] = []
    position = 0
    while position < len(layers):
        period, count = _run(layers, position, chain=chain)
        if count > 1:
            found.append(_repeat(layers[position : position + period], count))
            position += period * count
        else:
            found.append(layers[position])
            position += 1
    return found


def _run(layers: list[Layer], start: int, *, chain: bool) -> tuple[int, int]:
    """The number of layers that repeat from here, and how often: the choice that covers most."""
    best = (1, 1)
    for period in range(1, MOST_PERIOD + 1):
        count = 1
        while _alike(layers, start, period, count, chain=chain):
            count += 1
        if count > 1 and period * count > best[0] * best[1]:
            best = (period, count)
    return best


def _alike(layers: list[Layer], start: int, period: int, count: int, *, chain: bool) -> bool:
    begin = start + period * count
    if begin + period > len(layers):
        return False
    return all(
        _key(layers[start + i]) == _key(layers[begin + i])
        and _follow(layers[start + i], layers[begin + i], count, chain=chain)
        for i in range(period)
    )


def _follow(first: Layer, layer: Layer, count: int, *, chain: bool) -> bool:
    """Whether the names of a layer and of its branches continue those of the first by counting."""
    branches = zip(first.branches, layer.branches, strict=True)
    return _follows(first.name, layer.name, count, chain=chain) and all(
        _follow(a, b, count, chain=False)
        for one, other in branches
        for a, b in zip(one, other, strict=True)
    )


def _follows(first: str, name: str, count: int, *, chain: bool) -> bool:
    """Whether a name continues the first one by counting (`conv1`, `conv2`), or follows from the
    position."""
    if first == name:
        return first == ""
    if first.isdecimal() and name.isdecimal():
        return chain
    one, other = _counted(first), _counted(name)
    return one is not None and other is not None and other == (one[0], one[1] + count)


def _counted(name: str) -> tuple[str, int] | None:
    match = re.fullmatch(r"(.*\D)(\d+)", name)
    return (match[1], int(match[2])) if match else None


def _key(layer: Layer) -> Any:
    """Equal for layers that differ at most in their names and in those of their branches."""
    if layer.label or layer.source is not None or layer.head or layer.word == "do":
        return id(layer)
    attributes = tuple((name, _frozen(value)) for name, value in layer.attributes.items())
    body = tuple((_key(one), one.name) for one in layer.body)
    branches = tuple(tuple(_key(one) for one in branch) for branch in layer.branches)
    return layer.word, attributes, body, branches, tuple(layer.conditions), layer.when


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((k, _frozen(v)) for k, v in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _repeat(layers: list[Layer], count: int) -> Layer:
    body = [_templated(layer) for layer in layers]
    first, last = layers[0], layers[-1]
    return Layer(
        "do", {"repeat": count}, body=body, path=first.path,
        in_channels=first.in_channels, out_channels=last.out_channels, output=last.output,
    )  # fmt: skip


def _templated(layer: Layer) -> Layer:
    """A layer inside a loop: its names by the index, or by its position in the sequence."""
    branches = [[_templated(one) for one in branch] for branch in layer.branches]
    layer = replace(layer, branches=branches)
    counted = _counted(layer.name)
    if layer.name.isdecimal():
        return replace(layer, name="")
    if counted is None:
        return layer
    number = "index" if counted[1] == 0 else f"index + {counted[1]}"
    return replace(layer, name=f"{counted[0]}$({number})")


def _tables(layers: list[Layer], blocks: dict[str, Block], chain: bool) -> list[Layer]:
    """Consecutive calls of one block that differ in numbers, as a table."""
    found: list[Layer] = []
    position = 0
    while position < len(layers):
        end = position + 1
        first = layers[position]
        while end < len(layers) and _same_call(first, layers[end], end - position, blocks, chain):
            end += 1
        if end - position >= FEWEST_ROWS:
            found.append(_table(layers[position:end], blocks))
            position = end
        else:
            found.append(first)
            position += 1
    return found


def _same_call(
    first: Layer, layer: Layer, count: int, blocks: dict[str, Block], chain: bool
) -> bool:
    plain = first.word in blocks and layer.word == first.word
    free = not any(x.label or x.source is not None or x.head or x.when for x in (first, layer))
    return plain and free and _follows(first.name, layer.name, count, chain=chain)


def _table(layers: list[Layer], blocks: dict[str, Block]) -> Layer:
    block = blocks[layers[0].word]
    given = list(dict.fromkeys(name for layer in layers for name in layer.attributes))
    varying = [
        name for name in given if len({repr(_argument(layer, name, block)) for layer in layers}) > 1
    ]
    rows = [[_argument(layer, name, block) for name in varying] for layer in layers]
    names = {name: f"{name}_" if name == "index" else name for name in varying}
    attributes = {
        name: Expression(names[name]) if name in names else layers[0].attributes[name]
        for name in given
    }
    call = replace(_templated(layers[0]), attributes=attributes)
    single = len(varying) == 1
    loop = {
        "for": names[varying[0]] if single else list(names.values()),
        "in": [row[0] for row in rows] if single else rows,
    }
    last = layers[-1]
    return Layer(
        "do", body=[call], loop=loop, path=layers[0].path,
        in_channels=layers[0].in_channels, out_channels=last.out_channels, output=last.output,
    )  # fmt: skip


def _argument(layer: Layer, name: str, block: Block) -> Any:
    default = block.parameters[name]
    default = default.get("default") if isinstance(default, dict) else default
    return layer.attributes.get(name, default)
