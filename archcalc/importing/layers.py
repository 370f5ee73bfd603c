"""Layers of the generated spec, before they are text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

JOINS = ("add", "sub", "mul", "concat")


class Expression(NamedTuple):
    """A value that is an expression of names."""

    text: str


@dataclass(eq=False)
class Layer:
    """One layer: `word` with its attributes, or a `group`, `do`, join or block call.

    `name` is its path component ("" if not needed), `label` the name for a later `from`, `source`
    the label that it reads, None for the current tensor. A `do` has its count as the attribute
    `repeat`, or a table in `loop`. `kind` is the module class of a group. `in_channels` and
    `out_channels` are axis 0 of its input and output; `output` is the whole output shape.
    """

    word: str
    attributes: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    label: str = ""
    source: str | None = None
    body: list[Layer] = field(default_factory=list)
    branches: list[list[Layer]] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)  # only_if of the branches, "" for none
    when: str = ""
    loop: dict[str, Any] = field(default_factory=dict)
    head: bool = False
    training_only: bool = False
    kind: str = ""
    path: str = ""
    in_channels: int = 0
    out_channels: int = 0
    output: tuple[int, ...] = ()

    @property
    def weighted(self) -> bool:
        """Whether it has weights, itself or inside, so that its name matters."""
        return self.path != "" and (
            bool(self.name)
            or any(layer.weighted for layer in self.body)
            or any(layer.weighted for branch in self.branches for layer in branch)
        )


def is_chain(body: list[Layer]) -> bool:
    """Whether each layer reads the previous one, so that unnamed layers are numbered."""
    return all(
        layer.word not in (*JOINS, "split", "reuse")
        and layer.source is None
        and not layer.head
        and (layer.word != "do" or is_chain(layer.body))
        for layer in body
    )
