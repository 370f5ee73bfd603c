"""Exported Keras models built and run, and the graph's own weights put into them."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import torch

import archcalc
from archcalc.codegen import export
from archcalc.exporting.keras.code import keras_name
from archcalc.exporting.keras.emitters.order import order_matters
from archcalc.exporting.keras.layer_names import could_collide
from archcalc.exporting.keras.op_context import order, shape
from tests.export.interpreter import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcalc.graph import Net, Node
    from archcalc.ops.base import Tensor

torch.set_num_threads(1)  # the nets are small: threads would wait for one another

CLOSE = 1e-5
"""Keras works in float32 in places (matrix products, means), whatever the type asked for."""


def build(text: str, **arguments: Any) -> Any:
    """The model that a generated file builds."""
    names: dict[str, Any] = {"__name__": "generated"}
    exec(compile(text, "generated.py", "exec"), names)  # noqa: S102 (what we have just written)
    return names["build"](**arguments)


def outline(text: str, **arguments: Any) -> Any:
    """The model without the numbers of its weights: VGG-16 has 550 MB of them."""
    with keras.device("meta"):
        return build(text, **arguments)


@contextmanager
def doubles() -> Iterator[None]:
    """Keras with numbers of 64 bits, for its layers and for what has no layer."""
    policy = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy(policy)


# -- counts and shapes ------------------------------------------------------------------------


def count(weights: list[Any]) -> int:
    return sum(math.prod(w.shape) for w in weights)


def differences(net: Net, model: Any) -> list[str]:
    """What differs between the graph and a model: counts, outputs, and layer by layer."""
    nodes = [n for n in net.nodes if n.shared is None and not n.training_only]
    found = []
    params, buffers = sum(n.facts.params for n in nodes), sum(n.facts.buffers for n in nodes)
    if (params, buffers) != (count(model.trainable_weights), count(model.non_trainable_weights)):
        theirs = count(model.trainable_weights), count(model.non_trainable_weights)
        found.append(f"{params} and {buffers} weights, Keras has {theirs}")
    given = model.output if isinstance(model.output, dict) else {"output": model.output}
    if (outputs := {word: y.shape[1:] for word, y in given.items()}) != _outputs(net):
        found.append(f"the outputs are {outputs}, not {_outputs(net)}")
    layers = _layers(model)
    for node in nodes:
        layer = layers.get(_layer_name(net, node))
        if layer is None:
            if node.facts.weights:
                found.append(f"no layer {node.path}")
            continue
        if count(layer.weights) != node.facts.params + node.facts.buffers:
            found.append(f"{node.path} has {count(layer.weights)} weights")
        if not _in_steps(node) and len(layer._inbound_nodes) == 1:
            expected = shape(net.tensors[node.outputs[0]])
            if not _agree(layer.output.shape[1:], expected):
                found.append(f"{node.path} gives {layer.output.shape}, not {expected}")
    return found


def _layers(model: Any) -> dict[str, Any]:
    """The layers by their names, those of the models inside too."""
    every = model._flatten_layers(include_self=False, recursive=True)
    return {layer.name: layer for layer in every}


def _agree(found: tuple[int | None, ...], expected: tuple[int, ...]) -> bool:
    """Whether shapes are equal where they are known: a model inside may leave sides open."""
    return len(found) == len(expected) and all(
        n in (None, m) for n, m in zip(found, expected, strict=True)
    )


def _outputs(net: Net) -> dict[str, tuple[int, ...]]:
    """The shapes of the outputs that are there when nobody trains, as Keras has them."""
    trained = {i for node in net.nodes if node.training_only for i in node.outputs}
    return {w: shape(net.tensors[i]) for w, i in net.outputs.items() if i not in trained}


def _in_steps(node: Node) -> bool:
    """Whether the layer of the operation's name is followed by one that crops or permutes, or does
    what the next one would."""
    return node.op.name in (
        "conv_transpose",
        "reshape",
        "flatten",
        "linear",
        "rbf",
        "pad",
        "layernorm",
        "global_avgpool",
        "global_maxpool",
    )


def _layer_name(net: Net, node: Node) -> str:
    return keras_name(f"net.{node.path}" if could_collide(net) else node.path)


# -- numbers ----------------------------------------------------------------------------------


def wrong(net: Net, text: str) -> list[str]:
    """What differs between the graph and the code of a small net: its outline, and its numbers."""
    with doubles():
        model = build(text)
        found = differences(net, model)
        if not found and (off := largest_difference(net, model)) > CLOSE:
            found = [f"the numbers are off by {off:g}"]
    return found


def check_construct(text: str, expected: str) -> None:
    """A piece of a spec: its code has the expected words, and is the same network."""
    net = archcalc.load((text if text.startswith("input:") else f"input: [4, 9, 9]\n{text}") + "\n")
    code = export(net, "keras")
    assert expected in code, code
    assert wrong(net, code) == []


def largest_difference(net: Net, model: Any, seed: int = 0) -> float:
    """The outputs of the model against the graph's, the same weights in both, relative to the
    largest number; the model has to be one of `doubles`."""
    generator = torch.Generator().manual_seed(seed)
    state = _state(net, generator)
    _put(net, model, state)
    tensors = [net.tensors[i] for i in net.inputs.values()]
    inputs = [
        torch.rand(2, *t.shape, generator=generator, dtype=torch.float64) - 0.3 for t in tensors
    ]
    turned = [_turned(x, t) for x, t in zip(inputs, tensors, strict=True)]
    with torch.no_grad():
        expected = run(net, state, inputs)
        given = model(turned if len(turned) > 1 else turned[0], training=False)
    found = given if isinstance(given, dict) else {"output": given}
    return max(
        _off(found[name], _turned(value, net.tensors[net.outputs[name]]))
        for name, value in expected.items()
    )


def _off(found: torch.Tensor, wanted: torch.Tensor) -> float:
    if wanted.shape != found.shape:
        return math.inf
    both = wanted.isnan() & found.isnan()
    size = max(float(wanted.abs().max()), 1e-6)
    return float(torch.where(both, 0.0, (wanted - found).abs()).max()) / size


def _turned(x: torch.Tensor, tensor: Tensor) -> torch.Tensor:
    return x.permute(0, *(i + 1 for i in order(tensor)))


def _state(net: Net, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Weights that tell mistakes apart: nothing zero, nothing equal."""
    state = {}
    for node in net.nodes:
        for w in node.facts.weights if node.shared is None else ():
            noise = torch.rand(w.shape, generator=generator, dtype=torch.float64)
            scale = 1 / math.sqrt(max(math.prod(w.shape[1:]), 1)) if len(w.shape) > 1 else 1.0
            state[f"{node.path}.{w.name}"] = (
                noise + 0.5 if "var" in w.name else (noise - 0.4) * 2 * scale
            )
    return state


def _put(net: Net, model: Any, state: dict[str, torch.Tensor]) -> None:
    """The graph's weights into the model's layers, their axes turned as Keras has them."""
    places, layers = _feature_orders(net), _layers(model)
    for node in net.nodes:
        if not node.facts.weights or node.shared is not None or node.training_only:
            continue
        given = {w.name: state[f"{node.path}.{w.name}"] for w in node.facts.weights}
        layer = layers[_layer_name(net, node)]
        arrays = _arrays(net, node, given, places.get(node.inputs[0]))
        assert len(arrays) == len(layer.weights), node.path
        for variable, array in zip(layer.weights, arrays, strict=True):
            variable.assign(array.reshape(tuple(variable.shape)))


def _arrays(
    net: Net, node: Node, w: dict[str, torch.Tensor], place: torch.Tensor | None
) -> list[torch.Tensor]:
    weight, rest = w.get("weight"), [w[k] for k in ("bias",) if k in w]
    name, tensor = node.op.name, net.tensors[node.inputs[0]]
    if name == "conv" and node.attributes.connections is None:
        return [weight.permute(*range(2, weight.dim()), 1, 0), *rest]
    if name == "depthwise_conv":
        if weight.dim() == 5:
            return [weight.permute(2, 3, 4, 1, 0), *rest]
        apart = weight.reshape(tensor.channels, -1, *weight.shape[2:])
        return [apart.permute(*range(2, apart.dim()), 0, 1), *rest]
    if name == "conv_transpose":
        return [weight.permute(*range(2, weight.dim()), 1, 0), *rest]
    if name == "linear":
        return [weight.T if place is None else weight.T[place], *rest]
    if name == "rbf":
        return [weight if place is None else weight[:, place]]
    if name == "batchnorm":
        every = [*(w[k] for k in ("weight", "bias") if k in w), w["running_mean"], w["running_var"]]
        return every if place is None else [one[place] for one in every]
    return [one for one in (weight, *rest) if one is not None]


def _feature_orders(net: Net) -> dict[int, torch.Tensor]:
    """By tensor: which of the graph's features stands at each place after a flatten in Keras."""
    found: dict[int, torch.Tensor] = {}
    for node in net.nodes:
        tensor = net.tensors[node.inputs[0]]
        if node.op.name == "flatten" and len(net.tensors[node.outputs[0]].shape) == 1:
            if not order_matters(net, node):
                whole = torch.arange(math.prod(tensor.shape))
                turned = whole.reshape(tensor.shape).permute(order(tensor)).flatten()
                if not torch.equal(turned, whole):
                    found[node.outputs[0]] = turned
        elif node.inputs[0] in found and node.op.name not in ("linear", "rbf"):
            found[node.outputs[0]] = found[node.inputs[0]]
    return found
