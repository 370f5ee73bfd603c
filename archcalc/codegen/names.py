"""Identifiers of the generated code: unique, and made from words of the spec."""

from __future__ import annotations

import builtins
from keyword import iskeyword, issoftkeyword

MANY = 50
"""From this number on, the search for a free name does not start from 1 again."""

LONGEST = 60
"""Maximum length of a class name: lines have 100 characters."""

_READ = frozenset(
    {"abs", "bool", "dict", "enumerate", "float", "int", "isinstance", "len", "list", "max", "min"}
    | {"print", "range", "repr", "round", "str", "sum", "super", "tuple", "zip"}
)
"""Python builtins that generated code may call."""

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
    # Adjacent numbers stay separated: 8-16 is not 816.
    result = ""
    for w in filter(None, words):
        if result[-1:].isdigit() and w[0].isdigit():
            result += "x"
        result += w[0].upper() + w[1:]
    if result and not result[0].isalpha():
        result = "Net" + result
    return result


class Identifiers:
    """Hands out identifiers, except `reserved` ones."""

    def __init__(self, reserved: frozenset[str] = frozenset()) -> None:
        self.used: set[str] = set(reserved) | _TAKEN
        self._last: dict[str, int] = {}  # the last number of a base that many names share

    def take(self, text: str, fallback: str = "value") -> str:
        """A free identifier similar to the text."""
        base = snake(text) or fallback
        if base[0].isdigit():
            base = f"{fallback}_{base}"
        if iskeyword(base) or issoftkeyword(base) or base == "l":  # easily confused with 1
            base += "_"
        return self._unused(base)

    def take_argument(self, text: str) -> str:
        """The word itself, if it is valid as an argument: it may equal a Python builtin that the
        code does not call."""
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
        """`base`, or with a number; `between` separates two numbers."""
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
