"""Bounds on what one spec may cost, so that a stranger's spec is safe to check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import Stop

if TYPE_CHECKING:
    from archcalc.diagnostics import Diagnostics, Note, Span

MAX_BYTES = 8_000_000
"""Of one file; 100,000 one-line layers have 4 million."""

MAX_NODES = 1_150_000
"""Of YAML in one file, every alias expanded; a list or mapping counts as two, because it takes the
time of two. 100,000 one-line layers have 1,100,000: mapping, conv, mapping, three keys and values.
"""

SLOW_CHARACTERS = 800_000
"""Of one file where PyYAML was built without libyaml: its Python loader takes 1 to 1.3 µs for
each, where libyaml takes 10 ns."""

SLOW_NODES = 60_000
"""Of YAML in one file, by that loader: it takes 15 µs for each. 5,000 one-line layers have 55,000,
and ResNet-1202 has 200."""

MAX_DEPTH = 100
"""Lists and mappings inside one another; every later walk over them may recurse this deep."""

TOO_DEEP = f"lists and mappings nest at most {MAX_DEPTH} deep"

MAX_LAYERS = 150_000
"""Written out in one file; loops and blocks multiply them later."""

MAX_BLOCKS = 20_000
"""Of one spec."""

MAX_FORMULAS = 200_000
"""Characters of all different expressions of one file; each takes 2 to 4 µs."""

MAX_NAME = 200
"""Characters of a name."""

MAX_ERRORS = 100
"""After so many, one file is not read further."""

MAX_CHAIN = 20
"""Files that extend one another."""

MAX_TEXT = 1_000
"""Characters of an expression, of a text put together, and of a value shown."""

MAX_DIGITS = 300
"""Of an integer that is written out: all such are below 2^1024."""

MAX_BITS = 1024
"""Numbers, and the two parts of a fraction, stay below 2^1024: ResNet-1202 has 2^600 paths."""

MAX_LENGTH = 2**40
"""Length of an axis of an output or of a weight: totals stay far below the largest float."""

MAX_OPERATORS = 80
"""Operators inside one another in an expression; each of a + b + c + d is one level."""

MAX_ITEMS = 10_000
"""Items of a list put together from lists by name, where each name can double it."""

MAX_LISTS = 10
"""Levels of such a list."""


def add_error(
    diagnostics: Diagnostics,
    code: str,
    message: str,
    span: Span,
    *,
    label: str = "",
    help: str = "",
    notes: tuple[Note, ...] = (),
) -> None:
    """Adds an error. Raises `Stop` at the hundredth: each costs a search for the nearest word."""
    diagnostics.error(code, _cut(message), span, label=_cut(label), help=_cut(help), notes=notes)
    stop_at_many(diagnostics, span)


def stop_at_many(diagnostics: Diagnostics, span: Span) -> None:
    """Raises `Stop` at the hundredth error."""
    if len(diagnostics.items) >= MAX_ERRORS:
        diagnostics.error(
            "too-many-errors",
            f"too many errors: only the first {MAX_ERRORS} are reported",
            span,
            help="fix these first",
        )
        raise Stop


def _cut(text: str) -> str:
    """A message may quote a word of a million letters."""
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"
