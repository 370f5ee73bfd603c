"""Everything that is known of a net, worked out by passes in a visible order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.analysis import conventions, cost, depth, expectations, lints, memory, receptive_field
from archcalc.analysis.draft import Draft
from archcalc.analysis.figures import Depth, LayerReport, Report
from archcalc.collector import paused

if TYPE_CHECKING:
    from archcalc.graph import Group, Net
    from archcalc.ops.base import Shape

PASSES = (
    cost.run,
    receptive_field.run,
    memory.run,
    depth.run,
    lints.run,
    expectations.run,  # judges what the passes before it found
)


def analyze(net: Net, dtype: str = "float32", convention: str = "") -> Report:
    """The report of a net. `dtype` is the type of a number in memory: float64, float32, float16,
    bfloat16 or int8. With `convention`, the totals as that tool counts them as well.

    Never raises for what is wrong with the net: what a fault hides is unknown in the report.
    Raises `ValueError` for another `dtype`.
    """
    if dtype not in memory.BYTES:
        raise ValueError(f"dtype must be one of {', '.join(memory.BYTES)}, not {dtype!r}")
    draft = Draft(net, dtype)
    with paused():
        for run in PASSES:
            run(draft)
        layers = _layers(draft)

    def depth_of(group: Group) -> Depth | None:
        return depth.depth_of(net, group)

    return Report(
        net,
        layers,
        draft.costs.total,
        draft.depth,
        draft.peak_activation_bytes,
        draft.expectations,
        (*net.diagnostics, *draft.diagnostics.items),
        draft.costs.of,
        depth_of,
        draft.fields.of,
        dtype,
        conventions.totals_by(convention, net, draft.costs.total) if convention else None,
    )


def _layers(draft: Draft) -> tuple[LayerReport, ...]:
    tensors = draft.net.tensors
    shapes: list[Shape | None] = [None if t is None else t.shape for t in tensors]
    field_of = draft.fields.of
    return tuple(
        [
            LayerReport(
                node,
                tuple([shapes[i] for i in node.inputs]),
                shapes[node.outputs[0]],
                totals,
                field_of(node.outputs[0]),
            )
            for node, totals in zip(draft.net.nodes, draft.costs.layers, strict=True)
        ]
    )
