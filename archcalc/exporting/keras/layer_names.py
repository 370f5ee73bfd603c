"""Names that layers get in Keras: every one once, and none that Keras gives by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archcalc.codegen.refusal import refused
from archcalc.exporting.keras.code import keras_name
from archcalc.exporting.keras.reuse_compat import called_again

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.graph import Group, Net, Node

_OWN = re.compile(
    r"(pad|get_item|multiply|add|subtract|true_divide|divide|tanh|absolute|clip|max|mean|reshape"
    r"|transpose|split|softplus|gelu|log_softmax|average_pool|ones_like|keras_tensor|input_layer"
    r"|square|sum|power|where|greater)(_\d+)?"
)
"""The names of operations on tensors, which have no names of ours."""

_OWN_AGAIN = re.compile(
    r"((adaptive_average_pooling|average_pooling|max_pooling|global_average_pooling"
    r"|global_max_pooling|cropping|up_sampling|zero_padding)[123]d|activation|dropout|elu|flatten"
    r"|identity|leaky_re_lu|local_response_normalization|permute|re_lu|rescaling|reshape|resizing"
    r"|softmax)(_\d+)?"
)
"""The names of layers without weights, which have ours where they are first called alone."""


def could_collide(net: Net) -> bool:
    """Whether a layer's name is like one that Keras gives to what has no name of ours."""
    patterns = (_OWN, _OWN_AGAIN) if _is_layer_called_again(net) else (_OWN,)
    names = [keras_name(part.path) for part in _named(net)]
    return any(pattern.fullmatch(name) for pattern in patterns for name in names)


def _is_layer_called_again(net: Net) -> bool:
    """Whether a layer is, by itself: those of a part that is called again are written once."""
    parts = called_again(net)
    return any(
        node.shared is not None and not any(g.start <= node.index < g.end for g in parts)
        for node in net.nodes
    )


def _named(net: Net) -> list[Node | Group]:
    """What has a name in the model: the layers, and parts that are models of their own."""
    return [*net.nodes, *called_again(net)]


def layer_names(nets: Iterable[Net]) -> frozenset[str]:
    """The names of all inputs and layers."""
    return frozenset(
        keras_name(name) for net in nets for name in (*net.inputs, *(n.path for n in _named(net)))
    )


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
