"""What every part of the parser needs: the current file, locations, plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import Note, Span, Stop
from archcalc.spec.expressions import InvalidValue, Misplaced, TextValue, Value, split_parts
from archcalc.spec.limits import MAX_FORMULAS, MAX_LAYERS, MAX_NAME, MAX_TEXT, add_error
from archcalc.spec.name_rules import check_label, check_name
from archcalc.spec.syntax import Name
from archcalc.spec.words import reserved
from archcalc.spec.yaml_tree import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from archcalc.diagnostics import Diagnostics, SourceFile
    from archcalc.spec.syntax import Layer
    from archcalc.spec.yaml_tree import Node


def kind_of(node: Node) -> str:
    """A node as the user would call it."""
    if isinstance(node, Mapping):
        return "a mapping" if node.entries else "an empty mapping"
    if isinstance(node, Sequence):
        return "a list" if node.items else "an empty list"
    return f"{node.text!r}" if node.text else "empty"


def is_empty(node: Node) -> bool:
    """Whether a value is missing."""
    return isinstance(node, Scalar) and node.plain and node.text in ("", "~", "null")


def _list_text(items: list[Value]) -> str:
    """The text of a list, if it is short enough to be shown."""
    size = 0
    for item in items:
        size += len(item.text) + 2
        if size > MAX_TEXT:
            return "[…]"
    return "[" + ", ".join(item.text for item in items) + "]"


class Reader:
    """Reads the nodes of one file. Methods report errors and return None for invalid values."""

    __slots__ = ("diagnostics", "file", "formulas", "layers", "seen")

    def __init__(self, file: SourceFile, diagnostics: Diagnostics) -> None:
        self.file = file
        self.diagnostics = diagnostics
        self.layers = 0  # read so far
        self.seen: set[str] = set()  # expressions
        self.formulas = 0  # total characters of these

    def span(self, node: Node) -> Span:
        return Span(self.file, node.line, node.column, node.length)

    def error(
        self,
        code: str,
        message: str,
        node: Node,
        *,
        label: str = "",
        help: str = "",
        notes: tuple[Note, ...] = (),
    ) -> None:
        span = self.span(node)
        add_error(self.diagnostics, code, message, span, label=label, help=help, notes=notes)

    def wrong_type(self, what: str, needed: str, node: Node, help: str = "") -> None:
        self.error(
            "wrong-type",
            f"{what} must be {needed}",
            node,
            label=f"got {kind_of(node)}",
            help=help,
        )

    def unknown(
        self, code: str, what: str, key: Scalar, known: Iterable[str], owner: str = ""
    ) -> None:
        """Reports a word that is not among the known ones, as in unknown attribute `x` of conv."""
        from archcalc.spec.synonyms import likely

        known = list(known)
        before, colon, after = key.text.partition(":")
        near = likely(key.text, known)
        if colon and before in known:
            help = f"a colon needs a space after it: {before}: {after}"
        elif key.text[0:1] == "-" and key.plain:
            help = f"a `-` needs a space after it, and the list indentation: - {key.text[1:]}"
        elif near:
            help = f"did you mean {near}?"
        elif 0 < len(known) <= 20:
            help = "known: " + ", ".join(known)
        elif known:
            help = "the guide lists them"
        else:
            help = "none are known here"
        self.error(code, f"unknown {what} `{key.text}`{owner}", key, help=help)

    def value(
        self, node: Node, operation: Callable[[Mapping], Layer | None] | None = None
    ) -> Value | None:
        """A number, word, list or expression; a mapping only if `operation` parses it."""
        place = (self.file, node.line, node.column, node.length)
        if isinstance(node, Scalar):
            if not node.text.isdecimal() and node.text not in self.seen:
                self._count_formula(node)
            return Value(node.text, node.plain, place)
        if isinstance(node, Sequence):
            items = [self.value(item, operation) for item in node.items]
            known = [item for item in items if item is not None]
            if len(known) < len(items):
                return None
            return Value(_list_text(known), True, place, tuple(known))
        if operation is None:
            self.wrong_type(
                "a value",
                "a number, a word, a list or an expression",
                node,
                "check the indentation, or quote the text",
            )
            return None
        layer = operation(node)
        return None if layer is None else Value(layer.word, True, place, None, layer)

    def text_value(self, node: Scalar) -> Value:
        """A literal text, even if it could be an expression."""
        return TextValue(node.text, node.plain, (self.file, node.line, node.column, node.length))

    def pairs(self, node: Mapping) -> Value | None:
        """A mapping of names to values, as a list of [name, value]."""
        place = (self.file, node.line, node.column, node.length)
        found: list[Value] = []
        for key, entry in node.entries.values():
            value = self.value(entry)
            if value is None:
                return None
            name = self.text_value(key)
            at = (self.file, key.line, key.column, key.length)
            found.append(Value(_list_text([name, value]), True, at, (name, value)))
        return Value(_list_text(found), True, place, tuple(found))

    def invalid(self, key: Scalar) -> Value:
        """The placeholder for a value that `value` has reported as invalid."""
        return InvalidValue(key.text, (self.file, key.line, key.column, key.length))

    def _count_formula(self, node: Scalar) -> None:
        """Counts an expression; words and texts too long to be an expression are never parsed."""
        self.seen.add(node.text)
        if len(node.text) > MAX_TEXT or node.text.isidentifier():
            return
        self.formulas += len(node.text)
        if self.formulas > MAX_FORMULAS:
            self.error(
                "too-large",
                "too many different expressions",
                node,
                label=f"the limit of {MAX_FORMULAS:,} characters is reached here",
                help="use vars, or let in a block",
            )
            raise Stop

    def count_layers(self, layers: list[Node]) -> list[Node]:
        """The layers of one body, counted. Raises `Stop` if the file has too many."""
        self.layers += len(layers)
        if self.layers > MAX_LAYERS:
            self.error(
                "too-large",
                f"a file has at most {MAX_LAYERS:,} layers written out",
                layers[0],
                label=f"with these {len(layers):,} there are {self.layers:,}",
                help="use repeat, for or a block",
            )
            raise Stop
        return layers

    def text(self, node: Node, what: str) -> str | None:
        """A string, as for `note` and `source`."""
        if not isinstance(node, Scalar) or is_empty(node):
            self.wrong_type(
                f"`{what}`", "a string", node, "quote it if it contains a colon or a bracket"
            )
            return None
        return node.text

    def boolean(self, node: Node, what: str) -> bool:
        """`true` or `false`; false if it is neither."""
        if isinstance(node, Scalar) and node.plain and node.text in ("true", "false"):
            return node.text == "true"
        from archcalc.ops.attributes import BOOLEANS

        meant = BOOLEANS.get(node.text) if isinstance(node, Scalar) else None
        self.wrong_type(f"`{what}`", "true or false", node, f"write {meant}" if meant else "")
        return False

    def items(self, node: Node, what: str, help: str = "") -> list[Node] | None:
        """The items of a list."""
        if not isinstance(node, Sequence):
            self.wrong_type(f"`{what}`", "a list", node, help)
            return None
        return node.items

    def entries(self, node: Node, what: str, help: str = "") -> dict[str, tuple[Scalar, Node]]:
        """The entries of a mapping; empty if it is something else."""
        if isinstance(node, Mapping):
            return node.entries
        if not is_empty(node):
            self.wrong_type(f"`{what}`", "a mapping", node, help)
        return {}

    def name(self, node: Node, what: str) -> Name | None:
        """A `name`, `as` or `from`, with `$(expression)` parts."""
        if not isinstance(node, Scalar) or is_empty(node):
            self.wrong_type(f"`{what}`", "one name", node, f"as in {what}: conv1")
            return None
        text = node.text
        if len(text) <= MAX_NAME and "$(" in text:
            return self._name_of_parts(node)
        reason = check_name(text) if what == "name" else check_label(text)
        if reason:
            self.error("invalid-name", reason, node, help="choose another name")
            return None
        return Name((text,), self.span(node))

    def _name_of_parts(self, node: Scalar) -> Name | None:
        parts: list[str | Value] = []
        quote = 0 if node.plain else 1
        try:
            for piece, start in split_parts(node.text):
                if start is None:
                    parts.append(piece)
                    continue
                column = node.column + quote + start
                parts.append(Value(piece, True, (self.file, node.line, column, len(piece))))
        except Misplaced as error:
            self.error("invalid-name", error.message, node, help="write $(expression)")
            return None
        return Name(tuple(parts), self.span(node))

    def variable(self, key: Scalar, what: str) -> str | None:
        """The name of a var, parameter, let or loop: a word that is not reserved."""
        if len(key.text) > MAX_NAME or not key.text.isidentifier():
            self.error(
                "invalid-name",
                f"invalid {what} name `{key.text[:MAX_NAME]}`",
                key,
                help="use one word of letters, digits and _: expressions refer to it",
            )
            return None
        meaning = reserved(key.text)
        if meaning:
            self.error(
                "reserved-name",
                f"`{key.text}` is {meaning} and cannot name a {what}",
                key,
                help="choose another name",
            )
            return None
        return key.text
