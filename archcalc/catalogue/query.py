"""Queries of the catalogue: which nets (`--where`), and in which order (`--sort`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.catalogue.entries import Entry, natural
from archcalc.diagnostics import DiagnosticError, SourceFile, nearest

if TYPE_CHECKING:
    from collections.abc import Callable
    from re import Match

TEXTS = ("name", "title", "family", "task", "source")
FIELDS = tuple(field for field in Entry._fields if field not in ("title", "source"))
"""The fields of a condition."""

# A quoted word, a shape such as 3x224x224, or a number with a suffix. Letters that belong to a
# number (1e6) or to a name (conv3x3) are left alone.
_PARTS = (
    r"(['\"])(?P<word>\w+)\1"
    r"|(?<![\w.])(?P<shape>\d+(?:[x×]\d+)+)(?!\w)"
    r"|(?<![\w.])(?P<number>\d[\d_]*(?:\.\d+)?)(?!e[\d+-])(?P<suffix>[A-Za-z]+)(?!\w)"
)


def ordered(found: list[Entry], by: str) -> list[Entry]:
    """The entries sorted by a field, with `-` in descending order; the sort is stable and unknown
    values come last. Raises `DiagnosticError` for an unknown field."""
    field = by.removeprefix("-")
    if field not in Entry._fields:
        raise _no_such_field(field, Entry._fields)
    known = [entry for entry in found if getattr(entry, field) not in (None, "")]
    unknown = [entry for entry in found if getattr(entry, field) in (None, "")]

    def key(entry: Entry) -> Any:
        value = getattr(entry, field)
        if field in TEXTS:
            return natural(value)
        return value if isinstance(value, tuple) else (value,)

    return sorted(known, key=key, reverse=by.startswith("-")) + unknown


def condition(text: str, words: list[str]) -> Callable[[Entry], bool]:
    """A function that tests an entry for a condition such as `params < 5M and family == resnet`.

    `words` are the names and families that it can mention, in any case. The function raises
    `DiagnosticError` for an invalid condition. A net with an unknown value does not meet a
    condition on it.
    """
    from archcalc.spec.expressions import Value

    plain = _plain(text)
    value = Value(plain, True, (SourceFile("--where", plain), 1, 1, len(plain)))
    known = {spelling: word.lower() for word in words for spelling in (word, word.lower())}

    def holds(entry: Entry) -> bool:
        names = _Names(known)
        names.update({field: _asked(entry, field) for field in FIELDS})
        try:
            return _truth(value.evaluate(names))
        except DiagnosticError as error:
            if any(dict.get(names, name, 0) is None for name in names.read):
                return False
            if error.code == "unknown-name" and error.span is not None:
                start = error.span.column - 1
                raise _no_such_field(
                    plain[start : start + error.span.length], FIELDS, known
                ) from None
            raise

    return holds


class _Names(dict[str, Any]):
    """The values that a condition can use, and which of them it used."""

    def __init__(self, known: dict[str, Any]) -> None:
        super().__init__(known)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        self.read.add(name)
        return value


def _asked(entry: Entry, field: str) -> Any:
    value = getattr(entry, field)
    return value.lower() if isinstance(value, str) else value


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    from archcalc.ops.attributes import shown

    raise DiagnosticError(
        "bad-expression",
        "not a condition",
        label=f"evaluates to {shown(value)}",
        help="compare a field, as in params < 5M",
    )


def _plain(text: str) -> str:
    """The condition in the syntax of the spec's expressions."""
    import re

    if re.search(r"(?<![<>=!])=(?!=)", text):
        raise DiagnosticError("bad-expression", "= is not a comparison", help="write ==")
    return re.sub(_PARTS, _part, text)


def _part(found: Match[str]) -> str:
    from archcalc.analysis.expected_value import SUFFIXES, read_rounded

    if found["word"]:
        return found["word"]
    if found["shape"]:
        return f"[{', '.join(found['shape'].replace('×', 'x').split('x'))}]"
    suffix = found["suffix"].replace("k", "K")
    printed = read_rounded(found["number"] + suffix) if suffix in SUFFIXES else None
    if printed is None:
        raise DiagnosticError(
            "bad-expression",
            f"{found[0]} is not a number",
            help=f"numbers may end in {', '.join(SUFFIXES)}",
        )
    return f"({printed.value})"


def _no_such_field(
    word: str, fields: tuple[str, ...], words: dict[str, str] | None = None
) -> DiagnosticError:
    meant = nearest(word, fields) or nearest(word, words or {})
    what = "no field" if words is None else "no field, net, family or task"
    return DiagnosticError(
        "unknown-name",
        f"there is {what} {word}",
        help=f"did you mean {meant}?" if meant else f"there are {', '.join(fields)}",
    )
