"""The finished report: typed, frozen, what every format, diagram and command reads.

Nothing here computes; the passes beside this file fill it in. Conventions of every figure are in
the docstrings, and the language guide repeats them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction
    from typing import Any

    from archcalc.analysis.conventions import Counted
    from archcalc.diagnostics import Diagnostic, Span
    from archcalc.graph import Group, Net, Node
    from archcalc.ops.base import Shape


class ReceptiveField(NamedTuple):
    """The input region that an output position depends on, per spatial axis of one net input.

    As Araujo, Norris & Sim, Distill 2019: `size` (first to last position, holes included),
    `stride` (input positions from one output to the next; rational after a transposed
    convolution), `offset` (start of the first output's window; −padding). Where the size differs
    from one output position to the next (transposed convolution), it is the largest. An entry is
    None where it is unknown (the branches before it disagree on the stride; positions were mixed),
    the stride alone where an input axis is spread over several axes. `is_global`:
    the layer sees the whole input through global pooling, a gate, a flatten or a norm; the local
    figures beside it still hold for the rest of the net.
    """

    size: tuple[int | None, ...]
    stride: tuple[int | Fraction | None, ...]
    offset: tuple[int | None, ...]
    is_global: bool


class Depth(NamedTuple):
    """Weight layers on the longest and the shortest path, and the number of paths from input to
    output (Veit, Wilber & Belongie 2016, arXiv:1605.06431)."""

    longest: int
    shortest: int
    paths: int


class Totals(NamedTuple):
    """The figures of a net, a group or a layer.

    params: trainable numbers, shared weights once. buffers: batch-norm statistics. macs: one per
    multiply-accumulate, biases not counted. flops: 2·macs plus bias, normalisation, activation
    and pooling work. activations: numbers in all layer outputs. None: unknown (an operation that
    cannot be counted, or an error), never zero.
    """

    params: int | None
    buffers: int | None
    macs: int | None
    flops: int | None
    activations: int | None


class LayerReport(NamedTuple):
    """One layer. `params` is 0 where the weights are another layer's (`reuse`)."""

    node: Node
    inputs: tuple[Shape | None, ...]
    output: Shape | None
    totals: Totals
    receptive_field: ReceptiveField | None  # None: unknown, or the net has no spatial axes


class ExpectationReport(NamedTuple):
    """One expected figure. `holds` is None where its settings are not in force (not checked).

    `where` is a path, "" for the net. `expected` is as written, `actual` as computed.
    """

    where: str
    what: str
    expected: str
    actual: str
    holds: bool | None
    difference: str  # "+1,000 (0.7%)"; "" where it holds or is no number
    source: str | None
    span: Span


class Report(NamedTuple):
    """Everything that is known of a net.

    `totals` leave out layers that run in training only. `depth` and `peak_activation_bytes` are
    None where an error hides them. `of` gives a group's totals, `depth_of` a group's depth from
    its input to its output, `receptive_field_of` the field after a tensor. `dtype` is the type of
    number that amounts of memory are told for; `counted` the totals by another tool's convention,
    where one was asked for.
    """

    net: Net
    layers: tuple[LayerReport, ...]
    totals: Totals
    depth: Depth | None
    peak_activation_bytes: int | None
    expectations: tuple[ExpectationReport, ...]
    diagnostics: tuple[Diagnostic, ...]  # the net's, and those of the passes
    of: Callable[[Group], Totals]
    depth_of: Callable[[Group], Depth | None]
    receptive_field_of: Callable[[int], ReceptiveField | None]
    dtype: str = "float32"
    counted: Counted | None = None

    @property
    def ok(self) -> bool:
        """No error and no expectation that fails."""
        return not any(d.severity == "error" for d in self.diagnostics) and all(
            e.holds is not False for e in self.expectations
        )

    def to_dicts(self) -> list[dict[str, Any]]:
        """The layers in plain values, one dict a layer: `pandas.DataFrame(report.to_dicts())`.

        Keys: path, op, inputs, output, params, buffers, macs, flops, activations, field_size,
        field_stride, field_offset, field_global, training_only, shared. Shapes are tuples. The
        receptive field is a number where all axes agree, else one an axis. None is unknown.

        >>> import archcalc
        >>> report = archcalc.analyze(archcalc.load("vgg16"))
        >>> rows = report.to_dicts()
        >>> rows[0]["path"], rows[0]["output"], rows[0]["params"], rows[0]["field_size"]
        ('features.0', (64, 224, 224), 1792, 3)
        >>> sum(row["macs"] for row in rows if row["op"] == "conv")
        15346630656
        """
        from archcalc.report.records import dicts

        return dicts(self)

    def __repr__(self) -> str:
        # A tuple's own would write out the whole net.
        from archcalc.report.numbers import grouped

        params, macs = grouped(self.totals.params), grouped(self.totals.macs)
        return f"<Report of {self.net.name!r}: {params} params, {macs} macs>"

    def _repr_html_(self) -> str:
        from archcalc.report.checked import Checked
        from archcalc.report.html import text

        return text(Checked(self.net.name, self, self.expectations, self.diagnostics))

    def _repr_markdown_(self) -> str:
        from archcalc.report.checked import Checked
        from archcalc.report.markdown import text
        from archcalc.report.table import View

        return text(Checked(self.net.name, self, self.expectations, self.diagnostics), View())
