"""Pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.expressions import literal
from archcalc.codegen.layout import Call, call
from archcalc.exporting.keras.emitters.nonnegative import never_negative
from archcalc.exporting.keras.emitters.vector import pools_to_vector
from archcalc.exporting.keras.emitters.windows import Sides, is_same, sides, windows, zeros
from archcalc.exporting.keras.op_context import Compute, Make
from archcalc.ops.axes import place_of, spatial_places

if TYPE_CHECKING:
    from archcalc.exporting.keras.op_context import OpContext, Steps


def maxpool(site: OpContext) -> Steps:
    if any(set(v) != {1} for v in site.values("dilation")):
        raise site.refuse("max pooling with a dilation", "leave dilation out")
    if _same(site):
        return [Make(_pool(site, "MaxPooling", same=True))]
    made = Make(_pool(site, "MaxPooling"))
    whole = _with_ceil(site)
    if not any(map(_any, whole)):
        return [made]
    if all(never_negative(lane.net, n.inputs[0]) for lane, n in site.places()):
        return [zeros(site, whole, written=whole == sides(site)), made]
    around = site.same(whole)

    def pad(x: str) -> Call:
        return call("ops.pad", x, _amounts(around), constant_values="-math.inf")

    return [Compute(pad), made]


def avgpool(site: OpContext) -> Steps:
    counted = site.value("count_include_pad")
    plain, whole = sides(site), _with_ceil(site)
    made = Make(_pool(site, "AveragePooling"))
    if not any(map(_any, whole)):
        return [made]
    # On PyTorch Keras fills an odd row with the border's numbers, which a mean would count.
    even = all(begin == end for some in whole for begin, end in some)
    if even and not counted and _same(site):
        return [Make(_pool(site, "AveragePooling", same=True))]
    if counted and whole == plain:
        return [zeros(site, plain), made]
    around = site.same(whole)
    some = counted and any(map(_any, plain))
    rows = site.text(literal(site.same(plain))) if some else None
    sizes = site.value("kernel"), _strides(site), around

    def mean(x: str) -> Call:
        texts = [site.text(literal(size)) for size in sizes]
        return call(site.need("padded_mean"), x, *texts, counted=rows)

    return [Compute(mean)]


def _same(site: OpContext) -> bool:
    """Whether Keras' `same`, which is never counted, gives these rows: by its word, or because
    `ceil` adds just them."""
    plain, whole = sides(site), _with_ceil(site)
    if is_same(site, windows(site)):
        return whole == plain
    by_ceil = any(map(_any, whole)) and not any(map(_any, plain))
    return by_ceil and all(
        rows == (total // 2, total - total // 2)
        for some, around, x in zip(windows(site), whole, site.inputs(), strict=True)
        for w, rows, n in zip(some, around, x.shape[1:], strict=True)
        for total in [max((-(-n // w.stride) - 1) * w.stride + w.span - n, 0)]
    )


def _pool(site: OpContext, word: str, *, same: bool = False) -> Call:
    kernel = site.per_axis("kernel")
    return call(
        f"layers.{word}{site.rank}D",
        site.text(kernel),
        strides=_stride(site),
        padding='"same"' if same else None,
        name=site.name,
    )


def _stride(site: OpContext) -> str | None:
    """The stride, left out where it is the window's own (Keras takes that too)."""
    given = [v is not None for v in site.values("stride")]
    if not site.same(given):
        return None
    if site.values("stride") == site.values("kernel"):
        return None
    return site.text(site.per_axis("stride"))


def _strides(site: OpContext) -> tuple[int, ...]:
    found: tuple[int, ...] = site.same(
        [a.kernel if a.stride is None else a.stride for a in site.attributes()]
    )
    return found


def _with_ceil(site: OpContext) -> list[Sides]:
    """(begin, end) an axis with the rows that `ceil` adds at the end."""
    found = []
    for some, tensor, ceil in zip(windows(site), site.inputs(), site.values("ceil"), strict=True):
        rows = []
        for w, n in zip(some, tensor.shape[1:], strict=True):
            end = w.end
            if ceil:
                needed = (w.count_ceil(n) - 1) * w.stride + w.span
                end = max(end, needed - n - w.begin)
            rows.append((w.begin, end))
        found.append(tuple(rows))
    return found


def _any(around: Sides) -> bool:
    return any(n for side in around for n in side)


def _amounts(around: Sides) -> str:
    """The rows as `ops.pad` takes them: with the batch and the channels."""
    inner = [f"({begin}, {end})" for begin, end in around]
    return f"({', '.join(['(0, 0)', *inner, '(0, 0)'])})"


def global_avgpool(site: OpContext) -> Steps:
    return [_global(site, "Average", keepdims=not pools_to_vector(site))]


def global_maxpool(site: OpContext) -> Steps:
    return [_global(site, "Max", keepdims=not pools_to_vector(site))]


def _global(site: OpContext, word: str, *, keepdims: bool) -> Make:
    kept = "True" if keepdims else None
    return Make(call(f"layers.Global{word}Pooling{site.rank}D", keepdims=kept, name=site.name))


def adaptive_avgpool(site: OpContext) -> Steps:
    output = site.text(site.per_axis("output"))
    return [Make(call(f"layers.AdaptiveAveragePooling{site.rank}D", output, name=site.name))]


def subsample(site: OpContext) -> Steps:
    kernel = site.text(literal(site.value("kernel")))
    return [Make(call(site.need("Subsample"), kernel, name=site.name), weighted=True)]


def mean(site: OpContext) -> Steps:
    keepdim = site.value("keepdim")
    places = []
    for a, tensor in zip(site.attributes(), site.inputs(), strict=True):
        axes = spatial_places(tensor) if a.axes is None else a.axes
        places.append([place_of(tensor, axis) for axis in axes])
    if len(set(map(len, places))) > 1:
        site.same(places)
    axes = [site.place(list(column)) for column in zip(*places, strict=True)]
    if not axes:
        return []
    if sorted(axes) == [1, 2, 3][: site.rank]:
        return [_global(site, "Average", keepdims=keepdim)]
    where = f"({', '.join(map(str, axes))})" if len(axes) > 1 else str(axes[0])

    def run(x: str) -> Call:
        return call("ops.mean", x, axis=where, keepdims="True" if keepdim else None)

    from archcalc.exporting.keras.emitters.shape import settle_layout

    return [Compute(run), *([] if keepdim else settle_layout(site, set(map(tuple, places))))]
