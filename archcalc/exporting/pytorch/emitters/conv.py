"""Convolutions. Padding that PyTorch lacks (an odd row at the start or the end, unequal sides, same
with a stride) goes into a small class of its own, so that the weights keep their place and name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from archcalc.exporting.expressions import binary, literal, show
from archcalc.exporting.lanes import Differs
from archcalc.exporting.layout import Items, call, flat
from archcalc.exporting.pytorch.emitters.common import kept
from archcalc.exporting.pytorch.site import Form

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.site import Sides, Site


class Padding(NamedTuple):
    """How a layer pads: `word` for same with an odd row or a stride, `even` for equal sides,
    `sides` for unequal ones."""

    word: str | None = None
    even: Expr | None = None
    sides: Sides | None = None


def padding(site: Site) -> Padding:
    """The padding of a convolution or pool, of one kind in all places."""
    values = site.values("padding")
    if {v for v in values if isinstance(v, str)} == {"valid", "same"} and _unstrided_same(site):
        try:  # a parameter that is one word here and another there: PyTorch knows both
            return Padding(even=site.attribute("padding"))
        except Differs:
            pass
    words = [v if isinstance(v, str) else _is_even(v) for v in values]
    word = site.same(words)
    if word is True:
        return Padding(even=site.per_axis("padding"))
    if word is False:
        return Padding(sides=site.sides("padding"))
    if word == "valid":
        return Padding(even=literal(0))
    if word == "full":
        return Padding(even=_full(site))
    return Padding(word=word)


def _unstrided_same(site: Site) -> bool:
    """Whether same stands only where PyTorch has it: on a convolution without a stride."""
    strides = zip(site.values("padding"), site.values("stride"), strict=True)
    plain = all(p != "same" or (s is not None and set(s) == {1}) for p, s in strides)
    return plain and site.op in ("conv", "depthwise_conv") and not _tables(site)


def _tables(site: Site) -> bool:
    return site.op == "conv" and any(v is not None for v in site.values("connections"))


def _is_even(value: tuple[tuple[int, int], ...]) -> bool:
    return all(begin == end for begin, end in value)


def _full(site: Site) -> Expr:
    """dilation·(kernel − 1) on both sides."""
    kernel, dilation = site.per_axis("kernel"), site.per_axis("dilation")
    if isinstance(kernel, ast.Tuple) or isinstance(dilation, ast.Tuple):
        actual = [
            tuple(
                d * (k - 1) for k, d in zip(n.attributes.kernel, n.attributes.dilation, strict=True)
            )
            for n in site.nodes
            if n.attributes is not None
        ]
        return literal(site.same(actual))
    return binary(dilation, ast.Mult, binary(kernel, ast.Sub, literal(1)))


def _pads(site: Site, sides: Sides) -> Doc:
    """Unequal sides as `nn.functional.pad` wants them: the last axis first."""
    return Items("(", tuple(site.text(e) for side in reversed(sides) for e in side), ")")


def conv(site: Site) -> Form:
    out = site.attribute("out")
    if site.same([v is not None for v in site.values("connections")]):
        return _table_conv(site)
    dims = {**kept(site), 0: out}
    return Form(_conv(site, site.dim(0, 0), out, site.attribute("groups")), None, (dims,))


def depthwise_conv(site: Site) -> Form:
    channels = site.dim(0, 0)
    out = binary(site.attribute("multiplier"), ast.Mult, channels)
    return Form(_conv(site, channels, out, channels), None, ({**kept(site), 0: out},))


def _conv(site: Site, channels: Expr, out: Expr, groups: Expr) -> Doc:
    rank = site.rank
    module, extra = _padded(site, f"Conv{rank}d")
    return call(
        module,
        site.text(channels),
        site.text(out),
        site.text(site.per_axis("kernel")),
        stride=site.unless(site.per_axis("stride"), 1),
        **extra,
        dilation=site.unless(site.per_axis("dilation"), 1),
        groups=site.unless(groups, 1),
        bias=site.doc("bias", True),
    )


def _padded(site: Site, module: str) -> tuple[str, dict[str, Doc | None]]:
    """The class that pads so, and its argument."""
    own = module.startswith("Table")
    if own:
        site.need(module)
    plain = module if own else f"nn.{module}"
    pad = padding(site)
    if pad.even is not None:
        return plain, {"padding": site.unless(pad.even, 0)}
    if pad.sides is not None:
        return site.need(f"Padded{module}"), {"pads": _pads(site, pad.sides)}
    strided = any(set(v) != {1} for v in site.values("stride"))
    if pad.word == "same_lower":
        return site.need(f"Same{module}"), {"lower": "True"}
    if strided or own:
        return site.need(f"Same{module}"), {}
    return plain, {"padding": '"same"'}


def _table_conv(site: Site) -> Form:
    """A table of connections: the rows' kernels one after another, as the operation has them."""
    table: tuple[tuple[int, ...], ...] = site.value("connections")
    module, extra = _padded(site, f"TableConv{site.rank}d")
    rows: tuple[Doc, ...] = tuple(show(literal(row)) for row in table)
    doc = call(
        module,
        Items("[", rows, "]"),
        site.text(site.per_axis("kernel")),
        stride=site.unless(site.per_axis("stride"), 1),
        **extra,
        dilation=site.unless(site.per_axis("dilation"), 1),
        bias=site.doc("bias", True),
    )
    return Form(doc, None, ({**kept(site), 0: literal(len(table))},))


def conv_transpose(site: Site) -> Form:
    """PyTorch's own where both sides are cut alike; else more is made and the rest cut off."""
    rank, out = site.rank, site.attribute("out")
    pad = padding(site)
    module = f"nn.ConvTranspose{rank}d"
    extra: dict[str, Doc | None] = {}
    if pad.even is not None:
        extra["padding"] = site.unless(pad.even, 0)
    elif pad.sides is not None:
        module = site.need(f"CroppedConvTranspose{rank}d")
        extra["crops"] = show_sides(pad.sides, site.text)
    doc = call(
        module,
        site.text(site.dim(0, 0)),
        site.text(out),
        site.text(site.per_axis("kernel")),
        stride=site.unless(site.per_axis("stride"), 1),
        **extra,
        output_padding=site.unless(site.per_axis("output_padding"), 0),
        groups=site.doc("groups", 1),
        bias=site.doc("bias", True),
        dilation=site.unless(site.per_axis("dilation"), 1),
    )
    return Form(doc, None, ({**kept(site), 0: out},))


def show_sides(sides: Sides, text: Callable[[Expr], str]) -> str:
    """(begin, end) an axis, as the helpers take them."""
    return flat(Items("(", tuple(Items("(", (text(b), text(e)), ")") for b, e in sides), ")"))
