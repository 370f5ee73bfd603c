"""The peak memory of live activations in an inference pass.

Layers run one after the other in the order of the spec; a tensor lives from its creation to the
last layer that reads it, the net's inputs from the start, its outputs to the end. There are no
in-place operations, so a layer's input and output are alive at the same time. Views (flatten,
reshape; dropout at inference) share memory with their input. Layers that run in training only do
not run. Weights and workspaces are not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.arithmetic import maximum
from archcalc.ops.base import product

if TYPE_CHECKING:
    from archcalc.analysis.context import AnalysisContext
    from archcalc.graph import Net, Node

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
"""Bytes per number."""


def run(context: AnalysisContext) -> None:
    """The peak in bytes; None if a layer that runs is unknown."""
    peak = peak_numbers(context.net)
    context.peak_activation_bytes = None if peak is None else peak * BYTES[context.dtype]


def peak_numbers(net: Net) -> int | None:
    """The maximum number of elements alive at the same time."""
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
    """The tensor whose memory each tensor uses: its own, or that of the tensor it is a view of."""
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
