"""Whether a tensor holds no number below zero: zeros around it then never win a maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcalc.graph import Net

NEVER_BELOW = {"relu", "relu6", "sigmoid", "hardsigmoid", "softmax", "softplus", "abs"}
"""Operations whose numbers are never negative, whatever they read."""

KEEPING = {"maxpool", "avgpool", "dropout", "identity", "add", "concat"}
"""Operations whose numbers are never negative if what they read is not."""


def never_negative(net: Net, tensor: int) -> bool:
    """Whether what makes the tensor shows that none of its numbers is below zero."""
    waiting = [tensor]
    while waiting:
        producer = net.producers[waiting.pop()]
        if producer is None:
            return False
        node = net.nodes[producer]
        if node.op.name in KEEPING:
            waiting += node.inputs
        elif node.op.name not in NEVER_BELOW:
            return False
    return True
