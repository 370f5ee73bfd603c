"""Computes everything about a net, by passes in a visible order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.analysis import conventions, cost, depth, expectations, lints, memory, receptive_field
from archcalc.analysis.context import AnalysisContext
from archcalc.analysis.figures import Depth, LayerReport, Report
from archcalc.gc_pause import paused

if TYPE_CHECKING:
    from archcalc.graph import Group, Net
    from archcalc.ops.base import Shape

PASSES = (
    cost.run,
    receptive_field.run,
    memory.run,
    depth.run,
    lints.run,
    expectations.run,  # compares with the results of the passes above
)


def analyze(net: Net, dtype: str = "float32", convention: str = "") -> Report:
    """The report of a net. `dtype` is the number type for memory: float64, float32, float16,
    bfloat16 or int8. With `convention`, the report includes the totals as that tool counts them.

    Never raises for errors in the net: what they hide is unknown in the report. Raises `ValueError`
    for another `dtype`.
    """
    if dtype not in memory.BYTES:
        raise ValueError(f"dtype must be one of {', '.join(memory.BYTES)}, not {dtype!r}")
    context = AnalysisContext(net, dtype)
    with paused():
        for run in PASSES:
            run(context)
        layers = _layers(context)

    def depth_of(group: Group) -> Depth | None:
        return depth.depth_of(net, group)

    return Report(
        net,
        layers,
        context.costs.total,
        context.depth,
        context.peak_activation_bytes,
        context.expectations,
        (*net.diagnostics, *context.diagnostics.items),
        context.costs.of,
        depth_of,
        context.fields.of,
        dtype,
        conventions.totals_by(convention, net, context.costs.total) if convention else None,
    )


def _layers(context: AnalysisContext) -> tuple[LayerReport, ...]:
    tensors = context.net.tensors
    shapes: list[Shape | None] = [None if t is None else t.shape for t in tensors]
    field_of = context.fields.of
    return tuple(
        [
            LayerReport(
                node,
                tuple([shapes[i] for i in node.inputs]),
                shapes[node.outputs[0]],
                totals,
                field_of(node.outputs[0]),
            )
            for node, totals in zip(context.net.nodes, context.costs.layers, strict=True)
        ]
    )
