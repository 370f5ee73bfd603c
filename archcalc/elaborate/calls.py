"""Calls: blocks with their parameters, operations given as parameters, reused layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError, did_you_mean
from archcalc.elaborate.nodes import look_up
from archcalc.elaborate.parameters import bind
from archcalc.elaborate.scope import Again, Call, Label, Scope
from archcalc.elaborate.state import CALL, MAX_CALL_DEPTH, weight_of
from archcalc.elaborate.values import optional_name, set_in_channels
from archcalc.elaborate.weights import weight_of_block, weight_of_layer
from archcalc.graph import Expected
from archcalc.ops.attributes import shown
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.expressions import Operand, Unknown
from archcalc.spec.syntax import Layer

if TYPE_CHECKING:
    from archcalc.elaborate.scope import LayerContext, Made
    from archcalc.elaborate.walk import Walker
    from archcalc.graph import Group
    from archcalc.spec.syntax import Block, Spec


def call_block(
    walker: Walker, layer: Layer, start: int, place: LayerContext, path: str | None
) -> Made:
    """Walks a block's body with its parameters bound. A path component unless `inline`."""
    state = walker.state
    block = state.spec.blocks[layer.word]
    state.step(layer.span, CALL + weight_of(state.names) + weight_of_block(block))
    if path is None and not block.inline:
        path = place.level.take(optional_name(layer.name, place), layer.word, layer)
    depth = place.call.depth + 1 if place.call else 1
    if depth > MAX_CALL_DEPTH:
        raise DiagnosticError(
            "nesting-too-deep",
            f"block calls nest at most {MAX_CALL_DEPTH} deep",
            label=f"{layer.word} is called at depth {depth}",
        )
    call = Call(layer, layer.word, place.call, depth)
    arguments, names = bind(state, place, layer, block)
    scope = Scope(None)
    for name in block.inputs:
        value = layer.arguments[name]
        label = look_up(place, str(value.evaluate(place.names)), value.span)
        scope.labels[name] = Label(label.tensor, value.span)
    group = state.open(place, "block", layer, start, path, block=block, arguments=arguments)
    group.inputs = {name: scope.labels[name].tensor for name in block.inputs}
    level = place.level if path is None else walker.level(path, block.body)
    inside = place.inside(group, names=names, level=level, scope=scope, call=call)
    _let(walker, block, start, inside)
    _default_operations(block, layer, arguments, names)
    result = walker.body(block.body, start, inside)
    state.close(group, result)
    set_in_channels(state, inside, start)
    for case in block.expect:
        state.expected.append(Expected(group, case, dict(inside.names)))
    return group, result, path


def _let(walker: Walker, block: Block, start: int, place: LayerContext) -> None:
    """Evaluates the block's `let`, once, on entry."""
    set_in_channels(walker.state, place, start)
    for name, value in block.let:
        try:
            place.names[name] = value.evaluate(place.names)
        except DiagnosticError as error:
            error.span = error.span or value.span
            # Reported here, so that the notes name the call that is being entered.
            walker.state.report(error, place, _call_layer(place))
            raise Unknown(name) from error


def _default_operations(
    block: Block, layer: Layer, arguments: dict[str, Any], names: dict[str, Any]
) -> None:
    """Gives the operations that are default parameters access to all names of the body, including
    its `let`."""
    for parameter in block.parameters:
        if parameter.name not in layer.arguments and isinstance(names[parameter.name], Operand):
            assert parameter.default is not None
            held = parameter.default.evaluate(names)
            arguments[parameter.name] = names[parameter.name] = held


def _call_layer(place: LayerContext) -> Layer:
    assert place.call is not None
    return place.call.layer


def apply(walker: Walker, layer: Layer, start: int, place: LayerContext, path: str | None) -> Made:
    """Walks the operation or block that a name holds."""
    applied, names = _operand(walker, layer, place)
    # The name is the caller's; the arguments are evaluated where the operation was written.
    applied = applied._replace(name=None)
    walker.state.step(layer.span, weight_of_layer(applied))
    inline = _inline(walker, applied)
    if inline and layer.name is not None:
        raise DiagnosticError(
            "misplaced-key",
            f"`name` has no effect on {applied.word or applied.kind}, which is inline",
            label="an inline block is not a component of the path",
            help="to label the result write as: …; for a path component put it into a group",
            span=layer.name.span,
        )
    if path is None and not inline:
        path = place.level.take(optional_name(layer.name, place), applied.word, layer)
    here = place if names is None else place.inside(place.group, names=names)
    set_in_channels(walker.state, here, start)
    return walker.dispatch(applied, start, here, path)


def _inline(walker: Walker, layer: Layer) -> bool:
    if layer.kind == "block":
        return walker.state.spec.blocks[layer.word].inline
    return layer.kind in ("do", "tensor")


def _operand(
    walker: Walker, layer: Layer, place: LayerContext
) -> tuple[Layer, dict[str, Any] | None]:
    held = place.names.get(layer.word, layer.word)
    if isinstance(held, Operand):
        return held.layer, dict(held.names)
    return named_operand(layer, held, place.names, walker.state.spec.blocks), None


def named_operand(
    layer: Layer, held: Any, names: dict[str, Any], blocks: dict[str, Block]
) -> Layer:
    """The layer that an `apply` stands for, from the value of its name. Raises
    `DiagnosticError`."""
    if isinstance(held, str) and held in OPERATIONS:
        op = OPERATIONS[held]
        if not op.join:
            return Layer("operation", held, layer.span, layer.arguments)
    if isinstance(held, str) and held in blocks:
        return Layer("block", held, layer.span, {})
    if isinstance(held, str) and held not in OPERATIONS:
        holds = f"{layer.word} holds {held}" if layer.word in names else f"this is {held}"
        raise DiagnosticError(
            "unknown-operation",
            "`apply` needs an operation, a block or a parameter that holds one",
            label=f"{holds}, which is none of these",
            help=lambda: (
                did_you_mean(held, (*names, *OPERATIONS, *blocks))
                or "the guide lists all operations"
            ),
        )
    raise DiagnosticError(
        "wrong-type",
        "`apply` needs an operation or a block",
        label=f"{layer.word} is {shown(held)}" + (", a join" if isinstance(held, str) else ""),
        help="declare the parameter with type: operation and pass an operation, as in act: relu",
    )


def reuse(walker: Walker, layer: Layer, start: int, place: LayerContext) -> Made:
    """Walks an earlier layer or block call again: its weights count once, its macs each time."""
    state = walker.state
    target = look_up(place, layer.word, layer.span)
    if target.layer is None or target.path is None or target.names is None:
        raise DiagnosticError(
            "bad-reuse",
            "`reuse` needs a layer, a block call or a group",
            label=f"{layer.word} is none of these",
            help="put the layers to reuse into a named group",
        )
    state.step(layer.span, weight_of_layer(target.layer))
    nodes = {node.path: node.index for node in state.nodes[target.start : target.end]}
    here = place.inside(place.group, names=dict(target.names))
    here.again = Again(nodes, layer.span)
    set_in_channels(state, here, start)
    made, result, _ = walker.dispatch(
        target.layer._replace(name=None, label=None, source=None, when=None, head=False, expect=()),
        start,
        here,
        target.path,
    )
    return made, result, None


def net_expectations(spec: Spec, root: Group, names: dict[str, Any]) -> list[Expected]:
    """The expectations on the net itself."""
    return [Expected(root, case, dict(names)) for case in spec.expect]
