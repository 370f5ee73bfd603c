"""A comparison as JSON.

`rows` are nested: a row of a level that differs contains the rows inside it. In `differences` every
layer of either net that differs is in exactly one entry, identical neighbours in one, so that
params, buffers and macs add up to the differences of the totals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.compare.data import ratio
from archcalc.compare.differences import ALL, differences
from archcalc.report.json import SCHEMA, written
from archcalc.report.numbers import decimal_text

if TYPE_CHECKING:
    from archcalc.compare.data import Comparison, Figure, Match, Side
    from archcalc.compare.differences import Difference


def text(found: Comparison) -> str:
    """One document, plain ASCII."""
    return written(as_dict(found)) + "\n"


def as_dict(found: Comparison) -> dict[str, Any]:
    """The comparison as plain values; unknown and absent are null."""
    return {
        "schema": SCHEMA,
        "specs": [_side(side) for side in found.sides],
        "totals": {figure.name: _figure(figure) for figure in found.totals},
        "rows": [_row(match) for match in found.rows],
        "differences": [
            {
                "from": 0,
                "to": other,
                "layers": [_difference(entry) for entry in differences(found, other, ALL).entries],
            }
            for other in range(1, len(found.sides))
        ],
    }


def _side(side: Side) -> dict[str, Any]:
    net = side.report.net
    shapes = {
        kind: {name: _shape(net.tensors[index]) for name, index in tensors.items()}
        for kind, tensors in (("inputs", net.inputs), ("outputs", net.outputs))
    }
    return {"spec": side.spec, "settings": list(side.settings), "name": net.name, **shapes}


def _shape(tensor: Any) -> list[int] | None:
    return None if tensor is None else list(tensor.shape)


def _figure(figure: Figure) -> dict[str, Any]:
    values = figure.values
    return {
        "values": [_value(figure.name, value) for value in values],
        "ratios": [ratio(value, values[0]) for value in values],
    }


def _value(name: str, value: Any) -> Any:
    if name == "paths":
        # A string, because it may have more digits than JSON readers keep.
        return None if value is None else decimal_text(value)
    if isinstance(value, tuple):
        return [_value("", one) for one in value]
    return value if value is None or isinstance(value, int) else str(value)


def _row(match: Match) -> dict[str, Any]:
    items = match.items
    return {
        "paths": [None if item is None else item.path for item in items],
        "what": [None if item is None else item.text for item in items],
        "outputs": [
            None if item is None or item.output is None else list(item.output) for item in items
        ],
        **{
            figure: [None if item is None else getattr(item.totals, figure) for item in items]
            for figure in ("params", "buffers", "macs", "flops", "activations")
        },
        "training_only": match.first.training_only,
        "same": match.same,
        "rows": [_row(child) for child in match.children],
    }


def _difference(entry: Difference) -> dict[str, Any]:
    return {
        "paths": list(entry.paths),
        "last": entry.last,
        "times": entry.times,
        "change": entry.change,
        **{name: getattr(entry.amounts, name) for name in ("params", "buffers", "macs")},
    }
