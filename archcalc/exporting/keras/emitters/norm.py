"""Normalisation and regularisation."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from archcalc.codegen.expressions import binary, literal, variables
from archcalc.codegen.layout import call
from archcalc.exporting.keras.emitters.common import in_order
from archcalc.exporting.keras.op_context import Make

if TYPE_CHECKING:
    from archcalc.codegen.layout import Doc
    from archcalc.exporting.keras.op_context import OpContext, Steps


def batchnorm(site: OpContext) -> Steps:
    if not site.value("track"):
        raise site.refuse(
            "batch normalisation without running statistics", "leave track out, or use instancenorm"
        )
    momentum = site.attribute("momentum")
    kept = binary(literal(1), ast.Sub, momentum)
    if not variables(momentum):
        kept = literal(round(1 - site.value("momentum"), 12))
    made = call(
        "layers.BatchNormalization",
        momentum=site.unless(kept, 0.99),
        epsilon=site.doc("eps", 0.001),
        **_affine(site),
        name=site.name,
    )
    return [Make(made, weighted=True)]


def _affine(site: OpContext) -> dict[str, Doc | None]:
    affine = site.doc("affine", True)
    return {"center": affine, "scale": affine}


def lrn(site: OpContext) -> Steps:
    made = call(
        site.need("LocalResponseNormalization"),
        site.text(site.attribute("size")),
        alpha=site.doc("alpha", 1e-4),
        beta=site.doc("beta", 0.75),
        k=site.unless(site.attribute("k"), 1),
        name=site.name,
    )
    return [Make(made)]


def layernorm(site: OpContext) -> Steps:
    """Over the last axes of the graph's shape, brought to the end where the code has others."""
    axes = site.value("axes")
    affine = site.value("affine")
    last = ", ".join(str(i) for i in range(-axes, 0))
    made = call(
        "layers.LayerNormalization",
        axis=None if axes == 1 else f"[{last}]",
        epsilon=site.doc("eps", 0.001),
        center=None if affine and site.value("bias") else "False",
        scale=None if affine else "False",
        name=site.name,
    )
    return in_order(site, Make(made, weighted=True))


def groupnorm(site: OpContext) -> Steps:
    return _groups(site, site.text(site.attribute("groups")))


def instancenorm(site: OpContext) -> Steps:
    return _groups(site, "-1")


def _groups(site: OpContext, groups: str) -> Steps:
    made = call(
        "layers.GroupNormalization",
        groups,
        epsilon=site.doc("eps", 0.001),
        **_affine(site),
        name=site.name,
    )
    return [Make(made, weighted=True)]


def dropout(site: OpContext) -> Steps:
    return [Make(call("layers.Dropout", site.text(site.attribute("p")), name=site.name))]


def drop_path(site: OpContext) -> Steps:
    """A whole sample dropped: one draw for all its numbers."""
    shape = f"(None, {', '.join(['1'] * (site.rank + 1))})"
    rate = site.text(site.attribute("p"))
    return [Make(call("layers.Dropout", rate, noise_shape=shape, name=site.name))]


def layer_scale(site: OpContext) -> Steps:
    start = site.doc("init", 1e-6)
    arguments = () if start is None else (start,)
    return [Make(call(site.need("LayerScale"), *arguments, name=site.name), weighted=True)]


def l2_norm(site: OpContext) -> Steps:
    arguments = {"start": site.doc("scale", 1.0), "eps": site.doc("eps", 1e-12)}
    return [Make(call(site.need("L2Norm"), **arguments, name=site.name), weighted=True)]
