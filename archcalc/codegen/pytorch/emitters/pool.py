"""Pooling. Padding that PyTorch's pools do not support is done before them by a helper function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.expressions import literal, show
from archcalc.codegen.layout import call
from archcalc.codegen.pytorch.emitted import Emitted
from archcalc.codegen.pytorch.emitters.common import functional
from archcalc.codegen.pytorch.emitters.conv import Padding, padding, show_sides
from archcalc.ops.axes import place_of, spatial_places

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc
    from archcalc.codegen.pytorch.emitted import OpContext, Run


def maxpool(site: OpContext) -> Emitted:
    pad = padding(site)
    dilation = site.per_axis("dilation")
    if pad.even is None:
        return _helped(site, pad, "max_pool", {"dilation": site.unless(dilation, 1)}, (dilation,))
    return _native(site, "Max", pad, (("dilation", dilation, 1),), {})


def avgpool(site: OpContext) -> Emitted:
    pad = padding(site)
    counted = site.value("count_include_pad")
    flag: dict[str, Doc | None] = {"count_include_pad": None if counted else "False"}
    if pad.even is not None and site.rank == 3 and _smaller(site):
        # PyTorch only refuses this on three axes.
        word = site.value("padding")
        sides = word if isinstance(word, tuple) else ((0, 0),) * 3
        pad = Padding(sides=tuple((literal(b), literal(e)) for b, e in sides))
    if pad.even is None:
        return _helped(site, pad, "avg_pool", flag, ())
    return _native(site, "Avg", pad, (), flag)


def _smaller(site: OpContext) -> bool:
    """Whether an input side is smaller than its window, as padding or `ceil` allows."""
    pairs = zip(site.inputs(), site.values("kernel"), strict=True)
    smaller = [any(n < k for n, k in zip(t.shape[1:], ks, strict=True)) for t, ks in pairs]
    if not any(smaller):
        return False
    kernel = site.value("kernel")
    found: bool = site.decide_sides(
        lambda t: any(n < k for n, k in zip(t.shape[1:], kernel, strict=True))
    )
    return found


def _stride(site: OpContext) -> Expr | None:
    """The stride, None if it equals the kernel."""
    if not site.given("stride"):
        return None
    kernel, stride = site.per_axis("kernel"), site.per_axis("stride")
    return None if show(kernel) == show(stride) else stride


def _native(
    site: OpContext,
    kind: str,
    pad: Padding,
    more: tuple[tuple[str, Expr, int], ...],
    flags: dict[str, Doc | None],
) -> Emitted:
    rank = site.rank
    kernel, stride = site.per_axis("kernel"), _stride(site)
    assert pad.even is not None
    numbers = [("padding", pad.even, 0), *more]
    given = [(word, expr) for word, expr, d in numbers if show(expr) != str(d)]
    tail = {**({"ceil_mode": "True"} if site.value("ceil") else {}), **flags}
    strides = () if stride is None else (site.text(stride),)
    words = {word: site.text(expr) for word, expr in given}
    module = call(f"nn.{kind}Pool{rank}d", site.text(kernel), *strides, **words, **tail)

    def function(run: Run) -> Doc:
        numbers = [run.use(kernel, "kernel")]
        numbers += [] if stride is None else [run.use(stride, "stride")]
        words = {word: run.use(expr, word) for word, expr in given}
        name = f"nn.functional.{kind.lower()}_pool{rank}d"
        return call(name, run.x[0], *numbers, **words, **tail)

    uses = (kernel, *(() if stride is None else (stride,)), *(expr for _, expr in given))
    return Emitted(module, function, uses)


def _helped(
    site: OpContext,
    pad: Padding,
    function: str,
    keywords: dict[str, Doc | None],
    uses: tuple[Expr, ...],
) -> Emitted:
    """Padding that is asymmetric or too large for PyTorch, by a function that pads first."""
    site.need(f"{function}{site.rank}d")
    kernel = site.per_axis("kernel")
    stride = _stride(site)
    how = {"same": '"same_upper"', "same_upper": '"same_upper"', "same_lower": '"same_lower"'}
    sides = pad.sides or ()
    tail = {**keywords, **({"ceil_mode": "True"} if site.value("ceil") else {})}

    def write(x: str, use: Callable[[Expr, str], str]) -> Doc:
        numbers = [use(kernel, "kernel"), use(kernel if stride is None else stride, "stride")]
        rows = how[pad.word] if pad.word else show_sides(sides, lambda e: use(e, "padding"))
        return call(f"{function}{site.rank}d", x, *numbers, rows, **tail)

    every = (kernel, *uses, *(() if stride is None else (stride,)), *(e for s in sides for e in s))
    return functional(site, write, every)


def global_avgpool(site: OpContext) -> Emitted:
    rank = site.rank
    return Emitted(
        call(f"nn.AdaptiveAvgPool{rank}d", "1"),
        lambda run: call(f"nn.functional.adaptive_avg_pool{rank}d", run.x[0], "1"),
    )


def global_maxpool(site: OpContext) -> Emitted:
    rank = site.rank
    return Emitted(
        call(f"nn.AdaptiveMaxPool{rank}d", "1"),
        lambda run: call(f"nn.functional.adaptive_max_pool{rank}d", run.x[0], "1"),
    )


def adaptive_avgpool(site: OpContext) -> Emitted:
    rank, output = site.rank, site.per_axis("output")
    return Emitted(
        call(f"nn.AdaptiveAvgPool{rank}d", site.text(output)),
        lambda run: call(
            f"nn.functional.adaptive_avg_pool{rank}d", run.x[0], run.use(output, "output")
        ),
        (output,),
    )


def subsample(site: OpContext) -> Emitted:
    rank = site.rank
    module = site.need(f"Subsample{rank}d")
    kernel = site.text(site.per_axis("kernel"))
    return Emitted(call(module, site.text(site.dim(0, 0)), kernel), None)


def mean(site: OpContext) -> Emitted:
    """Over some axes; the sizes of the remaining ones move up."""
    places = site.same([_places(site, i) for i in range(len(site.sites))])
    site.pin("axes")
    keep = site.value("keepdim")
    dims = ", ".join(str(p + 1) for p in places)
    keyword: dict[str, Doc | None] = {"keepdim": "True" if keep else None}

    def write(x: str, _: Callable[[Expr, str], str]) -> Doc:
        return call("torch.mean", x, f"({dims})" if len(places) > 1 else dims, **keyword)

    return functional(site, write)


def _places(site: OpContext, place: int) -> tuple[int, ...]:
    tensor, attributes = site.inputs()[place], site.nodes[place].attributes
    assert attributes is not None
    if attributes.axes is None:
        return tuple(spatial_places(tensor))
    return tuple(sorted(place_of(tensor, axis, "axes") for axis in attributes.axes))
