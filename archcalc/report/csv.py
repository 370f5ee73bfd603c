"""The layers as CSV for spreadsheets: one line a layer, exact figures, unknown left empty."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.analysis.figures import LayerReport
    from archcalc.report.checked import Checked

COLUMNS = (
    "spec",
    "path",
    "op",
    "inputs",
    "output",
    "params",
    "buffers",
    "macs",
    "flops",
    "activations",
    "field_size",
    "field_stride",
    "field_offset",
    "field_global",
    "training_only",
    "shared",
)


def text(checked: list[Checked]) -> str:
    """A heading, then the layers of all the specs, each line beginning with its spec."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in checked:
        if one.report is not None:
            writer.writerows([one.source, *_cells(layer)] for layer in one.report.layers)
    return stream.getvalue()


def _cells(layer: LayerReport) -> list[object]:
    node, field = layer.node, layer.receptive_field
    return [
        _text(node.path),
        node.op.name,
        " ".join("?" if shape is None else _joined(shape) for shape in layer.inputs),
        "" if layer.output is None else _joined(layer.output),
        *("" if figure is None else figure for figure in layer.totals),
        *(("", "", "") if field is None else map(_joined, field[:3])),
        "" if field is None else _yes(field.is_global),
        _yes(node.training_only),
        _yes(node.shared is not None),
    ]


def _text(name: str) -> str:
    """A name that a spreadsheet would take for a formula is marked as text: specs come from
    strangers."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name


def _joined(entries: Iterable[object]) -> str:
    return "x".join("?" if e is None else str(e) for e in entries)


def _yes(answer: bool) -> str:
    return "true" if answer else "false"
