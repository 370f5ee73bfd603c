"""Labels while code is written: which tensor, layer or class a name of the spec stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.lanes import Lane, Wire
    from archcalc.exporting.pytorch.attributes import Attribute
    from archcalc.exporting.pytorch.builder import Builder


class Label(NamedTuple):
    """What a label stands for: its tensor, and how its layer is called again (`reuse`)."""

    wire: Wire
    builder: Builder
    attribute: Attribute | None = None
    again: Callable[..., Wire | None] | None = None


class Scope:
    """The labels of one body; references see them and those of the bodies around it."""

    __slots__ = ("_labels", "around")

    def __init__(self, around: Scope | None = None) -> None:
        self.around = around
        self._labels: dict[str, Label] = {}

    def enter(self, name: str, label: Label) -> None:
        self._labels[name] = label

    def find(self, name: str) -> Label:
        scope: Scope | None = self
        while scope is not None:
            if name in scope._labels:
                return scope._labels[name]
            scope = scope.around
        raise KeyError(name)

    def wires(self) -> list[Wire]:
        return [label.wire for label in self._labels.values()]


class Loop(NamedTuple):
    """A loop that is being written as a loop: the variable that counts its turns."""

    variable: str
    lanes: list[Lane]

    def turns_twice(self) -> bool:
        """Whether it turns more than once somewhere."""
        around = [id(lane.outer) for lane in self.lanes]
        return len(set(around)) < len(around)


Env = dict[str, "Expr | None"]
"""The names that expressions read, as the code has them; None where it has no such thing."""


class Here(NamedTuple):
    """Where code is written: the places, the names as the code has them, labels, loops around."""

    lanes: list[Lane]
    env: Env
    scope: Scope
    loops: tuple[Loop, ...] = ()
