"""The program that lays diagrams out: the system's `dot`, else the one that comes with archcalc.

`graphviz-pure` is young, so it stays behind this file: it is a port of Graphviz that takes `dot`'s
flags and writes svg and png.
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
    """There is no program that could write this format."""


class Engine(NamedTuple):
    """A program that takes `dot`'s flags."""

    program: str
    embedded: bool


def engine() -> Engine:
    """The system's `dot`, else the embedded engine. Raises `NoEngine` where there is neither."""
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
    """Where `pip install --user` puts programs."""
    scheme = sysconfig.get_preferred_scheme("user")
    return [sysconfig.get_path("scripts", scheme)]


class Drawing(graphviz.Digraph):
    """A `graphviz.Digraph` that finds an engine by itself; a notebook shows it as a picture."""

    def pipe(self, *arguments: Any, **more: Any) -> Any:
        """As `graphviz.Digraph.pipe`, through whatever engine there is."""
        _select()
        # An engine that has no system fonts says so about every sign beyond ASCII.
        more.setdefault("quiet", True)
        return super().pipe(*arguments, **more)

    def render(self, *arguments: Any, **more: Any) -> Any:
        """As `graphviz.Digraph.render`, through whatever engine there is."""
        _select()
        more.setdefault("quiet", True)
        return super().render(*arguments, **more)


def _select() -> None:
    dot_command.DOT_BINARY = Path(engine().program)
