"""Whether the order of features matters after a flatten.

PyTorch flattens channels first, Keras channels last. A linear layer does not mind: its weights are
learnt in the order that it sees. What picks features by their place does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.activation import ACTIVATIONS

if TYPE_CHECKING:
    from archcalc.graph import Net, Node

ENDS = {"linear", "rbf"}
"""Operations after which the order is their own."""

BLIND = {op.name for op in ACTIVATIONS} - {"prelu"} | {
    "batchnorm", "dropout", "drop_path", "identity", "scale", "abs", "softmax", "log_softmax",
}  # fmt: skip
"""Operations that treat all features alike."""


def order_matters(net: Net, node: Node) -> bool:
    """Whether something after this flatten tells features apart by their place."""
    tensor = net.tensors[node.inputs[0]]
    if tensor is None or sum(n > 1 for n in tensor.shape) < 2 or tensor.channels == 1:
        return False
    waiting = [node.outputs[0]]
    while waiting:
        one = waiting.pop()
        if one in net.outputs.values():
            return True
        for reader in _readers(net, one, node.index):
            if _shared(net, reader):
                return True
            if reader.op.name in ENDS:
                continue
            if reader.op.name not in BLIND:
                return True
            waiting += reader.outputs
    return False


def _shared(net: Net, node: Node) -> bool:
    """Whether other calls of the same layer may read features in another order: from a flatten of
    another tensor, or through other layers."""
    first = node.index if node.shared is None else node.shared
    calls = [one for one in net.nodes if first in (one.index, one.shared)]
    return len({_way(net, one) for one in calls}) > 1


def _way(net: Net, node: Node) -> tuple[object, ...]:
    """The layers from a flatten to this one by their paths, and what was flattened."""
    way: list[object] = []
    while (maker := net.producers[node.inputs[0]]) is not None:
        node = net.nodes[maker]
        way.append(node.path)
        if node.op.name == "flatten":
            break
    return (*way, net.tensors[node.inputs[0]])


def _readers(net: Net, tensor: int, after: int) -> list[Node]:
    return [n for n in net.nodes[after + 1 :] if tensor in n.inputs]
