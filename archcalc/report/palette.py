"""Colours of the terminal, and when to use them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "place": "1;34",
    "good": "32",
    "bad": "31",
    "strong": "1",
    "faint": "2",
}


def paint(text: str, style: str, colour: bool) -> str:
    """The text in a style of the palette; as it is where `colour` is false."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if colour and text else text


def wants_colour(stream: TextIO) -> bool:
    """A terminal gets colour, unless NO_COLOR (no-color.org) is set; FORCE_COLOR asks for it."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
