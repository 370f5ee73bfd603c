"""The finished report: typed and immutable, read by every format, diagram and command.

Nothing is computed here; the passes in this folder fill it in. The docstrings define the
conventions of every metric, and the guide repeats them.
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

    As in Araujo, Norris & Sim, Distill 2019: `size` (from the first to the last position, gaps
    included), `stride` (input positions between adjacent outputs; rational after a transposed
    convolution), `offset` (start of the first output's window; −padding). If the size differs
    between output positions (transposed convolution), it is the maximum. An entry is None if it is
    unknown (the branches of a join have different strides; positions were mixed); only the stride
    is None if an input axis is spread over several axes. `is_global`: the layer depends on the full
    input through global pooling, a gate, a flatten or a norm; the local values are those without
    it.
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
    """The metrics of a net, a group or a layer.

    params: trainable parameters, shared weights once. buffers: batch-norm statistics. macs:
    multiply-accumulates without biases. flops: 2·macs plus bias, normalisation, activation and
    pooling operations. activations: elements of all layer outputs. None: unknown (an operation that
    cannot be counted, or an error), never zero.
    """

    params: int | None
    buffers: int | None
    macs: int | None
    flops: int | None
    activations: int | None


class LayerReport(NamedTuple):
    """One layer. `params` is 0 if the weights belong to another layer (`reuse`)."""

    node: Node
    inputs: tuple[Shape | None, ...]
    output: Shape | None
    totals: Totals
    receptive_field: ReceptiveField | None  # None: unknown, or the net has no spatial axes

    def __repr__(self) -> str:
        # The default repr would print the node with its operation, attributes and facts.
        from archcalc.report.numbers import grouped

        output = "?" if self.output is None else "×".join(map(str, self.output))
        params, macs = grouped(self.totals.params), grouped(self.totals.macs)
        name = f"{self.node.path!r} {self.node.op.name}"
        return f"<LayerReport {name}: output {output}, {params} params, {macs} macs>"


class ExpectationReport(NamedTuple):
    """One expected value. `holds` is None if its settings do not apply (not checked).

    `where` is a path, "" for the net. `expected` is as written, `actual` as computed.
    """

    where: str
    what: str
    expected: str
    actual: str
    holds: bool | None
    difference: str  # "+1,000 (0.7%)"; "" if it passes or is not a number
    source: str | None
    span: Span


class Report(NamedTuple):
    """Everything known about a net.

    `totals` exclude layers that run in training only. `depth` and `peak_activation_bytes` are None
    if an error hides them. `of` returns a group's totals, `depth_of` its depth from its input to
    its output, `receptive_field_of` the field of a tensor. `dtype` is the number type for memory;
    `counted` the totals by another tool's convention, if one was requested.
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
        """Whether there is no error and no failed expectation."""
        return not any(d.severity == "error" for d in self.diagnostics) and all(
            e.holds is not False for e in self.expectations
        )

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dict of plain values per layer: `pandas.DataFrame(report.to_dicts())`.

        Keys: path, op, inputs, output, params, buffers, macs, flops, activations, field_size,
        field_stride, field_offset, field_global, training_only, shared. Shapes are tuples. The
        receptive field is one number if all axes agree, else one per axis. None is unknown.

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
        # The default repr of a tuple would print the whole net.
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
