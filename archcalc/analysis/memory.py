"""The peak of live activations in an inference pass.

The convention: layers run one after the other in the order of the spec; a tensor lives from its
making to the last layer that reads it, the net's inputs from the start, its outputs to the end;
nothing is written in place, so that a layer's input and output live together while it runs. Layers
that only look at their input differently (flatten, reshape; dropout at inference) share its
memory. Layers that run in training only do not run. Weights and an operation's own scratch space
are not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.arithmetic import maximum
from archcalc.ops.base import product

if TYPE_CHECKING:
    from archcalc.analysis.context import AnalysisContext
    from archcalc.graph import Net, Node

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
"""Bytes of one number."""


def run(context: AnalysisContext) -> None:
    """The peak in bytes; None where a layer that runs is unknown."""
    peak = peak_numbers(context.net)
    context.peak_activation_bytes = None if peak is None else peak * BYTES[context.dtype]


def peak_numbers(net: Net) -> int | None:
    """The largest count of numbers that live at the same time."""
    nodes = net.nodes
    if any(node.training_only for node in nodes):
        nodes = tuple(node for node in nodes if not node.training_only)
    owners = _owners(net, nodes)
    last = _last_reads(net, nodes, owners)
    sizes = [0] * len(net.tensors)
    live = 0
    for index in net.inputs.values():
        tensor = net.tensors[index]
        if tensor is None:
            return None
        sizes[index] = product(tensor.shape)
        live += sizes[index]
    peak = live
    for node in nodes:
        facts = node.facts
        if facts is None:
            return None
        outputs = node.outputs
        if len(outputs) == 1:
            if owners[outputs[0]] == outputs[0]:
                sizes[outputs[0]] = facts.activations
                live += facts.activations
        else:
            for index, tensor in zip(outputs, facts.outputs, strict=True):
                if owners[index] == index:
                    sizes[index] = product(tensor.shape)
                    live += sizes[index]
        peak = maximum(peak, live)
        for index in node.inputs + outputs:
            owner = owners[index]
            if last[owner] <= node.index:
                live -= sizes[owner]
                sizes[owner] = 0  # freed once, however many views were read
    return peak


def _owners(net: Net, nodes: tuple[Node, ...]) -> list[int]:
    """The tensor whose memory each tensor lives in: its own, or that of what it is a view of."""
    owners = list(range(len(net.tensors)))
    for node in nodes:
        if node.op.view:
            for index in node.outputs:
                owners[index] = owners[node.inputs[0]]
    return owners


def _last_reads(net: Net, nodes: tuple[Node, ...], owners: list[int]) -> list[int]:
    """The last node that reads each memory, beyond the last node for the net's outputs."""
    last = [-1] * len(net.tensors)
    for node in nodes:
        for index in node.inputs:
            last[owners[index]] = node.index
    for index in net.outputs.values():
        last[owners[index]] = len(net.nodes)
    return last
