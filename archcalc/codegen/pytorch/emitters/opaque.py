"""User-defined layers: the class that the spec names, with its arguments as keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.expressions import literal, plain
from archcalc.codegen.layout import call
from archcalc.codegen.pytorch.emitted import Emitted

if TYPE_CHECKING:
    from archcalc.codegen.pytorch.emitted import OpContext


def opaque(site: OpContext) -> Emitted:
    arguments = site.value("arguments") if site.given("arguments") else ()
    keywords = {name: site.text(literal(plain(value))) for name, value in arguments}
    return Emitted(call(site.value("class"), **keywords), None)
