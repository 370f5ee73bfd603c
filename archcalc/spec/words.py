"""The words of the language, and which of them may name something."""

from __future__ import annotations

from keyword import kwlist

STRUCTURE = ("group", "do", "reuse", "apply")
"""Keys that stand where an operation does."""

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
"""Keys that stand beside an operation."""

LOOP = ("repeat", "for", "in")
"""Those of a loop."""

ALLOWABLE = ("misaligned-branches", "unread-label", "unread-layer")
"""The codes of warnings about layers: what `allow` on one may silence."""

OPERATION, ENUMERATION = "an operation", "an enumeration word"

_known: dict[str, str] = {}


def meaning_of(word: str) -> str | None:
    """What the language means by a word ("an operation"), or None where it means nothing."""
    if not _known:
        _known.update(_collect())
    return _known.get(word)


def reserved(word: str) -> str | None:
    """What a reserved word is, or None where it may name a var, parameter or loop.

    An operation is none: it stands as a key, and a name in a value.
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
    # Python's keywords, because an expression that reads such a name could not be parsed
    words.update(dict.fromkeys(kwlist, "a keyword"))
    words.update(dict.fromkeys(("true", "false", "null", "index", "in_channels"), "a value"))
    return words
