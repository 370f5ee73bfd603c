"""Convolutions. Padding that PyTorch lacks (an odd row at the start or the end, asymmetric padding,
same with a stride) goes into a small subclass, so that weights keep their names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from archcalc.codegen.expressions import binary, literal, show, variables
from archcalc.codegen.layout import Items, call, flat
from archcalc.codegen.pytorch.emitted import Emitted

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc
    from archcalc.codegen.pytorch.emitted import OpContext, Sides


class Padding(NamedTuple):
    """The kind of padding of a layer: `word` for same with an odd row or a stride, `even` for
    symmetric padding, `sides` for asymmetric padding."""

    word: str | None = None
    even: Expr | None = None
    sides: Sides | None = None


def padding(site: OpContext) -> Padding:
    """The padding of a convolution or pool, of the same kind at all sites."""
    values = site.values("padding")
    if {v for v in values if isinstance(v, str)} == {"valid", "same"} and _unstrided_same(site):
        # A parameter that is different words at different sites: PyTorch knows both.
        return Padding(even=site.attribute("padding"))
    kind = site.same([v if isinstance(v, str) else True for v in values])
    if kind is not True:
        site.pin("padding")
        if kind == "full":
            return Padding(even=_full(site))
        return Padding(even=literal(0)) if kind == "valid" else Padding(word=kind)
    if is_even(site):
        return Padding(even=site.per_axis("padding"))
    return Padding(sides=site.sides("padding"))


def is_even(site: OpContext) -> bool:
    """Whether both ends of every axis have equal padding, which the text determines if it has one
    number per axis."""
    written = site.written("padding")
    if written is not None and variables(written):
        entries = written.elts if isinstance(written, ast.Tuple) else []
        pairs = [e for e in entries if isinstance(e, ast.Tuple)]
        if any(len(p.elts) == 2 and show(p.elts[0]) != show(p.elts[1]) for p in pairs):
            return False
        if not pairs and isinstance(written, ast.Tuple):
            return True
    return bool(site.same([all(begin == end for begin, end in v) for v in site.values("padding")]))


def _unstrided_same(site: OpContext) -> bool:
    """Whether same only occurs where PyTorch supports it: on a convolution without a stride."""
    written = site.written("stride")
    constant = written is None or not variables(written)
    plain = constant and all(set(s) == {1} for s in site.values("stride"))
    return plain and site.op in ("conv", "depthwise_conv") and not _tables(site)


def _tables(site: OpContext) -> bool:
    return site.op == "conv" and site.given("connections")


def _full(site: OpContext) -> Expr:
    """dilation·(kernel − 1) at both ends."""
    kernel, dilation = site.per_axis("kernel"), site.per_axis("dilation")
    if isinstance(kernel, ast.Tuple) or isinstance(dilation, ast.Tuple):
        kernels, dilations = site.value("kernel"), site.value("dilation")
        return literal(tuple(d * (k - 1) for k, d in zip(kernels, dilations, strict=True)))
    return binary(dilation, ast.Mult, binary(kernel, ast.Sub, literal(1)))


def _pads(site: OpContext, sides: Sides) -> Doc:
    """Asymmetric padding in the order of `nn.functional.pad`: the last axis first."""
    return Items("(", tuple(site.text(e) for side in reversed(sides) for e in side), ")")


def conv(site: OpContext) -> Emitted:
    if site.given("connections"):
        return _table_conv(site)
    out = site.attribute("out")
    return Emitted(_conv(site, site.dim(0, 0), out, site.attribute("groups")), None)


def depthwise_conv(site: OpContext) -> Emitted:
    channels = site.dim(0, 0)
    out = binary(site.attribute("multiplier"), ast.Mult, channels)
    return Emitted(_conv(site, channels, out, channels), None)


def _conv(site: OpContext, channels: Expr, out: Expr, groups: Expr) -> Doc:
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


def _padded(site: OpContext, module: str) -> tuple[str, dict[str, Doc | None]]:
    """The class for this padding, and its argument."""
    own = module.startswith("Table")
    if own:
        site.need(module)
    plain = module if own else f"nn.{module}"
    pad = padding(site)
    if pad.even is not None:
        return plain, {"padding": site.unless(pad.even, 0)}
    if pad.sides is not None:
        return site.need(f"Padded{module}"), {"pads": _pads(site, pad.sides)}
    if pad.word == "same_lower":
        return site.need(f"Same{module}"), {"lower": "True"}
    if own or site.decide("stride", lambda v: set(v) != {1}):
        return site.need(f"Same{module}"), {}
    return plain, {"padding": '"same"'}


def _table_conv(site: OpContext) -> Emitted:
    """A connection table: the rows' kernels in order, as in the operation."""
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
    return Emitted(doc, None)


def conv_transpose(site: OpContext) -> Emitted:
    """PyTorch's own if both ends are cropped equally; else the output is larger and cropped."""
    rank, out = site.rank, site.attribute("out")
    if site.by_word("padding"):  # the operation has replaced it by numbers
        for decisive in ("padding", "kernel", "stride", "dilation", "output_padding"):
            site.pin(decisive)
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
    return Emitted(doc, None)


def show_sides(sides: Sides, text: Callable[[Expr], str]) -> str:
    """(begin, end) per axis, in the form of the helpers."""
    return flat(Items("(", tuple(Items("(", (text(b), text(e)), ")") for b, e in sides), ")"))
