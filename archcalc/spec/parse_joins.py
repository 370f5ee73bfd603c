"""Joins: add, sub, mul and concat, and their branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.spec.parse_calls import parse_arguments
from archcalc.spec.parse_layers import parse_layer, read_layers
from archcalc.spec.parse_modifiers import parse_loop
from archcalc.spec.reader import is_empty
from archcalc.spec.syntax import Branch, Layer
from archcalc.spec.words import LOOP
from archcalc.spec.yaml_tree import Mapping, Sequence

if TYPE_CHECKING:
    from archcalc.spec.scope import Callee, Scope
    from archcalc.spec.yaml_tree import Node, Scalar

_BRANCH_KEYS = ("branch", "only_if", "for", "in")


def parse_join(
    scope: Scope, callee: Callee, key: Scalar, node: Node | None, extra: dict[str, Any]
) -> Layer:
    """`add: [...]`, `add: {body: [...], shortcut: []}` or `concat: {branches: ..., axis: ...}`."""
    branches, rest = node, None
    if isinstance(node, Mapping) and "branches" in node.entries:
        branches, rest = node.entries["branches"][1], node
    arguments = parse_arguments(scope, callee, key, rest, skip="branches")
    found = _branches(scope, key, branches)
    span = scope.reader.span(key)
    if arguments is None or not found:
        return Layer("error", callee.name, span, {}, **extra)
    return Layer("join", callee.name, span, arguments, branches=found, **extra)


def _branches(scope: Scope, key: Scalar, node: Node | None) -> tuple[Branch, ...]:
    found: list[Branch] = []
    if isinstance(node, Sequence):
        found = [_branch(scope, None, item) for item in node.items]
    elif isinstance(node, Mapping):
        for label, (place, item) in node.entries.items():
            if _is_argument_list(scope, label, item):
                scope.reader.error(
                    "missing-branches",
                    f"the keys of {key.text} are branch labels",
                    place,
                    label=f"{label} is an operation",
                    help=f"write the branches as a list: {key.text}: [{label}: {{…}}, []]",
                )
                continue
            if is_empty(item):
                scope.reader.error(
                    "wrong-type",
                    f"branch `{label}` is empty",
                    place,
                    help=f"for an identity branch write {label}: []",
                )
            found.append(_branch(scope, label, item))
    if not found and not (isinstance(node, Mapping) and node.entries):
        scope.reader.error(
            "missing-branches",
            f"{key.text} has no branches",
            key,
            label="no branch is given",
            help=f"write {key.text}: [[…], []]; [] is an identity branch",
        )
    return tuple(found)


def _is_argument_list(scope: Scope, label: str, node: Node) -> bool:
    """Whether a labelled branch was meant as a layer: `add: {conv: {out: 8}}`."""
    callee = scope.callees.get(label)
    if callee is None or not isinstance(node, Mapping) or not node.entries:
        return False
    return all(name in callee.accepts for name in node.entries)


def _is_long_form(node: Node) -> bool:
    return isinstance(node, Mapping) and "branch" in node.entries


def _branch(scope: Scope, label: str | None, node: Node) -> Branch:
    """A branch: a list of layers, one layer, or a mapping with the key `branch`."""
    reader = scope.reader
    span = reader.span(node)
    if isinstance(node, Sequence) and len(node.items) == 1 and _is_long_form(node.items[0]):
        node = node.items[0]  # a labelled branch with its long form in a list
    if isinstance(node, Sequence):
        return Branch(label, read_layers(scope, node.items), None, None, span)
    if not isinstance(node, Mapping) or not _is_long_form(node):
        if label is not None and is_empty(node):
            return Branch(label, (), None, None, span)
        layer = parse_layer(scope, node, branch=True)
        return Branch(label, (layer,), layer.only_if, None, layer.span)
    for name, (key, _) in node.entries.items():
        if name not in _BRANCH_KEYS:
            reader.unknown("unknown-key", "key next to `branch`", key, _BRANCH_KEYS)
    body = node.entries["branch"][1]
    layers = read_layers(scope, body.items if isinstance(body, Sequence) else [body])
    condition = node.entries.get("only_if")
    only_if = reader.value(condition[1]) or reader.invalid(condition[0]) if condition else None
    loop = parse_loop(scope, node)
    if loop is None and any(name in node.entries for name in LOOP):
        layers = (Layer("error", "", span, {}),)  # the body uses the name that the loop would bind
    return Branch(label, layers, only_if, loop, span)
