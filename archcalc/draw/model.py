"""A diagram as data: boxes in frames, and the arrows between them. `build.py` makes one."""

from __future__ import annotations

from typing import NamedTuple


class Box:
    """One box. Texts are as in the spec: they must be escaped when drawn.

    `kind` is "layer", "join", "block" (a closed one), "input", "output", "error" (a layer of which
    only its error is known) or "fork" (a point where an arrow branches). `title` is the operation,
    block or sign, `detail` its attributes or arguments, `more` the absorbed layers, `name` the path
    below the frame, `branch` the label of the branch that starts here, `marks` unusual properties.
    `state` is "known", "invalid" (it has an error) or "unknown" (it depends on one).
    """

    __slots__ = (
        "branch",
        "count",
        "detail",
        "family",
        "figures",
        "id",
        "kind",
        "marks",
        "message",
        "more",
        "name",
        "shape",
        "sides",
        "state",
        "title",
        "training_only",
    )

    def __init__(self, kind: str, id: str, title: str, family: str = "") -> None:
        self.kind = kind
        self.id = id
        self.title = title
        self.family = family
        self.detail = ""
        self.more: tuple[str, ...] = ()
        self.name = ""
        self.branch = ""
        self.shape = ""
        self.sides: tuple[int, ...] | None = None  # the output's shape as numbers
        self.count = 1
        self.marks: list[str] = []
        self.figures: list[str] = []
        self.message = ""
        self.state = "known"
        self.training_only = False


class Frame:
    """A frame around boxes: an open block or group, or parts that are repeated.

    `kind` is "level", "repeat" (in sequence) or "parallel" (side by side).
    """

    __slots__ = ("branch", "children", "count", "detail", "figures", "id", "kind", "name", "title")

    def __init__(self, kind: str, id: str) -> None:
        self.kind = kind
        self.id = id
        self.name = ""
        self.title = ""
        self.detail = ""
        self.branch = ""
        self.count = 1
        self.figures: list[str] = []
        self.children: list[Box | Frame] = []


class Arrow(NamedTuple):
    """An arrow between boxes. `skip`: it bypasses the layers of the other branches of a join.
    `main`: it is on the main line and drawn straight. `reference`: only the size of the source is
    used, as by `crop: {like: …}`."""

    source: str
    target: str
    skip: bool = False
    training_only: bool = False
    main: bool = True
    reference: bool = False


class Diagram(NamedTuple):
    """The whole picture. `facts` are lines about the net, `boxes` all boxes in execution order,
    without forks."""

    name: str
    facts: tuple[str, ...]
    children: tuple[Box | Frame, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
