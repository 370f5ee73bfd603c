"""Values of a spec: numbers, words, lists and expressions, parsed with Python's `ast` and
interpreted.

User text is never evaluated as code. Scalars follow YAML 1.2: `no`, `on` and `1:30` are strings,
`1e-5` is a number, `~`, `null` and nothing are empty, only `true` and `false` are booleans. Numbers
are exact (a decimal is a fraction), never floats. Operators do not convert integers, so that
subclasses of int that record operations keep working.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError, Span
from archcalc.spec.limits import MAX_DIGITS, MAX_ITEMS, MAX_LISTS, MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.diagnostics import Diagnostics, SourceFile
    from archcalc.spec.syntax import Layer

    Check = Callable[[dict[str, Any]], Any]
    Meaning = tuple[bool, Any, Check | None]


INVALID = ""
"""The key, which is not a valid name, under which the names dict keeps the set of invalid vars: a
value that uses one is unknown, without a second error."""

_WORD = re.compile(r"[^\W\d]\w*").findall


class Operand:
    """An operation given as a value, with the values of the names that its arguments use.

    Not a tuple, since tuples are the lists of the language. Two operands are equal if they come
    from the same layer of the text with equal names. Operands can contain operands, and comparing
    them recursively could double the work at every level, so a digest is compared.
    """

    __slots__ = ("_digest", "layer", "names")

    def __init__(self, layer: Layer, names: dict[str, Any]) -> None:
        self.layer = layer
        read = _words_of(layer)
        self.names = {name: held for name, held in names.items() if name in read or name == INVALID}
        text = "".join(f"{name}={_identified(held)};" for name, held in self.names.items())
        self._digest = sha256(f"{id(layer)};{text}".encode()).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Operand) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def __str__(self) -> str:
        return f"the operation {self.layer.word}"


def _words_of(layer: Layer) -> set[str]:
    """The words in the arguments of a layer, a superset of the names that they use."""
    words: set[str] = set()
    for value in layer.arguments.values():
        words |= _words_of(value.layer) if value.layer is not None else set(_WORD(value.text))
    words.discard(
        "in_channels"
    )  # the input of the layer that is applied, not of the one where the operand is written
    return words


def _identified(held: Any) -> str:
    return held._digest.hex() if isinstance(held, Operand) else repr(held)


class Misplaced(DiagnosticError):
    """An error in a part of an expression: characters (start, end) of its text, (0, 0) for all of
    it."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        label: str = "",
        help: str | Callable[[], str] = "",
        part: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__(code, message, label=label, help=help)
        self.part = part


class Value:
    """A value of the spec.

    `text` is its text (for a list: its items, joined); `constant` means that it uses no names;
    `items` are the Values of a list, `layer` is the Layer of a mapping (an operation given as a
    block's argument); both are None otherwise.
    """

    __slots__ = (
        "_check",
        "_column",
        "_file",
        "_length",
        "_line",
        "_run",
        "constant",
        "items",
        "layer",
        "plain",
        "text",
    )

    def __init__(
        self,
        text: str,
        plain: bool,
        place: tuple[SourceFile, int, int, int],
        items: tuple[Value, ...] | None = None,
        layer: Layer | None = None,
    ) -> None:
        self.text = text
        self.plain = plain
        self._file, self._line, self._column, self._length = place
        self.constant: bool
        self.items = items
        self.layer = layer
        self._run: Any  # the result if constant, else a function of the names
        self._check: Check | None = None
        if items is not None:
            self.constant = all(item.constant for item in items)
            self._run = tuple(item._run for item in items) if self.constant else None
        elif layer is not None:
            self.constant, self._run = False, None
        else:
            # Texts too long to be an expression are not cached either.
            self.constant, self._run, self._check = (
                read(text, plain) if len(text) <= MAX_TEXT else _TOO_LONG
            )

    @property
    def is_word(self) -> bool:
        """Whether it is a single word, which may be a name."""
        return len(self.text) <= MAX_TEXT and self.text.isidentifier()

    @property
    def span(self) -> Span:
        """Its location, created on demand: most values never cause an error."""
        return Span(self._file, self._line, self._column, self._length)

    def evaluate(self, names: dict[str, Any]) -> Any:
        """The value with these names.

        int, Fraction (never integral: 32.0 is the int 32), bool, str (a word that is not a name, or
        text that is not an expression), tuple for a list, None for an empty value, `Operand` for a
        mapping. Raises `DiagnosticError` (bad-expression, unknown-name, division-by-zero,
        number-too-large, wrong-type, bad-index; unknown-tensor if `in_channels` is not among the
        names or a used name is invalid).
        """
        if self.constant:
            return self._run
        if self.items is not None:
            return bounded(tuple([item.evaluate(names) for item in self.items]))
        if self.layer is not None:
            return Operand(self.layer, names)
        return self._placed(self._run, names)

    def check(self, names: dict[str, Any]) -> None:
        """Raises a `DiagnosticError` that does not depend on the values of the names: a text that
        cannot be parsed, an unknown name. Operands are not checked."""
        if self.items is not None:
            for item in self.items:
                item.check(names)
        elif self._check is not None:
            self._placed(self._check, names)

    def _placed(self, run: Callable[[dict[str, Any]], Any], names: dict[str, Any]) -> Any:
        """The result of a function of the names; errors get their location."""
        try:
            return run(names)
        except Misplaced as error:
            error.span = self._part(*error.part)
            raise
        except DiagnosticError as error:
            error.span = error.span or self.span
            raise

    def label(self, names: dict[str, Any]) -> str:
        """The text as a label: its `$(…)` parts are substituted, but it is not an expression
        itself."""
        if len(self.text) > MAX_TEXT or "$(" not in self.text:
            return self.text
        return str(self.evaluate(names))

    def _part(self, start: int, end: int) -> Span:
        """The location of a part of the text, if the text is written in the file as it is."""
        column = self._column + (0 if self.plain else 1)
        line = self._file.line(self._line)
        if end == 0 or line[column - 1 : column - 1 + len(self.text)] != self.text:
            return self.span
        return Span(self._file, self._line, column + start, max(1, end - start))

    def __repr__(self) -> str:
        return f"Value({self.text!r})"


class InvalidValue(Value):
    """A value that could not be parsed, which is reported already: whatever uses it is unknown."""

    __slots__ = ()

    def __init__(self, name: str, place: tuple[SourceFile, int, int, int]) -> None:
        super().__init__(name, True, place)
        self._run = _unknown(name)


class TextValue(Value):
    """A literal text, even if it could be an expression."""

    __slots__ = ()

    def __init__(self, text: str, plain: bool, place: tuple[SourceFile, int, int, int]) -> None:
        super().__init__("", plain, place)
        self.text = text
        self.constant, self._run, self._check = True, text, None


def _unknown(name: str) -> Callable[[dict[str, Any]], Any]:
    def raise_it(_names: dict[str, Any]) -> Any:
        raise Unknown(name)

    return raise_it


@lru_cache(maxsize=8192)
def read(text: str, plain: bool) -> Meaning:
    """The meaning of a scalar: (True, the result, None), or (False, a function of the names, and
    one that raises errors that do not depend on their values, or None).

    The most common values (integers and words) are handled here; everything else is compiled in
    `formulas.py`, which is imported for the first real expression.
    """
    if text.isdecimal() and text.isascii() and len(text) <= MAX_DIGITS:
        return True, int(text), None
    if plain:
        if text in ("", "~", "null"):
            return True, None, None
        if text in ("true", "false"):
            return True, text == "true", None
    if text.isidentifier():
        return False, _word(text), None
    from archcalc.spec.formulas import compile_text

    return compile_text(text)


def _word(word: str) -> Callable[[dict[str, Any]], Any]:
    """A single word: its value if it is a name, else the word itself, checked where it is used."""

    def look_up(names: dict[str, Any]) -> Any:
        if word in names:
            return names[word]
        if word == "in_channels" or word in names.get(INVALID, ()):
            raise Unknown(word)
        return word

    return look_up


def _too_long(_names: dict[str, Any]) -> Any:
    raise DiagnosticError(
        "bad-expression",
        "expression too long",
        label=f"an expression has at most {MAX_TEXT:,} characters",
        help="use vars, or let in a block",
    )


_TOO_LONG: Meaning = (False, _too_long, _too_long)


def bounded(items: tuple[Any, ...]) -> tuple[Any, ...]:
    """The list itself. Raises `DiagnosticError` if nested lists make it too large: names can double
    a list repeatedly, as in b: [a, a], c: [b, b]."""
    waiting = [(item, 2) for item in items if isinstance(item, tuple)]
    count = len(items) if waiting else 0
    while waiting:
        inner, depth = waiting.pop()
        count += len(inner)
        if count > MAX_ITEMS or depth > MAX_LISTS:
            raise DiagnosticError(
                "too-large",
                f"a list of lists has at most {MAX_ITEMS:,} items and {MAX_LISTS} levels",
                label=f"at least {count:,} items and {depth} levels",
                help="a name in a list stands for its whole value: use fewer of them",
            )
        waiting += [(item, depth + 1) for item in inner if isinstance(item, tuple)]
    return items


def piece(value: Any) -> str:
    """The text of a `$(…)` part. Raises `DiagnosticError` (wrong-type)."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        from archcalc.ops.attributes import shown

        raise DiagnosticError(
            "wrong-type",
            "$(…) must be an integer or a word",
            label=f"evaluates to {shown(value)}",
            help="use //, round, floor or ceil for an integer",
        )
    return str(value)


class Unknown(DiagnosticError):
    """A name whose value is unknown because of another error; never reported."""

    def __init__(self, word: str) -> None:
        super().__init__("unknown-tensor", f"{word} is unknown here")
        self.word = word


def report_outside_layers(diagnostics: Diagnostics, error: DiagnosticError, span: Span) -> None:
    """Reports an error of a value outside of layers, where `in_channels` is an error too."""
    if not isinstance(error, Unknown):
        diagnostics.report(error, span)
    elif error.word == "in_channels":
        diagnostics.error(
            "no-tensor",
            "`in_channels` is not defined here",
            error.span or span,
            help="it is the channels of a layer's input: use it on a layer or in a let of a block",
        )


def split_parts(text: str) -> list[tuple[str, int | None]]:
    """Splits text with `$(…)` parts into (text, None) and (expression, start) pairs.

    An expression keeps its parentheses, so that an unknown name in it is an error and not text.
    """
    parts: list[tuple[str, int | None]] = []
    done = 0
    while (start := text.find("$(", done)) >= 0:
        end = _closing(text, start + 1)
        if end < 0:
            raise Misplaced("bad-expression", "`$(` is never closed", part=(start, start + 2))
        if start > done:
            parts.append((text[done:start], None))
        parts.append((text[start + 1 : end + 1], start + 1))
        done = end + 1
    if done < len(text):
        parts.append((text[done:], None))
    return parts


def _closing(text: str, start: int) -> int:
    """The index of the parenthesis that closes the one at `start`, or -1."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    return -1
