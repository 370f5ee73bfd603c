"""The layers as plain values, for pandas and the like: one dict a layer, keys as in the CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.analysis.figures import LayerReport, Report


def dicts(report: Report) -> list[dict[str, Any]]:
    """One dict a layer, in execution order; see `Report.to_dicts`."""
    return [_layer(layer) for layer in report.layers]


def _layer(layer: LayerReport) -> dict[str, Any]:
    node, field = layer.node, layer.receptive_field
    return {
        "path": node.path,
        "op": node.op.name,
        "inputs": layer.inputs,
        "output": layer.output,
        **layer.totals._asdict(),
        "field_size": None if field is None else _plain(field.size),
        "field_stride": None if field is None else _plain(field.stride),
        "field_offset": None if field is None else _plain(field.offset),
        "field_global": None if field is None else field.is_global,
        "training_only": node.training_only,
        "shared": node.shared is not None,
    }


def _plain(entries: Iterable[Any]) -> Any:
    """A number where all axes agree, else one an axis; a fraction as a float."""
    plain = tuple(e if e is None or isinstance(e, int) else float(e) for e in entries)
    return plain[0] if len(set(plain)) == 1 else plain
