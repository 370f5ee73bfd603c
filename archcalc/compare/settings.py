"""A net with its own settings, as given on the command line:
`mobilenet:width=0.5,input=3x160x160`."""

from __future__ import annotations

from typing import NamedTuple


class Requested(NamedTuple):
    """A spec and its settings, as texts in the form of `--set` and `--input`."""

    spec: str
    settings: tuple[str, ...]

    @property
    def variables(self) -> list[str]:
        """The settings of vars."""
        return [text for text in self.settings if not _is_input(text)]

    @property
    def inputs(self) -> list[str]:
        """The shapes of inputs; `input.left=2x4x4` is for the input named left."""
        return [text[len("input=") :] for text in self.settings if _is_input(text)]


def read_requested(text: str) -> Requested:
    """The spec and its settings, which begin at the first colon with a name behind it, so that a
    file's name may have colons too.

    >>> read_requested("mobilenet:width=0.5,input=3x160x160")
    Requested(spec='mobilenet', settings=('width=0.5', 'input=3x160x160'))
    >>> read_requested("C:/nets/vgg.yaml:stages=[[64, 1], [128, 2]]").settings
    ('stages=[[64, 1], [128, 2]]',)
    """
    from re import search

    found = search(r":(?=[^\W\d][\w.]*\s*(=|,|$))", text)
    if found is None:
        return Requested(text, ())
    return Requested(text[: found.start()], tuple(_separated(text[found.end() :])))


def _is_input(text: str) -> bool:
    return text.startswith(("input=", "input."))


def _separated(text: str) -> list[str]:
    """The parts between commas that are not inside brackets."""
    parts = [""]
    depth = 0
    for character in text:
        depth += (character in "[(") - (character in "])")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
