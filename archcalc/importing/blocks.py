"""Module classes that occur several times become blocks.

All instances of a class are overlaid, layer by layer. A number that is the same in all of them
stays a number; one that follows from the channels or from another parameter becomes an expression;
any other becomes a parameter. A layer that only some instances have gets a `when`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from archcalc.importing.layers import Expression, Layer
from archcalc.importing.loops import with_repeats
from archcalc.importing.overlay import Overlay, Slot, Unlike, overlay
from archcalc.importing.relations import condition, relation

if TYPE_CHECKING:
    from collections.abc import Callable


READERS = {"like", "inputs"}
"""Attributes that name labels."""


@dataclass
class Block:
    """A block of the spec: its name, parameters with their defaults (None: required), `let`s."""

    name: str
    parameters: dict[str, Any]
    body: list[Layer]
    lets: dict[str, Any] = field(default_factory=dict)


def with_blocks(layers: list[Layer]) -> tuple[list[Block], list[Layer]]:
    """The blocks of a net, and its layers with groups of such a class replaced by calls."""
    blocks: list[Block] = []
    refused: set[str] = set()
    while True:
        groups = _candidates(layers, refused)
        ready = [kind for kind, found in groups.items() if not _contains(found, groups)]
        if not ready:
            return blocks, layers
        for kind in ready:
            if not _blocks_of(kind, groups[kind], blocks):
                refused.add(kind)


def _candidates(layers: list[Layer], refused: set[str]) -> dict[str, list[Layer]]:
    """Groups by class, for classes that occur several times and can be a block."""
    found: dict[str, list[Layer]] = {}
    for layer in _all(layers):
        if layer.word == "group" and layer.kind and layer.kind not in refused:
            found.setdefault(layer.kind, []).append(layer)
    return {
        kind: groups
        for kind, groups in found.items()
        if len(groups) > 1 and not any(_reads_labels(group) for group in groups)
    }


def _all(layers: list[Layer]) -> list[Layer]:
    found: list[Layer] = []
    for layer in layers:
        found.append(layer)
        found += _all(layer.body)
        for branch in layer.branches:
            found += _all(branch)
    return found


def _reads_labels(group: Layer) -> bool:
    """Whether labels are read across the border of a group: a block has its own scope of labels."""
    inside = _all(group.body)
    return any(
        layer.source is not None or layer.label or layer.head or READERS & set(layer.attributes)
        for layer in inside
    ) or any(layer.word == "reuse" for layer in inside)


def _contains(groups: list[Layer], candidates: dict[str, list[Layer]]) -> bool:
    """Whether a candidate is inside one of these: inner blocks are created first."""
    return any(layer.kind in candidates for group in groups for layer in _all(group.body))


def _blocks_of(kind: str, groups: list[Layer], blocks: list[Block]) -> bool:
    """Creates one block for a class, or one for each variant of it. False if there is none."""
    made = False
    forms = [groups]
    while forms:
        some = forms.pop(0)
        if len(some) < 2:
            continue
        for group in some:
            group.body = with_repeats(group.body)
        try:
            block = _Maker(kind, some, blocks).block()
        except Unlike:
            split = _by_form(some)
            if len(split) > 1:
                forms += split
            continue
        blocks.append(block)
        made = True
    for group in groups:
        if group.word == "group":
            group.kind = ""
    return made


def _by_form(groups: list[Layer]) -> list[list[Layer]]:
    forms: dict[Any, list[Layer]] = {}
    for group in groups:
        forms.setdefault(_form(group.body), []).append(group)
    return list(forms.values())


def _form(body: list[Layer]) -> Any:
    return tuple(
        (layer.word, _form(layer.body), tuple(_form(branch) for branch in layer.branches))
        for layer in body
    )


class _Maker:
    """Creates a block from some groups of one class and replaces them by calls."""

    def __init__(self, kind: str, groups: list[Layer], blocks: list[Block]) -> None:
        self.kind = kind
        self.groups = groups
        self.blocks = blocks
        self.entering = [group.in_channels for group in groups]
        self.vectors: dict[str, list[Any]] = {}
        self.defaults: dict[str, Any] = {}
        self.uses_entering = False
        self.found: dict[tuple[int, str], Any] = {}
        self.outputs = [group.out_channels for group in groups]

    def block(self) -> Block:
        overlaid: Overlay = overlay([group.body for group in self.groups], self._default)
        # Parameters are derived from the layers that all instances have; the others follow if they
        # can.
        self._settle(overlaid, (), lists=False)
        self._settle(overlaid, (), lists=True)
        if sum(None in slot.layers for slot in overlaid) > len(overlaid) // 2 + 1:
            raise Unlike  # too different for one block
        body = [self._layer(slot, ()) for slot in overlaid]
        self._conditions(overlaid, body, [True] * len(self.groups))
        name = self._name()
        parameters = {word: self._declared(word, vector) for word, vector in self.vectors.items()}
        ordered = dict(sorted(parameters.items(), key=lambda pair: pair[1] is not None))
        lets = {"entering": Expression("in_channels")} if self.uses_entering else {}
        self._call(name, ordered)
        return Block(name, ordered, body, lets)

    def _default(self, word: str, attribute: str) -> Any:
        """The default of an attribute of an operation or a block."""
        from archcalc.ops.registry import OPERATIONS

        if word in ("apply", "reuse", "do"):
            return None
        for block in self.blocks:
            if block.name == word:
                default = block.parameters.get(attribute)
                return default.get("default") if isinstance(default, dict) else default
        return next(a.default for a in OPERATIONS[word].attributes if a.name == attribute)

    def _settle(self, slots: list[Slot], path: tuple[str, ...], *, lists: bool) -> None:
        """Finds the values of the attributes that every instance has: numbers, or lists of them."""
        for slot in slots:
            if None in slot.layers:
                continue
            for name, vector in slot.attributes.items():
                if any(isinstance(value, list) for value in vector) == lists:
                    self._found(slot, name, path)
            here = _below(path, slot.base)
            self._settle(slot.body, here, lists=lists)
            for branch in slot.branches:
                if all(branch.there):
                    self._settle(branch.slots, here, lists=lists)

    def _found(self, slot: Slot, name: str, path: tuple[str, ...]) -> Any:
        """An attribute of a slot as a number or an expression."""
        key = id(slot), name
        if key not in self.found:
            channels = [layer.in_channels if layer else None for layer in slot.layers]
            vector, here = slot.attributes[name], _below(path, slot.base)
            self.found[key] = self._value(name, vector, channels, here)
        return self.found[key]

    # -- values ---------------------------------------------------------------------------------

    def _layer(self, slot: Slot, path: tuple[str, ...]) -> Layer:
        """The block's layer for a slot, with its numbers as expressions of parameters."""
        base = slot.base
        here = _below(path, base)
        made = replace(base, attributes={}, body=[], branches=[], conditions=[], label="", kind="")
        made.attributes = {name: self._found(slot, name, path) for name in slot.attributes}
        made.body = [self._layer(inner, here) for inner in slot.body]
        made.branches = [[self._layer(one, here) for one in b.slots] for b in slot.branches]
        defaults = {n: self._default(base.word, n) for n in made.attributes}
        for name, default in defaults.items():
            if default is not None and _same(made.attributes[name], default):
                del made.attributes[name]
        order = self._order(base.word)
        made.attributes = dict(sorted(made.attributes.items(), key=lambda pair: order(pair[0])))
        return made

    def _order(self, word: str) -> Callable[[str], int]:
        """The position of an attribute in its operation or block."""
        from archcalc.ops.registry import OPERATIONS

        block = next((block for block in self.blocks if block.name == word), None)
        names = list(block.parameters) if block else []
        if word in OPERATIONS:
            names = [attribute.name for attribute in OPERATIONS[word].attributes]
        return lambda name: names.index(name) if name in names else len(names)

    def _value(
        self, attribute: str, vector: list[Any], channels: list[Any], path: tuple[str, ...]
    ) -> Any:
        present = [value for value in vector if value is not None]
        if all(_same(value, present[0]) for value in present):
            return present[0]
        derived = self._derived(vector, channels)
        if derived is not None:
            return derived
        name = self._parameter(attribute, vector, path)
        common = Counter(map(_key, present)).most_common(1)[0][0]
        usual = next(value for value in present if _key(value) == common)
        self.vectors[name] = [usual if value is None else value for value in vector]
        return Expression(name)

    def _derived(self, vector: list[Any], channels: list[Any]) -> Any:
        """A value that follows from the channels or a parameter, element by element for a list;
        None if it does not."""
        present = [value for value in vector if value is not None]
        if all(_same(value, present[0]) for value in present):
            return present[0]
        if all(isinstance(one, list) and len(one) == len(present[0]) for one in present):
            columns = (
                [None if value is None else value[i] for value in vector]
                for i in range(len(present[0]))
            )
            items = [self._derived(column, channels) for column in columns]
            return None if any(item is None for item in items) else items
        known = {**self.vectors, "in_channels": channels, "entering": self.entering}
        text = relation(vector, known)
        if text is None:
            return None
        self.uses_entering |= re.search(r"\bentering\b", text) is not None
        return Expression(text)

    def _parameter(self, attribute: str, vector: list[Any], path: tuple[str, ...]) -> str:
        """The name of a parameter: the attribute's, or with the layer's as prefix."""
        if attribute == "out" and vector != self.outputs:
            wanted = ["width"]
        else:
            wanted = [{"apply": "act"}.get(attribute, attribute)]
        layer = re.sub(r"\W", "_", "_".join(path))
        wanted += [layer, f"{layer}_{attribute}"] if layer else []
        wanted += [f"{attribute}{count}" for count in range(2, 1000)]
        return next(w for w in wanted if _is_free(w) and w not in (*self.vectors, "entering"))

    def _declared(self, name: str, vector: list[Any]) -> Any:
        """A parameter's default, None if it is required."""
        common, count = Counter(map(_key, vector)).most_common(1)[0]
        value = next(v for v in vector if _key(v) == common)
        if isinstance(value, Expression):  # an operation as a value
            self.defaults[name] = value
            return {"type": Expression("operation"), "default": value}
        if isinstance(value, bool):
            self.defaults[name] = value
            return value
        if not isinstance(value, int | float) or any(
            not isinstance(v, int | float) for v in vector
        ):
            return {"type": Expression("any")}
        if name.startswith(("stride", "dilation", "groups", "padding")) and 2 * count > len(vector):
            self.defaults[name] = value
            return value
        return None

    # -- conditions -----------------------------------------------------------------------------

    def _conditions(self, slots: list[Slot], layers: list[Layer], inside: list[bool]) -> None:
        """Sets the conditions of layers and branches. `inside` tells which instances have the
        enclosing group or branch."""
        for slot, layer in zip(slots, layers, strict=True):
            there = [one is not None for one in slot.layers]
            if there != inside:
                layer.when = self._condition(there, slot.entry, layer, inside)
            self._conditions(slot.body, layer.body, there)
            texts = []
            for branch, inner in zip(slot.branches, layer.branches, strict=True):
                has = [a and b for a, b in zip(there, branch.there, strict=True)]
                channels = [one.in_channels if one else None for one in slot.layers]
                texts.append("" if has == there else self._condition(has, channels, layer, there))
                self._conditions(branch.slots, inner, has)
            layer.conditions = texts if any(texts) else []

    def _condition(
        self, there: list[bool], channels: list[Any], layer: Layer, inside: list[bool]
    ) -> str:
        """The condition of a layer, with a new parameter if necessary."""
        places = [i for i, around in enumerate(inside) if around]
        known = {**self.vectors, "in_channels": channels, "entering": self.entering}
        some = {
            name: [vector[i] for i in places]
            for name, vector in known.items()
            if all(vector[i] is not None for i in places)
        }
        text = condition([there[i] for i in places], some)
        if text is None:
            what = layer.word if not layer.name or layer.name.isdecimal() else layer.name
            wanted = [re.sub(r"\W", "_", f"with_{what}")]
            wanted += [f"{wanted[0]}{count}" for count in range(2, 1000)]
            text = next(w for w in wanted if w not in self.vectors)
            self.vectors[text] = list(there)
        self.uses_entering |= re.search(r"\bentering\b", text) is not None
        return text

    # -- the block ------------------------------------------------------------------------------

    def _name(self) -> str:
        plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.kind).lower()
        plain = re.sub(r"\W", "_", plain).strip("_") or "block"
        taken = {block.name for block in self.blocks} | set(self.vectors)
        wanted = [plain, f"{plain}_block", *(f"{plain}_{count}" for count in range(2, 1000))]
        return next(word for word in wanted if word not in taken and _is_free(word))

    def _call(self, name: str, parameters: dict[str, Any]) -> None:
        for i, group in enumerate(self.groups):
            group.word, group.body, group.kind = name, [], ""
            group.attributes = {
                word: self.vectors[word][i]
                for word in parameters
                if word not in self.defaults or self.vectors[word][i] != self.defaults[word]
            }


def _below(path: tuple[str, ...], layer: Layer) -> tuple[str, ...]:
    """The names of the path and that of a layer, if it is a word."""
    return (*path, layer.name) if layer.name and not layer.name.isdecimal() else path


def _is_free(word: str) -> bool:
    """Whether a block or parameter can have this name."""
    from archcalc.spec.words import reserved

    return word.isidentifier() and reserved(word) is None


def _same(one: Any, other: Any) -> bool:
    return bool(_key(one) == _key(other))


def _key(value: Any) -> Any:
    """A value as a key that distinguishes true from 1."""
    if isinstance(value, list):
        return tuple(map(_key, value))
    if isinstance(value, dict):
        return tuple((name, _key(one)) for name, one in value.items())
    return type(value) is bool, value
