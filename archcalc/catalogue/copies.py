"""Copies to start from: a net of the catalogue as it ships, or a small commented spec."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from archcalc.diagnostics import Fault, alternatives

STARTER = "model.yaml"
"""What the commented spec is called where no other name is asked for."""


class Original(NamedTuple):
    """A spec to copy: its text, the file name it has, the one that it extends ("": none)."""

    text: str
    file: str
    extends: str


def starter() -> Original:
    """The small commented spec."""
    path = Path(__file__).resolve().parents[1] / "starter.yaml"
    return Original(path.read_text(encoding="utf-8"), STARTER, "")


def original(name: str) -> Original:
    """A net of the catalogue by its name. Raises `Fault` (file-not-found) if there is none."""
    from archcalc.spec.files import catalogue_net, read, similar

    path = catalogue_net(name)
    if path is None:
        near = similar(name)
        stem = Path(name).name.removesuffix(".yaml") or "model"
        own = f"`archcalc new -o {stem}.yaml` starts a spec of your own"
        raise Fault(
            "file-not-found",
            f"the catalogue has no net {name}",
            help=f"did you mean {alternatives(near)}? {own}"
            if near
            else f"see `archcalc list`; {own}",
        )
    text = read(path, path.name)
    return Original(text, path.name, _extends(text))


def write(text: str, path: Path, *, force: bool) -> None:
    """Writes a copy. Raises `Fault` where the file is there already (without `force`), is a
    folder, or cannot be written."""
    if path.is_dir():
        raise Fault("not-a-file", f"{path} is a folder", help="give the file's name as well")
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise Fault(
            "file-exists",
            f"{path} is there already",
            help="write elsewhere with -o FILE, or over it with --force",
        ) from None
    except OSError as error:
        raise Fault("permission", f"{path} cannot be written: {error.strerror}") from error


def _extends(text: str) -> str:
    """The file that a spec of ours extends: our files write it as a line of its own."""
    for line in text.splitlines():
        if line.startswith("extends:"):
            return line.removeprefix("extends:").strip()
    return ""
