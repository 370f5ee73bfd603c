"""A Keras model is what lies between its inputs and its outputs: layers beside that are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.refusal import refused

if TYPE_CHECKING:
    from archcalc.graph import Net


def check_reached(net: Net) -> None:
    """Refuses weights that no output needs: the model would have fewer than the net."""
    needed = set(net.outputs.values())
    used = set()
    for node in reversed(net.nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            used.add(node.index if node.shared is None else node.shared)
    for node in net.nodes:
        lost = node.facts is not None and node.facts.weights and node.index not in used
        if lost and node.shared is None:
            raise refused(
                node.layer,
                f"weights whose layer no output needs: {node.path} would not be in the model",
                "remove the layer, or give its result out with head: true",
                "Keras",
            )
