"""The smallest input that the receptive field fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.analysis import receptive_field
from archcalc.analysis.draft import Draft
from archcalc.diagnostics import Diagnostics
from archcalc.elaborate import elaborate

if TYPE_CHECKING:
    from archcalc.symbols.explore import Exploration


def fills(found: Exploration) -> tuple[tuple[int, ...], tuple[int | None, ...]]:
    """The receptive field of the output at the spec's own size, and the smallest valid side an
    axis that it fits into whole. Both are empty where it is unknown, or where there are several
    inputs."""
    if not found.regions or not found.regions[0].valid or len({a.input for a in found.axes}) != 1:
        return (), ()
    first = found.axes[0].input
    given = found.regions[0].walk.net
    tensor = given.tensors[given.inputs[first]]
    assert tensor is not None
    shape = (int(tensor.shape[0]), *found.own)
    net = elaborate(found.spec, Diagnostics(), settings=found.settings, inputs={first: shape})
    if "output" not in net.outputs:
        return (), ()
    draft = Draft(net, "float32")
    receptive_field.run(draft)
    field = draft.fields.of(net.outputs["output"])
    size = () if field is None else tuple(s for s in field.size if s is not None)
    if len(size) != len(found.axes):
        return (), ()
    valid = found.valid
    return size, tuple(
        s if s in sides else sides.nearest(s)[1] for s, sides in zip(size, valid, strict=True)
    )
