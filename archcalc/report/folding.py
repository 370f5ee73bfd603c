"""Which layers share the row or box of the layer before them: one rule for tables and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcalc.graph import Net, Node

FREE = frozenset({"activation", "regularisation"})
"""Families of operations that cost nothing unless they have weights (PReLU)."""


def reader_counts(net: Net) -> list[int]:
    """How many layers and outputs of the net read each tensor."""
    counts = [0] * len(net.tensors)
    for node in net.nodes:
        for tensor in node.inputs:
            counts[tensor] += 1
    for tensor in net.outputs.values():
        counts[tensor] += 1
    return counts


def continues(readers: list[int], before: Node, node: Node) -> bool:
    """Whether a layer directly continues the one before it: it reads nothing else, and nothing else
    reads the tensor between the two."""
    return (
        node.index == before.index + 1
        and not node.invalid
        and node.inputs == before.outputs
        and readers[before.outputs[0]] == 1
        and node.training_only == before.training_only
        and (node.shared is None) == (before.shared is None)
    )


def is_free(node: Node) -> bool:
    """Whether a layer is an activation or a dropout without weights."""
    return node.op.family in FREE and node.facts is not None and not node.facts.weights
