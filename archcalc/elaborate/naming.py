"""The paths of layers, by PyTorch's rules, so that they are the keys of the `state_dict`.

In a sequential scope an unnamed layer is named by its index among the layers present, elsewhere by
its operation and a number. Whether a scope is sequential depends on the text alone, so that a
skipped layer never renames the others.
"""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING

from archcalc.diagnostics import DiagnosticError, Note
from archcalc.ops.attributes import Reference
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.name_rules import check_name

if TYPE_CHECKING:
    from archcalc.diagnostics import Span
    from archcalc.spec.syntax import Block, Layer


class Level:
    """A scope of paths: `prefix` ends in a dot (empty for the net)."""

    __slots__ = ("chain", "counts", "position", "prefix", "used")

    def __init__(self, prefix: str, chain: bool) -> None:
        self.prefix = prefix
        self.chain = chain
        self.position = 0
        self.counts: dict[str, int] = {}
        self.used: dict[str, Layer] = {}

    def take(self, name: str | None, word: str, layer: Layer) -> str:
        """The path of the next layer of this scope. Raises `DiagnosticError` for an invalid or
        duplicate name."""
        if name is None:
            name = self._unnamed(word)
        else:
            self._check(name, _span(layer))
        self.position += 1
        if name in self.used:
            raise _duplicate(name, self.used[name], layer)
        self.used[name] = layer
        return self.prefix + name

    def _unnamed(self, word: str) -> str:
        if self.chain:
            return str(self.position)
        count = self.counts.get(word, 0) + 1
        self.counts[word] = count
        return f"{word}{count}"

    def _check(self, name: str, span: Span) -> None:
        reason = check_name(name)
        if reason is None and not self.chain and (not name.isidentifier() or iskeyword(name)):
            reason = (
                "must be a Python identifier: this scope is not sequential "
                "(it has a join, from, split, head or reuse)"
            )
        if reason is not None:
            raise DiagnosticError(
                "invalid-name",
                f"invalid name `{name}`",
                label=reason,
                help="use letters, digits and underscores",
                span=span,
            )


def _span(layer: Layer) -> Span:
    """The location of a layer's name, or of the layer if it has none."""
    return layer.span if layer.name is None else layer.name.span


def _duplicate(name: str, first: Layer, second: Layer) -> DiagnosticError:
    """The error of two layers with one name in a scope, or of one that a loop repeats."""
    message = f"duplicate layer name `{name}`"
    span = _span(second)
    if _span(first) == span:
        return DiagnosticError(
            "duplicate-name",
            message,
            label="a loop or an inline block repeats this layer under the same name",
            help="make it differ per iteration, as in name: conv$(index + 1)",
            span=span,
        )
    unnamed = "it has no name and gets this one by counting"
    return DiagnosticError(
        "duplicate-name",
        message,
        label="the second" if second.name else f"the second: {unnamed}",
        help="give one of them another name"
        if first.name and second.name
        else "name the layer that has none",
        span=span,
        notes=(Note(f"the first is here{'' if first.name else f': {unnamed}'}", _span(first)),),
    )


def is_chain(body: tuple[Layer, ...], blocks: dict[str, Block], known: dict[int, bool]) -> bool:
    """Whether a scope is sequential: each layer reads the one before.

    It has no join, `from`, split, head or `reuse`, and no layer that takes a second tensor.
    `known` caches the answer by the id of the body, which lives as long as the spec.
    """
    key = id(body)
    if key not in known:
        known[key] = all(_follows(layer, blocks, known) for layer in body)
    return known[key]


def _follows(layer: Layer, blocks: dict[str, Block], known: dict[int, bool]) -> bool:
    if layer.source is not None or layer.head or layer.kind in ("join", "reuse", "tensor"):
        return False
    if layer.kind == "do":
        return is_chain(layer.body, blocks, known)
    if layer.kind == "operation":
        source = not OPERATIONS[layer.word].reads_input
        return layer.word != "split" and not source and not _reads_another(layer)
    block = blocks.get(layer.word) if layer.kind == "block" else None
    if block is None:
        return True
    if any(name in layer.arguments for name in block.inputs):
        return False
    return not block.inline or is_chain(block.body, blocks, known)


def _reads_another(layer: Layer) -> bool:
    if not layer.arguments:
        return False
    return any(
        isinstance(a.kind, Reference) and a.name in layer.arguments
        for a in OPERATIONS[layer.word].attributes
    )
