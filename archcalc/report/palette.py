"""The colours of the terminal, and when to use them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

# Only colours that are legible on dark and light backgrounds: neither yellow nor blue.
_CODES = {
    "error": "1;31",
    "warning": "1;35",
    "place": "36",
    "good": "32",
    "bad": "31",
    "strong": "1",
    "level": "36",  # a block or group
    "faint": "2",
}


def paint(text: str, style: str, colour: bool) -> str:
    """The text in a style of the palette; unchanged without `colour`."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if colour and style and text else text


def wants_colour(stream: TextIO) -> bool:
    """A terminal gets colour. NO_COLOR (no-color.org) turns it off everywhere, CLICOLOR_FORCE or
    FORCE_COLOR turns it on everywhere, CLICOLOR=0 turns it off (bixense.com/clicolors)."""
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") != "0" for name in ("CLICOLOR_FORCE", "FORCE_COLOR")):
        return True
    if os.environ.get("CLICOLOR") == "0" or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()
