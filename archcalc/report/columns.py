"""The columns of a layer: what is shown per row, and what is recorded per layer.

`Column`s are for readers and take a `Row`: the terminal, Markdown and HTML tables choose from them.
`FIELDS` are for programs and take a `LayerReport`: JSON, CSV and `Report.to_dicts` write them. A
new metric is one entry here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.analysis.figures import Totals
from archcalc.analysis.memory import BYTES
from archcalc.report import numbers

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from archcalc.analysis.figures import LayerReport, ReceptiveField, Report
    from archcalc.report.rows import Row


class Column(NamedTuple):
    """A column for readers. `text` is plain: each format indents and escapes it. `gap` is the
    distance to the column before it in a terminal."""

    title: str
    text: Callable[[Row, Report], str]
    gap: int = 2


def _operation(row: Row, _report: Report) -> str:
    text = f"{row.operation} (training only)" if row.training_only else row.operation
    return f"✗ {text}" if row.invalid else text


def _exact(figure: str) -> Callable[[Row, Report], str]:
    return lambda row, _report: numbers.grouped(getattr(row.totals, figure))


def _rounded(figure: str) -> Callable[[Row, Report], str]:
    return lambda row, _report: numbers.scaled(getattr(row.totals, figure))


def _share(figure: str) -> Callable[[Row, Report], str]:
    def text(row: Row, report: Report) -> str:
        if row.training_only:
            return ""
        return numbers.percent(getattr(row.totals, figure), getattr(report.totals, figure))

    return text


def memory(row: Row, report: Report) -> int | None:
    """The bytes of a row's weights, buffers and outputs."""
    totals = row.totals
    if totals.params is None or totals.buffers is None or totals.activations is None:
        return None
    return (totals.params + totals.buffers + totals.activations) * BYTES[report.dtype]


LAYER = Column("layer", lambda row, _: row.label)
OPERATION = Column("operation", _operation)
COUNT = Column("", lambda row, _: f"×{row.times:,}" if row.times > 1 else "")
OUTPUT = Column("output", lambda row, _: numbers.shape(row.output))
PARAMS = Column("params", _exact("params"))
PARAMS_SHARE = Column("%", _share("params"), 1)
MACS = Column("macs", _exact("macs"))
MACS_SHARE = Column("%", _share("macs"), 1)
FLOPS = Column("flops", _exact("flops"))
ACTIVATIONS = Column("activations", _exact("activations"))
MEMORY = Column("memory", lambda row, report: numbers.bytes_(memory(row, report)))
FIELD = Column("RF", lambda row, _: numbers.field(row.receptive_field, "*"))
SHORT_PARAMS = Column("params", _rounded("params"))
SHORT_MACS = Column("macs", _rounded("macs"))

DOCUMENT = (
    LAYER,
    OPERATION,
    COUNT,
    OUTPUT,
    PARAMS,
    PARAMS_SHARE,
    MACS,
    MACS_SHARE,
    Column("receptive field", lambda row, _: numbers.field(row.receptive_field)),
)
"""The columns of Markdown and HTML tables; the first two are text, the others numbers."""


class Field(NamedTuple):
    """A value of a layer for programs. Unknown is None."""

    key: str
    value: Callable[[LayerReport], Any]


def _total(figure: str) -> Callable[[LayerReport], Any]:
    return lambda layer: getattr(layer.totals, figure)


def _of_field(get: Callable[[ReceptiveField], Any]) -> Callable[[LayerReport], Any]:
    def value(layer: LayerReport) -> Any:
        return None if layer.receptive_field is None else get(layer.receptive_field)

    return value


FIELDS = (
    Field("path", lambda layer: layer.node.path),
    Field("op", lambda layer: layer.node.op.name),
    Field("inputs", lambda layer: layer.inputs),
    Field("output", lambda layer: layer.output),
    *(Field(name, _total(name)) for name in Totals._fields),
    Field("field_size", _of_field(lambda field: field.size)),
    Field("field_stride", _of_field(lambda field: field.stride)),
    Field("field_offset", _of_field(lambda field: field.offset)),
    Field("field_global", _of_field(lambda field: field.is_global)),
    Field("training_only", lambda layer: layer.node.training_only),
    Field("shared", lambda layer: layer.node.shared is not None),
)


def values(layer: LayerReport) -> dict[str, Any]:
    """All fields of a layer, by key."""
    return {key: value(layer) for key, value in FIELDS}
