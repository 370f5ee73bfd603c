"""Finding and reading specs: files first, then the catalogue that ships with archcalc."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from archcalc.diagnostics import DiagnosticError, SourceFile, Span, Stop, alternatives
from archcalc.spec.limits import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from archcalc.diagnostics import Diagnostics

    Load = Callable[[str, Span], SourceFile]

TEXT_NAME = "<text>"
"""The display name of a spec given as text."""

STDIN_NAME = "<stdin>"
"""The display name of a spec read from standard input."""

_ENDINGS = ("", ".yaml", ".yml")

_provided: dict[str, str] = {}


def provide(name: str, text: str) -> None:
    """Makes a text the spec of this name for the rest of the process: an imported model's, which
    is not in a file. `extends` does not see it."""
    _provided[name] = text


class SpecFile(SourceFile):
    """A spec read from a file, with the folder tree that its `extends` must stay in."""

    __slots__ = ("path", "root")

    def __init__(self, name: str, text: str, path: Path, root: Path) -> None:
        super().__init__(name, text)
        self.path = path
        self.root = root


def catalogue() -> Path:
    """The folder of the catalogue: inside an installed package, or next to it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"


def catalogue_files() -> dict[str, Path]:
    """The nets of the catalogue by name: in its folder, and in one folder per task below it."""
    folder = catalogue()
    paths = [*folder.glob("*.yaml"), *folder.glob("*/*.yaml")]
    return {path.stem: path for path in sorted(paths, key=lambda path: path.stem)}


def catalogue_names() -> list[str]:
    """The names of the nets in the catalogue, without extension."""
    return list(catalogue_files())


def catalogue_net(name: str) -> Path | None:
    """A net of the catalogue, with or without extension, in any case, with or without dashes and
    underscores (`ResNet-50`); None if there is none. A name with a folder is not a net."""
    if os.path.basename(name) != name or "\0" in name:
        return None
    stem = name.removesuffix(".yaml")
    direct = catalogue() / f"{stem}.yaml"
    if stem and os.path.isfile(
        direct
    ):  # fast path without listing the folder: most names are given in this form
        return direct
    files = catalogue_files()
    if stem in files:
        return files[stem]
    wanted = _letters(stem)
    return next((path for net, path in files.items() if _letters(net) == wanted), None)


def similar(name: str, files: Iterable[Path] = ()) -> list[str]:
    """Up to three nets of the catalogue, or of the given files, whose names are close to a word,
    the closest first."""
    from difflib import get_close_matches

    known = {_letters(net): net for net in catalogue_names()}
    known |= {_letters(path.stem): str(path) for path in files}
    word = _letters(os.path.basename(name).removesuffix(".yaml"))
    return [known[found] for found in get_close_matches(word[:80], known, n=3, cutoff=0.6)]


def _letters(name: str) -> str:
    """A name normalised for comparison: lower case, without dashes, underscores, dots and
    spaces."""
    return name.lower().translate({ord(sign): None for sign in "-_. "})


def open_source(source: str | os.PathLike[str], diagnostics: Diagnostics) -> SourceFile:
    """A spec by its path, its name in the catalogue, its text (if it contains a line break), or
    from standard input ("-").

    If it cannot be read the diagnostic is added and `Stop` raised.
    """
    if isinstance(source, str) and "\n" in source:
        return load_text(source, diagnostics)
    name = os.fspath(source)
    if name in _provided:
        return SourceFile(name, _provided[name])
    try:
        if name == "-":
            return _standard_input()
        path = find(name)
        shown = path.name if path.is_relative_to(catalogue()) else str(path)
        real = path.resolve()
        return SpecFile(shown, read(real, name), real, real.parent)
    except DiagnosticError as error:
        diagnostics.report(error)
        raise Stop from error


def shown_name(source: str | os.PathLike[str]) -> str:
    """The display name of a source: as the user gave it."""
    if isinstance(source, str) and "\n" in source:
        return TEXT_NAME
    return STDIN_NAME if source == "-" else str(source)


def _standard_input() -> SpecFile:
    """The spec on standard input; its `extends` is relative to the current folder."""
    import sys

    path = Path.cwd().resolve() / STDIN_NAME
    text = _decoded(sys.stdin.buffer.read(MAX_BYTES + 1), STDIN_NAME)
    return SpecFile(STDIN_NAME, text, path, path.parent)


def load_text(text: str, diagnostics: Diagnostics) -> SourceFile:
    """A spec given as text. Its `extends` names nets of the catalogue only."""
    if len(text) > MAX_BYTES:
        diagnostics.report(_too_large(TEXT_NAME))
        raise Stop
    return SourceFile(TEXT_NAME, text)


def opener(allow_outside: bool = False) -> Load:
    """A function that reads the file that an `extends` names, relative to the file that contains
    it.

    It raises `DiagnosticError` if there is none, or if it is outside the folder tree of the spec
    and `allow_outside` is false. Nets of the catalogue can always be extended.
    """

    def load(name: str, span: Span) -> SourceFile:
        own = span.file
        path = _beside(own, name, allow_outside) if isinstance(own, SpecFile) else None
        if path is not None and isinstance(own, SpecFile):
            shown = Path(own.name).parent / os.path.relpath(path, own.path.parent)
            return SpecFile(os.path.normpath(shown), read(path, name), path, own.root)
        path = catalogue_net(name)
        if path is None:
            raise _not_found(name)
        return SpecFile(path.name, read(path, name), path.resolve(), path.resolve().parent)

    return load


def same_file(one: SourceFile, other: SourceFile) -> bool:
    """Whether two sources are the same file, whatever their names."""
    if isinstance(one, SpecFile) and isinstance(other, SpecFile):
        return one.path == other.path
    return one.name == other.name


def find(name: str) -> Path:
    """The file of a spec: the path itself, with an extension added, or a net of the catalogue.

    Raises `DiagnosticError` (file-not-found, not-a-file).
    """
    paths = _candidates(Path(), name)
    for path in paths:
        if os.path.exists(path) and not os.path.isdir(path):
            return path
    found = catalogue_net(name)
    if found is not None:
        return found
    for path in paths:
        if os.path.isdir(path):
            raise _a_folder(path, name)
    raise _not_found(name, _specs_beside(name))


def read(path: Path, name: str) -> str:
    """The text of a file. Raises `DiagnosticError` (not-a-file, permission, too-large,
    encoding)."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise _a_folder(path, name) from None
    except OSError as error:
        raise DiagnosticError(
            "permission",
            f"cannot read `{name}`",
            label=str(error.strerror),
            help="check its permissions and those of the folders above it",
        ) from error
    return _decoded(data, name)


def _decoded(data: bytes, name: str) -> str:
    """The bytes as text. Raises `DiagnosticError` (too-large, encoding)."""
    if len(data) > MAX_BYTES:
        raise _too_large(name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DiagnosticError(
            "encoding",
            f"`{name}` is not UTF-8",
            label=f"byte {error.start:,} (line {line:,}) is 0x{data[error.start]:02x}",
            help="save it as UTF-8; is it a text file?",
        ) from error


def _candidates(folder: Path, name: str) -> list[Path]:
    """The paths that a name may refer to."""
    if not name or "\0" in name:  # not valid in any file system
        return []
    return [folder / (name + ending) for ending in _ENDINGS]


def _beside(own: SpecFile, name: str, allow_outside: bool) -> Path | None:
    """The file that an `extends` names, relative to its own file's folder; links are resolved
    first.

    Existence is only tested for paths that may be read, so that a spec cannot probe the file
    system. A name equal to the file's own refers to the net of the catalogue, if any.
    """
    for path in _candidates(own.path.parent, name):
        real = Path(os.path.realpath(path))
        if real == own.path and catalogue_net(name) is not None:
            continue
        if not allow_outside and not real.is_relative_to(own.root):
            raise DiagnosticError(
                "extends-outside",
                "`extends` leads outside the spec's folder",
                label=f"{name} is outside the folder of {own.name}",
                help="copy it next to the spec, or allow it with --allow-outside",
            )
        if os.path.isfile(real):
            return real
    if os.path.isdir(own.path.parent / name):
        raise _a_folder(own.path.parent / name, name)
    return None


def _specs_beside(name: str) -> list[Path]:
    """The specs in the folder of a missing file, at most 500."""
    try:
        return [p for p in islice(Path(name).parent.iterdir(), 500) if p.suffix in _ENDINGS[1:]]
    except (OSError, ValueError):
        return []


def _not_found(name: str, files: Iterable[Path] = ()) -> DiagnosticError:
    near = similar(name, files)
    return DiagnosticError(
        "file-not-found",
        f"no spec named `{name}`",
        label="no such file and no such net in the catalogue",
        help=f"did you mean {alternatives(near)}?"
        if near
        else "`archcalc list` lists the catalogue",
    )


def _a_folder(path: Path, name: str) -> DiagnosticError:
    try:
        inside = sorted(p.name for p in path.iterdir() if p.suffix in _ENDINGS[1:])[:5]
    except OSError:
        inside = []
    return DiagnosticError(
        "not-a-file",
        f"`{name}` is a folder",
        label="a spec is one file",
        help=f"it contains {', '.join(inside)}" if inside else "",
    )


def _too_large(name: str) -> DiagnosticError:
    return DiagnosticError(
        "too-large",
        f"`{name}` is too large",
        label=f"a spec has at most {MAX_BYTES // 1_000_000} MB",
        help="use repeat, for and blocks: the largest nets take a few kB",
    )
