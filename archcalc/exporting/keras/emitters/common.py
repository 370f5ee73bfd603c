"""What emitters share: axes brought into the graph's order and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.layout import call
from archcalc.exporting.keras.op_context import Make

if TYPE_CHECKING:
    from archcalc.exporting.keras.op_context import Compute, OpContext, Steps


def permuted(site: OpContext, axes: tuple[int, ...], word: str) -> Steps:
    """A Permute to these axes (from 0, without the batch), nothing where they stay."""
    if axes == tuple(range(len(axes))):
        return []
    whole = f"({', '.join(str(a + 1) for a in axes)})"
    return [Make(call("layers.Permute", whole, name=site.part(word)))]


def to_graph(site: OpContext) -> Steps:
    """The channels brought to where the graph has them."""
    now = site.order(site.inputs())
    return permuted(site, tuple(now.index(i) for i in range(len(now))), "order")


def from_graph(site: OpContext) -> Steps:
    """The channels brought to the end again."""
    return permuted(site, site.order(site.outputs()), "permute")


def is_in_order(site: OpContext) -> bool:
    """Whether the graph's last axis is the code's, before and after."""
    before = site.order(site.inputs())
    return before[-1] == len(before) - 1 and site.order(site.outputs()) == before


def in_order(site: OpContext, step: Make | Compute) -> Steps:
    """A step that works on the graph's last axis."""
    return [step] if is_in_order(site) else [*to_graph(site), step, *from_graph(site)]
