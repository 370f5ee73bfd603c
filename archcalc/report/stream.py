"""Writing output: in any encoding, to readers that may go away, files completely or not at all."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """Our own symbols as ASCII, one cell each in tables; any other as "?"."""
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
    """Writes to standard output. If the reader has gone (`| head`), the rest is dropped."""
    _write("stdout", _inert(text))


def emit_error(text: str) -> None:
    """Writes to standard error."""
    _write("stderr", _inert(text))


def emit_code(text: str) -> None:
    """Writes what another program reads, as UTF-8 in any locale: a replaced character would make
    another program of it."""
    emit_bytes(text.encode())


def emit_commands(text: str) -> None:
    """Writes workflow commands for GitHub's runner to standard output."""
    _write("stdout", text)


def emit_bytes(data: bytes) -> None:
    """Writes bytes to standard output."""
    sys.stdout.flush()
    with full_disk("stdout"):
        # A stream that a notebook put in place of standard output takes text only.
        binary = getattr(sys.stdout, "buffer", None)
        if binary is None:
            sys.stdout.write(data.decode())
        else:
            binary.write(data)
        sys.stdout.flush()


def write_file(path: str, data: bytes) -> None:
    """Writes a file, or standard output for "-", completely or not at all: the data goes to a file
    beside it, which then takes its name. Raises `OSError`."""
    if path == "-":
        emit_bytes(data)
        return
    target = os.path.realpath(path)  # a link stays one
    if os.path.exists(target) and not os.path.isfile(target):
        # A device or a pipe: nothing can take its place.
        with open(target, "wb") as file:
            file.write(data)
        return
    from tempfile import mkstemp

    handle, beside = mkstemp(
        dir=os.path.dirname(target), prefix=f".{os.path.basename(target)[:40]}."
    )
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, _mode(target))
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise


def _mode(path: str) -> int:
    """The permissions of a file: its own if it exists, else those of a new one."""
    try:
        return os.stat(path).st_mode & 0o777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


def _write(name: str, text: str) -> None:
    stream = getattr(sys, name)
    with full_disk(name):
        stream.write(text)
        stream.flush()


@contextmanager
def full_disk(name: str) -> Iterator[None]:
    """Drops what a stream can no longer take because its reader has gone; a full disk ends the
    program with one line."""
    try:
        yield
    except OSError as error:
        # Python flushes once more at exit, which needs something to write to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), getattr(sys, name).fileno())
        if not isinstance(error, BrokenPipeError):
            if name == "stderr":
                raise SystemExit(1) from None
            sys.exit(f"archcalc: cannot write to standard output: {error.strerror}")


def _inert(text: str) -> str:
    """The text so that GitHub's runner reads none of its lines as a workflow command: it takes
    those that start with "::" and all with "##[" in the log of a step."""
    if not os.environ.get("GITHUB_ACTIONS") or ("::" not in text and "##[" not in text):
        return text
    from re import MULTILINE, sub

    return sub(r"^(\s*):(?=:)", r"\1: ", text, flags=MULTILINE).replace("##[", "# #[")
