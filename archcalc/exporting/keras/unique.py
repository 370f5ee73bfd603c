"""Names that layers get in Keras: every one once, and none that Keras gives by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archcalc.exporting.keras.code import keras_name
from archcalc.exporting.keras.twins import called_again
from archcalc.exporting.refusal import refused

if TYPE_CHECKING:
    from archcalc.graph import Group, Net, Node

_OWN = re.compile(
    r"(pad|get_item|multiply|add|subtract|true_divide|divide|tanh|absolute|clip|max|mean|reshape"
    r"|transpose|split|softplus|gelu|log_softmax|average_pool|ones_like|keras_tensor|input_layer"
    r"|square|sum|power)(_\d+)?"
)
"""The names of operations on tensors, which have no names of ours."""

HELPING = ("pad", "crop", "permute", "order")
"""What the names of helping layers end in."""


def could_collide(net: Net) -> bool:
    """Whether a layer's name is like one that Keras gives to an operation without a name."""
    return any(_OWN.fullmatch(keras_name(part.path)) for part in _named(net))


def _named(net: Net) -> list[Node | Group]:
    """What has a name in the model: the layers, and parts that are models of their own."""
    return [*net.nodes, *called_again(net)]


def check_names(net: Net) -> None:
    """Refuses two paths that are one name, as `a_b.c` and `a.b_c`."""
    seen: dict[str, str] = {keras_name(name): f"the input {name}" for name in net.inputs}
    if len(net.inputs) == 1:
        seen = {}
    for part in _named(net):
        made = keras_name(part.path)
        path = seen.setdefault(made, part.path)
        if path != part.path and part.layer is not None:
            raise refused(
                part.layer,
                f"two layers of one name: {path} and {part.path} are both {made}",
                "give one of them another name",
                "Keras",
            )
    for node in net.nodes:
        made = keras_name(node.path)
        for word in HELPING:
            if f"{made}_{word}" in seen and node.shared is None:
                raise refused(
                    node.layer,
                    f"the name {made}_{word} beside {made}: a helping layer may need it",
                    f"give {seen[f'{made}_{word}']} another name",
                    "Keras",
                )
