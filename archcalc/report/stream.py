"""Writing output: in any encoding, to readers that may stop reading, files completely or not at
all."""

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
    """archcalc's own symbols as ASCII, one cell each in tables; any other as "?"."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c, "?") for c in text), error.end


def prepare() -> None:
    """Makes standard output and error accept any text, whatever the locale."""
    codecs.register_error("archcalc-plain", _plain)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # stays open
        # A stream set by tests or a notebook may not be reconfigurable.
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="archcalc-plain")


def emit(text: str) -> None:
    """Writes to standard output. If the reader has closed it (`| head`), the rest is dropped."""
    _write("stdout", _inert(text))


def emit_error(text: str) -> None:
    """Writes to standard error."""
    _write("stderr", _inert(text))


def emit_code(text: str) -> None:
    """Writes program input as UTF-8 in any locale: a replaced character would change the
    program."""
    emit_bytes(text.encode())


def emit_commands(text: str) -> None:
    """Writes workflow commands for GitHub's runner to standard output."""
    _write("stdout", text)


def emit_bytes(data: bytes) -> None:
    """Writes bytes to standard output."""
    sys.stdout.flush()
    with full_disk("stdout"):
        # A stream that a notebook sets as standard output accepts text only.
        binary = getattr(sys.stdout, "buffer", None)
        if binary is None:
            sys.stdout.write(data.decode())
        else:
            binary.write(data)
        sys.stdout.flush()


def write_file(path: str, data: bytes) -> None:
    """Writes a file, or standard output for "-", completely or not at all: the data goes to a
    temporary file, which then replaces the target. Raises `OSError`."""
    if path == "-":
        emit_bytes(data)
        return
    target = os.path.realpath(path)  # keep symbolic links
    if os.path.exists(target) and not os.path.isfile(target):
        # A device or a pipe cannot be replaced.
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
    """The permissions of a file: its own if it exists, else the default for new files."""
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
    """Ignores writes to a stream whose reader has closed it; a full disk ends the program with one
    line."""
    try:
        yield
    except OSError as error:
        # Python flushes once more at exit, which needs a valid stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), getattr(sys, name).fileno())
        if not isinstance(error, BrokenPipeError):
            if name == "stderr":
                raise SystemExit(1) from None
            sys.exit(f"archcalc: cannot write to standard output: {error.strerror}")


def _inert(text: str) -> str:
    """The text with GitHub workflow commands disabled: the runner interprets lines that start with
    "::", and all with "##[" in the log of a step."""
    if not os.environ.get("GITHUB_ACTIONS") or ("::" not in text and "##[" not in text):
        return text
    from re import MULTILINE, sub

    return sub(r"^(\s*):(?=:)", r"\1: ", text, flags=MULTILINE).replace("##[", "# #[")
