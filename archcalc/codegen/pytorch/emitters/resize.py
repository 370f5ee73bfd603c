"""Upsampling, padding and cropping, by numbers or to the size of another tensor (`like`)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from archcalc.codegen.expressions import literal
from archcalc.codegen.layout import call
from archcalc.codegen.pytorch.emitted import Emitted
from archcalc.codegen.pytorch.emitters.common import functional
from archcalc.codegen.pytorch.emitters.conv import is_even

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc
    from archcalc.codegen.pytorch.emitted import OpContext, Run

_MODES = {
    ("nearest", 1): "nearest",
    ("nearest", 2): "nearest",
    ("nearest", 3): "nearest",
    ("linear", 1): "linear",
    ("linear", 2): "bilinear",
    ("linear", 3): "trilinear",
}


def upsample(site: OpContext) -> Emitted:
    mode = _MODES[site.value("mode"), site.rank]
    words: dict[str, Doc | None] = {"mode": f'"{mode}"'}
    if site.value("align_corners"):
        words["align_corners"] = "True"
    if site.given("like"):

        def like(run: Run) -> Doc:
            return call(
                "nn.functional.interpolate", run.x[0], size=f"{run.x[1]}.shape[2:]", **words
            )

        return Emitted(None, like, typed=True)
    scaled = site.given("scale")
    word = "scale_factor" if scaled else "size"
    number = site.per_axis("scale" if scaled else "size")
    short = {} if mode == "nearest" else words
    module = call("nn.Upsample", **{word: site.text(number)}, **short)

    def function(run: Run) -> Doc:
        return call("nn.functional.interpolate", run.x[0], **{word: run.use(number, word)}, **short)

    return Emitted(module, function, (number,), typed=True)


_PAD_MODES = {"zeros": None, "reflect": '"reflect"', "replicate": '"replicate"'}


def pad(site: OpContext) -> Emitted:
    """Spatial padding and zero channels: PyTorch pads the last axis first."""
    mode = _PAD_MODES[site.value("mode")]
    channels = _channels(site)
    rank = site.rank
    if site.given("like"):
        helper = site.need("pad_like")

        def like(run: Run) -> Doc:
            doc: Doc = call(helper, *run.x[:2], mode=mode)
            return doc if channels is None else _zeros(doc, [channels, *_nothing(rank)], run.use)

        return Emitted(None, like, channels or (), typed=True)
    sides = _sides(site)
    if not sides and channels is None:
        return functional(site, lambda x, _: x)
    uses = [e for side in (*sides, *([channels] if channels else [])) for e in side]

    def write(x: str, use: Callable[[Expr, str], str]) -> Doc:
        if mode is None:
            return _zeros(x, [*([channels] if channels else []), *sides], use)
        doc = _zeros(x, sides, use, mode)
        return doc if channels is None else _zeros(doc, [channels, *_nothing(rank)], use)

    return functional(site, write, tuple(uses))


Side = tuple["Expr", "Expr"]


def _nothing(rank: int) -> list[Side]:
    return [(literal(0), literal(0))] * rank


def _channels(site: OpContext) -> Side | None:
    if not site.given("channels"):
        return None
    found = site.attribute("channels")
    if isinstance(found, ast.Tuple):
        return found.elts[0], found.elts[1]
    before, after = (ast.Subscript(found, literal(i), ast.Load()) for i in (0, 1))
    return before, after


def _sides(site: OpContext) -> list[Side]:
    """(begin, end) per axis; as written if both ends are equal."""
    if not site.given("padding"):
        return _nothing(site.rank)
    if is_even(site):
        even = site.per_axis("padding")
        each = even.elts if isinstance(even, ast.Tuple) else [even] * site.rank
        return [(e, e) for e in each]
    return list(site.sides("padding"))


def _zeros(
    x: Doc, sides: list[Side], use: Callable[[Expr, str], str], mode: str | None = None
) -> Doc:
    numbers = ", ".join(use(e, "padding") for side in reversed(sides) for e in side)
    return call("nn.functional.pad", x, f"({numbers})", *([mode] if mode else []))


def crop(site: OpContext) -> Emitted:
    """Cropping by amounts, or centred to a size."""
    if site.given("like"):
        helper = site.need("crop_to")
        return Emitted(
            None, lambda run: call(helper, run.x[0], f"{run.x[1]}.shape[2:]"), typed=True
        )
    if site.given("size"):
        helper = site.need("crop_to")
        size = site.value("size")
        return functional(site, lambda x, _: call(helper, x, repr(size)))
    cropping = site.value("cropping")
    sides = ", ".join(_cut(begin, end) for begin, end in cropping)
    return functional(site, lambda x, _: f"{x}[:, :, {sides}]", typed=True)


def _cut(begin: int, end: int) -> str:
    return f"{begin or ''}:{-end if end else ''}"


def pixel_shuffle(site: OpContext) -> Emitted:
    return _pixels(site, "nn.PixelShuffle", "nn.functional.pixel_shuffle")


def pixel_unshuffle(site: OpContext) -> Emitted:
    return _pixels(site, "nn.PixelUnshuffle", "nn.functional.pixel_unshuffle")


def _pixels(site: OpContext, module: str, function: str) -> Emitted:
    factor = site.attribute("factor")
    return Emitted(
        call(module, site.text(factor)),
        lambda run: call(function, run.x[0], run.use(factor, "factor")),
        (factor,),
        typed=True,
    )
