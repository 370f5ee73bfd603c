"""The error of an import, a one-line message with help, and its warning."""

from __future__ import annotations


class Opaque(UserWarning):
    """The warning for a module that the language cannot express and that became an opaque layer:
    its MACs and receptive field are unknown."""


class ImportFailed(Exception):
    """A model that cannot become a spec. `usage`: the command is wrong, not the model."""

    def __init__(self, message: str, *, help: str = "", usage: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.usage = usage
