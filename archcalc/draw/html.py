"""HTML-like labels of graphviz: tables of text, with all text of the spec escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENTITIES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
    # Graphviz expands \N to the node's name, \G to the graph's, … in labels too.
    "\\": "\\\\",
}
_TABLE = str.maketrans(_ENTITIES)


def escaped(text: str) -> str:
    """The text so that it stays text: no markup, no escape of graphviz, nothing invisible.

    >>> escaped("</text><script> & co")
    '&lt;/text&gt;&lt;script&gt; &amp; co'
    """
    return printable(text).translate(_TABLE)


def styled(text: str, *, size: int | None = None, colour: str = "", bold: bool = False) -> str:
    """Escaped text in a font. Empty text gives "": graphviz does not accept an empty font."""
    if not text:
        return ""
    found = escaped(text)
    if bold:
        found = f"<b>{found}</b>"
    attributes = f' point-size="{size}"' if size else ""
    attributes += f' color="{colour}"' if colour else ""
    return f"<font{attributes}>{found}</font>" if attributes else found


def cell(content: str, **attributes: str | int) -> str:
    """A cell of a table; `content` is escaped already."""
    return f"<td{_written(attributes)}>{content}</td>"


def row(*cells: str) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def table(rows: Iterable[str], **attributes: str | int) -> str:
    """A whole table, from the results of `row`."""
    return f"<table{_written(attributes)}>{''.join(rows)}</table>"


def label(content: str) -> str:
    """A label that graphviz reads as HTML-like."""
    return f"<{content}>"


def _written(attributes: dict[str, str | int]) -> str:
    return "".join(f' {name}="{value}"' for name, value in attributes.items())
