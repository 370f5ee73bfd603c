"""Identifiers of the generated code: a word of the spec made into one, never twice the same."""

from __future__ import annotations

import builtins
from keyword import iskeyword, issoftkeyword

MANY = 50
"""From this number on, a name is not sought from the first one again."""

LONGEST = 60
"""Characters of a class name: it stands on lines of 100."""

_READ = frozenset(
    {"abs", "bool", "dict", "enumerate", "float", "int", "isinstance", "len", "list", "max", "min"}
    | {"print", "range", "repr", "round", "str", "sum", "super", "tuple", "zip"}
)
"""Those of Python's own functions that generated code may call."""

_TAKEN = frozenset(
    {"self", "x", "nn", "torch", "math", "heads"}
    | {"annotations", "Tensor", "make_divisible", "Model"}
    | {"Any", "Callable", "OrderedDict", "Sequence", "TypeVar"}
    | {word for word in dir(builtins) if word.isidentifier()}
)


def snake(text: str) -> str:
    """A word as a lower-case identifier: `1x1` is `_1x1` and so `branch_1x1`."""
    lowered = "".join(c if c.isascii() and c.isalnum() else "_" for c in text).lower()
    return "_".join(part for part in lowered.split("_") if part)


def camel(text: str) -> str:
    """A text as a class name: `basic block` is BasicBlock, `ResNet-50` ResNet50."""
    words: list[str] = []
    word = ""
    for c in text:
        if c.isascii() and c.isalnum():
            word += c
        else:
            words.append(word)
            word = ""
    words.append(word)
    # Two numbers side by side stay apart: 8-16 is no 816.
    result = ""
    for w in filter(None, words):
        if result[-1:].isdigit() and w[0].isdigit():
            result += "x"
        result += w[0].upper() + w[1:]
    if result and not result[0].isalpha():
        result = "Net" + result
    return result


class Identifiers:
    """Gives out identifiers; `reserved` are never given."""

    def __init__(self, reserved: frozenset[str] = frozenset()) -> None:
        self.used: set[str] = set(reserved) | _TAKEN
        self._last: dict[str, int] = {}  # where many names have one base, the last number

    def take(self, text: str, fallback: str = "value") -> str:
        """An identifier like the text that nothing else has."""
        base = snake(text) or fallback
        if base[0].isdigit():
            base = f"{fallback}_{base}"
        if iskeyword(base) or issoftkeyword(base) or base == "l":  # easily taken for 1
            base += "_"
        return self._unused(base)

    def take_argument(self, text: str) -> str:
        """The word as it is, where an argument may have it: one named like a function of Python's
        that the code does not call is none the worse."""
        plain = text.isidentifier() and text.isascii() and text == text.lower()
        free = text not in self.used or (hasattr(builtins, text) and text not in _READ)
        if not plain or not free or iskeyword(text) or text == "l":
            return self.take(text)
        self.used.add(text)
        return text

    def take_class(self, text: str) -> str:
        base = camel(text)[:LONGEST] or "Block"
        if base in _TAKEN:
            base += "Module"
        return self._unused(base, "x")

    def _unused(self, base: str, between: str = "_") -> str:
        """`base`, or with a number; `between` keeps two numbers apart."""
        candidate, number = base, 1
        if base in self.used and self._last.get(base, 0) > MANY:
            number = self._last[base]
        while candidate in self.used:
            number += 1
            candidate = f"{base}{between if base[-1].isdigit() else ''}{number}"
        self._last[base] = number
        self.used.add(candidate)
        return candidate

    def copy(self) -> Identifiers:
        other = Identifiers()
        other.used = set(self.used)
        return other
