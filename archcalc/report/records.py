"""The layers as records, one per layer: plain values for data frames, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from archcalc.report.columns import FIELDS, values
from archcalc.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.analysis.figures import LayerReport, Report
    from archcalc.report.checked import Checked

_PER_AXIS = ("field_size", "field_stride", "field_offset")


def dicts(report: Report) -> list[dict[str, Any]]:
    """One dict per layer, in execution order; see `Report.to_dicts`."""
    return [_plain(layer) for layer in report.layers]


def _plain(layer: LayerReport) -> dict[str, Any]:
    found = values(layer)
    for key in _PER_AXIS:
        if found[key] is not None:
            found[key] = _one_or_all(found[key])
    return found


def _one_or_all(entries: Iterable[Any]) -> Any:
    """A number if all axes agree, else one per axis; a fraction as a float."""
    plain = tuple(e if e is None or isinstance(e, int) else float(e) for e in entries)
    return plain[0] if len(set(plain)) == 1 else plain


def csv_text(checked: list[Checked]) -> str:
    """A header, then the layers of all the specs, each line starting with its spec. Figures are
    exact, unknown ones empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["spec", *(field.key for field in FIELDS)])
    for one in checked:
        if one.report is not None:
            source = _cell(one.source)
            for layer in one.report.layers:
                writer.writerow([source, *map(_cell, values(layer).values())])
    return stream.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, tuple):
        if any(isinstance(entry, tuple) for entry in value):
            return " ".join("?" if entry is None else _cell(entry) for entry in value)
        return "x".join("?" if entry is None else str(entry) for entry in value)
    return str(value)


def _text(text: str) -> str:
    """Text of an untrusted spec: control characters escaped, and marked as text if a spreadsheet
    would read it as a formula."""
    text = printable(text)
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text
