"""The warning about branches of a join that are spatially misaligned.

If the receptive fields of two branches have different strides, or centres that are one output
position or more apart, the join combines values of different positions (Araujo, Norris & Sim,
Distill 2019, "alignment"). The most common cause is padding or a crop of one branch only. Windows
with the same end are causal, and intended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.analysis.fields import Affine, phases
from archcalc.diagnostics import Diagnostic, Note

if TYPE_CHECKING:
    from fractions import Fraction

    from archcalc.analysis.fields import Field
    from archcalc.graph import Net, Node

CODE = "misaligned-branches"


def misalignment(net: Net, node: Node, fields: list[tuple[int, Field]]) -> Diagnostic | None:
    """The warning for the branches of a join, given as tensors with their fields along an axis;
    None if they are aligned."""
    tensor, field = fields[0]
    for other, another in fields[1:]:
        if another.stride != field.stride:
            values = f"branch {_path(net, tensor)} moves {_number(field.stride)} input positions"
            values += f" a step, branch {_path(net, other)} {_number(another.stride)}"
            help = "give the branches equal strides; the receptive field is unknown from here on"
        elif not _aligned(field, another):
            values = f"branch {_path(net, tensor)} is centred on {_number(field.centre)}"
            values += f", branch {_path(net, other)} on {_number(another.centre)}"
            help = f"pad the branches alike, or, if this is meant, write allow: [{CODE}]"
        else:
            continue
        notes = (_note(net, tensor, field), _note(net, other, another))
        message = f"the branches of {node.layer.word} are spatially misaligned"
        return Diagnostic(CODE, "warning", message, node.layer.span, values, help, notes)
    return None


def _aligned(field: Field, another: Field) -> bool:
    """Whether the centres of two fields with the same stride are less than a stride apart, those of
    the phases of an upsampling overlap, or the windows have the same end."""
    if field.centre is None or another.centre is None:
        return field.centre is another.centre
    if abs(field.centre - another.centre) < field.stride:
        return True
    if isinstance(field, Affine) and isinstance(another, Affine):
        return field.offset + field.size == another.offset + another.size
    (low, high), (start, end) = phases(field), phases(another)
    return low <= end and start <= high


def _note(net: Net, tensor: int, field: Field) -> Note:
    producer = net.producers[tensor]
    sees = f"sees {field.size} positions, stride {_number(field.stride)}"
    return Note(
        f"{_path(net, tensor)} {sees}, the first from {field.offset}",
        None if producer is None else net.nodes[producer].layer.span,
    )


def _path(net: Net, tensor: int) -> str:
    producer = net.producers[tensor]
    if producer is not None:
        return net.nodes[producer].path
    return next(name for name, index in net.inputs.items() if index == tensor)


def _number(number: Fraction | int | None) -> str:
    """A stride or a centre as text, halves and quarters as decimals."""
    if number is None:
        return "nothing"
    if number.denominator in (2, 4):
        return f"{float(number):g}"
    return str(number)
