"""Pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.expressions import literal
from archcalc.exporting.keras.emitters.windows import Sides, is_same, sides, windows, zeros
from archcalc.exporting.keras.site import Compute, Make
from archcalc.exporting.layout import Call, call
from archcalc.ops.axes import place_of, spatial_places

if TYPE_CHECKING:
    from archcalc.exporting.keras.site import Site, Steps


def maxpool(site: Site) -> Steps:
    if any(set(v) != {1} for v in site.values("dilation")):
        raise site.refuse("max pooling with a dilation", "leave dilation out")
    made = _pool(site, "MaxPooling")
    if _same(site):
        return [Make(_pool(site, "MaxPooling", same=True))]
    around = site.same(_with_ceil(site))
    if not _any(around):
        return [Make(made)]

    def pad(x: str) -> Call:
        site.need("math")
        return call("ops.pad", x, _amounts(around), constant_values="-math.inf")

    return [Compute(pad), Make(made)]


def avgpool(site: Site) -> Steps:
    counted = site.value("count_include_pad")
    plain = [tuple(s) for s in sides(site)]
    whole = _with_ceil(site)
    made = _pool(site, "AveragePooling")
    if not any(map(_any, whole)):
        return [Make(made)]
    if not counted and _same(site):
        return [Make(_pool(site, "AveragePooling", same=True))]
    if counted and whole == plain and not _word(site):
        return [*padding_of(site), Make(made)]
    around = site.same(whole)
    rows = site.same(plain) if counted else ((0, 0),) * len(around)
    arguments = site.text(literal(site.value("kernel"))), site.text(literal(_strides(site)))

    def mean(x: str) -> Call:
        helper = site.need("padded_mean")
        return call(helper, x, *arguments, _amounts(rows), _amounts(around))

    return [Compute(mean)]


def padding_of(site: Site) -> Steps:
    """Zeros around the input, as a layer even where a convolution would say same."""
    actual = sides(site)
    return [zeros(site, actual)] if any(map(_any, actual)) else []


def _word(site: Site) -> bool:
    return any(isinstance(v, str) and v != "valid" for v in site.values("padding"))


def _same(site: Site) -> bool:
    """Whether Keras' `same` is the padding: it never counts, and has no rows of ceil."""
    return is_same(site, windows(site)) and _with_ceil(site) == [tuple(s) for s in sides(site)]


def _pool(site: Site, word: str, *, same: bool = False) -> Call:
    kernel = site.per_axis("kernel")
    return call(
        f"layers.{word}{site.rank}D",
        site.text(kernel),
        strides=_stride(site),
        padding='"same"' if same else None,
        name=site.name,
    )


def _stride(site: Site) -> str | None:
    """The stride, left out where it is the window's own (Keras takes that too)."""
    given = [v is not None for v in site.values("stride")]
    if not site.same(given):
        return None
    if site.values("stride") == site.values("kernel"):
        return None
    return site.text(site.per_axis("stride"))


def _strides(site: Site) -> tuple[int, ...]:
    found: tuple[int, ...] = site.same(
        [a.kernel if a.stride is None else a.stride for a in site.attributes()]
    )
    return found


def _with_ceil(site: Site) -> list[Sides]:
    """(begin, end) an axis with the rows that `ceil` adds at the end."""
    found = []
    for some, tensor, node in zip(windows(site), site.inputs(), site.nodes, strict=True):
        rows = []
        for w, n in zip(some, tensor.shape[1:], strict=True):
            end = w.end
            if getattr(node.attributes, "ceil"):  # noqa: B009 (a namespace)
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


def global_avgpool(site: Site) -> Steps:
    return [Make(call(f"layers.GlobalAveragePooling{site.rank}D", keepdims="True", name=site.name))]


def global_maxpool(site: Site) -> Steps:
    return [Make(call(f"layers.GlobalMaxPooling{site.rank}D", keepdims="True", name=site.name))]


def adaptive_avgpool(site: Site) -> Steps:
    output = site.text(site.per_axis("output"))
    return [Make(call(f"layers.AdaptiveAveragePooling{site.rank}D", output, name=site.name))]


def subsample(site: Site) -> Steps:
    site.need("math")
    kernel = site.text(literal(site.value("kernel")))
    return [Make(call(site.need("Subsample"), kernel, name=site.name), weighted=True)]


def mean(site: Site) -> Steps:
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
    where = f"({', '.join(map(str, axes))})" if len(axes) > 1 else str(axes[0])

    def run(x: str) -> Call:
        return call("ops.mean", x, axis=where, keepdims="True" if keepdim else None)

    from archcalc.exporting.keras.emitters.shape import settle_layout

    return [Compute(run), *([] if keepdim else settle_layout(site, set(map(tuple, places))))]
