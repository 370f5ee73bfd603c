"""Overlays bodies: finds the layers of several bodies that correspond to each other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from archcalc.importing.layers import JOINS, Expression, Layer

if TYPE_CHECKING:
    from collections.abc import Callable

    Default = Callable[[str, str], Any]

NO_FORMS = ("reuse", "")
"""Layers that are not overlaid; nor is a loop over a table."""


class Unlike(Exception):
    """Bodies that are too different for one block."""


@dataclass
class BranchSlot:
    """One branch of a join in all bodies; `there` tells in which bodies the join has it."""

    slots: list[Slot]
    there: list[bool]


@dataclass
class Slot:
    """One layer in all bodies, None if a body lacks it. `attributes` has one value for each body;
    `entry` the input channels at this position, whether or not the layer is present."""

    layers: list[Layer | None]
    attributes: dict[str, list[Any]] = field(default_factory=dict)
    body: list[Slot] = field(default_factory=list)
    branches: list[BranchSlot] = field(default_factory=list)
    entry: list[Any] = field(default_factory=list)

    @property
    def base(self) -> Layer:
        return next(layer for layer in self.layers if layer is not None)


Overlay = list[Slot]


def overlay(bodies: list[list[Layer]], default: Default) -> Overlay:
    """The slots of several bodies. Raises `Unlike`."""
    return _slots(_joined_alike(bodies), default)


def _joined_alike(bodies: list[list[Layer]]) -> list[list[Layer] | None]:
    """Bodies without the residual join that others have, as a join with one branch."""
    having = [body for body in bodies if any(layer.word in JOINS for layer in body)]
    if not having or len(having) == len(bodies):
        return list(bodies)
    model = having[0]
    at = next(i for i, layer in enumerate(model) if layer.word in JOINS)
    join, after = model[at], len(model) - at - 1
    empty = [i for i, branch in enumerate(join.branches) if not branch]
    if len(join.branches) != 2 or len(empty) != 1:
        return list(bodies)
    found: list[list[Layer] | None] = []
    for body in bodies:
        if body in having:
            found.append(body)
            continue
        end = len(body) - after
        branches: list[list[Layer]] = [[], []]
        branches[1 - empty[0]] = body[at:end]
        first = body[at] if at < end else None
        lone = replace(
            join,
            branches=branches,
            conditions=["absent" if i in empty else "" for i in range(2)],
            in_channels=first.in_channels if first else 0,
        )
        found.append([*body[:at], lone, *body[end:]])
    return found


def _slots(bodies: list[list[Layer] | None], default: Default) -> list[Slot]:
    columns: list[list[Layer | None]] = []
    for number, body in enumerate(bodies):
        columns = _aligned(columns, body or [], number)
    columns = _activations(columns, [body is not None for body in bodies])
    slots = [_slot(column, default) for column in columns]
    for position, slot in enumerate(slots):
        slot.entry = [_entering(columns[position:], i) for i in range(len(bodies))]
    return slots


def _activations(columns: list[list[Layer | None]], inside: list[bool]) -> list[list[Layer | None]]:
    """Consecutive activations of which every body has at most one, as one with a parameter."""
    found: list[list[Layer | None]] = []
    for position, column in enumerate(columns):
        last = found[-1] if found else None
        if last is None or not (_is_activation(last) and _is_activation(column)):
            found.append(column)
            continue
        if any(a is not None and b is not None for a, b in zip(last, column, strict=True)):
            found.append(column)
            continue
        both = [a or b for a, b in zip(last, column, strict=True)]
        model = next(layer for layer in both if layer is not None)
        at_end = position == len(columns) - 1
        if at_end:  # no later name depends on it
            both = [
                replace(model, word="identity", attributes={}) if one is None and there else one
                for one, there in zip(both, inside, strict=True)
            ]
        found[-1] = [None if one is None else _applied(one) for one in both]
    return found


def _is_activation(column: list[Layer | None]) -> bool:
    from archcalc.ops.activation import ACTIVATIONS

    words = {op.name for op in ACTIVATIONS}
    return all(
        one is None or one.word == "apply" or (one.word in words and not one.attributes)
        for one in column
    ) and not any(one is not None and one.name for one in column)


def _applied(layer: Layer) -> Layer:
    if layer.word == "apply":
        return layer
    return replace(layer, word="apply", attributes={"apply": Expression(layer.word)})


def _entering(columns: list[list[Layer | None]], body: int) -> int | None:
    """The input channels of the first of some layers that a body has."""
    found = next((c[body] for c in columns if c[body] is not None), None)
    return None if found is None else found.in_channels


def _aligned(
    columns: list[list[Layer | None]], body: list[Layer], number: int
) -> list[list[Layer | None]]:
    """The columns with one more body, and new columns for layers that the others lack.

    Of all ways to pair layers in order, the one with the most pairs, and of these the one with the
    most similar pairs (the longest common subsequence, weighted).
    """
    models = [next(layer for layer in column if layer is not None) for column in columns]
    best = [[0.0] * (len(body) + 1) for _ in range(len(models) + 1)]
    for i in range(len(models) - 1, -1, -1):
        for j in range(len(body) - 1, -1, -1):
            best[i][j] = max(
                best[i + 1][j], best[i][j + 1], _likeness(models[i], body[j]) + best[i + 1][j + 1]
            )
    found: list[list[Layer | None]] = []
    i = j = 0
    while i < len(models) or j < len(body):
        if i < len(models) and j < len(body):
            likeness = _likeness(models[i], body[j])
            if likeness and best[i][j] == likeness + best[i + 1][j + 1]:
                found.append([*columns[i], body[j]])
                i, j = i + 1, j + 1
                continue
        if j == len(body) or (i < len(models) and best[i][j] == best[i + 1][j]):
            found.append([*columns[i], None])
            i += 1
        else:
            found.append([*([None] * number), body[j]])
            j += 1
    return found


def _likeness(one: Layer, other: Layer) -> float:
    """0 for layers that cannot correspond; else 1 plus the share of equal attributes."""
    if _key(one) != _key(other):
        return 0.0
    names = {*one.attributes, *other.attributes}
    agreeing = sum(_role(one, name) == _role(other, name) for name in names)
    return 1.0 + (agreeing / len(names) if names else 1.0)


def _role(layer: Layer, name: str) -> Any:
    """The value of an attribute relative to its layer: the input channels, or another number."""
    value = layer.attributes.get(name)
    return "channels" if name == "groups" and value == layer.in_channels > 1 else repr(value)


def _key(layer: Layer) -> Any:
    """Layers with equal keys are the same layer of the block."""
    if layer.word in NO_FORMS or layer.loop:
        raise Unlike
    word = "conv" if layer.word == "depthwise_conv" else layer.word
    name = "" if layer.name.isdecimal() else layer.name
    return word, name, len(layer.branches)


def _slot(column: list[Layer | None], default: Default) -> Slot:
    present = [layer for layer in column if layer is not None]
    if len({layer.word for layer in present}) > 1:
        column = [None if layer is None else _as_conv(layer) for layer in column]
        present = [layer for layer in column if layer is not None]
    slot = Slot(column)
    word = present[0].word
    if word == "opaque" and any(one.attributes != present[0].attributes for one in present):
        raise Unlike  # a parameter cannot be a mapping of weights
    for name in dict.fromkeys(name for layer in present for name in layer.attributes):
        slot.attributes[name] = [
            None if layer is None else _attribute(layer, name, word, default) for layer in column
        ]
    if word in ("group", "do"):
        slot.body = _slots([None if one is None else one.body for one in column], default)
        if any(not one.body for one in present):
            raise Unlike
    for number in range(len(present[0].branches)):
        branches = [None if one is None else one.branches[number] for one in column]
        absent = [
            one is not None and bool(one.conditions) and one.conditions[number] == "absent"
            for one in column
        ]
        slot.branches.append(BranchSlot(_slots(branches, default), [not a for a in absent]))
    return slot


def _attribute(layer: Layer, name: str, word: str, default: Default) -> Any:
    if name in layer.attributes:
        return layer.attributes[name]
    value = default(word, name)
    if value is None and name == "stride":
        return layer.attributes["kernel"]
    if value is None:
        raise Unlike
    return value


def _as_conv(layer: Layer) -> Layer:
    """A depthwise convolution as a grouped convolution."""
    if layer.word != "depthwise_conv":
        return layer
    attributes = dict(layer.attributes)
    out = layer.in_channels * attributes.pop("multiplier", 1)
    kernel = attributes.pop("kernel")
    return replace(
        layer,
        word="conv",
        attributes={"out": out, "kernel": kernel, **attributes, "groups": layer.in_channels},
    )
