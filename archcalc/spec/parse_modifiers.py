"""The modifiers of a layer: names, conditions, loops, expectations, remarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.spec.parse_calls import parse_operand
from archcalc.spec.parse_expect import parse_expect
from archcalc.spec.parse_init import parse_init
from archcalc.spec.syntax import Loop
from archcalc.spec.words import ALLOWABLE
from archcalc.spec.yaml_tree import Scalar, Sequence

if TYPE_CHECKING:
    from archcalc.spec.scope import Scope
    from archcalc.spec.yaml_tree import Mapping, Node

_FIELDS = {"name": "name", "as": "label", "from": "source"}


def parse_modifiers(scope: Scope, node: Mapping, *, branch: bool = False) -> dict[str, Any]:
    """The modifiers of a layer, as fields of `Layer`. Loops are read by `parse_loop`."""
    fields: dict[str, Any] = {}
    reader = scope.reader
    for key, (place, value) in node.entries.items():
        if key in _FIELDS:
            fields[_FIELDS[key]] = reader.name(value, key)
        elif key == "when":
            fields["when"] = reader.value(value) or reader.invalid(place)
        elif key == "only_if":
            if branch:
                fields["only_if"] = reader.value(value) or reader.invalid(place)
            else:
                reader.error(
                    "misplaced-key",
                    "`only_if` is only allowed on a branch of a join",
                    place,
                    help="use when",
                )
        elif key == "expect":
            fields["expect"] = parse_expect(reader, value)
        elif key == "init":
            fields["init"] = parse_init(reader, value)
        elif key == "note":
            fields["note"] = reader.text(value, "note")
        elif key == "allow":
            fields["allow"] = _codes(scope, value)
        elif key in ("head", "training_only"):
            fields[key] = reader.boolean(value, key)
    if fields.get("training_only") and not fields.get("head"):
        reader.error(
            "misplaced-key",
            "`training_only` needs head: true",
            node.entries["training_only"][0],
            help="add head: true, or remove it",
        )
    return fields


def _codes(scope: Scope, node: Node) -> frozenset[str]:
    """`allow`: one diagnostic code, or a list of them."""
    items = node.items if isinstance(node, Sequence) else [node]
    codes: list[str] = []
    for item in items:
        text = scope.reader.text(item, "allow")
        if text in ALLOWABLE:
            codes.append(text)
        elif text is not None and isinstance(item, Scalar):
            scope.reader.unknown("unknown-code", "warning code", item, ALLOWABLE)
    return frozenset(codes)


def parse_loop(scope: Scope, node: Mapping) -> Loop | None:
    """`repeat: n`, or `for: x` with `in: table`; None if there is neither or it is invalid."""
    entries = node.entries
    reader = scope.reader
    if "repeat" in entries:
        key, value = entries["repeat"]
        if "for" in entries or "in" in entries:
            other = entries["for" if "for" in entries else "in"][0]
            reader.error(
                "misplaced-key",
                "two loops on one `do`",
                other,
                label=f"{other.text} is next to repeat",
                help="nest two do",
            )
        count = reader.value(value)
        return None if count is None else Loop((), None, count, reader.span(key))
    if "for" not in entries and "in" not in entries:
        return None
    if "for" not in entries or "in" not in entries:
        there = "for" if "for" in entries else "in"
        reader.error(
            "missing-key",
            "a loop needs both `for` and `in`",
            entries[there][0],
            label=f"only {there} is given",
            help=_for_in(entries[there][1]) or "write for: [a, b], in: [[1, 2], [3, 4]]",
        )
        return None
    key = entries["for"][0]
    names = _loop_names(scope, entries["for"][1])
    table = reader.value(entries["in"][1], lambda mapping: parse_operand(scope, mapping))
    return None if table is None or not names else Loop(names, table, None, reader.span(key))


def _for_in(node: Node) -> str:
    """The help for Python's `for: k in [1, 2]`."""
    names, found, table = node.text.partition(" in ") if isinstance(node, Scalar) else ("", "", "")
    return f"write for: {names.strip()} and, next to it, in: {table.strip()}" if found else ""


def _loop_names(scope: Scope, node: Node) -> tuple[str, ...]:
    items = node.items if isinstance(node, Sequence) else [node]
    names: list[str] = []
    for item in items:
        if not isinstance(item, Scalar):
            scope.reader.wrong_type("a loop name", "a word", item)
            continue
        name = scope.reader.variable(item, "loop")
        if name in names:
            scope.reader.error(
                "duplicate-name",
                f"duplicate name `{name}`",
                item,
                help="give one of them another name",
            )
        elif name:
            names.append(name)
    if not items:
        scope.reader.wrong_type("`for`", "a name or a list of names", node)
    return tuple(names) if len(names) == len(items) else ()
