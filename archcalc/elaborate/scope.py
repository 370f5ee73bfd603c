"""The context of a layer: names, labels, the path scope, the calls around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from archcalc.diagnostics import Span
    from archcalc.elaborate.naming import Level
    from archcalc.graph import Group, Node
    from archcalc.spec.syntax import Layer

    Made = tuple[Node | Group | None, int, str | None]
    """The result of walking a layer: its part of the tree, its output tensor, its path."""


class Label(NamedTuple):
    """A label from `name` or `as`, for `from` and `reuse`.

    `tensor` is an index into the tensors. The rest is for `reuse`: the layer to walk again, the
    names it was evaluated with, its path (None if it has none) and its nodes.
    """

    tensor: int
    span: Span
    layer: Layer | None = None
    names: dict[str, Any] | None = None
    path: str | None = None
    start: int = 0
    end: int = 0


class Scope:
    """The labels of one body. References see them and those of the enclosing bodies."""

    __slots__ = ("around", "labels")

    def __init__(self, around: Scope | None) -> None:
        self.around = around
        self.labels: dict[str, Label] = {}

    def find(self, name: str) -> Label | None:
        scope: Scope | None = self
        while scope is not None:
            label = scope.labels.get(name)
            if label is not None:
                return label
            scope = scope.around
        return None

    def visible(self) -> list[str]:
        """All labels that a reference here can use, innermost first."""
        names: list[str] = []
        scope: Scope | None = self
        while scope is not None:
            names.extend(scope.labels)
            scope = scope.around
        return names


class Call(NamedTuple):
    """A block call around the current layer, named in the notes of errors inside it."""

    layer: Layer
    block: str
    around: Call | None
    depth: int


class Again(NamedTuple):
    """A `reuse` around the current layer: the nodes whose weights it uses, by path."""

    nodes: dict[str, int]
    span: Span


class LayerContext:
    """The context of a layer. `names` are the values that an expression can use."""

    __slots__ = ("again", "call", "group", "level", "names", "scope", "training_only")

    def __init__(
        self,
        names: dict[str, Any],
        level: Level,
        scope: Scope,
        group: Group,
        call: Call | None = None,
        training_only: bool = False,
        again: Again | None = None,
    ) -> None:
        self.names = names
        self.level = level
        self.scope = scope
        self.group = group
        self.call = call
        self.training_only = training_only
        self.again = again

    def inside(
        self,
        group: Group,
        *,
        names: dict[str, Any] | None = None,
        level: Level | None = None,
        scope: Scope | None = None,
        call: Call | None = None,
    ) -> LayerContext:
        """The context inside a group; arguments that are not given stay unchanged."""
        return LayerContext(
            self.names if names is None else names,
            self.level if level is None else level,
            self.scope if scope is None else scope,
            group,
            self.call if call is None else call,
            self.training_only,
            self.again,
        )
