"""The arguments of an operation or a block, and lexical `defaults`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import Note
from archcalc.spec.reader import is_empty, kind_of
from archcalc.spec.yaml_tree import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from archcalc.spec.expressions import Value
    from archcalc.spec.scope import Callee, Defaults, Scope
    from archcalc.spec.syntax import Layer
    from archcalc.spec.yaml_tree import Node


def parse_arguments(
    scope: Scope, callee: Callee, key: Scalar, node: Node | None, skip: str = ""
) -> dict[str, Value] | None:
    """The arguments under `conv:` or `bottleneck:`, with defaults merged in; None if they are
    invalid.

    `skip` is a key that is not an argument: the `branches` of a join's long form.
    """
    given: dict[str, Value] | None = {}
    if isinstance(node, Mapping):
        given = _named(scope, callee, node, skip)
    elif node is not None and not is_empty(node):
        given = _lone(scope, callee, node)
    if given is None:
        return None
    if callee.name in scope.defaults:
        defaults = scope.defaults[callee.name]
        if defaults is None:
            return None  # invalid, and already reported
        given = {**defaults, **given}
    for name in callee.required:
        if name not in given:
            _missing(scope, callee, key, [n for n in callee.required if n not in given])
            return None
    return given


def _named(scope: Scope, callee: Callee, node: Mapping, skip: str) -> dict[str, Value] | None:
    given: dict[str, Value] = {}
    right = True
    for name, (key, argument) in node.entries.items():
        if name in callee.accepts:
            value = _argument(scope, callee, name, argument)
            if value is None:
                right = False
            else:
                given[name] = value
        elif name != skip:
            right = False
            _unknown(scope, callee, key)
    return given if right else None


def _argument(scope: Scope, callee: Callee, name: str, node: Node) -> Value | None:
    if callee.block is None:
        if name in callee.literal:
            return _literal(scope, callee, name, node)
        return scope.reader.value(node)
    return scope.reader.value(node, lambda mapping: parse_operand(scope, mapping))


def _literal(scope: Scope, callee: Callee, name: str, node: Node) -> Value | None:
    """An attribute that is a literal text, or a mapping of names to values."""
    from archcalc.ops.attributes import NamedValues

    mapping = isinstance(callee.literal[name], NamedValues)
    if mapping and isinstance(node, Mapping):
        return scope.reader.pairs(node)
    if not mapping and isinstance(node, Scalar):
        return scope.reader.text_value(node)
    if mapping and isinstance(node, Scalar) and is_empty(node):
        return scope.reader.pairs(Mapping(node.line, node.column))
    needed = "a mapping" if mapping else "a text"
    scope.reader.wrong_type(f"`{name}`", needed, node)
    return None


def parse_operand(scope: Scope, node: Mapping) -> Layer | None:
    """An operation or block call given as a value, as in `act: {leaky_relu: 0.1}`."""
    from archcalc.spec.parse_layers import parse_layer

    layer = parse_layer(scope, node)
    return None if layer.kind == "error" else layer


def _lone(scope: Scope, callee: Callee, node: Node) -> dict[str, Value] | None:
    if callee.main is None:
        names = ", ".join(callee.accepts)
        scope.reader.error(
            "wrong-type",
            f"{callee.name} does not accept a single value",
            node,
            label=f"got {kind_of(node)}",
            help=f"write it as a mapping with {names}" if names else f"write {callee.name} alone",
        )
        return None
    items = node.items if isinstance(node, Sequence) and callee.block is None else []
    if items and all(isinstance(item, Mapping) for item in items):
        what = f"the value of {callee.name}"
        scope.reader.wrong_type(what, "a mapping", node, "leave out the `- ` of its attributes")
        return None
    value = _argument(scope, callee, callee.main, node)
    return None if value is None else {callee.main: value}


_NO_ATTRIBUTES = {
    "in": "the input channels are known: leave it out",
    "activation": "an activation is a separate layer: write `- relu` after this one",
    "input_shape": "the input of the net is given once, as in input: [3, 224, 224]",
    "name": "write it next to the operation: {name: stem, conv: {…}}",
}
"""What other libraries write among the attributes, and what to write here instead."""

_ALIKE = {
    **dict.fromkeys(("in_channels", "in_features", "inputs", "input_dim", "cin", "inp"), "in"),
    "act": "activation",
}


def _unknown(scope: Scope, callee: Callee, key: Scalar) -> None:
    if callee.block is None:
        help = _NO_ATTRIBUTES.get(_ALIKE.get(key.text, key.text))
        if help is not None:
            message = f"unknown attribute `{key.text}` of {callee.name}"
            scope.reader.error("unknown-attribute", message, key, help=help)
            return
        scope.reader.unknown(
            "unknown-attribute", "attribute", key, callee.accepts, f" of {callee.name}"
        )
    else:
        scope.reader.unknown(
            "unknown-parameter", "parameter", key, callee.accepts, f" of {callee.name}"
        )


def _missing(scope: Scope, callee: Callee, key: Scalar, missing: list[str]) -> None:
    call = f"{callee.name}: {{{', '.join(f'{name}: …' for name in callee.required)}}}"
    block = callee.block
    scope.reader.error(
        "missing-parameter" if block else "missing-attribute",
        f"missing {'parameter' if block else 'attribute'}{'s' if missing[1:] else ''} "
        f"{' and '.join(f'`{name}`' for name in missing)} of {callee.name}",
        key,
        label="not given here",
        help=f"write {call}",
        notes=(Note(f"{block.name} is declared here", block.span),) if block else (),
    )


def parse_defaults(scope: Scope, node: Node) -> Defaults:
    """`defaults: {conv: {bias: false}}`: operations and their attributes.

    Those of an unknown operation may be meant for any other one, if none is similar.
    """
    from archcalc.spec.synonyms import likely

    defaults: Defaults = {}
    unread: set[str] = set()
    reader = scope.reader
    example = "write defaults: {conv: {bias: false}}"
    for name, (key, arguments) in reader.entries(node, "defaults", example).items():
        callee = scope.callees.get(name)
        if callee is None or callee.block is not None:
            operations = [c.name for c in scope.callees.values() if c.operation]
            reader.unknown("unknown-operation", "operation", key, operations)
            meant = likely(name, operations)
            unread.update([meant] if meant else operations)
        elif not isinstance(arguments, Mapping):
            reader.wrong_type(f"the defaults of {name}", "a mapping", arguments, example)
            defaults[name] = None
        else:
            defaults[name] = _named(scope, callee, arguments, "")
    return {**defaults, **dict.fromkeys(unread)}
