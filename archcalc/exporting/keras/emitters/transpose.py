"""Transposed convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.layout import call
from archcalc.exporting.keras.emitters.conv import check_steps
from archcalc.exporting.keras.emitters.windows import rows
from archcalc.exporting.keras.op_context import Make

if TYPE_CHECKING:
    from types import SimpleNamespace

    from archcalc.exporting.keras.emitters.windows import Sides
    from archcalc.exporting.keras.op_context import OpContext, Steps


def conv_transpose(site: OpContext) -> Steps:
    """The whole sum, of which the padding is cropped, by Keras' own `same` or by a layer."""
    if any(v != 1 for v in site.values("groups")):
        raise site.refuse("a transposed convolution with groups", "split the channels before it")
    check_steps(site, "use one of them")
    same = _is_cropped_by_same(site)
    crops, added = ([], None) if same else _cropped(site)
    made = call(
        f"layers.Conv{site.rank}DTranspose",
        site.text(site.attribute("out")),
        site.text(site.per_axis("kernel")),
        strides=site.unless(site.per_axis("stride"), 1),
        padding='"same"' if same else None,
        output_padding=added,
        dilation_rate=site.unless(site.per_axis("dilation"), 1),
        use_bias=site.doc("bias", True),
        name=site.name,
    )
    steps: Steps = [Make(made, weighted=True)]
    if _any(crops):
        amount = rows(site, crops, written=False)
        steps.append(Make(call(f"layers.Cropping{site.rank}D", amount, name=site.part("crop"))))
    return steps


def _any(crops: list[Sides]) -> bool:
    return any(n for some in crops for side in some for n in side)


def _spare(a: SimpleNamespace) -> list[int]:
    """By how much the stride is larger than the window, an axis."""
    spans = [d * (k - 1) + 1 for k, d in zip(a.kernel, a.dilation, strict=True)]
    return [s - span for s, span in zip(a.stride, spans, strict=True)]


def _is_cropped_by_same(site: OpContext) -> bool:
    """Whether Keras' `same`, which leaves stride·n rows, crops what the padding does. Alike at both
    ends only: on which end an odd row goes, not all versions of Keras agree."""
    return _any(site.values("padding")) and all(
        2 * begin == 2 * end == -spare and not added
        for a in site.attributes()
        for (begin, end), spare, added in zip(a.padding, _spare(a), a.output_padding, strict=True)
    )


def _cropped(site: OpContext) -> tuple[list[Sides], str | None]:
    """The rows to crop, and the `output_padding` to write. Left alone, Keras adds the rows by
    which the stride is larger than the window: rows of the bias alone, as those added are."""
    paddings: list[Sides] = site.values("padding")
    crops = [
        tuple(
            (begin, end - added + max(spare, 0))
            for (begin, end), spare, added in zip(
                a.padding, _spare(a), a.output_padding, strict=True
            )
        )
        for a in site.attributes()
    ]
    short = any(end < 0 for some in crops for _, end in some)
    if not short and (_any(paddings) or not _any(crops)):
        return crops, None
    if any(
        added >= s
        for a in site.attributes()
        for s, added in zip(a.stride, a.output_padding, strict=True)
    ):
        raise site.refuse(
            "output_padding that is neither below the stride nor within the padding",
            "enlarge the padding at the end",
        )
    return paddings, site.text(site.per_axis("output_padding"))
