"""Learned tensors and self-attention."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from archcalc.codegen.layout import call
from archcalc.codegen.pytorch.emitted import Emitted

if TYPE_CHECKING:
    from archcalc.codegen.pytorch.emitted import OpContext


def parameter(site: OpContext) -> Emitted:
    """The forward pass repeats it along the batch: see `forward.py`."""
    shape = site.attribute("shape")
    sizes = [site.text(n) for n in shape.elts] if isinstance(shape, ast.Tuple) else []
    if not sizes:
        sizes = [str(n) for n in site.value("shape")]
    if site.value("batch"):
        sizes.insert(0, "1")
    value = site.doc("value", 0)
    made = call("torch.zeros", *sizes)
    if value is not None:
        made = call("torch.full", f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})", value)
    return Emitted(call("nn.Parameter", made), None)


def attention(site: OpContext) -> Emitted:
    channels, heads = site.text(site.dim(0, 1)), site.text(site.attribute("heads"))
    module = site.need("SelfAttention")
    return Emitted(call(module, channels, heads, bias=site.doc("bias", True)), None)
