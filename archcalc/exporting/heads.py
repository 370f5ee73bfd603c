"""What an output of the net is called, where the code gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcalc.exporting.call_sites import CallSite
    from archcalc.spec.syntax import Layer


def output_name(layer: Layer, lane: CallSite, tensor: int) -> str:
    """The name of the output that a head without a path of its own gives here: its label, or a
    number. Several heads may give one tensor."""
    names = [word for word, t in lane.net.outputs.items() if t == tensor and word != "output"]
    label = layer.name or layer.label
    if label is not None:
        parts = [p if isinstance(p, str) else str(p.evaluate(lane.names)) for p in label.parts]
        own = "".join(parts)
        return own if own in names else names[0]
    return next((word for word in names if word.startswith("head")), names[0])
