"""Writing to standard output: any encoding, and a reader that may go away."""

from __future__ import annotations

import codecs
import os
import sys

_PLAIN = {
    "×": "x",
    "−": "-",
    "–": "-",
    "·": "*",
    "…": "~",
    "✓": "+",
    "✗": "x",
    "≈": "~",
    "≤": "<=",
    "≥": ">=",
    "⌊": "floor(",
    "⌈": "ceil(",
    "⌋": ")",
    "⌉": ")",
}


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Signs of our own as ASCII, one cell each where tables hold them; any other as "?"."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c, "?") for c in text), error.end


def prepare() -> None:
    """Makes standard output and error take any text, whatever the locale."""
    codecs.register_error("archcalc-plain", _plain)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # stays open
        # A stream that tests or a notebook put in its place need not be one that can be set up.
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="archcalc-plain")


def emit(text: str) -> None:
    """Writes to standard output. Where the reader has gone (`| head`), the rest is dropped."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # Python flushes once more at exit; that must find something to write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            sys.exit(f"archcalc: cannot write to standard output: {error.strerror}")


def emit_code(text: str) -> None:
    """Writes what another program will read, as UTF-8 whatever the locale: a sign that is put in
    another's place would make another program of it."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    emit(text)
