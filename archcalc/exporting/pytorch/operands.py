"""Operations given as a block's parameters: the class takes what makes the module.

`act: {type: operation, default: relu}` becomes `act: Callable[..., nn.Module] = nn.ReLU`. One class
serves all calls where the operations are modules that need at most the channels; where they need
more (a block, weights under a name of their own), each operation gets a class.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archcalc.exporting.expressions import name
from archcalc.exporting.lanes import Differs
from archcalc.exporting.layout import Call, flat
from archcalc.exporting.pytorch.emitters import EMITTERS
from archcalc.exporting.pytorch.site import Callbacks, Names, Site
from archcalc.graph import Node
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.expressions import Operand
from archcalc.spec.syntax import Layer

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.lanes import Lane, Wire
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.builder import Builder
    from archcalc.exporting.pytorch.scope import Here
    from archcalc.exporting.pytorch.writer import Writer

CHANNELS = "channels"
"""The argument of a factory that needs one."""


class Factories:
    """What one operation parameter of a class is, call by call."""

    def __init__(self, python: str) -> None:
        self.python = python
        self.takes: bool | None = None  # whether the factories are given the channels
        self.texts: dict[int, str] = {}  # by the id of the call's group

    def note(self, lane: Lane, text: str) -> bool:
        """Whether the call has this factory, and no other for another layer."""
        return self.texts.setdefault(id(lane.root.group), text) == text


def made_by(
    writer: Writer, layer: Layer, here: Here, start: Wire | None
) -> tuple[Doc, list[Node], dict[int, Expr]]:
    """The module of an `apply` whose operation differs from call to call: the parameter, called.

    Gives also the nodes and the lengths known after it. Raises `Differs` where no one class can
    serve."""
    builder = writer.builder
    held = [lane.names.get(layer.word, layer.word) for lane in here.lanes]
    differs = Differs(here.lanes, [_key(h) for h in held])
    factories = builder.operands.get(layer.word)
    if factories is None or start is None:
        raise differs
    nodes: list[Any] = [lane.take() for lane in here.lanes]
    if not all(isinstance(node, Node) for node in nodes):
        raise differs
    texts: dict[object, str] = {}
    for key in dict.fromkeys(map(_key, held)):
        some = [i for i, h in enumerate(held) if _key(h) == key]
        doc = _written(
            builder,
            held[some[0]],
            layer,
            [here.lanes[i] for i in some],
            [nodes[i] for i in some],
            start,
        )
        texts[key] = flat(doc)
    takes = any(re.search(rf"\b{CHANNELS}\b", text) for text in texts.values())
    if factories.takes not in (None, takes):
        raise differs
    factories.takes = takes
    for lane, one in zip(here.lanes, held, strict=True):
        if not factories.note(lane, _factory(texts[_key(one)], takes)):
            raise differs
    builder.used.add(factories.python)
    arguments: tuple[Doc, ...] = ()
    if takes:
        tensors = [lane.tensor(start) for lane in here.lanes]
        axes = {t.channel_axis for t in tensors}
        if len(axes) > 1:
            raise differs
        known = start.dims.get(axes.pop())
        expr = writer.number(here.lanes, [t.channels for t in tensors], known, "in_channels")
        arguments = (builder.text(expr),)
    keeps = all(_keeps(lane, node) for lane, node in zip(here.lanes, nodes, strict=True))
    dims = dict(start.dims) if keeps else {}
    return Call(factories.python, arguments), nodes, dims


def _key(held: Any) -> object:
    return id(held.layer) if isinstance(held, Operand) else held


def _keeps(lane: Lane, node: Node) -> bool:
    before, after = lane.net.tensors[node.inputs[0]], lane.net.tensors[node.outputs[0]]
    return before is not None and after is not None and before.shape == after.shape


def _written(
    builder: Builder,
    held: Any,
    layer: Layer,
    lanes: list[Lane],
    nodes: list[Node],
    start: Wire,
) -> Doc:
    """One operation's module, with the channels as a name."""
    if isinstance(held, Operand):
        applied = held.layer
        names = Names(dict.fromkeys(held.names), None)
    else:
        applied = Layer("operation", held, layer.span, layer.arguments)
        names = Names({}, None)
    if applied.word not in OPERATIONS or applied.init is not None:
        raise Differs(lanes, range(len(lanes)))
    used = set(builder.used)

    def number(*_: Any) -> Expr:
        return name(CHANNELS)

    def hold(expr: Expr) -> str:
        return builder.text(expr)

    site = Site(builder, applied, lanes, nodes, [start], names, Callbacks(number, hold, hold))
    form = EMITTERS[applied.word](site)
    doc = form.module() if callable(form.module) else form.module
    builder.used = used
    if doc is None:
        raise Differs(lanes, range(len(lanes)))
    return doc


def _factory(text: str, takes: bool) -> str:
    """`nn.ReLU` for nn.ReLU(), `nn.BatchNorm2d` for nn.BatchNorm2d(channels), else a lambda."""
    if not takes and text.endswith("()"):
        return text[:-2]
    if takes and text.endswith(f"({CHANNELS})"):
        return text[: -len(CHANNELS) - 2]
    if takes and re.search(rf"\b{CHANNELS}\b", text):
        return f"lambda {CHANNELS}: {text}"
    return f"lambda {'_' if takes else ''}: {text}".replace("lambda :", "lambda:")
