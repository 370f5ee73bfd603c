"""YAML text → a small tree with the location of every node.

Built from the C loader's events: a quarter of the time of `yaml.compose`, and positions are kept.
Scalars stay text; their meaning is decided where they are used (`expressions.py`), by the rules of
YAML 1.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from archcalc.diagnostics import Note, Span, Stop
from archcalc.spec.limits import (
    MAX_DEPTH,
    MAX_NODES,
    SLOW_CHARACTERS,
    SLOW_NODES,
    TOO_DEEP,
    add_error,
)

if TYPE_CHECKING:
    from archcalc.diagnostics import Diagnostics, SourceFile


class Scalar:
    """A text. `plain` is False if it was quoted. `length` is 1 if it spans several lines."""

    __slots__ = ("column", "length", "line", "plain", "text")

    def __init__(self, text: str, plain: bool, line: int, column: int, length: int) -> None:
        self.text = text
        self.plain = plain
        self.line = line
        self.column = column
        self.length = length


class Sequence:
    """A list of nodes."""

    __slots__ = ("column", "items", "length", "line")

    def __init__(self, line: int, column: int) -> None:
        self.items: list[Node] = []
        self.line = line
        self.column = column
        self.length = 1


class Mapping:
    """Entries in order: the key's text to the key's node and the value's."""

    __slots__ = ("column", "entries", "length", "line")

    def __init__(self, line: int, column: int) -> None:
        self.entries: dict[str, tuple[Scalar, Node]] = {}
        self.line = line
        self.column = column
        self.length = 1


Node = Scalar | Sequence | Mapping


def span_of(file: SourceFile, node: Node) -> Span:
    """The location of a node in its file."""
    return Span(file, node.line, node.column, node.length)


def parse_tree(file: SourceFile, diagnostics: Diagnostics) -> Node | None:
    """The tree of a file, None if it is empty. Raises `Stop` for invalid YAML.

    Duplicate keys are reported and the first one kept. Aliases give shared nodes; their expanded
    number and depth are limited.
    """
    builder = _Builder(file, diagnostics)
    loader_class: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    if loader_class is yaml.SafeLoader:
        builder.slow_loader()
    try:
        loader = loader_class(file.text)
        try:
            root = builder.build(loader.get_event)
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        from archcalc.spec.yaml_errors import report

        report(error, file, diagnostics)
        raise Stop from error
    if builder.torn:
        raise Stop
    return root


_LIBYAML = "use repeat, for or a block, or install a PyYAML with libyaml, as its wheels are"


class _Open:
    """A collection that is not closed yet."""

    __slots__ = ("anchor", "before", "entries", "height", "items", "key", "node")

    def __init__(self, node: Sequence | Mapping, anchor: str | None, before: int) -> None:
        self.node = node
        self.anchor = anchor
        self.before = before  # nodes counted before this one
        self.height = 0  # of the highest collection inside
        self.key: Scalar | None = None  # for a mapping: the key that waits for its value
        self.items: list[Node] | None = None  # for a sequence
        self.entries: dict[str, tuple[Scalar, Node]] = {}  # for a mapping
        if isinstance(node, Sequence):
            self.items = node.items
        else:
            self.entries = node.entries


class _Builder:
    """Builds the tree from the events of one file."""

    def __init__(self, file: SourceFile, diagnostics: Diagnostics) -> None:
        self.file = file
        self.diagnostics = diagnostics
        self.root: Node | None = None
        self.documents = 0
        self.count = 0  # nodes so far, aliases expanded
        self.most = MAX_NODES
        self.open: list[_Open] = []
        self.top: _Open | None = None  # the innermost of these
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}  # node, size, height
        self.torn = False  # a cut expression or a merge key: the tree is not what the author meant

    def slow_loader(self) -> None:
        """Lowers the limits, so that the slow loader takes no longer."""
        self.most = min(SLOW_NODES, MAX_NODES)
        if len(self.file.text) > SLOW_CHARACTERS:
            self._stop(
                "too-large",
                f"without libyaml a spec has at most {SLOW_CHARACTERS:,} characters",
                Scalar("", True, 1, 1, 1),
                label=f"this has {len(self.file.text):,}",
                help=_LIBYAML,
            )

    def build(self, next_event: Any) -> Node | None:
        """Reads to the end of the stream."""
        while True:
            event = next_event()
            kind = event.__class__
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent:
                mark = event.start_mark
                self._start(event, Mapping(mark.line + 1, mark.column + 1))
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._end(event)
            elif kind is SequenceStartEvent:
                mark = event.start_mark
                self._start(event, Sequence(mark.line + 1, mark.column + 1))
            elif kind is AliasEvent:
                self._alias(event)
            elif kind is DocumentStartEvent:
                self._document(event)
            elif kind is StreamEndEvent:
                return self.root

    def _scalar(self, event: Any) -> None:
        start = event.start_mark
        end = event.end_mark
        line = start.line
        column = start.column
        text = event.value
        plain = event.implicit[0]
        length = end.column - column if end.line == line else 1
        node = Scalar(text, plain, line + 1, column + 1, length or 1)
        if event.tag is not None:
            self._refuse_tag(event, node)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1, 0)
        if plain and ("(" in text or ")" in text):
            self._check_torn(node)
        self._attach(node, node)

    def _start(self, event: Any, node: Sequence | Mapping) -> None:
        anchor = event.anchor
        if event.tag is not None:
            self._refuse_tag(event, node)
        if anchor is not None:
            self.anchors[anchor] = None  # what an alias inside its own anchor finds
        if len(self.open) >= MAX_DEPTH:
            self._too_deep(node)
        frame = _Open(node, anchor, self.count)
        self.count += 1  # one more is counted when it is attached
        self._attach(node, node)
        self.open.append(frame)
        self.top = frame

    def _end(self, event: Any) -> None:
        frame = self.open.pop()
        node = frame.node
        height = frame.height + 1
        self.top = top = self.open[-1] if self.open else None
        if top is not None and top.height < height:
            top.height = height
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (node, self.count - frame.before, height)
        end = event.end_mark
        if end.line == node.line - 1:
            node.length = end.column - node.column + 1 or 1

    def _alias(self, event: Any) -> None:
        mark = event.start_mark
        name = event.anchor
        place = Scalar(name, True, mark.line + 1, mark.column + 1, len(name) + 1)
        if name not in self.anchors:
            self._stop(
                "yaml-syntax",
                f"unknown anchor `{name}`",
                place,
                help="an unquoted `*` at the start of a value is a YAML alias: quote the text",
            )
        known = self.anchors[name]
        if known is None:
            self._stop(
                "unsupported-yaml",
                f"alias `*{name}` inside its own anchor",
                place,
                help="write the value out",
            )
        node, size, height = known
        if len(self.open) + height > MAX_DEPTH:
            self._too_deep(place)
        self.count += size - 1
        if self.top is not None and self.top.height < height:
            self.top.height = height
        self._attach(node, place)

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            mark = event.start_mark
            self._stop(
                "unsupported-yaml",
                "a second YAML document starts here",
                Scalar("", True, mark.line + 1, mark.column + 1, 3),
                help="put each spec into a file of its own",
            )

    def _attach(self, node: Node, place: Node) -> None:
        """Attaches a finished or newly opened node to its parent; `place` is where it is
        written."""
        self.count += 1
        if self.count > self.most:
            self._too_many(place)
        frame = self.top
        if frame is None:
            self.root = node
        elif frame.items is not None:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = self._key(node, place)
        else:
            key = frame.key
            frame.key = None
            first = frame.entries.setdefault(key.text, (key, node))[0]
            if first is not key:
                self._duplicate(key, first)

    def _key(self, node: Node, place: Node) -> Scalar:
        if not isinstance(node, Scalar):
            self._stop(
                "unsupported-yaml",
                "a key must be a word",
                place,
                help="quote it if it is meant as text",
            )
        if node.text == "<<" and node.plain:
            self._error(
                "unsupported-yaml",
                "merge keys (<<) are not supported",
                place,
                help="use vars, defaults or a block to share values",
            )
            self.torn = True
        return node

    def _too_many(self, place: Node) -> NoReturn:
        slow = self.most < MAX_NODES
        self._stop(
            "too-large",
            f"{'without libyaml ' if slow else ''}a spec has at most {self.most:,} nodes, "
            "with aliases expanded",
            place,
            label="the limit is reached here",
            help=_LIBYAML if slow else "use repeat, for or a block",
        )

    def _too_deep(self, place: Node) -> NoReturn:
        self._stop(
            "nesting-too-deep",
            TOO_DEEP,
            place,
            help="use blocks",
        )

    def _check_torn(self, node: Scalar) -> None:
        """Reports `{out: max(1, 2)}`, which YAML reads as the text `max(1` and a key `2)`."""
        if node.text.count("(") == node.text.count(")") or not self.open:
            return
        around = self.open[-1].node
        if self.file.line(around.line)[around.column - 1 : around.column] not in ("{", "["):
            return
        if not self.torn:
            whole = self._whole(node)
            self._error(
                "yaml-syntax",
                "an unquoted comma ends a value inside {…} and […]",
                node,
                label="the brackets do not match",
                help=f"write a list with square brackets: [{whole[1:-1]}]"
                if whole.startswith("(") and whole.endswith(")")
                else f'quote the whole expression: "{whole}"',
            )
        self.torn = True

    def _whole(self, node: Scalar) -> str:
        """The expression that starts at a node, up to its closing parenthesis, for the help."""
        text = self.file.line(node.line)[node.column - 1 :]
        depth = 0
        for i, character in enumerate(text):
            depth += (character == "(") - (character == ")")
            if depth == 0 and character == ")":
                return text[: i + 1]
        return "…"

    def _duplicate(self, key: Scalar, first: Scalar) -> None:
        add_error(
            self.diagnostics,
            "duplicate-key",
            f"duplicate key `{key.text}`",
            span_of(self.file, key),
            label="the second",
            help="keep one of them",
            notes=(Note("the first is here", span_of(self.file, first)),),
        )

    def _refuse_tag(self, event: Any, node: Node) -> None:
        self._error(
            "unsupported-yaml",
            f"tags ({event.tag}) are not supported",
            node,
            help="remove the tag, or quote a value that begins with `!`",
        )

    def _error(self, code: str, message: str, node: Node, *, label: str = "", help: str) -> None:
        span = span_of(self.file, node)
        add_error(self.diagnostics, code, message, span, label=label, help=help)

    def _stop(
        self, code: str, message: str, node: Node, *, label: str = "", help: str = ""
    ) -> NoReturn:
        self._error(code, message, node, label=label, help=help)
        raise Stop
