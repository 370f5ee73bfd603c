"""Blocks: first the signatures (parameters and inputs) of all of them, then their bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import Note, nearest
from archcalc.spec.name_rules import check_label
from archcalc.spec.parse_calls import parse_defaults, parse_operand
from archcalc.spec.parse_expect import parse_expect
from archcalc.spec.parse_layers import parse_body
from archcalc.spec.reader import is_empty
from archcalc.spec.syntax import Block, Parameter
from archcalc.spec.words import ENUMERATION, MODIFIERS, STRUCTURE, meaning_of
from archcalc.spec.yaml_tree import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from archcalc.spec.expressions import Value
    from archcalc.spec.reader import Reader
    from archcalc.spec.scope import Scope
    from archcalc.spec.yaml_tree import Node

_KEYS = ("with", "let", "inputs", "inline", "do", "expect", "note", "defaults")

_TYPE_NAMES = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "str": "text",
    "string": "text",
    "module": "operation",
}
"""How other languages name these types."""

TYPES = ("number", "integer", "boolean", "text", "list", "operation", "any")


def parse_signature(scope: Scope, key: Scalar, node: Node, position: int) -> Block | None:
    """A block with an empty body: its name, parameters and inputs, enough to parse calls of it."""
    reader = scope.reader
    if not _may_be_called(reader, key):
        return None
    if not isinstance(node, Mapping):
        reader.wrong_type(
            f"block `{key.text}`", "a mapping", node, "write its layers under do: and a list"
        )
        return None
    for name, (place, _) in node.entries.items():
        if name not in _KEYS:
            reader.unknown("unknown-key", "key of a block", place, _KEYS)
    if "do" not in node.entries:
        reader.error(
            "missing-key",
            f"block `{key.text}` has no `do`",
            key,
            help="write its layers under do: and a list",
        )
    seen: dict[str, Scalar] = {}
    told = len(reader.diagnostics.items)
    declared = reader.entries(_entry(node, "with"), "with", "as in with: {width: , stride: 1}")
    parameters = _parameters(scope, declared, seen)
    inputs = _inputs(reader, _entry(node, "inputs"), seen)
    if len(reader.diagnostics.items) > told:
        return None  # the signature is unknown
    inline = "inline" in node.entries and reader.boolean(node.entries["inline"][1], "inline")
    return Block(key.text, parameters, (), inputs, inline, (), (), None, position, reader.span(key))


def parse_block(scope: Scope, block: Block, node: Mapping) -> Block:
    """The block with its body; calls are checked against the signatures in `scope`."""
    reader = scope.reader
    entries = node.entries
    inside = scope.inside(block, {})
    if "defaults" in entries:
        inside = scope.inside(block, parse_defaults(inside, entries["defaults"][1]))
    taken = {p.name: p.span for p in block.parameters}
    let: list[tuple[str, Value]] = []
    for key, entry in reader.entries(_entry(node, "let"), "let", "as in let: {wide: 4*w}").values():
        name = reader.variable(key, "let")
        value = reader.value(entry)
        if name in taken:
            reader.error(
                "duplicate-name",
                f"duplicate name `{name}`",
                key,
                notes=(Note("the parameter is declared here", taken[name]),),
            )
        elif name:
            let.append((name, reader.invalid(key) if value is None else value))
        elif key.text.isidentifier():
            let.append((key.text, reader.invalid(key)))  # so that its uses are not errors too
    return block._replace(
        let=tuple(let),
        body=parse_body(inside, entries["do"][1], "do") if "do" in entries else (),
        expect=parse_expect(reader, entries["expect"][1]) if "expect" in entries else (),
        note=reader.text(entries["note"][1], "note") if "note" in entries else None,
    )


_NOTHING = Scalar("", True, 1, 1, 1)


def _entry(node: Mapping, name: str) -> Node:
    """The value of a key, empty if it is missing."""
    return node.entries[name][1] if name in node.entries else _NOTHING


def _may_be_called(reader: Reader, key: Scalar) -> bool:
    own = key.text in MODIFIERS or key.text in STRUCTURE
    meaning = "a key of layers" if own else meaning_of(key.text)
    if meaning not in (None, ENUMERATION):
        message = f"`{key.text}` is {meaning} and cannot name a block"
        reader.error("reserved-name", message, key, help="choose another name")
        return False
    reason = check_label(key.text)
    if reason:
        reader.error("invalid-name", reason, key, help="choose another name")
    return reason is None


def _parameters(
    scope: Scope, declared: dict[str, tuple[Scalar, Node]], seen: dict[str, Scalar]
) -> tuple[Parameter, ...]:
    parameters: list[Parameter] = []
    for key, node in declared.values():
        name = scope.reader.variable(key, "parameter")
        if name is None:
            continue
        seen[name] = key
        found = _parameter(scope, name, key, node, parameters)
        if found is not None:
            parameters.append(found)
    return tuple(parameters)


def _parameter(
    scope: Scope, name: str, key: Scalar, node: Node, before: list[Parameter]
) -> Parameter | None:
    """`width:` (a required number), `stride: 1` (typed by its default) or `{type:, default:}`."""
    reader = scope.reader
    span = reader.span(key)
    if is_empty(node):
        return Parameter(name, "number", None, span)
    if isinstance(node, Mapping) and ("type" in node.entries or "default" in node.entries):
        return _long_form(scope, name, key, node, before)
    value = reader.value(node, lambda mapping: parse_operand(scope, mapping))
    return None if value is None else Parameter(name, _type_of(scope, value, before), value, span)


def _long_form(
    scope: Scope, name: str, key: Scalar, node: Mapping, before: list[Parameter]
) -> Parameter | None:
    reader = scope.reader
    for place, _ in node.entries.values():
        if place.text not in ("type", "default"):
            reader.unknown("unknown-key", "key of a parameter", place, ("type", "default"))
    default = None
    if "default" in node.entries:
        written = node.entries["default"][1]
        default = reader.value(written, lambda mapping: parse_operand(scope, mapping))
        if default is None:
            return None
    kind = "number" if default is None else _type_of(scope, default, before)
    if "type" in node.entries:
        written = node.entries["type"][1]
        if not isinstance(written, Scalar) or written.text not in TYPES:
            word = written.text if isinstance(written, Scalar) else ""
            near = _TYPE_NAMES.get(word) or nearest(word, TYPES)
            help = f"did you mean {near}?" if near else ""
            reader.wrong_type("`type`", "one of " + ", ".join(TYPES), written, help)
            return None
        kind = written.text
    return Parameter(name, kind, default, reader.span(key))


def _type_of(scope: Scope, default: Value, before: list[Parameter]) -> str:
    """The type of a parameter that follows from its default."""
    if default.layer is not None:
        return "operation"
    if default.items is not None:
        return "list"
    for parameter in before:
        if parameter.name == default.text:
            return parameter.type
    if not default.constant:
        if default.text in scope.callees:
            return "operation"
        # A single word may be a var of any type, or a string; an expression is a number.
        return "any" if default.is_word else "number"
    result = default.evaluate({})
    if isinstance(result, bool):
        return "boolean"
    return "text" if isinstance(result, str) else "number"


def _inputs(reader: Reader, node: Node, seen: dict[str, Scalar]) -> tuple[str, ...]:
    """`inputs: [skip]`: labels of further input tensors, passed like arguments."""
    if is_empty(node):
        return ()
    names: list[str] = []
    for item in node.items if isinstance(node, Sequence) else [node]:
        if not isinstance(item, Scalar):
            reader.wrong_type("an input", "a word", item, "as in inputs: [skip]")
            continue
        name = reader.variable(item, "input")
        if name is None:
            continue
        if name in seen:
            reader.error(
                "duplicate-name",
                f"duplicate name `{name}`",
                item,
                notes=(Note("the first is here", reader.span(seen[name])),),
            )
            continue
        seen[name] = item
        names.append(name)
    return tuple(names)
