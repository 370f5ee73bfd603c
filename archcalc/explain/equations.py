"""The metrics of one layer, each with its equation.

The formulas are those that `check` uses, evaluated with named symbolic numbers (k, s, p, c_in, H,
W). An equation is only shown if it evaluates to the value in the report.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.analysis.fields import Affine, Table, slide
from archcalc.explain.terms import Leaf, Style, Term, named, render, term_of
from archcalc.ops.base import CHANNELS, Tensor, product
from archcalc.ops.reach import Window
from archcalc.symbols.traced import plain, remembered_origins

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from archcalc.analysis.fields import Field
    from archcalc.analysis.figures import LayerReport, Report
    from archcalc.graph import Node
    from archcalc.ops.reach import Reach

    Reaches = tuple[Reach | None, ...] | None
    Pattern = Callable[[int, int], Field | None]

_AXIS_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}

_LETTERS = {0: (), 1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}

_SHORT = {
    "kernel": "k",
    "stride": "s",
    "padding": "p",
    "dilation": "d",
    "groups": "g",
    "out": "c_out",
    "multiplier": "m",
    "output_padding": "o",
}

MEANINGS = {
    "k": "kernel",
    "s": "stride",
    "p": "padding",
    "d": "dilation",
    "g": "groups",
    "m": "multiplier",
    "o": "output_padding",
    "c_in": "input channels",
    "c_out": "output channels",
    "H": "height",
    "W": "width",
    "D": "depth",
    "L": "length",
    "H_out": "output height",
    "W_out": "output width",
    "D_out": "output depth",
    "L_out": "output length",
    "r": "receptive field (RF) of the layer before",
    "j": "RF stride of the layer before",
    "b": "RF offset of the layer before",
}

MOST_PHASES = 6
"""Maximum number of outputs of a pattern that are listed individually."""


class Equation(NamedTuple):
    """One metric: its name, its term (None if only the result is known) and the result.

    `note` is a remark: why a value is 0, what a shared weight means.
    """

    figure: str
    term: Term | None
    result: int | Fraction | None
    note: str = ""


class Named(NamedTuple):
    """A layer computed with named numbers. `output` has the terms of the sizes, `sizes` their
    names, so that dependent terms use H_out instead of repeating them."""

    attributes: SimpleNamespace
    inputs: tuple[Tensor, ...]
    output: Tensor
    sizes: Tensor


def layer_equations(report: Report, layer: LayerReport, pattern: Pattern) -> list[Equation]:
    """Every metric of a layer, in the order of the report's columns. `pattern` gives the receptive
    field of a tensor along an axis, output by output."""
    with remembered_origins():
        layer_named = _named_layer(report, layer.node)
        if layer_named is None:
            return []
        return [
            *_padding(layer.node, layer_named),
            *_sizes(layer_named),
            *_params(layer, layer_named),
            *_work(layer, layer_named),
            *_connections(layer.node, layer_named),
            *_fields(layer, layer_named, pattern),
        ]


def _named_layer(report: Report, node: Node) -> Named | None:
    """None if the layer is unknown because of an error."""
    tensors = [report.net.tensors[i] for i in node.inputs]
    known = [tensor for tensor in tensors if tensor is not None]
    if node.facts is None or node.attributes is None or len(known) < len(tensors):
        return None
    several = len(tensors) > 1
    inputs = tuple(_named_input(t, i + 1 if several else None) for i, t in enumerate(known))
    attributes = _named_attributes(_padded(node.attributes, node.facts.reach))
    output = node.op.outputs(attributes, inputs)[0]
    given = {term_of(size) for tensor in inputs for size in tensor.shape}
    return Named(attributes, inputs, output, _named_output(output, given))


def _padded(attributes: SimpleNamespace, reach: Reaches) -> SimpleNamespace:
    """The attributes with padding words (`same`) as numbers: sizes are written with p."""
    if not isinstance(getattr(attributes, "padding", None), str) or not reach:
        return attributes
    windows = [window for window in reach if isinstance(window, Window)]
    if len(windows) < len(reach):
        return attributes
    numbers = tuple((int(window.begin), int(window.end)) for window in windows)
    return SimpleNamespace(**{**vars(attributes), "padding": numbers})


def _named_attributes(attributes: SimpleNamespace) -> SimpleNamespace:
    """The attributes with a name for every integer. `groups` of 1 stay a plain number, to keep
    formulas short."""
    fields = vars(attributes)
    return SimpleNamespace(**{name: _named_value(name, value) for name, value in fields.items()})


def _named_value(name: str, value: Any) -> Any:
    if name == "groups" and value == 1:
        return value
    short = _SHORT.get(name, name)
    if _is_count(value):
        return named(value, short)
    if isinstance(value, tuple) and value and all(_is_count(v) for v in value):
        return _per_axis(short, value)
    if name == "padding" and isinstance(value, tuple):
        return _paddings(short, value)
    return value


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _letters_of(values: tuple[Any, ...]) -> tuple[str, ...]:
    return _LETTERS.get(len(values)) or tuple(map(str, range(len(values))))


def _per_axis(short: str, values: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(values)) == 1:
        return tuple(named(v, short) for v in values)
    letters = _letters_of(values)
    return tuple(named(v, f"{short}_{at}") for v, at in zip(values, letters, strict=True))


def _paddings(short: str, values: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    same = len(set(values)) == 1
    made = []
    for (begin, end), letter in zip(values, _letters_of(values), strict=True):
        axis = short if same else f"{short}_{letter}"
        if begin == end:
            made.append((named(begin, axis), named(end, axis)))
        else:
            made.append((named(begin, f"{axis}_begin"), named(end, f"{axis}_end")))
    return tuple(made)


def _named_input(tensor: Tensor, number: int | None) -> Tensor:
    """A tensor with named sizes; `number` distinguishes the inputs of a join."""
    mark = "" if number is None else f"_{number}"
    names = _size_names(tensor)
    sizes = []
    for size, axis in zip(tensor.shape, tensor.axes, strict=True):
        name = ("c_in" if number is None else "c") if axis == CHANNELS else next(names)
        sizes.append(named(size, name + mark))
    return Tensor(tuple(sizes), tensor.axes)


def _named_output(tensor: Tensor, given: set[Term]) -> Tensor:
    """The output with a name for every computed size: H_out. A size equal to an input's (in
    `given`) or to an attribute keeps its name."""
    names = _size_names(tensor)
    sizes = []
    for size, axis in zip(tensor.shape, tensor.axes, strict=True):
        name = "c" if axis == CHANNELS else next(names)
        term = term_of(size)
        own = term in given or isinstance(term, Leaf)
        sizes.append(size if own else named(int(size), f"{name}_out"))
    return Tensor(tuple(sizes), tensor.axes)


def _size_names(tensor: Tensor) -> Any:
    spatial = [axis for axis in tensor.axes if axis != CHANNELS]
    return iter(_LETTERS.get(len(spatial)) or [f"n_{i}" for i in range(len(spatial))])


def _padding(node: Node, layer: Named) -> list[Equation]:
    """The number of rows that a word such as `same` pads, along the first axis."""
    word = getattr(node.attributes, "padding", None)
    if not isinstance(word, str) or isinstance(layer.attributes.padding, str):
        return []
    assert node.attributes is not None
    reach = node.op.reach(_named_attributes(node.attributes), layer.inputs, layer.output)
    window = reach[0] if reach else None
    if not isinstance(window, Window):
        return []
    rows = window.begin + window.end
    return [Equation(f"padding {word}", term_of(rows), int(rows))]


def _sizes(layer: Named) -> list[Equation]:
    """The output's sizes that are neither an input's nor an attribute; one line for equal ones."""
    output = layer.output
    spatial = [place for place, axis in enumerate(output.axes) if axis != CHANNELS]
    names = _AXIS_NAMES.get(len(spatial), tuple(f"axis {place}" for place in spatial))
    equations: dict[str, Equation] = {}
    for place, size in enumerate(output.shape):
        term = term_of(size)
        if isinstance(term, Leaf):
            continue
        name = names[spatial.index(place)] if place in spatial else "channels"
        equations.setdefault(render(term, Style(numbers=True)), Equation(name, term, int(size)))
    return list(equations.values())


def _params(layer: LayerReport, computed: Named) -> list[Equation]:
    node = layer.node
    if node.shared is not None:
        return [Equation("params", None, 0, "shared with another layer, and counted there")]
    params = buffers = 0
    for weight in node.op.weights(computed.attributes, computed.inputs):
        if weight.trainable:
            params = params + product(weight.shape)
        elif weight.counted:
            buffers = buffers + product(weight.shape)
    equations = [Equation("params", term_of(params), layer.totals.params)]
    if buffers:
        equations.append(Equation("buffers", term_of(buffers), layer.totals.buffers))
    return equations


def _work(layer: LayerReport, computed: Named) -> list[Equation]:
    op = layer.node.op
    macs = op.macs(computed.attributes, computed.inputs, computed.sizes)
    extra = op.extra_flops(computed.attributes, computed.inputs, computed.sizes)
    if macs is None or extra is None:
        return [Equation("macs", None, None, "archcalc cannot count this operation")]
    return [
        Equation("macs", term_of(macs), layer.totals.macs),
        Equation("flops", term_of(2 * macs + extra), layer.totals.flops),
    ]


def _connections(node: Node, layer: Named) -> list[Equation]:
    """LeCun's count, if the layer's expectations use it."""
    if not any(f.what == "connections" for case in node.layer.expect for f in case.figures):
        return []
    number = node.op.connections(layer.attributes, layer.inputs, layer.sizes)
    return [] if number is None else [Equation("connections", term_of(number), int(number))]


def _fields(layer: LayerReport, computed: Named, pattern: Pattern) -> list[Equation]:
    """The receptive field along every axis of the net's input; once if all axes are alike."""
    field = layer.receptive_field
    if field is None or not field.size:
        return []
    per_axis = [_field(layer, computed, pattern, axis) for axis in range(len(field.size))]
    if all(equations == per_axis[0] for equations in per_axis):
        return per_axis[0]
    names = _AXIS_NAMES.get(len(per_axis), tuple(map(str, range(len(per_axis)))))
    return [
        one._replace(figure=f"{one.figure}, {name}")
        for name, equations in zip(names, per_axis, strict=True)
        for one in equations
    ]


def _field(layer: LayerReport, computed: Named, pattern: Pattern, axis: int) -> list[Equation]:
    """The recurrence of the receptive field from the layer before (Araujo, Norris & Sim, Distill
    2019), if the layer slides a window and all outputs read alike; else only the results."""
    node, report = layer.node, layer.receptive_field
    assert report is not None
    results = (report.size[axis], report.stride[axis], report.offset[axis])
    before, after = pattern(node.inputs[0], axis), pattern(node.outputs[0], axis)
    window = _window(node, computed, axis)
    if isinstance(before, Affine) and window is not None and len(node.inputs) == 1:
        start = Affine(named(before[0], "r"), named(before[1], "j"), named(before[2], "b"))
        made = slide(start, window)
        if isinstance(after, Affine) and tuple(map(plain, made)) == results == tuple(after):
            terms = tuple(map(term_of, made))
            figures = ("receptive field", "RF stride", "RF offset")
            return [
                Equation(figure, term, result)
                for figure, term, result in zip(figures, terms, results, strict=True)
            ]
    note = _field_note(layer, before, after)
    size = Equation("receptive field", None, results[0], note)
    if isinstance(after, Table) and results[1] is not None:
        return [size, Equation("RF stride", None, results[1], "on average per output")]
    return [size]


def _window(node: Node, computed: Named, axis: int) -> Window | None:
    """The window that a layer slides along an axis of the net's input, if any."""
    axes = [label for label in computed.inputs[0].axes if label != CHANNELS]
    reach = node.op.reach(computed.attributes, computed.inputs, computed.output)
    if reach is None or axis not in axes:
        return None
    window = reach[axes.index(axis)]
    return window if isinstance(window, Window) else None


def _field_note(layer: LayerReport, before: Field | None, after: Field | None) -> str:
    field = layer.receptive_field
    if after is None:
        return "unknown: the positions that are read are not followed here"
    if isinstance(after, Table):
        return _phases(after)
    if len(layer.inputs) > 1:
        return "from the first to the last position that any branch reads"
    if field is not None and field.is_global:
        return "unchanged; the layer also reads the whole input (global)"
    if before == after:
        return "unchanged: each output reads its own position"
    return "by the positions of the layer's own pattern"


def _phases(field: Table) -> str:
    """How the outputs differ in what they read: "even outputs read 2 positions, odd ones 3"."""
    sizes = [0 if cell is None else cell[1] - cell[0] + 1 for cell in field.cells]
    period = len(sizes)
    if len(set(sizes)) == 1:
        positions = "1 position" if sizes[0] == 1 else f"{sizes[0]} positions"
        return f"every output reads {positions}, in a pattern of {period} outputs"
    if period == 2:
        first = "1 position" if sizes[0] == 1 else f"{sizes[0]} positions"
        return f"even outputs read {first}, odd ones {sizes[1]}"
    if period <= MOST_PHASES:
        return f"the outputs read {', '.join(map(str, sizes))} positions in turn"
    pattern = f"in a pattern of {period:,} outputs"
    return f"outputs read {min(sizes)} to {max(sizes)} positions, {pattern}"
