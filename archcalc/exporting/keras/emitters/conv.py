"""Convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.expressions import binary, literal
from archcalc.codegen.layout import Items, call
from archcalc.exporting.keras.emitters.windows import padding, sides, zeros
from archcalc.exporting.keras.op_context import Make

if TYPE_CHECKING:
    from archcalc.codegen.layout import Doc
    from archcalc.exporting.keras.op_context import OpContext, Steps


def conv(site: OpContext) -> Steps:
    if site.same([v is not None for v in site.values("connections")]):
        return _table_conv(site)
    check_steps(site)
    padded = padding(site)
    made = call(
        f"layers.Conv{site.rank}D",
        site.text(site.attribute("out")),
        site.text(site.per_axis("kernel")),
        **_window(site, padded.same),
        groups=site.doc("groups", 1),
        use_bias=site.doc("bias", True),
        name=site.name,
    )
    return [*padded.steps, Make(made, weighted=True)]


def depthwise_conv(site: OpContext) -> Steps:
    check_steps(site)
    padded = padding(site)
    if site.rank == 3:
        # Keras has no depthwise layer for three axes: as many groups as channels.
        import ast

        channels = literal(site.same([t.channels for t in site.inputs()]))
        maps = binary(site.attribute("multiplier"), ast.Mult, channels)
        made = call(
            "layers.Conv3D",
            site.text(maps),
            site.text(site.per_axis("kernel")),
            **_window(site, padded.same),
            groups=site.text(channels),
            use_bias=site.doc("bias", True),
            name=site.name,
        )
        return [*padded.steps, Make(made, weighted=True)]
    made = call(
        f"layers.DepthwiseConv{site.rank}D",
        site.text(site.per_axis("kernel")),
        **_window(site, padded.same),
        depth_multiplier=site.doc("multiplier", 1),
        use_bias=site.doc("bias", True),
        name=site.name,
    )
    return [*padded.steps, Make(made, weighted=True)]


def _window(site: OpContext, same: bool) -> dict[str, Doc | None]:
    return {
        "strides": site.unless(site.per_axis("stride"), 1),
        "padding": '"same"' if same else None,
        "dilation_rate": site.unless(site.per_axis("dilation"), 1),
    }


SLICED = (
    "use one of them: without the stride, and with a slice (axis: 1, step: 2) an axis after it, "
    "the numbers are the same, by more multiplies"
)


def check_steps(site: OpContext, help: str = SLICED) -> None:
    """Keras has either a stride or a dilation."""
    strides, dilations = site.values("stride"), site.values("dilation")
    for stride, dilation in zip(strides, dilations, strict=True):
        if set(stride) != {1} and set(dilation) != {1}:
            raise site.refuse("a convolution with a stride and a dilation", help)


def _table_conv(site: OpContext) -> Steps:
    """A table of connections: the rows' kernels one after another, as the operation has them."""
    check_steps(site)
    table = site.value("connections")
    # The helper pads nothing itself.
    padded = padding(site)
    steps = list(padded.steps)
    if padded.same:
        steps = [zeros(site, sides(site))]
    made = call(
        site.need("TableConv"),
        Items("[", tuple(site.text(literal(row)) for row in table), "]"),
        site.text(literal(site.value("kernel"))),
        strides=site.unless(literal(site.value("stride")), (1,) * site.rank),
        dilation_rate=site.unless(literal(site.value("dilation")), (1,) * site.rank),
        use_bias=site.doc("bias", True),
        name=site.name,
    )
    return [*steps, Make(made, weighted=True)]
