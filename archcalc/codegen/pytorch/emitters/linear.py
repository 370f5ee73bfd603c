"""Fully connected layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.layout import call
from archcalc.codegen.pytorch.emitted import Emitted

if TYPE_CHECKING:
    from archcalc.codegen.pytorch.emitted import OpContext


def linear(site: OpContext) -> Emitted:
    return _dense(site, "nn.Linear", "bias", True)


def rbf(site: OpContext) -> Emitted:
    return _dense(site, site.need("RBF"), "trainable", False)


def _dense(site: OpContext, module: str, flag: str, default: bool) -> Emitted:
    last = site.rank
    out = site.attribute("out")
    keywords = {flag: site.doc(flag, default)}
    made = call(module, site.text(site.dim(0, last)), site.text(out), **keywords)
    return Emitted(made, None)
