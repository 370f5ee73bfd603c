"""Text for a terminal: what is safe to print, how wide it is, how it is cut.

Names and notes may come from an untrusted spec, so control characters (which move the cursor or
hide text) are printed as escapes.
"""

from __future__ import annotations

from functools import lru_cache

_OWN = frozenset("–−…✓✗≈×·")  # archcalc's own symbols above U+0300, all one cell wide


def printable(text: str) -> str:
    """The text with control, format and other unprintable characters written as escapes.

    >>> printable("a" + chr(27) + "[31m")
    'a\\\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@lru_cache(maxsize=8192)  # the cells of a long table repeat
def width(text: str) -> int:
    """The number of terminal cells that printable text takes.

    >>> width("3×3"), width("層"), width("e" + chr(0x301))
    (3, 2, 1)
    """
    if text.isascii():
        return len(text)
    return sum(cells(c) for c in text)


def cells(character: str) -> int:
    """The terminal cells of one character: 0, 1 or 2."""
    if character < "\u0300" or character in _OWN:
        return 1
    # Imported on demand: a shared library that ASCII names do not need.
    from unicodedata import combining, east_asian_width

    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def cut(text: str, limit: int) -> str:
    """The text in at most `limit` cells, its end replaced by an ellipsis where it is longer.

    >>> cut("bottleneck 64", 8), cut("relu", 8)
    ('bottlen…', 'relu')
    """
    if width(text) <= limit:
        return text
    kept, used = "", 0
    for character in text:
        used += cells(character)
        if used >= limit:
            break
        kept += character
    return kept.rstrip(" ,") + "…"


def left(text: str, limit: int) -> str:
    """The text padded with spaces on the right."""
    return text + " " * (limit - width(text))


def right(text: str, limit: int) -> str:
    """The text padded with spaces on the left."""
    return " " * (limit - width(text)) + text


def wrap(text: str, limit: int) -> list[str]:
    """Lines of at most `limit` cells, broken between words; a longer word gets its own line."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(lines[-1]) + 1 + width(word) <= limit:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines
