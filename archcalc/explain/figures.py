"""The figures of one layer, each with the term it is the value of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple

from archcalc.explain.naming import named_attributes, named_input, named_output
from archcalc.explain.render import Style, render
from archcalc.explain.written import Leaf, Term, Written, term_of
from archcalc.ops.base import CHANNELS, product
from archcalc.ops.reach import Periodic, Window

if TYPE_CHECKING:
    from archcalc.analysis.figures import LayerReport, ReceptiveField, Report
    from archcalc.graph import Node
    from archcalc.ops.base import Tensor
    from archcalc.ops.reach import Reach

    Reaches = tuple[Reach | None, ...] | None

_AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class Working(NamedTuple):
    """One figure: its name, its term (None where only the result can be told) and the result.

    `note` says what a reader needs besides: why a figure is 0, what a shared weight means.
    """

    figure: str
    term: Term | None
    result: int | None
    note: str = ""


class Terms(NamedTuple):
    """A layer worked out on numbers with names. `output` has the terms of the sides, `sides` has
    names in their place, so that what follows from them is told in terms of H_out, not anew."""

    attributes: SimpleNamespace
    inputs: tuple[Tensor, ...]
    output: Tensor
    sides: Tensor


def layer_workings(report: Report, layer: LayerReport) -> list[Working]:
    """Every figure of a layer, in the order of the report's columns."""
    terms = _terms(report, layer.node)
    if terms is None:
        return []
    return [
        *_padding(layer.node, terms),
        *_sides(terms),
        *_params(layer, terms),
        *_work(layer, terms),
        *_connections(layer.node, terms),
        *_field(report, layer, terms),
    ]


def _terms(report: Report, node: Node) -> Terms | None:
    """None where a fault hides the layer."""
    tensors = [report.net.tensors[i] for i in node.inputs]
    known = [tensor for tensor in tensors if tensor is not None]
    if node.facts is None or node.attributes is None or len(known) < len(tensors):
        return None
    several = len(tensors) > 1
    inputs = tuple(named_input(t, i + 1 if several else None) for i, t in enumerate(known))
    attributes = named_attributes(_padded(node.attributes, node.facts.reach))
    output = node.op.outputs(attributes, inputs)[0]
    given = {term_of(side) for tensor in inputs for side in tensor.shape}
    return Terms(attributes, inputs, output, named_output(output, given))


def _padded(attributes: SimpleNamespace, reach: Reaches) -> SimpleNamespace:
    """The attributes, a padding given as a word put into numbers: the sides are told with p."""
    if not isinstance(getattr(attributes, "padding", None), str) or not reach:
        return attributes
    windows = [window for window in reach if isinstance(window, Window)]
    if len(windows) < len(reach):
        return attributes
    numbers = tuple((int(window.begin), int(window.end)) for window in windows)
    return SimpleNamespace(**{**vars(attributes), "padding": numbers})


def _padding(node: Node, terms: Terms) -> list[Working]:
    """How many rows a word such as `same` pads, along the first axis."""
    word = getattr(node.attributes, "padding", None)
    if not isinstance(word, str) or isinstance(terms.attributes.padding, str):
        return []
    assert node.attributes is not None
    reach = node.op.reach(named_attributes(node.attributes), terms.inputs, terms.output)
    window = reach[0] if reach else None
    if not isinstance(window, Window):
        return []
    rows = window.begin + window.end
    return [Working(f"padding {word}", term_of(rows), int(rows))]


def _sides(terms: Terms) -> list[Working]:
    """The output's sides that are no input's own and no attribute; one line for equal ones."""
    output = terms.output
    spatial = [place for place, axis in enumerate(output.axes) if axis != CHANNELS]
    names = _AXES.get(len(spatial), tuple(f"axis {place}" for place in spatial))
    workings: dict[str, Working] = {}
    for place, side in enumerate(output.shape):
        term = term_of(side)
        if isinstance(term, Leaf):
            continue
        name = names[spatial.index(place)] if place in spatial else "channels"
        workings.setdefault(render(term, Style(numbers=True)), Working(name, term, int(side)))
    return list(workings.values())


def _params(layer: LayerReport, terms: Terms) -> list[Working]:
    node = layer.node
    if node.shared is not None:
        return [Working("params", None, 0, "the weights are another layer's, and count once")]
    params = buffers = 0
    for weight in node.op.weights(terms.attributes, terms.inputs):
        if weight.trainable:
            params = params + product(weight.shape)
        elif weight.counted:
            buffers = buffers + product(weight.shape)
    workings = [Working("params", term_of(params), layer.totals.params)]
    if buffers:
        workings.append(Working("buffers", term_of(buffers), layer.totals.buffers))
    return workings


def _work(layer: LayerReport, terms: Terms) -> list[Working]:
    op = layer.node.op
    macs = op.macs(terms.attributes, terms.inputs, terms.sides)
    extra = op.extra_flops(terms.attributes, terms.inputs, terms.sides)
    if macs is None or extra is None:
        return [Working("macs", None, None, "archcalc cannot count this operation")]
    return [
        Working("macs", term_of(macs), layer.totals.macs),
        Working("flops", term_of(2 * macs + extra), layer.totals.flops),
    ]


def _connections(node: Node, terms: Terms) -> list[Working]:
    """LeCun's count, where the layer's expectations ask for it."""
    if not any(f.what == "connections" for case in node.layer.expect for f in case.figures):
        return []
    number = node.op.connections(terms.attributes, terms.inputs, terms.sides)
    return [] if number is None else [Working("connections", term_of(number), int(number))]


def _field(report: Report, layer: LayerReport, terms: Terms) -> list[Working]:
    """The recurrence of the receptive field from the layer before, for windows."""
    field = layer.receptive_field
    if field is None or not field.size:
        return []
    before = report.receptive_field_of(layer.node.inputs[0])
    reach = layer.node.op.reach(terms.attributes, terms.inputs, terms.output)
    window = reach[0] if reach else None
    if not isinstance(window, Window) or not _plain(before) or before is None:
        return [Working("receptive field", None, field.size[0], _field_note(layer))]
    from archcalc.analysis.fields import Affine, slide

    size, stride, offset = before.size[0], before.stride[0], before.offset[0]
    assert isinstance(size, int)
    assert isinstance(stride, int)
    assert isinstance(offset, int)
    start = Affine(
        Written(size, Leaf("r", size)),
        Written(stride, Leaf("j", stride)),
        Written(offset, Leaf("b", offset)),
    )
    after = slide(start, window)
    return [
        Working("receptive field", term_of(after.size), field.size[0]),
        Working("its stride", term_of(after.stride), int(after.stride)),
        Working("its offset", term_of(after.offset), field.offset[0]),
    ]


def _plain(field: ReceptiveField | None) -> bool:
    """Whether the field before is one size, one whole stride and one offset."""
    return field is not None and all(
        isinstance(figure, int) for figure in (field.size[0], field.stride[0], field.offset[0])
    )


def _field_note(layer: LayerReport) -> str:
    field, facts = layer.receptive_field, layer.node.facts
    if len(layer.inputs) > 1:
        return "from the first to the last position that any branch sees"
    if facts is not None and any(isinstance(reach, Periodic) for reach in facts.reach or ()):
        return "the largest: outputs read in turn what the layer's pattern says"
    if field is not None and field.is_global:
        return "as before; the layer also sees the whole input through a global layer"
    return "as before: each output reads its own position"
