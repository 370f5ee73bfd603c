"""One operation: reads its attributes, computes its facts (once for equal layers), adds its
node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError, did_you_mean
from archcalc.elaborate.labels import labelled_inside
from archcalc.elaborate.scope import Label
from archcalc.elaborate.state import NEW_FACTS, NOTHING
from archcalc.ops.attributes import Reference, as_tuple, shown
from archcalc.ops.read import read_attributes
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.limits import MAX_LENGTH
from archcalc.spec.name_rules import check_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import SimpleNamespace

    from archcalc.diagnostics import Span
    from archcalc.elaborate.scope import LayerContext
    from archcalc.elaborate.state import State
    from archcalc.graph import Node
    from archcalc.ops.base import Facts, Operation, Tensor
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Layer


def add_operation(
    state: State, place: LayerContext, layer: Layer, inputs: tuple[int, ...], path: str
) -> Node:
    """Adds the node of a layer or join. Errors are reported; then the output is unknown."""
    op = OPERATIONS[layer.word]
    attributes = facts = None
    invalid = False
    try:
        attributes = _attributes(state, place, layer, op, inputs)
        inputs += _referenced(place, layer, op)
        facts = _facts(state, layer, op, attributes, inputs)
        node = state.node(place, layer, op, path, inputs, attributes, facts)
    except DiagnosticError as error:
        # No other name may refer to the error: it would keep this frame alive in a cycle.
        invalid = error.code != "unknown-tensor" or NOTHING in inputs
        unknown = error.code == "unknown-tensor"
        state.report(no_tensor(layer) if unknown and invalid else error, place, layer)
        node = state.node(place, layer, op, path, inputs, attributes, None, invalid=invalid)
    _label_parts(state, place, layer, node)
    return node


def _attributes(
    state: State, place: LayerContext, layer: Layer, op: Operation, inputs: tuple[int, ...]
) -> SimpleNamespace:
    """The attributes as formulas use them; computed once if they use no names."""
    tensor = state.tensors[inputs[0]]
    rank = None if tensor is None else len(tensor.shape) - 1
    key = (id(layer), rank)
    known = state.read.get(key)
    if known is not None:
        return known
    arguments = layer.arguments
    raw = {name: evaluate(value, name, place.names) for name, value in arguments.items()}
    read = read_attributes(op, raw, rank)
    if all(value.constant for value in arguments.values()):
        state.read[key] = read
    return read


def evaluate(value: Value, attribute: str, names: dict[str, Any]) -> Any:
    """The value of an argument; errors get the attribute's name."""
    try:
        return value.evaluate(names)
    except DiagnosticError as error:
        error.attribute = error.attribute or attribute
        raise


def _referenced(place: LayerContext, layer: Layer, op: Operation) -> tuple[int, ...]:
    """The further input tensors, which attributes such as `like` name."""
    found: tuple[int, ...] = ()
    for attribute in op.attributes:
        if isinstance(attribute.kind, Reference) and attribute.name in layer.arguments:
            value = layer.arguments[attribute.name]
            named = evaluate(value, attribute.name, place.names)
            for label in as_tuple(named):
                found += (look_up(place, str(label), value.span).tensor,)
    return found


def _facts(
    state: State,
    layer: Layer,
    op: Operation,
    attributes: SimpleNamespace,
    inputs: tuple[int, ...],
) -> Facts | None:
    """The facts, shared between layers with equal attributes and inputs; None if unknown."""
    tensors: list[Tensor] = []
    for index in inputs:
        if index == NOTHING:
            raise no_tensor(layer)
        tensor = state.tensors[index]
        if tensor is None:
            return None
        tensors.append(tensor)
    given = tuple(tensors)
    key = (op.name, *vars(attributes).values(), given)
    facts = state.facts.get(key)
    if facts is None:
        state.step(layer.span, NEW_FACTS)
        facts = op.facts(attributes, given)
        _check_lengths(facts)
        state.facts[key] = facts
    return facts


def _check_lengths(facts: Facts) -> None:
    """Raises `DiagnosticError` if an axis of an output or a weight is larger than in any
    network."""
    shapes = [("output", y.shape) for y in facts.outputs]
    shapes += [(weight.name, weight.shape) for weight in facts.weights]
    for what, shape in shapes:
        for axis, length in enumerate(shape):
            # int's own comparison: a symbolic number should not record this limit as a condition.
            if int.__gt__(length, MAX_LENGTH):
                raise DiagnosticError(
                    "number-too-large",
                    f"the size of an axis is at most {MAX_LENGTH:,}",
                    label=f"axis {axis} of {what} would be {shown(length)}",
                    help="check the loops and expressions that this size comes from",
                )


def no_tensor(layer: Layer) -> DiagnosticError:
    """The error of a layer that needs the current tensor where there is none."""
    return DiagnosticError(
        "no-tensor",
        "no current tensor here",
        label=f"{layer.word or 'this layer'} reads the tensor before it",
        help="after a split, or with several inputs, choose one with from: LABEL",
    )


def look_up(place: LayerContext, name: str, span: Span) -> Label:
    """The label that a reference names. Raises `DiagnosticError`."""
    label = place.scope.find(name)
    if label is None:
        error = unknown_label(name, span, place.scope.visible)
        if name in place.names:
            error.advice = (
                f'{name} is a var or parameter: for the label that it holds write "$({name})"'
            )
        else:
            suggested = error.advice
            error.advice = lambda: (
                _inside_help(name, place)
                or (suggested if isinstance(suggested, str) else suggested())
            )
        raise error
    return label


def _inside_help(name: str, place: LayerContext) -> str:
    """The help for a label that exists inside a branch, group or block but is not visible here."""
    root = place.group
    while root.parent is not None:
        root = root.parent
    found = labelled_inside(root, name)
    if found is None:
        return ""
    span, inner = found
    return (
        f"{name} in line {span.line} is visible only inside its {inner.kind}: "
        + {
            "branch": "label the join, or move the layer in front of it",
            "group": "label the group itself (as: …) if its last tensor is meant, or end it there",
            "block": "label the call (as: …) if its last tensor is meant",
        }[inner.kind]
    )


def unknown_label(name: str, span: Span, visible: Callable[[], Iterable[str]]) -> DiagnosticError:
    """The error of an unknown label; `visible` returns the known ones."""

    def suggested() -> str:
        return did_you_mean(name, visible()) or "give an earlier layer a name, or label it with as"

    return DiagnosticError(
        "unknown-label",
        f"unknown label `{name}`",
        label="no earlier layer of this body, or of those around it, has this label",
        help=suggested,
        span=span,
    )


def _check_part(name: str, span: Span) -> None:
    reason = check_label(name)
    if reason is not None:
        label = f"got {name!r}"
        raise DiagnosticError(
            "invalid-name", reason, label=label, help="choose another name", span=span
        )


def _label_parts(state: State, place: LayerContext, layer: Layer, node: Node) -> None:
    """Adds the labels that `split: {into: [left, right]}` gives to its outputs."""
    if node.op.name != "split" or node.attributes is None:
        return
    value = layer.arguments["into"]
    for position, name in enumerate(node.attributes.into):
        # An invalid split still defines its labels, so that later uses are not errors too.
        tensor = node.outputs[position] if position < len(node.outputs) else node.outputs[0]
        try:
            _check_part(name, value.span)
            state.label(place, name, Label(tensor, value.span, layer))
        except DiagnosticError as error:
            state.report(error, place, layer)
