"""Fully connected layers: on the last axis of the graph's shape, which is the channels in the code
unless there is a sequence whose channels come first."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from archcalc.codegen.expressions import fold
from archcalc.codegen.layout import call
from archcalc.exporting.keras.emitters.common import in_order, is_in_order
from archcalc.exporting.keras.op_context import Make

if TYPE_CHECKING:
    from archcalc.exporting.keras.op_context import OpContext, Steps


def linear(site: OpContext) -> Steps:
    made = call(
        "layers.Dense",
        _out(site),
        use_bias=site.doc("bias", True),
        name=site.name,
    )
    return in_order(site, Make(made, weighted=True))


def rbf(site: OpContext) -> Steps:
    trainable = site.attribute("trainable")
    fixed = None
    if site.unless(trainable, False) is not None:
        fixed = site.text(fold(ast.UnaryOp(ast.Not(), trainable)))
    made = call(site.need("RBF"), _out(site), fixed=fixed, name=site.name)
    return in_order(site, Make(made, weighted=True))


def _out(site: OpContext) -> str:
    return site.text(site.attribute("out", channels=is_in_order(site)))
