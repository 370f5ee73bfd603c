"""The labels in the text of a body, at any depth."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from archcalc.graph import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archcalc.diagnostics import Span
    from archcalc.graph import Node
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Layer, Loop


class Labels:
    """The labels of a body and everything inside it, collected on first use.

    A superset of what a reference can see, since order, groups and conditions are ignored: a name
    that is not among them is certainly wrong. `names` are those that expressions can use there.
    """

    __slots__ = ("_known", "_layers", "_names", "_open")

    def __init__(
        self, given: Iterable[str], layers: tuple[Layer, ...], names: dict[str, Any]
    ) -> None:
        self._known = dict.fromkeys(given)
        self._layers: tuple[Layer, ...] | None = layers
        self._names = names
        # Whether there may be others: from a name with a `$(…)` part, or from an invalid layer.
        self._open = False

    def may_hold(self, name: str) -> bool:
        """Whether a layer may have this label."""
        return name in self.known() or self._open

    def known(self) -> dict[str, None]:
        """The labels that are written literally."""
        if self._layers is not None:
            self._collect(self._layers, set(self._names))
            self._layers = None
        return self._known

    def _collect(self, layers: Iterable[Layer], names: set[str]) -> None:
        for layer in layers:
            for name in (layer.name, layer.label):
                if name is not None:
                    self._add(name.parts)
            if layer.kind == "error":
                self._open = True
            elif layer.word == "split" and layer.kind == "operation":
                self._parts(layer.arguments["into"], names)
            self._inside(layer.loop, layer.body, names)
            for branch in layer.branches:
                self._inside(branch.loop, branch.body, names)

    def _inside(self, loop: Loop | None, body: tuple[Layer, ...], names: set[str]) -> None:
        if loop is not None:
            names.update(loop.names)  # never removed again: that can only miss an error
        self._collect(body, names)

    def _add(self, parts: tuple[str | Value, ...]) -> None:
        if len(parts) == 1 and isinstance(parts[0], str):
            self._known[parts[0]] = None
        else:
            self._open = True

    def _parts(self, into: Value, names: set[str]) -> None:
        """The labels that a split defines, unless they are values of names."""
        for word in into.items or (into,):
            self._known[word.text] = None
            self._open = self._open or word.text in names or not word.is_word


_SEARCHED = 10_000
"""Layers and groups that are searched for a label, which limits the cost of an error."""


def labelled_inside(root: Group, name: str) -> tuple[Span, Group] | None:
    """The location of a label `name` inside a branch, group or block, and the innermost of these;
    None if no layer built so far has it."""
    for item, around in islice(_inside(root, None), _SEARCHED):
        if around is None or item.layer is None:
            continue
        for label in (item.layer.name, item.layer.label):
            if label is not None and label.parts == (name,):
                return label.span, around
    return None


def _inside(root: Group, around: Group | None) -> Iterator[tuple[Node | Group, Group | None]]:
    """Everything in a group, each with the innermost branch, group or block around it."""
    waiting: list[tuple[Node | Group, Group | None]] = [(c, around) for c in root.children[::-1]]
    while waiting:
        item, around = waiting.pop()
        yield item, around
        if isinstance(item, Group):
            inner = item if item.kind in ("branch", "group", "block") else around
            waiting += [(child, inner) for child in item.children[::-1]]
