"""Layers: a word, or a mapping with one operation key and modifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import Note
from archcalc.spec.name_rules import check_label
from archcalc.spec.parse_calls import parse_arguments
from archcalc.spec.parse_modifiers import parse_loop, parse_modifiers
from archcalc.spec.reader import is_empty
from archcalc.spec.syntax import Layer
from archcalc.spec.words import LOOP, MODIFIERS, STRUCTURE
from archcalc.spec.yaml_tree import Mapping, Scalar

if TYPE_CHECKING:
    from archcalc.spec.scope import Callee, Scope
    from archcalc.spec.yaml_tree import Node

_MODIFIERS = frozenset(MODIFIERS)

_NAMES_OF_OPERATIONS = ("type", "op", "operation", "layer", "kind", "class", "activation", "act")
"""Keys under which other formats name the operation of a layer."""


def parse_body(scope: Scope, node: Node, what: str) -> tuple[Layer, ...]:
    """A list of layers."""
    items = scope.reader.items(node, what, _listed(scope, node))
    if items is None:
        return (Layer("error", what, scope.reader.span(node), {}),)
    return read_layers(scope, items)


def _listed(scope: Scope, node: Node) -> str:
    """The help for a body that is not a list."""
    help = "write `- ` before each layer"
    if isinstance(node, Mapping):
        for key, _ in node.entries.values():
            if key.text not in scope.callees and key.text not in STRUCTURE:
                return f"{help}, and its name inside: - {{name: {key.text}, conv: {{…}}}}"
    return help


def read_layers(scope: Scope, nodes: list[Node]) -> tuple[Layer, ...]:
    """A sequence of layers."""
    return tuple([parse_layer(scope, node) for node in scope.reader.count_layers(nodes)])


def parse_layer(scope: Scope, node: Node, *, branch: bool = False) -> Layer:
    """One layer. `branch`: it is a branch of a join, where `only_if` is allowed.

    A layer that cannot be parsed is reported and has kind "error".
    """
    if isinstance(node, Scalar):
        return _word(scope, node, branch)
    if not isinstance(node, Mapping):
        scope.reader.wrong_type(
            "a layer", "an operation", node, "for several layers without a name write do: [...]"
        )
        return _error(scope, node, {})
    entries = node.entries
    if len(entries) == 1 and "branch" not in entries:
        # The most common form, `- conv: {...}`, without searching for modifiers.
        for only, value in entries.values():
            if only.text not in _MODIFIERS:
                return _keyed(scope, only, value, {})
    if "branch" in entries:
        scope.reader.error(
            "misplaced-key",
            "`branch` is only allowed directly in a join",
            entries["branch"][0],
            help="write add: {body: [...], skip: {only_if: …, branch: [...]}}; "
            "to leave out one layer of a branch, use when",
        )
        return _error(scope, node, {})
    extra = parse_modifiers(scope, node, branch=branch)
    key = _operation_key(scope, node)
    if key is None:
        return _error(scope, node, extra)
    if key.text in _MODIFIERS:
        _check_tensor(scope, node)
        return Layer("tensor", "", scope.reader.span(key), {}, **extra)
    return _keyed(scope, key, entries[key.text][1], extra, node)


def _error(scope: Scope, node: Node, extra: dict[str, Any]) -> Layer:
    return Layer("error", "", scope.reader.span(node), {}, **extra)


def _word(scope: Scope, node: Scalar, branch: bool) -> Layer:
    """A bare word: an operation or block with all defaults."""
    if is_empty(node):
        scope.reader.error(
            "no-operation", "empty layer", node, help="remove the `-`, or use identity"
        )
        return _error(scope, node, {})
    if node.text in STRUCTURE:
        scope.reader.error(
            "wrong-type", f"`{node.text}` needs a value", node, help=f"write {node.text}: …"
        )
        return _error(scope, node, {})
    if branch and node.text not in scope.callees:
        label = node.text if check_label(node.text) is None else "…"
        _unknown_operation(scope, node, also=f"for the tensor of a layer write {{from: {label}}}")
        return _error(scope, node, {})
    return _keyed(scope, node, None, {})


def _operation_key(scope: Scope, node: Mapping) -> Scalar | None:
    """The key of the operation; `from` if there is no other."""
    entries = node.entries
    others = [key for name, (key, _) in entries.items() if name not in _MODIFIERS]
    known = [key for key in others if key.text in STRUCTURE or key.text in scope.callees]
    if len(known) == 1 and len(others) == 1:
        return known[0]
    reader = scope.reader
    if len(known) > 1:
        first, second = known[:2]
        reader.error(
            "several-operations",
            f"two operations in one layer: `{first.text}` and `{second.text}`",
            second,
            label="the second",
            help="begin each layer with `- `, or put several in do: [...]",
            notes=(Note(f"{first.text} is here", reader.span(first)),),
        )
    elif known:
        _beside(scope, known[0], [key for key in others if key is not known[0]])
    elif others:
        key = next((k for k in others if _as_value(scope, k, entries[k.text][1])), others[0])
        _unknown_operation(scope, key, entries[key.text][1])
    elif "from" in entries:
        return entries["from"][0]
    else:
        reader.error(
            "no-operation",
            "layer without an operation",
            node,
            label="only modifiers are given" if entries else "nothing is given",
            help="add one, as in conv: {out: 64, kernel: 3}",
        )
    return None


def _check_tensor(scope: Scope, node: Mapping) -> None:
    """A layer that only reads a tensor can have neither `expect` nor `init`."""
    for name in ("expect", "init"):
        if name in node.entries:
            scope.reader.error(
                "misplaced-key",
                f"`{name}` needs an operation",
                node.entries[name][0],
                label="this layer only reads a tensor",
                help="write it on the layer that produces the tensor",
            )


def _beside(scope: Scope, operation: Scalar, others: list[Scalar]) -> None:
    """Unknown keys next to an operation: most likely its attributes."""
    callee = scope.callees.get(operation.text)
    accepted = callee.accepts if callee else {}
    for key in others:
        if key.text in accepted:
            join = callee is not None and callee.operation is not None and callee.operation.join
            inside = f"{{{'branches: [...]' if join else '…'}, {key.text}: …}}"
            scope.reader.error(
                "misplaced-key",
                f"`{key.text}` is an attribute of {operation.text} and belongs inside it",
                key,
                help=f"write {operation.text}: {inside}"
                + ("" if join else ", or indent it further"),
            )
        else:
            scope.reader.unknown("unknown-key", "key", key, MODIFIERS)


def _unknown_operation(
    scope: Scope, key: Scalar, value: Node | None = None, also: str = ""
) -> None:
    """Reports a key or word that is not an operation; `also` is an alternative for the help."""
    if key.text in scope.invalid:
        return
    block = scope.block
    if block is not None and any(p.name == key.text for p in block.parameters):
        scope.reader.error(
            "unknown-operation",
            f"`{key.text}` is a parameter, not an operation",
            key,
            help=f"write apply: {key.text}",
        )
        return
    help = _tight(scope, key.text) or _as_value(scope, key, value)
    if not help:
        from archcalc.spec.synonyms import absent, likely

        near = likely(key.text, (*scope.callees, *STRUCTURE, *(() if also else MODIFIERS)))
        found = f"did you mean {near}?" if near else absent(key.text)
        help = " ".join(filter(None, (found, also))) or "the guide lists all operations"
    scope.reader.error(
        "unknown-operation", f"unknown operation or block `{key.text}`", key, help=help
    )


def _tight(scope: Scope, text: str) -> str:
    """The help for an operation that is followed by text without a colon or a space."""
    for mark in (":", "(", "{", "[", " ", "="):
        before, found, after = text.partition(mark)
        before = before.strip()
        if not found or (before not in scope.callees and before not in STRUCTURE):
            continue
        if mark == ":":
            return f"a colon needs a space after it: {before}: {after}"
        rest = after.strip(" ()[]{}=:")
        return f"a colon and a space follow the operation: {before}: {rest or '…'}"
    return ""


def _as_value(scope: Scope, key: Scalar, value: Node | None) -> str:
    """The help for `type: conv`, where the operation is a value instead of the key."""
    if key.text.lower() not in _NAMES_OF_OPERATIONS:
        return ""
    from archcalc.spec.synonyms import likely

    meant = likely(value.text, scope.callees) if isinstance(value, Scalar) else None
    return f"the operation is itself the key: {meant}: {{…}}" if meant else ""


def _keyed(
    scope: Scope,
    key: Scalar,
    value: Node | None,
    extra: dict[str, Any],
    node: Mapping | None = None,
) -> Layer:
    """A layer from its operation key."""
    word = key.text
    span = scope.reader.span(key)
    if node is not None and not _loop_is_right(scope, key, node):
        return Layer("error", word, span, {}, **extra)
    if word in STRUCTURE and value is not None:
        return _structure(scope, key, value, extra, node)
    callee = scope.callees.get(word)
    if callee is None:
        _unknown_operation(scope, key, value)
        return Layer("error", word, span, {}, **extra)
    if callee.operation is None:
        if not _may_call(scope, callee, key) or not _may_be_named(scope, callee, key, node):
            return Layer("error", word, span, {}, **extra)
        kind = "block"
    elif callee.operation.join:
        from archcalc.spec.parse_joins import parse_join

        return parse_join(scope, callee, key, value, extra)
    else:
        kind = "operation"
    arguments = parse_arguments(scope, callee, key, value)
    if arguments is None:
        return Layer("error", word, span, {}, **extra)
    return Layer(kind, word, span, arguments, **extra)


def _structure(
    scope: Scope, key: Scalar, value: Node, extra: dict[str, Any], node: Mapping | None
) -> Layer:
    """`group`, `do`, `reuse` and `apply`."""
    word = key.text
    span = scope.reader.span(key)
    if word in ("group", "do"):
        loop = parse_loop(scope, node) if node is not None and word == "do" else None
        body = parse_body(scope, value, word)
        if node is not None and loop is None and any(name in node.entries for name in LOOP):
            return Layer(
                "error", word, span, {}, **extra
            )  # the body uses the names that the loop would bind
        return Layer(word, word, span, {}, body, loop=loop, **extra)
    target = scope.reader.text(value, word)
    if target is None:
        return Layer("error", word, span, {}, **extra)
    return Layer(word, target, span, {}, **extra)


def _loop_is_right(scope: Scope, key: Scalar, node: Mapping) -> bool:
    """Whether a loop is next to a `do`, as required."""
    stray = [node.entries[name][0] for name in LOOP if name in node.entries]
    if not stray or key.text == "do":
        return True
    scope.reader.error(
        "misplaced-key",
        f"`{stray[0].text}` is only allowed next to `do`",
        stray[0],
        label=f"here it is next to {key.text}",
        help=f"wrap it: {{{stray[0].text}: …, do: [{key.text}: …]}}",
    )
    return False


def _may_be_named(scope: Scope, callee: Callee, key: Scalar, node: Mapping | None) -> bool:
    """Whether a call of this block can have a `name`: an inline block is not a component of the
    path, so the name would have no effect. A head's name is that of its output."""
    block = callee.block
    if node is None or "name" not in node.entries or "head" in node.entries:
        return True
    if block is None or not block.inline:
        return True
    name, value = node.entries["name"]
    text = value.text if isinstance(value, Scalar) else "…"
    scope.reader.error(
        "misplaced-key",
        f"`name` has no effect on {key.text}, which is inline",
        name,
        label="an inline block is not a component of the path",
        help=f"to label the result write as: {text}; for a path component write "
        f"{{name: {text}, group: [{key.text}: …]}}",
        notes=(Note(f"{key.text} is declared here", block.span),),
    )
    return False


def _may_call(scope: Scope, callee: Callee, key: Scalar) -> bool:
    """Whether a block can call another: only earlier ones, so that recursion is impossible.

    Between files joined by `extends` there is no order: `block_order.py` finds cycles.
    """
    here, called = scope.block, callee.block
    if here is None or called is None:
        return True
    span = scope.reader.span(key)
    if called.position < here.position or called.span.file is not here.span.file:
        scope.calls.setdefault(here.name, {}).setdefault(called.name, span)
        return True
    itself = called.name == here.name
    scope.reader.error(
        "recursive-block",
        "a block can only use earlier blocks",
        key,
        label=f"{called.name} is this block itself"
        if itself
        else f"{called.name} is defined later",
        help="to apply it several times, use repeat"
        if itself
        else f"move {called.name} above {here.name}",
        notes=(Note(f"{called.name} is defined here", called.span),),
    )
    return False
