"""Upsampling, padding and cropping, by numbers or to the sides of another tensor (`like`)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from archcalc.exporting.expressions import binary, literal
from archcalc.exporting.layout import call
from archcalc.exporting.pytorch.emitters.common import functional, kept
from archcalc.exporting.pytorch.site import Form

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.site import Run, Site

_MODES = {
    ("nearest", 1): "nearest",
    ("nearest", 2): "nearest",
    ("nearest", 3): "nearest",
    ("linear", 1): "linear",
    ("linear", 2): "bilinear",
    ("linear", 3): "trilinear",
}


def upsample(site: Site) -> Form:
    mode = _MODES[site.value("mode"), site.rank]
    words: dict[str, Doc | None] = {"mode": f'"{mode}"'}
    if site.value("align_corners"):
        words["align_corners"] = "True"
    outputs = ({axis: e for axis, e in kept(site).items() if axis == 0},)
    if site.same([v is not None for v in site.values("like")]):

        def like(run: Run) -> Doc:
            return call(
                "nn.functional.interpolate", run.x[0], size=f"{run.x[1]}.shape[2:]", **words
            )

        return Form(None, like, outputs, typed=True)
    scaled = site.same([v is not None for v in site.values("scale")])
    word = "scale_factor" if scaled else "size"
    number = site.per_axis("scale" if scaled else "size")
    short = {} if mode == "nearest" else words
    module = call("nn.Upsample", **{word: site.text(number)}, **short)

    def function(run: Run) -> Doc:
        return call("nn.functional.interpolate", run.x[0], **{word: run.use(number, word)}, **short)

    return Form(module, function, outputs, (number,), typed=True)


_PAD_MODES = {"zeros": None, "reflect": '"reflect"', "replicate": '"replicate"'}


def pad(site: Site) -> Form:
    """Rows around the input and channels of zeros: PyTorch pads the last axis first."""
    mode = _PAD_MODES[site.value("mode")]
    channels = _channels(site)
    dims = {axis: e for axis, e in kept(site).items() if axis == 0}
    if 0 in dims and channels is not None:
        dims[0] = binary(binary(channels[0], ast.Add, dims[0]), ast.Add, channels[1])
    rank = site.rank
    if site.same([v is not None for v in site.values("like")]):
        helper = site.need("pad_like")

        def like(run: Run) -> Doc:
            doc: Doc = call(helper, *run.x[:2], mode=mode)
            return doc if channels is None else _zeros(doc, [channels, *_nothing(rank)], run.use)

        return Form(None, like, (dims,), channels or (), typed=True)
    sides = _sides(site)
    if not sides and channels is None:
        return functional(site, lambda x, _: x, (), (dims,))
    uses = [e for side in (*sides, *([channels] if channels else [])) for e in side]

    def write(x: str, use: Callable[[Expr, str], str]) -> Doc:
        if mode is None:
            return _zeros(x, [*([channels] if channels else []), *sides], use)
        doc = _zeros(x, sides, use, mode)
        return doc if channels is None else _zeros(doc, [channels, *_nothing(rank)], use)

    return functional(site, write, tuple(uses), (dims,))


Side = tuple["Expr", "Expr"]


def _nothing(rank: int) -> list[Side]:
    return [(literal(0), literal(0))] * rank


def _channels(site: Site) -> Side | None:
    if site.same([v is None for v in site.values("channels")]):
        return None
    found = site.attribute("channels")
    assert isinstance(found, ast.Tuple)
    return found.elts[0], found.elts[1]


def _sides(site: Site) -> list[Side]:
    """(begin, end) an axis; as written where both sides are alike."""
    if site.same([v is None for v in site.values("padding")]):
        return _nothing(site.rank)
    if site.same([all(b == e for b, e in v) for v in site.values("padding")]):
        even = site.per_axis("padding")
        each = even.elts if isinstance(even, ast.Tuple) else [even] * site.rank
        return [(e, e) for e in each]
    return list(site.sides("padding"))


def _zeros(
    x: Doc, sides: list[Side], use: Callable[[Expr, str], str], mode: str | None = None
) -> Doc:
    numbers = ", ".join(use(e, "padding") for side in reversed(sides) for e in side)
    return call("nn.functional.pad", x, f"({numbers})", *([mode] if mode else []))


def crop(site: Site) -> Form:
    """Rows cut off the sides; by amounts, or centred to a size."""
    dims = {axis: e for axis, e in kept(site).items() if axis == 0}
    if site.same([v is not None for v in site.values("like")]):
        helper = site.need("crop_to")
        return Form(
            None, lambda run: call(helper, run.x[0], f"{run.x[1]}.shape[2:]"), (dims,), typed=True
        )
    if site.same([v is not None for v in site.values("size")]):
        helper = site.need("crop_to")
        size = site.value("size")
        return functional(site, lambda x, _: call(helper, x, repr(size)), (), (dims,))
    cropping = site.value("cropping")
    sides = ", ".join(_cut(begin, end) for begin, end in cropping)
    return functional(site, lambda x, _: f"{x}[:, :, {sides}]", (), (dims,), typed=True)


def _cut(begin: int, end: int) -> str:
    return f"{begin or ''}:{-end if end else ''}"
