"""Turns an existing model into a spec: capture, structure, blocks and loops, text.

    a PyTorch model --torch_capture--> calls and module calls (graph.py)
    an ONNX file    --onnx_capture---> the same
                    --nodes----------> operations of the language, and groups for modules
                    --structure------> layers: sequences, joins with branches, labels
                    --blocks, loops--> blocks for classes, repeat and for
                    --yaml_text------> the spec
                    --gate-----------> compared with the model: verified or rejected

The model runs once, on tensors with shapes but no data. A spec is only returned if its weights, the
output shapes of its modules and its outputs are equal to the model's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from warnings import warn

from archcalc.importing.errors import ImportFailed, Opaque

if TYPE_CHECKING:
    from archcalc.importing.graph import Capture

Shapes = dict[str, tuple[int, ...]]


def spec_of_model(model: Any, inputs: Shapes, *, origin: str = "") -> str:
    """The spec of a `torch.nn.Module` as text. `inputs` are shapes without the batch, by the
    argument names of the forward method; `origin` is the source that the spec mentions.

    Raises `ImportFailed` if the model does not run on these inputs, an operation has no
    counterpart, or the language cannot express the structure.
    """
    from archcalc.importing.torch_capture import capture

    found = capture(model, inputs)
    left = _never_called(found)
    if left:
        training = capture(model, inputs, training=True)
        names = list(training.outputs)
        if len(names) > len(found.outputs) and not _never_called(training):
            found = training
            found.training_outputs = frozenset(names[len(_kept(names, found)) :])
            left = []
    if left:
        raise ImportFailed(
            f"nothing in the forward pass uses {left[0]}"
            + (f" and {len(left) - 1} more weights" if len(left) > 1 else ""),
            help="a spec only has the weights of layers that run",
        )
    return written(found, origin)


def _kept(names: list[str], found: Capture) -> list[str]:
    """The outputs that also exist in inference, including the main one."""
    return names[:1] if found.outputs else []


def _never_called(found: Capture) -> list[str]:
    """The weights that no recorded function reads."""
    from archcalc.importing.graph import Call, Scope, Weight

    used = set(found.used)

    def walk(scope: Scope) -> None:
        for child in scope.children:
            if isinstance(child, Call):
                used.update(w.key for w in _flat(child.arguments) if isinstance(w, Weight))
            else:
                walk(child)

    walk(found.root)
    modules = {key.rpartition(".")[0] for key in used}
    return [
        key for key in found.weights if key not in used and key.rpartition(".")[0] not in modules
    ]


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _flat(one)]
    if isinstance(value, tuple | list):
        return [leaf for one in value for leaf in _flat(one)]
    return [value]


def written(found: Capture, origin: str) -> str:
    """The spec of a capture, with blocks and loops if that reproduces the model, else without.

    Raises `ImportFailed` if neither does.
    """
    from archcalc.importing.gate import differences
    from archcalc.pipeline import check

    told: list[str] = []
    for compact in (True, False):
        text = _text(found, origin, compact=compact)
        told = differences(check(text), found)
        if not told:
            for warning in found.warnings:
                warn(warning, Opaque, stacklevel=4)
            return text
    raise ImportFailed(
        f"the spec would differ from the model: {told[0]}",
        help="the structure of this model cannot be expressed yet",
    )


def _text(found: Capture, origin: str, *, compact: bool) -> str:
    from archcalc.importing.blocks import Block, with_blocks
    from archcalc.importing.loops import with_loops
    from archcalc.importing.structure import body_of
    from archcalc.importing.yaml_text import spec_text

    layers = body_of(found)
    blocks: list[Block] = []
    if compact:
        blocks, layers = with_blocks(layers)
        for block in blocks:
            block.body = with_loops(block.body, blocks)
        layers = with_loops(layers, blocks)
    shapes = {name: list(value.shape) for name, value in found.inputs.items()}
    head: dict[str, Any] = {"name": found.name}
    if origin:
        head["note"] = f"Imported from {origin}."
    head["input"] = next(iter(shapes.values())) if len(shapes) == 1 else shapes
    params = sum(_size(s) for key, s in found.weights.items() if key in found.trainable)
    expect: dict[str, Any] = {}
    if not found.training_outputs:
        expect = {"output": list(next(iter(found.outputs.values())).shape), "params": params}
    return spec_text(head, blocks, layers, expect)


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size
