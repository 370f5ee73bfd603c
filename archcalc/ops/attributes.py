"""The attributes of operations: a name, a kind that reads and checks its value, a default.

A kind's `read` takes the value of an expression (int, Fraction, bool, str, tuple or None) and the
number of spatial axes (None while unknown), and returns what formulas use. It raises
`DiagnosticError` without a location, whose message begins with "must"; `read_one` adds the
attribute's name and `elaborate` the location.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import DiagnosticError, alternatives, did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUIRED: Any = object()
"""The default of an attribute that must be given."""


class Kind(ABC):
    """How the value of an attribute is read. `words` are the enumeration words that it accepts."""

    words: tuple[str, ...] = ()
    title = ""  # for the language guide: "integer ≥ 1"

    @abstractmethod
    def read(self, value: Any, rank: int | None) -> Any:
        """The value as the operation uses it. Raises `DiagnosticError` for an invalid one."""


class Attribute(NamedTuple):
    """One attribute of an operation. A default of None means "not given"."""

    name: str
    kind: Kind
    doc: str
    default: Any = REQUIRED


def integer(value: Any) -> int:
    """The value as an integer. Raises `DiagnosticError` for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if is_fraction(value):
        raise DiagnosticError(
            "not-an-integer",
            "must be an integer",
            label=f"evaluates to {float(value):g}",
            help="use make_divisible, round, floor or ceil",
        )
    raise wrong("an integer", value)


def is_fraction(value: Any) -> bool:
    """Whether an expression gave a number that is not integral."""
    # fractions takes 3 ms to import; words, lists and integers never need it.
    if value is None or isinstance(value, int | str | tuple):
        return False
    from fractions import Fraction

    return isinstance(value, Fraction)


class UnknownWord(DiagnosticError):
    """A word that is not a known name. `known` collects the names that it may be compared with."""

    def __init__(self, needed: str, word: str) -> None:
        known: list[Iterable[str]] = []
        super().__init__(
            "unknown-name",
            f"unknown name `{word}`",
            label=f"expected {needed}",
            # Not a method of this error, which would keep itself alive, and all it was raised in.
            help=lambda: _meant(word, chain.from_iterable(known)),
        )
        self.known = known


def _meant(word: str, known: Iterable[str]) -> str:
    if " " in word.strip():
        return "a name is one word: is a comma or an operator missing?"
    help = did_you_mean(word, known)
    if help or not word.isidentifier():
        return help
    return f"declare it, as in vars: {{{word}: 64}}"


def look_among(error: DiagnosticError, words: Iterable[str]) -> None:
    """Adds names that an unknown word may be compared with, should the error be reported."""
    if isinstance(error, UnknownWord):
        error.known.append(words)


def advise(error: DiagnosticError, help: str) -> None:
    """Sets the help of an error that has none of its own."""
    given = error.advice
    error.advice = (given or help) if isinstance(given, str) else (lambda: given() or help)


def wrong(needed: str, value: Any, help: str = "") -> DiagnosticError:
    """The error for a value of the wrong type."""
    if isinstance(value, str) and value.isdecimal():
        help = "$(…) gives a string: write the number or expression without it"
        return DiagnosticError(
            "wrong-type", f"must be {needed}", label=f'got the string "{value}"', help=help
        )
    if isinstance(value, str):
        return UnknownWord(needed, value)
    return DiagnosticError(
        "wrong-type", f"must be {needed}", label=f"got {shown(value)}", help=help
    )


def name_subject(error: DiagnosticError, subject: str) -> None:
    """Completes a message that begins with "must": "`stride` must be at least 1"."""
    if error.message.startswith("must "):
        error.message = f"{subject} {error.message}"


def shown(value: Any) -> str:
    """A value as a spec writes it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_fraction(value):
        return f"{float(value):g}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(shown, value)) + "]"
    return str(value)


class Integer(Kind):
    """An integer, at least `minimum`."""

    def __init__(self, minimum: int | None = 1) -> None:
        self.minimum = minimum
        self.title = "integer" if minimum is None else f"integer ≥ {minimum}"

    def read(self, value: Any, rank: int | None) -> int:
        number = integer(value)
        if self.minimum is not None and number < self.minimum:
            raise DiagnosticError(
                "bad-value",
                f"must be at least {self.minimum}",
                label=f"got {number}",
            )
        return number


class Number(Kind):
    """Any number, within optional bounds. Read as a float unless it is integral."""

    def __init__(self, minimum: float | None = None, maximum: float | None = None) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.title = "number"
        if minimum is not None:
            self.title += f" ≥ {minimum:g}" if maximum is None else f" from {minimum:g}"
        if maximum is not None:
            self.title += f" to {maximum:g}"

    def read(self, value: Any, rank: int | None) -> int | float:
        fraction = is_fraction(value)
        if isinstance(value, bool) or not (fraction or isinstance(value, int)):
            raise wrong("a number", value)
        if (self.minimum is not None and value < self.minimum) or (
            self.maximum is not None and value > self.maximum
        ):
            raise DiagnosticError(
                "bad-value", f"must be a {self.title}", label=f"got {shown(value)}"
            )
        return float(value) if fraction else value


BOOLEANS = {
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON", "True", "TRUE", 1), "true"),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF", "False", "FALSE", 0), "false"),
}
"""How YAML 1.1 and other languages write true and false."""


class Boolean(Kind):
    """`true` or `false`."""

    title = "true or false"

    def read(self, value: Any, rank: int | None) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, int | str) and value in BOOLEANS:
            raise DiagnosticError(
                "wrong-type",
                "must be true or false",
                label=f'got the string "{value}"' if isinstance(value, str) else f"got {value}",
                help=f"write {BOOLEANS[value]}",
            )
        raise wrong("true or false", value)


class Word(Kind):
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.title = " or ".join(words)

    def read(self, value: Any, rank: int | None) -> str:
        if not isinstance(value, str) or value not in self.words:
            near = nearest(shown(value), self.words)
            raise DiagnosticError(
                "bad-value",
                f"must be {alternatives(self.words)}",
                label=f"got {shown(value)}",
                help=f"did you mean {near}?" if near else "",
            )
        return value


class PerAxis(Kind):
    """An integer for all spatial axes, or a list with one per axis; `1x7` is [1, 7].

    Read as a tuple with one entry per axis.
    """

    def __init__(self, minimum: int = 1) -> None:
        self.minimum = minimum
        self.title = f"integer ≥ {minimum}, or a list with one per axis"

    def read(self, value: Any, rank: int | None) -> tuple[int, ...]:
        if type(value) is int and value >= self.minimum and rank is not None:
            return (value,) * rank
        value = split_by_x(value)
        entries = value if isinstance(value, tuple) else (value,)
        if rank is not None:
            entries = one_per_axis(entries, rank, spread=not isinstance(value, tuple))
        one = Integer(self.minimum)
        return tuple(one.read(e, rank) for e in entries)


class Padding(Kind):
    """A number, a list with one entry per axis (a number or `[begin, end]`), or a word.

    Read as the word, or as a tuple with one (begin, end) per axis.
    """

    def __init__(self, *words: str) -> None:
        self.words = words
        self.title = "integer ≥ 0, or a list with one entry per axis (an integer or [begin, end])"
        if words:
            self.title += ", " + ", ".join(words)

    def read(self, value: Any, rank: int | None) -> str | tuple[tuple[int, int], ...]:
        if isinstance(value, str) and value in self.words:
            return value
        if type(value) is int and value >= 0 and rank is not None:
            return ((value, value),) * rank
        value = split_by_x(value)
        entries = value if isinstance(value, tuple) else (value,)
        if rank is not None:
            entries = one_per_axis(entries, rank, spread=not isinstance(value, tuple))
        return tuple(self._begin_end(e) for e in entries)

    def _begin_end(self, entry: Any) -> tuple[int, int]:
        one = Integer(0)
        if isinstance(entry, tuple):
            if len(entry) != 2:
                raise DiagnosticError(
                    "bad-value",
                    "must be one number or [begin, end] per axis",
                    label=f"{len(entry)} entries for one axis",
                    help="write one entry per axis, each a number or [begin, end]",
                )
            return one.read(entry[0], None), one.read(entry[1], None)
        amount = one.read(entry, None)
        return amount, amount


class Integers(Kind):
    """A list of integers (a single integer is a list of one). Read as a tuple."""

    def __init__(self, minimum: int | None = 1) -> None:
        self.minimum = minimum
        self.title = "list of integers" + ("" if minimum is None else f" ≥ {minimum}")

    def read(self, value: Any, rank: int | None) -> tuple[int, ...]:
        value = split_by_x(value)
        entries = value if isinstance(value, tuple) else (value,)
        if not entries:
            raise wrong(f"a {self.title} with at least one entry", value)
        one = Integer(self.minimum)
        return tuple(one.read(e, rank) for e in entries)


class Table(Kind):
    """A list of lists of integers ≥ 0, such as LeNet-5's connection table."""

    title = "list of lists of integers"

    def read(self, value: Any, rank: int | None) -> tuple[tuple[int, ...], ...]:
        if not isinstance(value, tuple) or not all(isinstance(row, tuple) for row in value):
            raise wrong("a list of lists", value)
        one = Integer(0)
        return tuple(tuple(one.read(e, rank) for e in row) for row in value)


class Labels(Kind):
    """A list of labels that the layer gives to its outputs. Read as a tuple of text."""

    title = "list of labels"

    def read(self, value: Any, rank: int | None) -> tuple[str, ...]:
        entries = value if isinstance(value, tuple) else (value,)
        for entry in entries:
            if not isinstance(entry, str):
                raise wrong("a list of labels", entry)
        return tuple(entries)


class Reference(Kind):
    """A label of an earlier tensor. `elaborate` resolves it and passes the tensor on in `x`,
    after the layer's own input; the attribute itself is read as the label's text."""

    title = "label of an earlier layer"

    def read(self, value: Any, rank: int | None) -> str:
        if not isinstance(value, str):
            raise wrong("a label", value)
        return value


class References(Reference):
    """Labels of earlier tensors. `elaborate` passes them on in `x`, in order."""

    title = "label of an earlier layer, or a list of them"

    def read(self, value: Any, rank: int | None) -> Any:
        return tuple(Reference.read(self, one, rank) for one in as_tuple(value))


def as_tuple(value: Any) -> tuple[Any, ...]:
    """A list unchanged, any other value as a list of one."""
    return value if isinstance(value, tuple) else (value,)


class Text(Kind):
    """A text that is not an expression, such as a dotted name: the parser reads it literally."""

    title = "text"

    def read(self, value: Any, rank: int | None) -> str:
        if not isinstance(value, str):
            raise wrong("a text", value)
        return value


class ClassPath(Text):
    """A Python class, with the module to import it from."""

    title = "module.Class"

    def read(self, value: Any, rank: int | None) -> str:
        from keyword import iskeyword

        text = super().read(value, rank)
        parts = text.split(".")
        if len(parts) < 2 or not all(
            p.isidentifier() and p.isascii() and not iskeyword(p) for p in parts
        ):
            raise DiagnosticError(
                "bad-value",
                "must be a module and a class",
                label=f"got {text}",
                help="write it as in `class: mypkg.ops.DeformConv2d`",
            )
        return text


class Count(Kind):
    """A number that may be unknown. Read as None if it is."""

    words = ("unknown",)
    title = "integer ≥ 0 or unknown"

    def read(self, value: Any, rank: int | None) -> int | None:
        return None if value == "unknown" else Integer(0).read(value, rank)


class OutputShape(Kind):
    """The sizes of an output's axes; `same` is the size of that axis of the input."""

    words = ("same",)
    title = "list of integers ≥ 1 or same"

    def read(self, value: Any, rank: int | None) -> tuple[int | str, ...]:
        if not isinstance(value, tuple) or not value:
            raise wrong("a list of sizes", value)
        one = Integer()
        return tuple("same" if n == "same" else one.read(n, rank) for n in value)


class NamedValues(Kind):
    """A mapping of names to values, which the parser turns into a list of (name, value)."""

    title = "mapping of names to values"

    def read(self, value: Any, rank: int | None) -> tuple[tuple[str, Any], ...]:
        pairs = isinstance(value, tuple) and all(
            isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str) for p in value
        )
        if not pairs:
            raise wrong("a mapping", value, "write it as in `{groups: 4}`")
        for name, _ in value:
            self.check_name(name)
        return tuple((name, self.one(held)) for name, held in value)

    def check_name(self, name: str) -> None:
        """Raises `DiagnosticError` for a name that cannot be a Python keyword argument."""
        from keyword import iskeyword

        if not name.isidentifier() or iskeyword(name):
            raise DiagnosticError(
                "invalid-name", "must have names that Python accepts", label=f"got {name}"
            )

    def one(self, value: Any) -> Any:
        """One of the values."""
        return float(value) if is_fraction(value) else value


class NamedShapes(NamedValues):
    """A mapping of names to shapes, as in a `state_dict`."""

    title = "mapping of names to shapes"

    def check_name(self, name: str) -> None:
        if not all(part.isidentifier() or part.isdecimal() for part in name.split(".")):
            raise DiagnosticError(
                "invalid-name", "must have names as in a state_dict", label=f"got {name}"
            )

    def one(self, value: Any) -> tuple[int, ...]:
        return () if value == () else Integers(0).read(value, None)


def split_by_x(value: Any) -> Any:
    """`1x7` as (1, 7); anything else unchanged."""
    if isinstance(value, str) and "x" in value:
        parts = value.split("x")
        if all(p.strip().isdecimal() for p in parts):
            return tuple(int(p) for p in parts)
    return value


def one_per_axis(entries: tuple[Any, ...], rank: int, *, spread: bool) -> tuple[Any, ...]:
    """The entries; with `spread`, the single entry repeated for every axis."""
    if spread:
        return entries * rank
    if len(entries) != rank:
        axes = "1 spatial axis" if rank == 1 else f"{rank} spatial axes"
        raise DiagnosticError(
            "wrong-rank",
            "must have one entry per spatial axis",
            label=f"{len(entries)} entries, but the input has {axes}",
            help="write one number" if rank == 1 else f"write {rank} entries, or one for all axes",
        )
    return entries
