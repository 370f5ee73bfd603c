"""The derivation of the metrics of a layer, a join, a block or the net, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archcalc.analysis import receptive_field
from archcalc.analysis.context import AnalysisContext
from archcalc.explain.equations import Equation, layer_equations
from archcalc.explain.terms import Leaf, Sum
from archcalc.graph import Group, Node

if TYPE_CHECKING:
    from archcalc.analysis.figures import ReceptiveField, Report
    from archcalc.diagnostics import Span
    from archcalc.ops.base import Shape


class Branch(NamedTuple):
    """One branch of a join: its last layer, its shape and receptive field."""

    path: str
    shape: Shape | None
    field: ReceptiveField | None


class Explanation(NamedTuple):
    """The explanation of one part. `inputs` and `output` are shapes; `branches` are a join's."""

    path: str
    what: str
    span: Span | None
    inputs: tuple[Shape | None, ...]
    output: Shape | None
    equations: tuple[Equation, ...]
    branches: tuple[Branch, ...] = ()


def explain(report: Report, path: str | None) -> Explanation:
    """The explanation of the layer, block or group at `path`, or of the whole net.

    Raises `archcalc.graph.NoSuchLayer`, with the nearest paths, for an unknown one.
    """
    part = report.net.find(path or "")
    if isinstance(part, Group):
        return _group(report, part)
    context = AnalysisContext(report.net, report.dtype)
    receptive_field.run(context)
    return explain_layer(report, part, context.fields)


def explain_layer(report: Report, node: Node, fields: receptive_field.Fields) -> Explanation:
    """The explanation of a layer, with the receptive fields of the net's tensors."""
    layer = report.layers[node.index]
    words = node.op.describe(node.attributes) if node.attributes is not None else ""
    return Explanation(
        node.path,
        f"{node.op.name} {words}".strip(),
        node.layer.span,
        layer.inputs,
        layer.output,
        tuple(layer_equations(report, layer, fields.pattern)),
        tuple(_branch(report, i) for i in node.inputs) if len(node.inputs) > 1 else (),
    )


def _branch(report: Report, tensor: int) -> Branch:
    net = report.net
    producer = net.producers[tensor]
    if producer is None:
        names = [name for name, index in net.inputs.items() if index == tensor]
        path = f"the input {names[0]}" if names and names[0] != "input" else "the input"
    else:
        path = net.nodes[producer].path
    known = net.tensors[tensor]
    return Branch(path, known.shape if known else None, report.receptive_field_of(tensor))


def _group(report: Report, group: Group) -> Explanation:
    net = report.net
    layer = group.layer
    shapes = [net.tensors[i] if i is not None else None for i in (group.input, group.output)]
    return Explanation(
        group.path or net.name,
        f"{group.kind} {layer.word}" if layer and group.kind == "block" else group.kind,
        layer.span if layer else None,
        (shapes[0].shape if shapes[0] else None,),
        shapes[1].shape if shapes[1] else None,
        tuple(_sums(report, group)),
    )


def _sums(report: Report, group: Group) -> list[Equation]:
    """The metrics of a group as the sums of its parts."""
    parts = _parts(group)
    totals = report.of(group)
    equations = []
    for figure in ("params", "buffers", "macs", "flops"):
        terms = []
        for name, part in parts:
            number = getattr(
                report.layers[part.index].totals if isinstance(part, Node) else report.of(part),
                figure,
            )
            if number:
                terms.append((1, Leaf(name, number)))
        total = getattr(totals, figure)
        if terms and total is not None:
            equations.append(Equation(figure, Sum(tuple(terms)), total))
    depth = report.depth_of(group)
    if depth is not None:
        note = f"weight layers on the longest path; {depth.shortest} on the shortest"
        equations.append(Equation("depth", None, depth.longest, note))
    return equations


def _parts(group: Group) -> list[tuple[str, Node | Group]]:
    """The layers and levels directly below a group; loops and joins are opened."""
    found: list[tuple[str, Node | Group]] = []
    for child in group.children:
        if isinstance(child, Node) or child.level:
            if not (isinstance(child, Node) and child.training_only):
                found.append((_part_name(child), child))
        else:
            found += _parts(child)
    return found


def _part_name(part: Node | Group) -> str:
    """The last component of the path; an index gets its word, bottleneck[0]."""
    name = part.path.rpartition(".")[2]
    if not name.isdecimal():
        return name
    word = part.op.name if isinstance(part, Node) else part.layer.word if part.layer else part.kind
    return f"{word}[{name}]"
