"""The figures of a traced net as terms, from the passes and the facts that `check` uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.analysis import cost, memory, receptive_field
from archcalc.analysis.draft import Draft
from archcalc.graph import Group, NoSuchLayer
from archcalc.symbols.traced import poly_of

if TYPE_CHECKING:
    from archcalc.diagnostics import Span
    from archcalc.graph import Net, Node
    from archcalc.symbols.terms import Poly


class Refused(ValueError):
    """A formula that cannot be had, or a name that is none. `help` says what can be done."""

    def __init__(self, message: str, help: str = "", span: Span | None = None) -> None:
        super().__init__(f"{message}; {help}" if help else message)
        self.message = message
        self.help = help
        self.span = span


def figure_of(net: Net, layer: str, of: str) -> tuple[Poly, ...]:
    """One figure of the net ("") or of the layer, block or group with this path.

    output: the shape. params, macs: as in the report. memory: bytes in float32: the peak of an
    inference pass for the net, the outputs of a layer, all that is made in a group.
    receptive_field: its size an axis. Raises `Refused` where there is no such layer or figure.
    """
    part = find(net, layer)
    if of == "output":
        return _output(net, part)
    if of == "receptive_field":
        return _field(net, part)
    if of == "memory" and part is net.root:
        numbers = memory.peak_numbers(net)
        return _one(None if numbers is None else numbers * memory.BYTES["float32"], of)
    return _one(_total(net, part, of), of)


def find(net: Net, path: str) -> Node | Group:
    """The layer, block or group with a path; the net for "". Raises `Refused`."""
    try:
        return net.find(path)
    except NoSuchLayer as unknown:
        raise Refused(str(unknown)) from unknown


def _output(net: Net, part: Node | Group) -> tuple[Poly, ...]:
    tensor = net.tensors[_end(net, part)]
    assert tensor is not None
    return tuple(poly_of(n) for n in tensor.shape)


def _end(net: Net, part: Node | Group) -> int:
    """The tensor that a part gives."""
    if isinstance(part, Group):
        end = net.outputs.get("output", part.output) if part is net.root else part.output
        if not end:
            raise Refused("there is no single output here", help="name a layer")
        return end
    return part.outputs[0]


def _field(net: Net, part: Node | Group) -> tuple[Poly, ...]:
    draft = Draft(net, "float32")
    receptive_field.run(draft)
    field = draft.fields.of(_end(net, part))
    if field is None or None in field.size:
        raise Refused("the receptive field is unknown here")
    return tuple(poly_of(n) for n in field.size)


def _total(net: Net, part: Node | Group, of: str) -> Any:
    """A figure of the report's totals."""
    draft = Draft(net, "float32")
    cost.run(draft)
    costs = draft.costs
    totals = costs.of(part) if isinstance(part, Group) else costs.layers[part.index]
    if of == "memory":
        numbers: Any = totals.activations
        return None if numbers is None else numbers * memory.BYTES["float32"]
    return getattr(totals, of)


def _one(value: Any, of: str) -> tuple[Poly, ...]:
    if value is None:
        raise Refused(f"{of} is unknown here")
    return (poly_of(value),)
