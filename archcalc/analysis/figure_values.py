"""The metrics that a spec can expect, and their values for a layer, a group or the net."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.analysis import cost
from archcalc.analysis.depth import depth_of
from archcalc.diagnostics import DiagnosticError
from archcalc.graph import Group
from archcalc.spec.synonyms import likely

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from fractions import Fraction

    from archcalc.analysis.context import AnalysisContext
    from archcalc.analysis.figures import Depth, ReceptiveField, Totals
    from archcalc.graph import Node
    from archcalc.ops.base import Shape

    Number = int | Fraction | None
    FigureValue = Number | tuple[Number, ...]


class Part:
    """A layer, a group or the net, with the results of the passes."""

    def __init__(self, context: AnalysisContext, target: Node | Group) -> None:
        self.context = context
        self.target = target
        self.is_net = isinstance(target, Group) and target.parent is None

    def totals(self) -> Totals:
        """Parameters, macs and so on."""
        target, costs = self.target, self.context.costs
        return costs.of(target) if isinstance(target, Group) else costs.layers[target.index]

    def nodes(self) -> Iterable[Node]:
        """The layers that are counted here."""
        target = self.target
        return self.context.costs.counted(target) if isinstance(target, Group) else [target]

    def output(self) -> Shape | None:
        """The output's shape."""
        tensor = self._output()
        known = None if tensor is None else self.context.net.tensors[tensor]
        return None if known is None else known.shape

    def field(self) -> ReceptiveField | None:
        """The receptive field after this part; None if an error hides it."""
        tensor = self._output()
        if tensor is None or self.context.net.tensors[tensor] is None:
            return None
        field = self.context.fields.of(tensor)
        if field is None:
            raise self._missing("no input with spatial axes leads here")
        return field

    def depth(self) -> Depth | None:
        """Depth and paths, from the part's input to its output."""
        target = self.target
        if not isinstance(target, Group):
            if target.facts is None:
                return None  # may have been a group
            raise self._missing("this is a single layer; groups, blocks and the net have a depth")
        return self.context.depth if self.is_net else depth_of(self.context.net, target)

    def peak(self) -> int | None:
        """The peak of live activations in bytes."""
        if not self.is_net:
            raise self._missing("only the whole net has a peak memory")
        return self.context.peak_activation_bytes

    def _output(self) -> int | None:
        target, net = self.target, self.context.net
        if not isinstance(target, Group):
            return target.outputs[0]
        invalid = any(d.severity == "error" for d in net.diagnostics)
        if self.is_net and "output" not in net.outputs and not invalid:
            raise self._missing("the net has no main output; a layer's output can be expected")
        return target.output

    def _missing(self, why: str) -> DiagnosticError:
        return DiagnosticError("bad-expectation", "this metric does not exist here", label=why)


FIGURES: dict[str, Callable[[Part], FigureValue]] = {
    "output": Part.output,
    "params": lambda part: part.totals().params,
    "buffers": lambda part: part.totals().buffers,
    "macs": lambda part: part.totals().macs,
    "flops": lambda part: part.totals().flops,
    "activations": lambda part: part.totals().activations,
    "peak_activation_bytes": Part.peak,
    "weights": lambda part: cost.weights(part.nodes()),
    "connections": lambda part: cost.connections(part.context.net, part.nodes()),
    "receptive_field": lambda part: (f := part.field()) and f.size,
    "effective_stride": lambda part: (f := part.field()) and f.stride,
    "effective_padding": lambda part: (f := part.field()) and tuple(map(_negative, f.offset)),
    "depth": lambda part: (d := part.depth()) and d.longest,
    "shortest_depth": lambda part: (d := part.depth()) and d.shortest,
    "paths": lambda part: (d := part.depth()) and d.paths,
}


def _negative(number: int | None) -> int | None:
    return None if number is None else -number


def figure_of(part: Part, what: str) -> FigureValue:
    """The value of a metric; None if unknown, a tuple if it has axes.

    Raises `DiagnosticError` for an unknown metric.
    """
    figure = FIGURES.get(what)
    if figure is None:
        meant = likely(what, FIGURES)
        raise DiagnosticError(
            "bad-expectation",
            f"unknown metric `{what}`",
            help=f"did you mean {meant}?" if meant else f"one of {', '.join(FIGURES)}",
        )
    return figure(part)
