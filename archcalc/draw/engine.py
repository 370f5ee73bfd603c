"""The layout program: the system's `dot`, else the one that comes with archcalc.

`graphviz-pure` is a young port of Graphviz that accepts `dot`'s flags and writes svg and png; only
this file depends on it.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import graphviz
from graphviz.backend import dot_command

if TYPE_CHECKING:
    from typing import Any

EMBEDDED = "graphviz-pure"


class NoEngine(RuntimeError):
    """No program can write this format."""


class Engine(NamedTuple):
    """A program that accepts `dot`'s flags."""

    program: str
    embedded: bool


def engine() -> Engine:
    """The system's `dot`, else the embedded engine. Raises `NoEngine` if there is neither."""
    system = shutil.which("dot")
    if system is not None:
        return Engine(system, embedded=False)
    name = EMBEDDED + (".exe" if os.name == "nt" else "")
    for folder in (sysconfig.get_path("scripts"), *_user_scripts()):
        program = Path(folder) / name
        if program.is_file():
            return Engine(str(program), embedded=True)
    found = shutil.which(EMBEDDED)
    if found is not None:
        return Engine(found, embedded=True)
    raise NoEngine("diagrams need graphviz: pip install graphviz-pure, or install the system's dot")


def _user_scripts() -> list[str]:
    """Where `pip install --user` installs programs."""
    scheme = sysconfig.get_preferred_scheme("user")
    return [sysconfig.get_path("scripts", scheme)]


class Drawing(graphviz.Digraph):
    """A `graphviz.Digraph` that finds an engine itself; notebooks display it as a picture."""

    def pipe(self, *arguments: Any, **more: Any) -> Any:
        """As `graphviz.Digraph.pipe`, with whichever engine is available."""
        _select()
        # An engine without system fonts warns about every non-ASCII character.
        more.setdefault("quiet", True)
        return super().pipe(*arguments, **more)

    def render(self, *arguments: Any, **more: Any) -> Any:
        """As `graphviz.Digraph.render`, with whichever engine is available."""
        _select()
        more.setdefault("quiet", True)
        return super().render(*arguments, **more)


def _select() -> None:
    dot_command.DOT_BINARY = Path(engine().program)
