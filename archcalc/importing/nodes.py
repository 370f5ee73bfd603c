"""A capture's calls as nodes: operations of the language, and groups for modules.

One call of a module with weights is a group; a module with a single operation is that operation.
Weights determine the names: every node with weights keeps its path in the module tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archcalc.importing.errors import ImportFailed
from archcalc.importing.graph import Call, Capture, Scope, Value
from archcalc.importing.torch_operations import JOINS, LOWEST_PAD, Unsupported, convert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DROPS_PATHS = ("StochasticDepth", "DropPath")
"""Classes that drop a residual branch in training, and are the identity in inference."""


@dataclass(eq=False)
class Node:
    """A layer with its inputs and output. `name` is relative to the enclosing module, "" if nothing
    depends on it; `first` is the node that a `reuse` refers to; `instead` returns the group as an
    opaque layer."""

    word: str
    attributes: dict[str, Any]
    inputs: list[Value]
    output: Value
    name: str = ""
    path: str = ""
    kind: str = ""
    weighted: bool = False
    reference: Value | None = None
    children: list[Node] = field(default_factory=list)
    first: Node | None = None
    instead: Callable[[ImportFailed], Node] | None = None

    @property
    def main(self) -> Value | None:
        """The tensor that the layer reads; None for a group that only reads labels."""
        return self.inputs[0] if self.inputs else None


def nodes_of(capture: Capture) -> tuple[list[Node], dict[str, Value]]:
    """The nodes of the whole model, and its outputs by name.

    Raises `ImportFailed`, with the module and the operation."""
    capture.warnings.clear()
    capture.inlined.clear()
    found = _Nodes(capture)
    nodes = found.inside(capture.root)
    return nodes, {name: found.resolve(value) for name, value in capture.outputs.items()}


class _Nodes:
    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.keys = capture.weights
        self.trainable = capture.trainable
        self.same: dict[int, Value] = {}  # tensors that are identical to another, by `id`
        self.seen: dict[str, Node] = {}  # weighted modules by path

    def resolve(self, value: Value) -> Value:
        while id(value) in self.same:
            value = self.same[id(value)]
        return value

    def inside(self, scope: Scope) -> list[Node]:
        """The nodes for the calls of a module."""
        found: list[Node] = []
        for child in scope.children:
            if isinstance(child, Scope):
                found += self.module(child, scope)
            else:
                found += self.call(child, scope)
        outside = {id(self.resolve(value)) for value in scope.outputs}
        found = _padded(_sums(_growing(_shuffles(_hoisted(found))), outside), outside)
        left = next((node for node in found if node.word == LOWEST_PAD), None)
        if left is not None:
            raise ImportFailed(f"{scope.path or 'the model'}: padding with -inf before no maximum")
        return _module_lists(found, scope.path)

    # -- modules --------------------------------------------------------------------------------

    def module(self, scope: Scope, around: Scope) -> list[Node]:
        name = _relative(scope.path, around.path)
        if scope.path in self.seen:
            return [self._again(scope)]
        try:
            inner = self.inside(scope)
            return self._as_layers(scope, around, name, inner)
        except ImportFailed as reason:
            return [self._opaque(scope, name, reason)]

    def _as_layers(self, scope: Scope, around: Scope, name: str, inner: list[Node]) -> list[Node]:
        """A module as its layers."""
        if not inner:
            return self._silent(scope, around)
        own = [node for node in inner if node.weighted and node.path == scope.path]
        if own and len(inner) > 1:
            for node in own:
                node.name = name
            self.capture.inlined.add(scope.path)
            return inner  # the weights belong to the module itself: it is not a group
        if len(inner) == 1 and inner[0].word != "group":
            lone = inner[0]
            if lone.path == scope.path or not lone.weighted:
                lone.name, lone.path = name if lone.weighted else "", scope.path
                self._note(scope, lone)
                return [lone]
        group = self._group(scope, name, inner)
        group.instead = lambda reason: self._opaque(scope, name, reason)
        self._note(scope, group)
        return [group]

    def _opaque(self, scope: Scope, name: str, reason: ImportFailed) -> Node:
        """A module that the language cannot express, as a layer with its weights and output.

        Raises the reason if that is impossible too: its class cannot be imported, or it does not
        have exactly one output."""
        inputs = [self.resolve(value) for value in scope.inputs if not value.constant]
        if not scope.origin or not inputs or len(scope.outputs) != 1:
            raise reason
        below = {
            key.removeprefix(scope.path + "."): (key, list(shape))
            for key, shape in self.keys.items()
            if key.startswith(scope.path + ".")
        }
        attributes: dict[str, Any] = {"class": scope.origin, "output": list(scope.outputs[0].shape)}
        weights = {own: shape for own, (key, shape) in below.items() if key in self.trainable}
        buffers = {own: shape for own, (key, shape) in below.items() if key not in self.trainable}
        attributes |= {"weights": weights} if weights else {"params": 0}
        attributes |= {"buffers": buffers} if buffers else {}
        told = reason.message.removeprefix(f"{scope.path}: ")
        self.capture.warnings.append(f"{scope.path} ({scope.kind}) is opaque: {told}")
        node = Node("opaque", attributes, inputs, scope.outputs[0], name, scope.path)
        node.weighted = bool(below)
        node.name = name if below else ""
        self._note(scope, node)
        return node

    def _note(self, scope: Scope, node: Node) -> None:
        if node.weighted:
            self.seen[scope.path] = node

    def _again(self, scope: Scope) -> Node:
        inputs = [self.resolve(v) for v in scope.inputs]
        return Node("reuse", {}, inputs[:1], scope.outputs[0], "", first=self.seen[scope.path])

    def _silent(self, scope: Scope, around: Scope) -> list[Node]:
        """A module without calls: the identity."""
        rate = next((v for v in scope.settings.values() if v), 0)
        is_drop = scope.kind in DROPS_PATHS and rate
        if not scope.inputs or not (is_drop or around.kind == "Sequential"):
            return []
        given = self.resolve(scope.inputs[0])
        made = Value(given.shape)
        self.same[id(given)] = made
        word, attributes = ("drop_path", {"p": rate}) if is_drop else ("identity", {})
        return [Node(word, attributes, [given], made)]

    def _group(self, scope: Scope, name: str, inner: list[Node]) -> Node:
        produced = {id(node.output) for node in inner}
        outputs = {id(v): v for v in map(self.resolve, scope.outputs)}
        own = [value for key, value in outputs.items() if key in produced]
        if len(own) != 1:
            raise ImportFailed(
                f"{scope.path} ({scope.kind}) returns {len(own) or 'no'} tensors",
                help="a group of layers has one output",
            )
        reads = _outside(inner)
        first = self.resolve(scope.inputs[0]) if scope.inputs else None
        reads.sort(key=lambda value: value is not first)
        kind = "" if scope.is_library else scope.kind
        weighted = any(node.weighted for node in inner)
        return Node("group", {}, reads, own[0], name, scope.path, kind, weighted, children=inner)

    # -- calls ----------------------------------------------------------------------------------

    def call(self, call: Call, scope: Scope) -> list[Node]:
        inputs = [self.resolve(value) for value in call.inputs]
        flowing = [value for value in inputs if not value.constant]
        joined = JOINS.get(call.function)
        try:
            if joined and len(inputs) > 1:
                if len(flowing) != len(inputs):
                    raise Unsupported(f"`{call.function}` with a constant tensor")
                return [self._join(call, joined, inputs)]
            if joined == "concat":
                self.same[id(call.outputs[0])] = inputs[0]
                return []  # a concat of one tensor
            if call.function in ("chunk", "split", "__getitem__", "narrow"):
                return list(self._slices(call, flowing[0]))
            return list(self._steps(call, scope, flowing))
        except (Unsupported, KeyError, IndexError, TypeError, ValueError) as reason:
            where = call.path or "the model's own forward"
            told = (
                reason
                if isinstance(reason, Unsupported)
                else f"`{call.function}` has unexpected arguments"
            )
            raise ImportFailed(f"{where}: {told}") from reason

    def _join(self, call: Call, word: str, inputs: list[Value]) -> Node:
        attributes: dict[str, Any] = {}
        if call.arguments.get("alpha", 1) != 1:
            raise Unsupported(f"`{call.function}` with alpha")
        if word == "concat":
            axis = call.arguments.get("dim", call.arguments.get("1", 0))
            axis %= len(inputs[0].shape) + 1
            if axis == 0:
                raise Unsupported("`cat` along the batch")
            attributes = {} if axis == 1 else {"axis": axis - 1}
        return Node(word, attributes, inputs, call.outputs[0])

    def _steps(self, call: Call, scope: Scope, flowing: list[Value]) -> Iterator[Node]:
        steps = convert(call)
        current = flowing[0]
        if not steps:
            self.same[id(call.outputs[0])] = current
        for number, step in enumerate(steps):
            last = number == len(steps) - 1
            made = call.outputs[0] if last else Value(current.shape)
            node = Node(step.word, step.attributes, [current], made, reference=step.reference)
            if step.prefix is not None:
                if step.prefix != scope.path and not _is_below(step.prefix, scope.path):
                    raise Unsupported(f"`{call.function}` uses the weights of {step.prefix}")
                node.weighted, node.path = True, step.prefix
                below = step.prefix != scope.path
                node.name = _relative(step.prefix, scope.path) if below else ""
            yield node
            current = made

    def _slices(self, call: Call, given: Value) -> Iterator[Node]:
        """Parts of an axis, one node each."""
        if call.function == "__getitem__":
            yield from self._indexed(call, given)
            return
        if call.function == "narrow":
            _, axis, begin, length = call.arguments.values()
            if axis % (len(given.shape) + 1) == 0:
                raise Unsupported("`narrow` along the batch")
            axis = axis % (len(given.shape) + 1) - 1
            yield Node("slice", _part(axis, begin, begin + length, given), [given], call.outputs[0])
            return
        axis = call.arguments.get("dim", call.arguments.get("2", 0)) % (len(given.shape) + 1)
        if axis == 0:
            raise Unsupported(f"`{call.function}` along the batch")
        begin = 0
        for value in call.outputs:
            end = begin + value.shape[axis - 1]
            yield Node("slice", _part(axis - 1, begin, end, given), [given], value)
            begin = end

    def _indexed(self, call: Call, given: Value) -> Iterator[Node]:
        key = call.arguments.get("key", call.arguments.get("1"))
        keys = list(key) if isinstance(key, tuple) else [key]
        if Ellipsis in keys:
            at = keys.index(Ellipsis)
            keys[at : at + 1] = [slice(None)] * (len(given.shape) + 2 - len(keys))
        if not all(isinstance(one, slice) for one in keys) or keys[0] != slice(None):
            raise Unsupported("an index that is not a slice of one of the axes")
        current = given
        slices = [one for one in keys[1:] if isinstance(one, slice)]
        cut = [(i, one) for i, one in enumerate(slices) if one != slice(None)]
        if not cut:
            self.same[id(call.outputs[0])] = given
        for number, (axis, one) in enumerate(cut):
            begin, end, step = one.indices(current.shape[axis])
            last = number == len(cut) - 1
            shape = list(current.shape)
            shape[axis] = len(range(begin, end, step))
            made = call.outputs[0] if last else Value(tuple(shape))
            attributes = _part(axis, begin, end, current)
            if step != 1:
                attributes["step"] = step
            yield Node("slice", attributes, [current], made)
            current = made


def _part(axis: int, begin: int, end: int, given: Value) -> dict[str, Any]:
    attributes: dict[str, Any] = {} if axis == 0 else {"axis": axis}
    if begin:
        attributes["begin"] = begin
    if end < given.shape[axis]:
        attributes["end"] = end
    return attributes


def _outside(nodes: list[Node]) -> list[Value]:
    """The tensors that nodes read and none of them outputs, without duplicates."""
    produced = {id(node.output) for node in nodes}
    found: dict[int, Value] = {}
    for node in nodes:
        for value in (*node.inputs, *((node.reference,) if node.reference else ())):
            if id(value) not in produced:
                found.setdefault(id(value), value)
    return list(found.values())


def _is_below(path: str, around: str) -> bool:
    return not around or path.startswith(around + ".")


def _relative(path: str, around: str) -> str:
    return path.removeprefix(around + ".") if around else path


def _hoisted(nodes: list[Node]) -> list[Node]:
    """Moves a concat of all inputs of a module in front of the module."""
    found: list[Node] = []
    for node in nodes:
        first = node.children[0] if node.children else None
        if first is not None and first.word == "concat" and len(node.inputs) > 1:
            rest = node.children[1:]
            reads = {id(value) for value in _outside(rest)}
            if reads == {id(first.output)}:
                found.append(first)
                node.inputs, node.children = [first.output], rest
        found.append(node)
    return found


def _growing(nodes: list[Node]) -> list[Node]:
    """Concats of all earlier tensors, each from the previous one: [a, b, c] is [[a, b], c]."""
    earlier: dict[tuple[int, ...], Node] = {}
    for node in nodes:
        if node.word != "concat" or "axis" in node.attributes:
            continue
        own = tuple(id(value) for value in node.inputs)
        before = earlier.get(own[:-1])
        earlier[own] = node
        if before is not None:
            node.inputs = [before.output, node.inputs[-1]]
    return nodes


def _sums(nodes: list[Node], outside: set[int]) -> list[Node]:
    """`a + b + c` as one sum of three."""
    makers = {id(node.output): node for node in nodes if node.word == "add"}
    readers = _counted(nodes)
    found: list[Node] = []
    for node in nodes:
        first = makers.get(id(node.inputs[0])) if node.word == "add" else None
        if first is not None and _is_lone(first, readers, outside):
            node.inputs = [*first.inputs, *node.inputs[1:]]
            found.remove(first)
        found.append(node)
    return found


def _padded(nodes: list[Node], outside: set[int]) -> list[Node]:
    """Merges padding into the convolution or pooling after it."""
    readers = _counted(nodes)
    found: list[Node] = []
    for node in nodes:
        before = found[-1] if found else None
        if (
            before is not None
            and before.word in ("pad", LOWEST_PAD)
            and node.word in PADDED_BY[before.word]
            and node.inputs[:1] == [before.output]
            and set(before.attributes) == {"padding"}
            and "padding" not in node.attributes
            and _is_lone(before, readers, outside)
        ):
            found.pop()
            node.inputs = before.inputs
            node.attributes["padding"] = before.attributes["padding"]
        found.append(node)
    return found


PADDED_BY = {"pad": ("conv", "depthwise_conv", "avgpool"), LOWEST_PAD: ("maxpool",)}
"""The layers whose padding is equivalent to a padding layer before them."""


def _counted(nodes: list[Node]) -> dict[int, int]:
    """The number of nodes that read each tensor."""
    counts: dict[int, int] = {}
    for node in nodes:
        for value in (*node.inputs, *((node.reference,) if node.reference else ())):
            counts[id(value)] = counts.get(id(value), 0) + 1
    return counts


def _is_lone(node: Node, readers: dict[int, int], outside: set[int]) -> bool:
    """Whether exactly one node reads the output of a node."""
    return readers.get(id(node.output)) == 1 and id(node.output) not in outside


def _shuffles(nodes: list[Node]) -> list[Node]:
    """Recognizes `view`, `transpose`, `view` as a channel shuffle."""
    found: list[Node] = []
    for node in nodes:
        found.append(node)
        if [one.word for one in found[-3:]] != ["reshape", "permute", "reshape"]:
            continue
        split, order, merged = found[-3:]
        given, axes = split.main, split.attributes["shape"]
        assert given is not None
        swapped = [1, 0, *range(2, len(axes))]
        if order.attributes["order"] == swapped and merged.output.shape == given.shape:
            found[-3:] = [Node("channel_shuffle", {"groups": axes[0]}, [given], merged.output)]
    return found


def _module_lists(nodes: list[Node], around: str) -> list[Node]:
    """Members of a list of modules (`layers.0`, `layers.1`) inside a group with the list's name."""
    found: list[Node] = []
    position = 0
    while position < len(nodes):
        node = nodes[position]
        head, dot, _ = node.name.partition(".")
        if not dot:
            found.append(node)
            position += 1
            continue
        end = position + 1
        for later, other in enumerate(nodes[position:], position):
            if other.name.startswith(head + "."):
                end = later + 1
            elif other.weighted:
                break
        inner = nodes[position:end]
        for one in inner:
            one.name = one.name.removeprefix(head + ".")
        path = f"{around}.{head}" if around else head
        inner = _module_lists(inner, path)
        found.append(_list_group(inner, nodes[end:], head, path))
        position = end
    return found


def _list_group(inner: list[Node], later: list[Node], name: str, path: str) -> Node:
    produced = {id(node.output) for node in inner}
    read = {id(value) for node in later for value in node.inputs}
    outputs = [n.output for n in inner if id(n.output) in read] or [inner[-1].output]
    if any(other.name.startswith(name + ".") for other in later) or len(outputs) > 1:
        raise ImportFailed(
            f"the modules of the list {path} are not called one after the other",
            help="a group of layers has one output, so their keys cannot be preserved",
        )
    assert id(outputs[0]) in produced
    return Node(
        "group", {}, _outside(inner), outputs[0], name, path, "", weighted=True, children=inner
    )
