"""Calls and module calls → layers: sequences, joins with branches, labels if necessary.

A join whose branches start at one tensor and only meet again at the join becomes a join with
branches. If the graph of a module does not have this form, its layers are in execution order and
read each other by labels, which can express any graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.importing.errors import ImportFailed
from archcalc.importing.layers import JOINS, Layer, is_chain
from archcalc.importing.nodes import Node, nodes_of

if TYPE_CHECKING:
    from archcalc.importing.graph import Capture, Value

LONG_SKIP = 10
"""A concat of an identity and a branch with more layers than this is a long skip connection (as in
a U-Net): a label that the join reads is clearer."""


class _NotSeriesParallel(Exception):
    """The graph of a module needs labels in a place where branches cannot see them."""


def body_of(capture: Capture) -> list[Layer]:
    """The layers of the whole net."""
    builder = _Builder(capture)
    return builder.root()


def _is_label(name: str) -> bool:
    from archcalc.spec.name_rules import check_label

    return name.isidentifier() and check_label(name) is None


class _Labels:
    """Labels of tensors, unique in the net: a tensor gets one on first use."""

    def __init__(self) -> None:
        self.of: dict[int, str] = {}
        self._taken: set[str] = set()

    def label(self, value: Value, hint: str) -> str:
        if id(value) not in self.of:
            base = hint or "x"
            name, count = base, 1
            while name in self._taken:
                count += 1
                name = f"{base}_{count}"
            self._taken.add(name)
            self.of[id(value)] = name
        return self.of[id(value)]


class _Builder:
    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.labels = _Labels()
        self.made: dict[int, Layer] = {}  # by value: the layer that outputs it
        for name, value in capture.inputs.items():
            self.labels.of[id(value)] = name
            self.labels._taken.add(name)

    # -- the net --------------------------------------------------------------------------------

    def root(self) -> list[Layer]:
        nodes, outputs = nodes_of(self.capture)
        inputs = list(self.capture.inputs.values())
        main = outputs.pop("output", None) or outputs.pop(next(iter(outputs)))
        start = inputs[0] if len(inputs) == 1 else None
        if outputs:
            body = self._linear(nodes, start, main, {id(value) for value in outputs.values()})
            self._heads(body, outputs)
        else:
            body = self._scope_body(nodes, start, main)
        self._attach_labels()
        return body

    def _heads(self, body: list[Layer], heads: dict[str, Value]) -> None:
        for name, value in heads.items():
            layer = self.made.get(id(value))
            if layer is None or layer not in body or layer.head:
                raise ImportFailed(f"the output {name} is not the result of a separate layer")
            layer.head = True
            layer.name = layer.name or name
            layer.training_only = name in self.capture.training_outputs

    def _attach_labels(self) -> None:
        for key, label in self.labels.of.items():
            layer = self.made.get(key)
            if layer is not None and layer.name != label:
                layer.label = label

    # -- a module -------------------------------------------------------------------------------

    def _scope_body(self, nodes: list[Node], start: Value | None, end: Value) -> list[Layer]:
        """The layers from `start` to `end`; with labels if they are not series-parallel."""
        saved = dict(self.labels.of), set(self.labels._taken), dict(self.made)
        try:
            chain = _Chain(self, nodes, start)
            body = chain.to(end, start)
            if chain.left_out():
                raise _NotSeriesParallel
        except _NotSeriesParallel:
            self.labels.of, self.labels._taken, self.made = saved
            return self._linear(nodes, start, end)
        return body

    def _linear(
        self,
        nodes: list[Node],
        start: Value | None,
        end: Value,
        heads: set[int] | frozenset[int] = frozenset(),
    ) -> list[Layer]:
        """Every layer in execution order, joins of labels. A head keeps the current tensor."""
        body: list[Layer] = []
        current = start
        for node in nodes:
            layer = self.layer(node, self._read(node, current))
            if node.word in JOINS:
                layer.branches = [
                    [] if value is current else [self._from(value)] for value in node.inputs
                ]
            body.append(layer)
            self.made[id(node.output)] = layer
            if id(node.output) not in heads:
                current = node.output
        if current is not end:
            body.append(self._from(end))
        return body

    def _read(self, node: Node, current: Value | None) -> str | None:
        """The label that a layer reads, None for the current tensor."""
        if node.word in JOINS or node.main is current or node.main is None:
            return None
        return self.labels.label(node.main, self._hint(node.main))

    def _from(self, value: Value) -> Layer:
        return Layer("", source=self.labels.label(value, self._hint(value)), output=value.shape)

    def _hint(self, value: Value) -> str:
        """A label from the name of the layer that outputs the tensor."""
        layer = self.made.get(id(value))
        if layer is None:
            return "x"
        name = layer.name or layer.path.rpartition(".")[2] or layer.word
        return name if _is_label(name) else layer.word or "x"

    # -- layers ---------------------------------------------------------------------------------

    def layer(self, node: Node, source: str | None) -> Layer:
        """The layer for a node, with the body of a group inside it."""
        main = node.main.shape if node.main is not None else ()
        layer = Layer(
            node.word,
            dict(node.attributes),
            name=node.name,
            source=source,
            kind=node.kind,
            path=node.path,
            in_channels=main[0] if main else 0,
            out_channels=node.output.shape[0] if node.output.shape else 0,
            output=node.output.shape,
        )
        if node.reference is not None:
            layer.attributes["like"] = self.labels.label(node.reference, self._hint(node.reference))
        if node.word == "opaque" and len(node.inputs) > 1:
            further = [self.labels.label(one, self._hint(one)) for one in node.inputs[1:]]
            layer.attributes["inputs"] = further
        if node.first is not None:
            again = node.first.output
            layer.attributes["reuse"] = self.labels.label(again, self._hint(again))
        if node.word == "group":
            layer.body = self._scope_body(node.children, node.main, node.output)
            numbered = next((one for one in _level(layer.body) if one.name.isdecimal()), None)
            if numbered is not None and not is_chain(layer.body):
                told = f"{node.path}: the members of a list of modules are not called in order"
                return self._opaque(node, source, ImportFailed(told))
        return layer

    def _opaque(self, node: Node, source: str | None, reason: ImportFailed) -> Layer:
        """A group that cannot be expressed, as an opaque layer."""
        if node.instead is None:
            raise reason
        return self.layer(node.instead(reason), source)


def _level(body: list[Layer]) -> list[Layer]:
    """The layers of one scope, including those of branches."""
    return [
        inner
        for layer in body
        for inner in (layer, *(one for branch in layer.branches for one in _level(branch)))
    ]


class _Chain:
    """Builds the layers of one module from its end to its start."""

    def __init__(self, builder: _Builder, nodes: list[Node], start: Value | None) -> None:
        self.builder = builder
        self.nodes = nodes
        self.producer = {id(node.output): node for node in nodes}
        self.emitted: dict[int, tuple[int, ...]] = {}  # value → the enclosing branches
        self.position = {id(node.output): i for i, node in enumerate(nodes)}
        self.start = start
        self.placed: set[int] = set()
        self.dominator: dict[int, int] = {}
        self._dominators()

    def left_out(self) -> bool:
        """Whether the result of a layer with weights is unused."""
        return any(id(node) not in self.placed for node in self.nodes if node.weighted)

    def to(self, end: Value, start: Value | None, around: tuple[int, ...] = ()) -> list[Layer]:
        """The layers that compute `end` from `start`."""
        layers: list[Layer] = []
        waiting = end
        stack: list[Node] = []
        while waiting is not start:
            node = self.producer.get(id(waiting))
            if node is None or id(waiting) in self.emitted:
                layers.append(self._reference(waiting, around))
                break
            stack.append(node)
            before = self._before(node, start)
            if before is None:
                break
            waiting = before
        for node in reversed(stack):
            self._place(node, layers, around)
        return layers

    def _reference(self, value: Value, around: tuple[int, ...]) -> Layer:
        there = self.emitted.get(id(value), ())
        if there != around[: len(there)]:
            raise _NotSeriesParallel
        return self.builder._from(value)

    def _before(self, node: Node, start: Value | None) -> Value | None:
        """The tensor at which a layer, or the branches of a join, start."""
        if node.word not in JOINS:
            return node.main
        return self._fork(node, start)

    def _fork(self, node: Node, start: Value | None) -> Value | None:
        """The last tensor on all paths to the inputs of a join."""
        inside = [v for v in node.inputs if v is start or id(v) in self.dominator]
        if not inside:
            return start  # every branch reads a label
        common = id(inside[0])
        for value in inside[1:]:
            common = self._common(common, id(value))
        found = self.producer.get(common)
        return self.start if found is None else found.output

    def _dominators(self) -> None:
        """The immediate dominator of every tensor: the last one on all paths to it."""
        tree = self.dominator = {id(self.start): id(self.start)}
        for node in self.nodes:
            known = [id(value) for value in node.inputs if id(value) in tree]
            parent = known[0] if known else id(self.start)
            for one in known[1:]:
                parent = self._common(parent, one)
            tree[id(node.output)] = parent

    def _common(self, one: int, other: int) -> int:
        order = self.position
        while one != other:
            if order.get(one, -1) > order.get(other, -1):
                one = self.dominator[one]
            else:
                other = self.dominator[other]
        return one

    def _place(self, node: Node, layers: list[Layer], around: tuple[int, ...]) -> None:
        self.placed.add(id(node))
        if node.word not in JOINS:
            self._check_visible(node, around)
        if node.word in JOINS:
            layer = self._join(node, layers, around)
        else:
            source = None
            if layers and layers[-1].word == "" and layers[-1].source:
                source = layers.pop().source
            layer = self.builder.layer(node, source)
        layers.append(layer)
        self.builder.made[id(node.output)] = layer
        self.emitted[id(node.output)] = around

    def _check_visible(self, node: Node, around: tuple[int, ...]) -> None:
        """The additional tensors that a group reads need a label that it can see."""
        further = node.inputs[1:] + ([node.reference] if node.reference is not None else [])
        further += [node.first.output] if node.first is not None else []
        for value in further:
            if id(value) in self.producer:
                there = self.emitted.get(id(value))
                if there is None or there != around[: len(there)]:
                    raise _NotSeriesParallel

    def _join(self, node: Node, layers: list[Layer], around: tuple[int, ...]) -> Layer:
        fork = self._before(node, self.start)
        layer = self.builder.layer(node, None)
        branches = []
        for number, value in enumerate(node.inputs):
            inside = (*around, id(node) + number)
            branches.append(self.to(value, fork, inside))
        lone = [i for i, branch in enumerate(branches) if not branch]
        if node.word == "concat" and len(branches) == 2 and len(lone) == 1 and fork is not None:
            other = branches[1 - lone[0]]
            if len(other) > LONG_SKIP:
                layers += other
                self._lift(other, around)
                branches[1 - lone[0]] = []
                branches[lone[0]] = [self.builder._from(fork)]
        layer.branches = branches
        return layer

    def _lift(self, branch: list[Layer], around: tuple[int, ...]) -> None:
        """The layers of a branch are now in the enclosing body."""
        lifted = {id(layer) for layer in branch}
        for key, layer in self.builder.made.items():
            if id(layer) in lifted and key in self.emitted:
                self.emitted[key] = around
