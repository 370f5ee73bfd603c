"""Copies to start from: a net of the catalogue, or a small commented spec."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from archcalc.diagnostics import DiagnosticError, alternatives

STARTER = "model.yaml"
"""The default file name of the commented spec."""


class Original(NamedTuple):
    """A spec to copy: its text, its file name, and the spec that it extends ("": none)."""

    text: str
    file: str
    extends: str


def starter() -> Original:
    """The small commented spec."""
    path = Path(__file__).resolve().parents[1] / "starter.yaml"
    return Original(path.read_text(encoding="utf-8"), STARTER, "")


def original(name: str) -> Original:
    """A net of the catalogue by its name. Raises `DiagnosticError` (file-not-found) if there is
    none."""
    from archcalc.spec.files import catalogue_net, read, similar

    path = catalogue_net(name)
    if path is None:
        near = similar(name)
        stem = Path(name).name.removesuffix(".yaml") or "model"
        own = f"`archcalc new -o {stem}.yaml` starts a spec of your own"
        raise DiagnosticError(
            "file-not-found",
            f"no net `{name}` in the catalogue",
            help=f"did you mean {alternatives(near)}? {own}"
            if near
            else f"see `archcalc list`; {own}",
        )
    text = read(path, path.name)
    return Original(text, path.name, _extends(text))


def refuse_existing(path: str) -> None:
    """Raises `DiagnosticError` if a file or folder exists already."""
    from os.path import isdir, lexists

    if isdir(path):
        raise DiagnosticError("not-a-file", f"{path} is a folder", help="add the name of the file")
    if lexists(path):
        raise DiagnosticError(
            "file-exists",
            f"{path} already exists",
            help="write another file with -o FILE, or overwrite it with --force",
        )


def _extends(text: str) -> str:
    """The file that a spec of the catalogue extends; `extends` is on its own line there."""
    for line in text.splitlines():
        if line.startswith("extends:"):
            return line.removeprefix("extends:").strip()
    return ""
