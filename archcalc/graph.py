"""The graph of a network: a list of nodes in execution order, and the hierarchy of the author.

`elaborate` creates it; analysis, reports, diagrams and exporters read it. Nothing is computed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import SimpleNamespace

    from archcalc.diagnostics import Diagnostic
    from archcalc.draw.engine import Drawing
    from archcalc.ops.base import Facts, Operation, Shape, Tensor
    from archcalc.spec.syntax import Block, Case, Layer, Spec


class Node(NamedTuple):
    """One operation, in execution order.

    `inputs` and `outputs` are indices into `Net.tensors`. `facts` is None if the layer is invalid
    or depends on one that is; its outputs are then None in `Net.tensors`. `shared` is the index of
    the node whose weights this one reuses. `path` is PyTorch's.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which is never called
    path: str
    op: Operation
    attributes: SimpleNamespace | None
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    facts: Facts | None
    layer: Layer
    shared: int | None = None
    training_only: bool = False
    invalid: bool = False  # whether this layer itself is invalid


class Group:
    """A part of the author's hierarchy. Its nodes are `net.nodes[start:end]`.

    `kind` is

    - "net": the root;
    - "group": a `group`; "block": a call of a block (`block`, `arguments`);
    - "do": a `do` without a loop; "loop": a `repeat` or `for`, its children the iterations;
      "turn": one iteration (`arguments` has the loop's names and `index`);
    - "join": a join, its children the branches and then the join's node (no node if one branch
      remained); "branch": one branch (`title` is its label).

    A layer that could not be parsed is a node without facts; its operation is `UnreadLayer`.

    `level` is whether it is a path component; `path` is its own, or that of the level it is in.
    `output` is None if unknown.
    """

    __slots__ = (
        "arguments",
        "block",
        "children",
        "end",
        "input",
        "inputs",
        "kind",
        "layer",
        "level",
        "output",
        "parent",
        "path",
        "start",
        "title",
    )

    def __init__(
        self,
        kind: str,
        path: str,
        layer: Layer | None,
        start: int,
        parent: Group | None,
        *,
        level: bool = False,
        title: str = "",
        block: Block | None = None,
        arguments: dict[str, Any] | None = None,
        input: int | None = None,
    ) -> None:
        self.kind = kind
        self.path = path
        self.layer = layer
        self.start = start
        self.end = start
        self.parent = parent
        self.level = level
        self.title = title
        self.block = block
        self.arguments = arguments if arguments is not None else {}
        self.input = input  # index into Net.tensors
        self.inputs: dict[str, int] = {}  # a block's further input tensors, by name
        self.output: int | None = None
        self.children: list[Node | Group] = []


class Expected(NamedTuple):
    """Expectations on a part of the net: a node, a group, or the root for the net itself.

    `names` are the values that expressions in them can use.
    """

    target: Node | Group
    case: Case
    names: dict[str, Any]


MOST_SIMILAR = 5
"""How many layers are listed if one is not found."""


class NoSuchLayer(ValueError):
    """No layer, block or group has this path."""

    def __init__(self, path: str, known: Mapping[str, Node | Group]) -> None:
        super().__init__(f"the net has no layer {path!r}{_hint(path, known)}")


def _hint(path: str, known: Mapping[str, Node | Group]) -> str:
    """The most likely path, else the first layers with a similar name or operation: for conv1 all
    convolutions."""
    from archcalc.diagnostics import nearest

    meant = nearest(path, known)
    if meant:
        return f": did you mean {meant!r}?"
    word = path.rpartition(".")[2].lower().rstrip("0123456789_")
    similar = [
        f"{one} ({part.op.name})" if isinstance(part, Node) else one
        for one, part in known.items()
        if word and (word in one.lower() or (isinstance(part, Node) and word in part.op.name))
    ]
    if not similar:
        return ""
    more = f" and {len(similar) - MOST_SIMILAR:,} more" if len(similar) > MOST_SIMILAR else ""
    return f"; similar: {', '.join(similar[:MOST_SIMILAR])}{more}"


def _named(group: Group) -> Iterator[Node | Group]:
    """The layers and levels of the path, a join by its own node."""
    for child in group.children:
        if isinstance(child, Group):
            if child.level and child.kind != "join":
                yield child
            yield from _named(child)
        else:
            yield child


class Net(NamedTuple):
    """A whole network. `tensors[i]` is None if unknown; `producers[i]` is the node that outputs it,
    None for the net's inputs. `inputs` and `outputs` map names to tensors; the main output, if
    there is one, is named "output"."""

    name: str
    spec: Spec
    nodes: tuple[Node, ...]
    tensors: tuple[Tensor | None, ...]
    producers: tuple[int | None, ...]
    root: Group
    inputs: dict[str, int]
    outputs: dict[str, int]
    variables: dict[str, Any]  # current values, after --set
    overridden: frozenset[str]  # overridden vars, and overridden inputs as "input NAME"
    expected: tuple[Expected, ...]
    diagnostics: tuple[Diagnostic, ...]

    def given(self) -> tuple[dict[str, Any], dict[str, Shape]]:
        """The settings with which the net was loaded: vars, and shapes of inputs."""
        settings = {w: self.variables[w] for w in self.overridden if w in self.variables}
        inputs = {
            name: tensor.shape
            for name, index in self.inputs.items()
            if f"input {name}" in self.overridden and (tensor := self.tensors[index]) is not None
        }
        return settings, inputs

    def find(self, path: str) -> Node | Group:
        """The layer, block or group at a path (its first use if it is reused); the root for "".
        Raises `NoSuchLayer`."""
        if not path:
            return self.root
        known: dict[str, Node | Group] = {}
        for part in _named(self.root):
            known.setdefault(part.path, part)
        if path not in known:
            raise NoSuchLayer(path, known)
        return known[path]

    def __repr__(self) -> str:
        shapes = [self.tensors[index] for index in self.inputs.values()]
        inputs = ", ".join("×".join(map(str, t.shape)) if t else "?" for t in shapes)
        return f"<Net {self.name!r}: {len(self.nodes):,} layers, input {inputs}>"

    def draw(self, **options: Any) -> Drawing:
        """The diagram, as a `graphviz.Digraph`. The options are those of `archcalc.draw.diagram`:
        depth, unfold, show, theme and direction."""
        from archcalc.analysis.analyze import analyze
        from archcalc.draw import diagram

        return diagram(analyze(self), **options)

    def _repr_mimebundle_(self, *arguments: Any, **more: Any) -> dict[str, Any]:
        """Notebooks display a net as its diagram."""
        bundle: dict[str, Any] = self.draw()._repr_mimebundle_(*arguments, **more)
        return {**bundle, "text/plain": repr(self)}
