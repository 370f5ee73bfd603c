"""The same numbers in another shape, and parts of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.expressions import literal, show
from archcalc.codegen.layout import Call, call
from archcalc.exporting.keras.emitters.common import from_graph, permuted, to_graph
from archcalc.exporting.keras.emitters.order import order_matters
from archcalc.exporting.keras.emitters.vector import pools_to_vector
from archcalc.exporting.keras.op_context import Compute, Make, order, shape
from archcalc.ops.axes import place_of

if TYPE_CHECKING:
    from archcalc.exporting.keras.op_context import OpContext, Steps
    from archcalc.ops.base import Tensor


def flatten(site: OpContext) -> Steps:
    """All axes into one: in the code's own order, so that Dense's weights stand in that order,
    unless what follows tells features apart by their place."""
    whole = [len(y.shape) == 1 for y in site.outputs()]
    if not site.same(whole):
        return _reshaped(site)
    if pools_to_vector(site):
        return []
    made = Make(call("layers.Flatten", name=site.name))
    if site.same([order_matters(lane.net, node) for lane, node in site.places()]):
        return [*to_graph(site), made]
    return [made]


def reshape(site: OpContext) -> Steps:
    return _reshaped(site)


def _reshaped(site: OpContext) -> Steps:
    """As the graph does it: in the graph's order, and back, where numbers change places by that."""
    before, after = site.inputs(), site.outputs()
    apart = all(map(_keeps_channels, before, after))
    turned = not apart and not all(map(_is_in_order, before))
    back = not apart and not all(map(_is_in_order, after))
    target = _target(site, [y.shape if back else shape(y) for y in after])
    made = Make(call("layers.Reshape", site.text(literal(target)), name=site.name))
    return [*(to_graph(site) if turned else []), made, *(from_graph(site) if back else [])]


def _target(site: OpContext, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape in all places; -1 for a length that differs, if it is the only one."""
    columns = [set(column) for column in zip(*shapes, strict=False)]
    if len(set(map(len, shapes))) == 1 and sum(len(c) > 1 for c in columns) == 1:
        return tuple(-1 if len(c) > 1 else c.pop() for c in columns)
    found: tuple[int, ...] = site.same(shapes)
    return found


def _keeps_channels(x: Tensor, y: Tensor) -> bool:
    """Whether only the sides change: the channels come first in the graph, last in the code."""
    return x.channel_axis == y.channel_axis == 0 and x.channels == y.channels


def _is_in_order(t: Tensor) -> bool:
    """Whether the numbers stand in the code as in the graph: axes of length 1 move none."""
    moved = [i for i in order(t) if t.shape[i] > 1]
    return moved == sorted(moved)


def permute(site: OpContext) -> Steps:
    """The graph's order and where the code has the axes, in one."""
    found = []
    for a, x, y in zip(site.attributes(), site.inputs(), site.outputs(), strict=True):
        before, after = order(x), order(y)
        axes = [place_of(x, i, "order") for i in a.order]
        found.append(tuple(before.index(axes[i]) for i in after))
    return permuted(site, site.same(found), "permute")


def opaque(site: OpContext) -> Steps:
    raise site.refuse("a layer of your own, which is a PyTorch class", "export to pytorch")


def tokens(site: OpContext) -> Steps:
    word = site.layer.word
    raise site.refuse({"parameter": "a learned tensor"}.get(word, word), "export to pytorch")


def identity(site: OpContext) -> Steps:
    return [Make(call("layers.Identity", name=site.name))]


def settle_layout(site: OpContext, places: set[tuple[int, ...]]) -> Steps:
    """After axes have gone: those left in the code's order, if they are not yet."""
    found = []
    for x, y in zip(site.inputs(), site.outputs(), strict=True):
        gone = next(iter(places))
        left = [i for i in range(len(x.shape)) if i not in gone]
        now = [left.index(i) for i in order(x) if i in left]
        found.append(tuple(now.index(i) for i in order(y)))
    return permuted(site, site.same(found), "permute")


def _axis(site: OpContext) -> int:
    axes = [
        place_of(tensor, a.axis) for a, tensor in zip(site.attributes(), site.inputs(), strict=True)
    ]
    return site.place(axes)


def slice_(site: OpContext) -> Steps:
    axis = _axis(site)
    begin, step = site.attribute("begin"), site.attribute("step")
    end = None
    if site.same([v is not None for v in site.values("end")]):
        end = site.text(site.attribute("end"))
    first = "" if show(begin) == "0" else site.text(begin)
    parts = [first, end or ""]
    simple = all(p.lstrip("-").isidentifier() or p.lstrip("-").isdigit() or not p for p in parts)
    colon = ":" if simple else " : "
    text = colon.join(parts)
    if show(step) != "1":
        text += f"{_spaced(colon, parts)}{site.text(step)}"
    text = text.strip() if not simple else text
    before = "..., " if axis == -1 else ":, " * axis
    return [Compute(lambda x: f"{x}[{before}{text}]")]


def _spaced(colon: str, parts: list[str]) -> str:
    return ":" if colon == ":" else (" : " if parts[1] else ": ")


def split(site: OpContext) -> Steps:
    axis = str(_axis(site))
    sizes = site.value("sizes")
    count = site.same([len(v) for v in site.values("into")])
    if sizes is None:
        where = str(count)
    else:
        ends = [sum(sizes[: i + 1]) for i in range(count - 1)]
        where = f"[{', '.join(map(str, ends))}]"
    return [Compute(lambda x: call("ops.split", x, where, axis=axis))]


def channel_shuffle(site: OpContext) -> Steps:
    groups = site.text(site.attribute("groups"))
    return [Compute(lambda x: _shuffle(site, x, groups))]


def pixel_shuffle(site: OpContext) -> Steps:
    factor = site.text(site.attribute("factor"))
    return [Compute(lambda x: call(site.need("pixel_shuffle"), x, factor))]


def pixel_unshuffle(site: OpContext) -> Steps:
    factor = site.text(site.attribute("factor"))
    return [Compute(lambda x: call(site.need("pixel_unshuffle"), x, factor))]


def _shuffle(site: OpContext, x: str, groups: str) -> Call:
    return call(site.need("channel_shuffle"), x, groups)
