"""A spec's text → its syntax tree. Every independent error is reported, not only the first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from archcalc.diagnostics import DiagnosticError, Note, Stop
from archcalc.gc_pause import paused
from archcalc.spec.block_order import in_order
from archcalc.spec.files import same_file
from archcalc.spec.limits import MAX_BLOCKS, MAX_CHAIN
from archcalc.spec.name_rules import check_label
from archcalc.spec.parse_blocks import parse_block, parse_signature
from archcalc.spec.parse_calls import parse_defaults
from archcalc.spec.parse_expect import parse_expect
from archcalc.spec.parse_layers import parse_body
from archcalc.spec.reader import Reader
from archcalc.spec.scope import Scope, block_callee, operation_callees
from archcalc.spec.syntax import Input, Layer, Spec
from archcalc.spec.yaml_tree import Mapping, Scalar, Sequence, parse_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.diagnostics import Diagnostics, SourceFile, Span
    from archcalc.spec.expressions import Value
    from archcalc.spec.scope import Calls
    from archcalc.spec.syntax import Block
    from archcalc.spec.yaml_tree import Node

    Load = Callable[[str, Span], SourceFile]

KEYS = (
    "name",
    "family",
    "source",
    "note",
    "extends",
    "input",
    "vars",
    "defaults",
    "blocks",
    "layers",
    "expect",
)

TEXTS = ("name", "family", "source", "note", "expect")
"""The keys that change no metric."""


class _Part(NamedTuple):
    """One file of a chain of `extends`."""

    reader: Reader
    root: Mapping

    def get(self, name: str) -> Node | None:
        entry = self.root.entries.get(name)
        return entry[1] if entry else None


def parse_spec(file: SourceFile, diagnostics: Diagnostics, load: Load) -> Spec | None:
    """The syntax of a spec with its `extends` resolved; None if nothing could be parsed.

    `load` returns the file that an `extends` names, relative to the file of the span, or raises
    `DiagnosticError`. An invalid layer becomes a layer of kind "error", so that the rest can still
    be checked.
    """
    try:
        with paused():
            return _merge(_chain(file, diagnostics, load))
    except Stop:
        return None


def _chain(file: SourceFile, diagnostics: Diagnostics, load: Load) -> list[_Part]:
    """The file and those it extends, the base first."""
    parts: list[_Part] = []
    links: list[Span] = []
    while True:
        reader = Reader(file, diagnostics)
        root = _root(reader, parse_tree(file, diagnostics))
        parts.insert(0, _Part(reader, root))
        node = parts[0].get("extends")
        if node is None:
            return parts
        name = reader.text(node, "extends")
        if name is None:
            raise Stop
        span = reader.span(node)
        file = _load(load, name, span, diagnostics)
        links.append(span)
        if any(same_file(part.reader.file, file) for part in parts):
            _cycle(diagnostics, links, file)
        if len(parts) >= MAX_CHAIN:
            diagnostics.error(
                "too-large", f"a chain of `extends` has at most {MAX_CHAIN} files", span
            )
            raise Stop


def _load(load: Load, name: str, span: Span, diagnostics: Diagnostics) -> SourceFile:
    try:
        return load(name, span)
    except DiagnosticError as error:
        diagnostics.report(error, span)
        raise Stop from error


def _cycle(diagnostics: Diagnostics, links: list[Span], file: SourceFile) -> None:
    first = next(i for i, link in enumerate(links) if same_file(link.file, file))
    chain = " → ".join([link.file.name for link in (*links[first:], links[first])])
    notes = tuple(Note("which extends this", link) for link in links[first:-1])
    diagnostics.error(
        "extends-cycle",
        "circular `extends`",
        links[-1],
        label=chain,
        help="remove one of these extends",
        notes=notes,
    )
    raise Stop


def _root(reader: Reader, root: Node | None) -> Mapping:
    """The root mapping of a spec."""
    example = "write input: [3, 224, 224] and layers: with a list of layers"
    if root is None or (isinstance(root, Scalar) and not root.text):
        reader.error("empty-spec", "empty spec", Scalar("", True, 1, 1, 1), help=example)
        raise Stop
    if not isinstance(root, Mapping):
        reader.wrong_type("a spec", "a mapping", root, example)
        raise Stop
    for key, _ in root.entries.values():
        if key.text not in KEYS:
            reader.unknown("unknown-key", "key", key, KEYS)
    return root


def _merge(parts: list[_Part]) -> Spec:
    """One spec from a chain of files. vars are merged by key and blocks by name; layers replace the
    base's."""
    own = parts[-1]
    scopes = _scopes(parts)
    expect = own.get("expect")
    return Spec(
        own.reader.file,
        _text(parts, "name") or _stem(own.reader.file.name),
        _text(parts, "source"),
        _text(parts[-1:], "note"),
        _inputs(parts),
        _variables(parts),
        _blocks(parts, scopes),
        _layers(parts, scopes),
        () if expect is None else parse_expect(own.reader, expect),
        own.reader.span(own.root),
        _text(parts, "family"),
        _unread(parts),
    )


def _unread(parts: list[_Part]) -> tuple[Layer, ...]:
    """A placeholder for every unknown key that is not a misspelt text: the net is another one if
    the key is about its layers."""
    from archcalc.spec.synonyms import likely

    return tuple(
        Layer("error", key.text, part.reader.span(key), {})
        for part in parts
        for key, _ in part.root.entries.values()
        if key.text not in KEYS and likely(key.text, KEYS) not in TEXTS
    )


def _text(parts: list[_Part], what: str) -> str | None:
    """A text of the spec itself, else of the nearest base that has it."""
    for part in reversed(parts):
        node = part.get(what)
        if node is not None:
            return part.reader.text(node, what)
    return None


def _stem(name: str) -> str:
    """The default name of a spec: its file name without folder and extension."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return last.removesuffix(".yaml").removesuffix(".yml")


def _nearest_part(parts: list[_Part], what: str, example: str) -> tuple[int, Node] | None:
    """The last file of the chain with a required key; reports it if it is missing."""
    for i in reversed(range(len(parts))):
        node = parts[i].get(what)
        if node is not None:
            return i, node
    from archcalc.spec.synonyms import likely

    own = parts[-1]
    first: Node = own.root
    for key, _ in own.root.entries.values():
        if key.text not in KEYS and likely(key.text, KEYS) == what:
            return None  # misspelt, and already reported
        first = key if first is own.root else first
    own.reader.error("missing-key", f"missing key `{what}`", first, help=f"as in {what}: {example}")
    return None


def _inputs(parts: list[_Part]) -> tuple[Input, ...]:
    found = _nearest_part(parts, "input", "[3, 224, 224]")
    if found is None:
        return ()
    i, node = found
    reader = parts[i].reader
    if not isinstance(node, Mapping):
        return (Input("input", _shape(reader, node), reader.span(node)),)
    inputs: list[Input] = []
    for key, entry in node.entries.values():
        reason = check_label(key.text)
        if reason:
            reader.error("invalid-name", reason, key, help="choose another name")
        inputs.append(Input(key.text, _shape(reader, entry), reader.span(key)))
    if not node.entries:
        reader.wrong_type(
            "`input`", "a list, or a mapping of names to lists", node, "as in input: [3, 224, 224]"
        )
    return tuple(inputs)


def _shape(reader: Reader, node: Node) -> tuple[Value, ...]:
    """The values of a shape; empty if it is invalid."""
    if not isinstance(node, Sequence):
        reader.wrong_type("`input`", "a list", node, "as in input: [3, 224, 224]")
        return ()
    if not 1 <= len(node.items) <= 4:
        reader.error(
            "wrong-rank",
            "`input` must be the channels and 0 to 3 spatial sizes",
            node,
            label=f"got {len(node.items)} entries",
            help="leave the batch axis out, as in input: [3, 224, 224]",
        )
        return ()
    values = [reader.value(item) for item in node.items]
    shape = tuple(value for value in values if value is not None)
    return shape if len(shape) == len(values) else ()


def _variables(parts: list[_Part]) -> dict[str, Value]:
    variables: dict[str, Value] = {}
    for part in parts:
        node = part.get("vars")
        if node is None:
            continue
        entries = part.reader.entries(node, "vars", "as in vars: {classes: 1000}")
        for key, entry in entries.values():
            name = part.reader.variable(key, "var")
            value = part.reader.value(entry)
            if name is not None and value is not None:
                variables[name] = value
            elif key.text.isidentifier():
                # Keep a rejected var, so that its uses are not errors too.
                variables[key.text] = part.reader.invalid(key)
    return variables


def _scopes(parts: list[_Part]) -> list[Scope]:
    """One scope per file: its own `defaults`, and the blocks of the whole chain."""
    callees = operation_callees()
    calls: Calls = {}
    invalid: set[str] = set()
    scopes = []
    for part in parts:
        scope = Scope(part.reader, callees, calls, {}, invalid=invalid)
        node = part.get("defaults")
        if node is not None:
            scope.defaults = parse_defaults(scope, node)
        scopes.append(scope)
    return scopes


def _blocks(parts: list[_Part], scopes: list[Scope]) -> dict[str, Block]:
    """All blocks; a redefinition in a later file replaces the first one.

    All signatures are read before the bodies, because a base's body may call a block that the spec
    redefines, and is checked against that one.
    """
    written: dict[str, tuple[Scope, Scalar, Node, int]] = {}
    for part, scope in zip(parts, scopes, strict=True):
        node = part.get("blocks")
        if node is not None:
            entries = part.reader.entries(node, "blocks", "as in blocks: {stem: {do: [...]}}")
            for position, (name, (key, entry)) in enumerate(entries.items()):
                written[name] = (scope, key, entry, position)
    if len(written) > MAX_BLOCKS:
        scope, key, _, _ = next(islice(written.values(), MAX_BLOCKS, None))
        scope.reader.error("too-large", f"a spec has at most {MAX_BLOCKS:,} blocks", key)
        raise Stop
    signatures: dict[str, Block] = {}
    for name, (scope, key, node, position) in written.items():
        signature = parse_signature(scope, key, node, position)
        if signature is not None:
            signatures[name] = signature
            scope.callees[name] = block_callee(signature)
        elif name not in scope.callees:
            scope.invalid.add(name)
    blocks: dict[str, Block] = {}
    for name, signature in signatures.items():
        scope, _, node, _ = written[name]
        assert isinstance(node, Mapping)  # otherwise there would be no signature
        blocks[name] = parse_block(scope, signature, node)
    return in_order(blocks, scopes[-1].calls, parts[-1].reader.diagnostics)


def _layers(parts: list[_Part], scopes: list[Scope]) -> tuple[Layer, ...]:
    found = _nearest_part(parts, "layers", "[conv: {out: 64, kernel: 3}, relu]")
    if found is None:
        return ()
    i, node = found
    return parse_body(scopes[i], node, "layers")
