"""Padding, cropping and enlarging."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import literal
from archcalc.codegen.layout import Call, call
from archcalc.exporting.keras.emitters.windows import Sides, rows
from archcalc.exporting.keras.op_context import Compute, Make, one

if TYPE_CHECKING:
    from archcalc.exporting.keras.op_context import OpContext, Steps


def _amounts(site: OpContext) -> list[Sides]:
    """(begin, end) an axis, as the operation works them out."""
    found = []
    for lane, node in site.places():
        op: Any = node.op
        tensors = tuple(lane.net.tensors[i] for i in node.inputs)
        found.append(tuple(op._amounts(node.attributes, tensors)))
    return found


def pad(site: OpContext) -> Steps:
    amounts = _amounts(site)
    mode = site.value("mode")
    if mode == "replicate":
        raise site.refuse("padding that repeats the border", "use zeros or reflect")
    if mode == "reflect" and site.rank == 3:  # not on PyTorch as the back end
        raise site.refuse("padding that reflects on 3 axes", "use zeros")
    steps: Steps = []
    if any(n for some in amounts for side in some for n in side):
        if mode == "zeros":
            given = all(v is not None for v in site.values("padding"))
            amount = rows(site, amounts, given)
            steps.append(Make(call(f"layers.ZeroPadding{site.rank}D", amount, name=site.name)))
        else:
            sides = ", ".join(f"({b}, {e})" for b, e in ((0, 0), *site.same(amounts), (0, 0)))
            steps.append(Compute(lambda x: call("ops.pad", x, f"({sides})", mode='"reflect"')))
    if site.same([v is not None for v in site.values("channels")]):
        steps.append(_channels(site))
    return steps


def _channels(site: OpContext) -> Compute:
    """Channels of zeros, before and after the input's own."""
    pair = site.attribute("channels")
    parts = list(map(site.text, pair.elts)) if isinstance(pair, ast.Tuple) else []
    inner = f"({', '.join(parts)})" if parts else site.text(pair)
    sides = ", ".join(["(0, 0)"] * (site.rank + 1))

    def run(x: str) -> Call:
        return call("ops.pad", x, f"({sides}, {inner})")

    return Compute(run)


def crop(site: OpContext) -> Steps:
    amounts = _amounts(site)
    if not any(n for some in amounts for side in some for n in side):
        return []
    given = all(v is not None for v in site.values("cropping"))
    amount = rows(site, amounts, given, "cropping")
    return [Make(call(f"layers.Cropping{site.rank}D", amount, name=site.name))]


def upsample(site: OpContext) -> Steps:
    if all(x.shape == y.shape for x, y in zip(site.inputs(), site.outputs(), strict=True)):
        return []
    rank = site.rank
    mode = site.value("mode")
    if mode == "linear" and rank != 2:
        raise site.refuse(f"linear interpolation on {rank} axes", "Keras has it on two axes")
    if site.value("align_corners"):
        raise site.refuse("interpolation with aligned corners", "leave align_corners out")
    keyword = '"bilinear"' if mode == "linear" else None
    if site.same([v is not None for v in site.values("scale")]):
        factor = site.text(site.per_axis("scale"))
    else:
        found = _factors(site)
        if mode == "linear" and (None in found or len(set(found)) > 1):
            return [Make(call("layers.Resizing", *_two_sides(site), name=site.name))]
        if None in found:
            raise site.refuse(
                "an enlargement that is no whole number of times",
                "use scale, a size that is a multiple of the input's, or mode: linear",
            )
        factor = site.text(literal(one(site.same(found))))
    made = call(f"layers.UpSampling{rank}D", factor, interpolation=keyword, name=site.name)
    return [Make(made)]


def _factors(site: OpContext) -> list[tuple[int, ...] | None]:
    """How many times larger the sides become, None where that is no whole number."""
    found = []
    for x, y in zip(site.inputs(), site.outputs(), strict=True):
        pairs = list(zip(x.shape[1:], y.shape[1:], strict=True))
        found.append(None if any(m % n for n, m in pairs) else tuple(m // n for n, m in pairs))
    return found


def _two_sides(site: OpContext) -> tuple[str, str]:
    """Height and width: Keras' resizing is bilinear, and PyTorch's, unless corners are aligned."""
    size = site.per_axis("size", [y.shape[1:] for y in site.outputs()])
    height, width = size.elts if isinstance(size, ast.Tuple) else (size, size)
    return site.text(height), site.text(width)
