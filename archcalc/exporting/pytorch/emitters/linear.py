"""Fully connected layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.layout import call
from archcalc.exporting.pytorch.emitters.common import kept
from archcalc.exporting.pytorch.site import Form

if TYPE_CHECKING:
    from archcalc.exporting.pytorch.site import Site


def linear(site: Site) -> Form:
    return _dense(site, "nn.Linear", "bias", True)


def rbf(site: Site) -> Form:
    return _dense(site, site.need("RBF"), "trainable", False)


def _dense(site: Site, module: str, flag: str, default: bool) -> Form:
    last = site.same([len(t.shape) for t in site.inputs()]) - 1
    out = site.attribute("out")
    keywords = {flag: site.doc(flag, default)}
    made = call(module, site.text(site.dim(0, last)), site.text(out), **keywords)
    return Form(made, None, ({**kept(site), last: out},))
