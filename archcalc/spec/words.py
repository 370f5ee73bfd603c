"""The words of the language, and which of them are reserved."""

from __future__ import annotations

from keyword import kwlist

STRUCTURE = ("group", "do", "reuse", "apply")
"""Keys that take the place of an operation."""

MODIFIERS = (
    "name",
    "as",
    "from",
    "when",
    "expect",
    "init",
    "note",
    "allow",
    "head",
    "training_only",
    "only_if",
    "repeat",
    "for",
    "in",
)
"""Keys that go next to an operation."""

LOOP = ("repeat", "for", "in")
"""The loop keys among them."""

ALLOWABLE = ("misaligned-branches", "unread-label", "unread-layer")
"""The warnings about layers that `allow` can suppress."""

OPERATION, ENUMERATION = "an operation", "an enumeration word"

_known: dict[str, str] = {}


def meaning_of(word: str) -> str | None:
    """What a word of the language is ("an operation"), or None for any other word."""
    if not _known:
        _known.update(_collect())
    return _known.get(word)


def reserved(word: str) -> str | None:
    """What a reserved word is, or None if it can name a var, parameter or loop.

    Operations are not reserved: they are keys, and names only occur in values.
    """
    meaning = meaning_of(word)
    return None if meaning == OPERATION else meaning


def _collect() -> dict[str, str]:
    from archcalc.ops.registry import OPERATIONS
    from archcalc.spec.functions import FUNCTIONS

    words: dict[str, str] = dict.fromkeys(OPERATIONS, OPERATION)
    for operation in OPERATIONS.values():
        for attribute in operation.attributes:
            words.update(dict.fromkeys(attribute.kind.words, ENUMERATION))
    words.update(dict.fromkeys(FUNCTIONS, "a function"))
    # Python's keywords, because an expression with such a name could not be parsed
    words.update(dict.fromkeys(kwlist, "a keyword"))
    words.update(dict.fromkeys(("true", "false", "null", "index", "in_channels"), "a value"))
    return words
