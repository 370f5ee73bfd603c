"""The catalogue as a table, as Markdown and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.catalogue.entries import year
from archcalc.report import numbers
from archcalc.report.palette import paint
from archcalc.report.text import cut, left, printable, right, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcalc.catalogue.entries import Entry

_GAP = "  "
_LEAST_SOURCE = 24
"""With fewer cells, only the author and year of a source are shown."""

_YEAR = 4

_TITLES = ("params", "macs", "depth", "RF")


def table(found: Sequence[Entry], columns: int, colour: bool, *, by: str | None) -> str:
    """The nets for a terminal. `by`: the field whose values are headings, by which the entries must
    be ordered; None: no headings, and the family as a column."""
    # Indented by one: with two, the sources would not fit in 80 columns.
    heads = [("name", [f"{' ' if by else ''}{entry.name}" for entry in found])]
    if by != "family":
        heads.append(("family", [printable(entry.family) for entry in found]))
    figures = [("input", [numbers.shape(entry.input) for entry in found])]
    shown = [_figures(entry) for entry in found]
    figures += [(title, [row[i] for row in shown]) for i, title in enumerate(_TITLES)]
    widths = [max(map(width, (title, *cells))) for title, cells in (*heads, *figures)]
    room = columns - sum(widths) - len(_GAP) * len(widths)
    title, sources = _sources(found, room)
    lines = [paint(_line([*_titles(heads, figures), title], widths, len(heads)), "strong", colour)]
    group = None
    for position, entry in enumerate(found):
        if by and getattr(entry, by) != group:
            group = getattr(entry, by)
            lines.append(paint(printable(str(group or f"no {by}")), "place", colour))
        cells = [texts[position] for _, texts in (*heads, *figures)]
        lines.append(_line([*cells, *sources[position : position + 1]], widths, len(heads)))
    return "\n".join([*lines, "", *_legend(len(found), title)]) + "\n"


def _titles(heads: list[Any], figures: list[Any]) -> list[str]:
    return [title for title, _ in (*heads, *figures)]


def _line(cells: list[str], widths: list[int], heads: int) -> str:
    texts = [left(cell, limit) for cell, limit in zip(cells[:heads], widths, strict=False)]
    rest = zip(cells[heads : len(widths)], widths[heads:], strict=True)
    texts += [right(cell, limit) for cell, limit in rest]
    return _GAP.join([*texts, *cells[len(widths) :]]).rstrip()


def _figures(entry: Entry) -> tuple[str, ...]:
    depth = numbers.UNKNOWN if entry.depth is None else f"{entry.depth:,}"
    return numbers.scaled(entry.params), numbers.scaled(entry.macs), depth, _field(entry)


def _field(entry: Entry) -> str:
    field = entry.receptive_field
    return numbers.per_axis(field if isinstance(field, tuple) else (field,))


def _sources(found: Sequence[Entry], room: int) -> tuple[str, list[str]]:
    """The sources in the available width, and the title of the column: the text, cut; author and
    year; the year; nothing."""
    texts = [printable(entry.source) for entry in found]
    if room >= min(_LEAST_SOURCE, max(map(width, texts))):
        return "source", [cut(text, room) for text in texts]
    short = [author_and_year(text) for text in texts]
    if max(map(width, short)) <= room:
        return "source", short
    years = ["" if entry.year is None else str(entry.year) for entry in found]
    return ("year", years) if room >= _YEAR else ("", [])


def author_and_year(source: str) -> str:
    """The first author and the year, where a source is written as most are.

    >>> author_and_year("He, Zhang, Ren & Sun 2015, arXiv:1512.03385, Table 1")
    'He 2015'
    >>> author_and_year("course notes")
    'course notes'
    """
    from re import match

    author, found = match(r"[^\W\d][\w'-]*", source), year(source)
    return f"{author[0]} {found}" if author and found else source


def _legend(count: int, sources: str) -> list[str]:
    lines = [
        f"{numbers.counted(count, 'net')}; depth: weight layers on the longest path;",
        "RF: receptive field at the output, ignoring global layers",
    ]
    if sources != "source":
        lines.append("sources: use a wider terminal or --format markdown")
    return lines


def markdown(found: Sequence[Entry]) -> str:
    """A table with exact figures."""
    from archcalc.report.markdown import escaped

    lines = [
        "| name | net | family | task | input | params | macs | depth | RF | source |",
        "|:--|:--|:--|:--|--:|--:|--:|--:|--:|:--|",
    ]
    for entry in found:
        cells = [
            f"`{entry.name}`",
            escaped(entry.title),
            escaped(entry.family),
            escaped(entry.task),
            numbers.shape(entry.input),
            numbers.grouped(entry.params),
            numbers.grouped(entry.macs),
            numbers.grouped(entry.depth),
            _field(entry),
            escaped(entry.source),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def json(found: Sequence[Entry]) -> str:
    """An object with the schema's number and a list of nets, one per line."""
    from json import dumps

    from archcalc.report.json import SCHEMA

    lines = ",\n".join(f"    {dumps(_plain(entry))}" for entry in found)
    nets = f"[\n{lines}\n  ]" if found else "[]"
    return f'{{\n  "schema": {SCHEMA},\n  "nets": {nets}\n}}\n'


def _plain(entry: Entry) -> dict[str, Any]:
    plain: dict[str, Any] = entry._asdict()
    # A string, because a number of paths may have more digits than JSON readers keep.
    plain["paths"] = None if entry.paths is None else numbers.decimal_text(entry.paths)
    return plain
