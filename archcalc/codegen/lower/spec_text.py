"""Properties of a spec's text, independent of values: heads, numbered layers, words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archcalc.codegen.lower.operands import held_by
from archcalc.ops.base import Operation
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.codegen.callsite import CallSite
    from archcalc.spec.syntax import Block, Layer, Spec

_WORD = re.compile(r"[^\W\d]\w*")
_ROUNDING = {"round", "floor", "ceil", "make_divisible"}


class SpecText:
    """Properties of bodies and blocks, each computed once. `rounded` are words that rounding
    functions use, `bare` those that are a value on their own."""

    def __init__(self, spec: Spec) -> None:
        self.blocks = spec.blocks
        self.rounded: set[str] = set()
        self.bare: set[str] = set()
        self._heads: dict[str, bool] = {}
        self._words: dict[str, set[str]] = {}
        for block in spec.blocks.values():
            self.words_of(block)
        self.words = self.words_in(spec.layers)
        """The words that the net's own layers read."""
        for declared in spec.inputs:
            for value in declared.shape:
                self.words |= set(_WORD.findall(value.text))

    def gives_heads(self, body: Iterable[Layer]) -> bool:
        """Whether a body, or a block that it calls, contains a head."""
        return any(self._gives_heads(layer) for layer in body)

    def _gives_heads(self, layer: Layer) -> bool:
        if layer.head:
            return True
        if layer.kind == "block":
            if layer.word not in self._heads:
                self._heads[layer.word] = False
                body = self.blocks[layer.word].body
                self._heads[layer.word] = self.gives_heads(body)
            return self._heads[layer.word]
        if layer.body:
            return self.gives_heads(layer.body)
        return any(self.gives_heads(b.body) for b in layer.branches)

    def has_numbered(self, body: Iterable[Layer], sites: list[CallSite]) -> bool:
        """Whether an unnamed layer with weights is in a sequential scope."""
        for layer in body:
            if layer.kind == "do":
                if self.has_numbered(layer.body, sites):
                    return True
            elif layer.kind == "block" and self.blocks[layer.word].inline:
                if self.has_numbered(self.blocks[layer.word].body, sites):
                    return True
            elif layer.name is None:
                words = {layer.word}
                if layer.kind == "apply":
                    held = [held_by(layer, site) for site in sites]
                    words = {h.layer.word if isinstance(h, Operand) else h for h in held}
                if layer.kind in ("group", "block") or any(map(_has_weights, words)):
                    return True
        return False

    def words_of(self, block: Block) -> set[str]:
        """The words in the expressions of a block and of those that it calls."""
        found = self._words.get(block.name)
        if found is None:
            self._words[block.name] = found = set()
            for p in block.parameters:
                if p.default is not None:
                    self._read(p.default, found)
            for _, value in block.let:
                self._read(value, found)
            found |= self.words_in(block.body)
        return found

    def words_in(self, body: Iterable[Layer]) -> set[str]:
        found: set[str] = set()
        waiting = list(body)
        while waiting:
            layer = waiting.pop()
            for value in layer.arguments.values():
                self._read(value, found)
            for name_ in (layer.name, layer.label, layer.source):
                for part in name_.parts if name_ is not None else ():
                    if not isinstance(part, str):
                        self._read(part, found)
            loops = [layer.loop, *(b.loop for b in layer.branches)]
            values = [layer.when, *(b.only_if for b in layer.branches)]
            values += [v for one in loops if one is not None for v in (one.count, one.table)]
            for condition in values:
                if condition is not None:
                    self._read(condition, found)
            if layer.init is not None:
                for value in layer.init.arguments.values():
                    self._read(value, found)
            if layer.kind == "apply":
                found.add(layer.word)
            if layer.kind == "block":
                found |= self.words_of(self.blocks[layer.word])
            elif layer.kind == "apply":
                for block in self.blocks.values():
                    if block.name in self._words or block.position == 0:
                        found |= self._words.get(block.name, set())
            waiting += layer.body
            waiting += [inner for b in layer.branches for inner in b.body]
        return found

    def _read(self, value: Any, found: set[str]) -> None:
        """Adds the words that a value uses."""
        if value.constant:
            return
        if value.layer is not None:
            for inner in value.layer.arguments.values():
                self._read(inner, found)
            return
        for item in value.items or ():
            self._read(item, found)
        if value.items is None:
            words = set(_WORD.findall(value.text))
            found |= words
            if words & _ROUNDING:
                self.rounded |= words
            elif value.text.isidentifier():
                self.bare |= words


def _has_weights(word: str) -> bool:
    return word not in OPERATIONS or type(OPERATIONS[word]).weights is not Operation.weights
