"""Which labels a body refers to: only those need their own variable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archcalc.ops.attributes import Reference
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.expressions import split_parts

if TYPE_CHECKING:
    from archcalc.spec.syntax import Block, Layer, Name


class References:
    """The labels that the layers of a class refer to, for their tensors and to reuse them."""

    def __init__(self, body: tuple[Layer, ...], blocks: dict[str, Block]) -> None:
        self.blocks = blocks
        self.tensors: set[str] = set()
        self.calls: set[str] = set()
        self.patterns: list[re.Pattern[str]] = []
        self.labels: set[str] = set()
        self.templated_labels = False
        self._seen: set[str] = set()
        for layer in body:
            self._layer(layer)

    @property
    def any_templated(self) -> bool:
        return bool(self.patterns)

    def tensor(self, text: str) -> bool:
        """Whether something reads the tensor of this label."""
        return text in self.tensors or any(p.fullmatch(text) for p in self.patterns)

    def called(self, text: str) -> bool:
        """Whether something reuses the layer with this label."""
        return text in self.calls

    def may_name(self, name: Name) -> bool:
        """Whether something may refer to a label that changes per iteration."""
        pattern = _pattern(name.parts)
        return any(pattern.fullmatch(text) for text in self.tensors | self.calls)

    def _layer(self, layer: Layer) -> None:
        if layer.source is not None:
            self._name(layer.source.parts)
        for name in (layer.name, layer.label):
            if name is not None:
                if len(name.parts) == 1 and isinstance(name.parts[0], str):
                    self.labels.add(name.parts[0])
                else:
                    self.templated_labels = True
        if layer.kind == "reuse":
            self.calls.add(layer.word)
        self._arguments(layer)
        for inner in (*layer.body, *(one for b in layer.branches for one in b.body)):
            self._layer(inner)
        if layer.kind == "block" and self.blocks[layer.word].inline:
            self._inline(layer.word)

    def _inline(self, word: str) -> None:
        if word not in self._seen:
            self._seen.add(word)
            for inner in self.blocks[word].body:
                self._layer(inner)

    def _arguments(self, layer: Layer) -> None:
        read: list[str] = []
        if layer.kind == "block":
            read = list(self.blocks[layer.word].inputs)
        elif layer.kind in ("operation", "join"):
            attributes = OPERATIONS[layer.word].attributes
            read = [a.name for a in attributes if isinstance(a.kind, Reference)]
            if layer.word == "split":
                self._split_labels(layer)
        for word in read:
            value = layer.arguments.get(word)
            for one in () if value is None else value.items or (value,):
                pieces = [(p, at) for p, at in split_parts(one.text)]
                self._name(tuple(p if at is None else 0 for p, at in pieces))
        for value in layer.arguments.values():
            if value.layer is not None:
                self._layer(value.layer)

    def _split_labels(self, layer: Layer) -> None:
        for item in layer.arguments["into"].items or ():
            self.labels.add(item.text)

    def _name(self, parts: tuple[object, ...]) -> None:
        if all(isinstance(p, str) for p in parts):
            self.tensors.add("".join(str(p) for p in parts))
        else:
            self.patterns.append(_pattern(parts))


def _pattern(parts: tuple[object, ...]) -> re.Pattern[str]:
    return re.compile("".join(re.escape(p) if isinstance(p, str) else ".*" for p in parts))


def escapes(body: tuple[Layer, ...], blocks: dict[str, Block]) -> bool:
    """Whether a group's layers refer to labels of the enclosing bodies."""
    found = References(body, blocks)
    named = found.tensors | found.calls
    return bool(named - found.labels) or (found.any_templated and bool(found.patterns))
