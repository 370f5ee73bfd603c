"""Parts that no call of the net has, elaborated as if one did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import Diagnostics, Stop
from archcalc.elaborate.naming import Level
from archcalc.elaborate.scope import Label, LayerContext, Scope
from archcalc.elaborate.state import NOTHING, State
from archcalc.elaborate.walk import Walker
from archcalc.graph import Group

if TYPE_CHECKING:
    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.ir import Tensor
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Context
    from archcalc.spec.syntax import Layer


class NotPossible(Exception):
    """No call could have the part with the other values of the calls."""


TRIED = 3
"""Maximum number of sites that are tried: one is enough."""


def supposed_layer(m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None) -> Context:
    """A site at which the layer is present. Raises `NotPossible`."""
    return _supposed(m, (layer,), here, start, {})


def supposed_turn(
    m: ModuleLowering, layers: tuple[Layer, ...], here: Context, start: Tensor | None
) -> Context:
    """A site in an iteration of a loop that no call reaches. Raises `NotPossible`."""
    return _supposed(m, layers, here, start, {"index": 0})


def _supposed(
    m: ModuleLowering,
    layers: tuple[Layer, ...],
    here: Context,
    start: Tensor | None,
    names: dict[str, Any],
) -> Context:
    for site in here.sites[:TRIED]:
        found = _elaborated(m, layers, here, site, start, names)
        if found is not None:
            return here._replace(sites=[found])
    raise NotPossible


def _elaborated(
    m: ModuleLowering,
    layers: tuple[Layer, ...],
    here: Context,
    site: CallSite,
    start: Tensor | None,
    names: dict[str, Any],
) -> CallSite | None:
    spec = m.program.net.spec
    state = State(spec, Diagnostics())
    state.names = dict(m.program.net.variables)
    scope = Scope(None)
    group = Group("net", "", None, 0, None, level=True)
    tensor = NOTHING if start is None else state.tensor(site.shape(start), None)
    for word, label in here.labels.visible().items():
        if label.tensor is not None and site.has(label.tensor):
            index = state.tensor(site.shape(label.tensor), None)
            scope.labels[word] = Label(index, spec.span)
    context = LayerContext({**site.names, **names}, Level("", here.naming.chain), scope, group)
    walker = Walker(state)
    plain = tuple(layer._replace(expect=(), head=False, source=None) for layer in layers)
    try:
        for layer in plain:
            tensor = walker.layer(layer, tensor, context)
    except Stop:
        return None
    if state.diagnostics.failed:
        return None
    found = site.supposed(state.tensors, group)
    found.names = {**site.names, **names}
    return found
