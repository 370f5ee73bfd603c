"""Limits on the size of a spec, so that untrusted specs are safe to check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import Stop

if TYPE_CHECKING:
    from archcalc.diagnostics import Diagnostics, Note, Span

MAX_BYTES = 8_000_000
"""Per file; 100,000 one-line layers take 4 million."""

MAX_NODES = 1_150_000
"""YAML nodes per file, with aliases expanded; a list or mapping counts as two, since it takes twice
the time. 100,000 one-line layers have 1,100,000: mapping, conv, mapping, three keys and values."""

SLOW_CHARACTERS = 800_000
"""Characters per file if PyYAML was built without libyaml: its Python loader takes 1 to 1.3 µs per
character, libyaml 10 ns."""

SLOW_NODES = 60_000
"""YAML nodes per file with that loader: it takes 15 µs per node. 5,000 one-line layers have 55,000,
and ResNet-1202 has 200."""

MAX_DEPTH = 100
"""Nesting of lists and mappings; later recursions over them may go this deep."""

TOO_DEEP = f"lists and mappings nest at most {MAX_DEPTH} deep"

MAX_LAYERS = 150_000
"""Layers written out in one file; loops and blocks multiply them later."""

MAX_BLOCKS = 20_000
"""Blocks per spec."""

MAX_FORMULAS = 200_000
"""Total characters of all different expressions of a file; each takes 2 to 4 µs."""

MAX_NAME = 200
"""Characters of a name."""

MAX_ERRORS = 100
"""Errors per file; after that the rest is not parsed."""

MAX_CHAIN = 20
"""Files in a chain of `extends`."""

MAX_TEXT = 1_000
"""Characters of an expression, of a composed string, and of a value in a message."""

MAX_DIGITS = 300
"""Digits of an integer literal: all such numbers are below 2^1024."""

MAX_BITS = 1024
"""Numbers, and both parts of a fraction, stay below 2^1024: ResNet-1202 has 2^600 paths."""

MAX_LENGTH = 2**40
"""Size of an axis of an output or a weight: totals stay far below the largest float."""

MAX_OPERATORS = 80
"""Nesting of operators in an expression; a + b + c + d nests 3 deep."""

MAX_ITEMS = 10_000
"""Items of a list composed of other lists, where each name can double it."""

MAX_LISTS = 10
"""Nesting of such a list."""


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
    """Adds an error. Raises `Stop` at the hundredth, since each searches for the nearest word."""
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
    """Limits a message, which may quote a word of a million letters."""
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"
