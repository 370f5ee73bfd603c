"""What stops an import, told in one line with help."""

from __future__ import annotations


class ImportFailed(Exception):
    """A model that cannot become a spec. `usage`: the command was wrong, not the model."""

    def __init__(self, message: str, *, help: str = "", usage: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.usage = usage
