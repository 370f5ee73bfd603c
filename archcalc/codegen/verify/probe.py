"""Runs in a separate process: imports a generated file, runs its model, and reports measurements.

Reads a request (JSON) from standard input and writes the answer (JSON) to standard output. Nothing
of archcalc is imported: measurements must be independent of its predictions.
"""

from __future__ import annotations

import importlib.util
import json
import math
import sys
from typing import Any


def load(path: str) -> Any:
    """The model's class: the last one of the file."""
    spec = importlib.util.spec_from_file_location("generated", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generated"] = module
    spec.loader.exec_module(module)
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == "generated"
    ]
    return classes[-1]


def shapes_seen(model: Any, inputs: list[Any]) -> tuple[dict[str, list[list[int]]], Any]:
    """The output shapes of every module, call by call, and the output."""
    import torch

    seen: dict[str, list[list[int]]] = {}
    handles = []

    def watch(name: str, module: Any) -> Any:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor):
                seen.setdefault(name, []).append(list(output.shape))

        return module.register_forward_hook(hook)

    for name, module in model.named_modules():
        if name:
            handles.append(watch(name, module))
    try:
        return seen, model(*inputs)
    finally:
        for handle in handles:
            handle.remove()


def flops(model: Any, inputs: list[Any]) -> tuple[int, dict[str, int]]:
    """The result of PyTorch's own counter for one batch, in total and per module."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(*inputs)
    root = f"{type(model).__name__}."
    modules = {
        path.removeprefix(root): sum(counts.values())
        for path, counts in counter.get_flop_counts().items()
        if path.startswith(root)
    }
    return counter.get_total_flops(), modules


def step(model: Any, inputs: list[Any]) -> dict[str, Any]:
    """A forward and backward pass: outputs, shapes, and the weights that get a gradient."""
    model.zero_grad(set_to_none=True)
    seen, output = shapes_seen(model, inputs)
    outputs = output if isinstance(output, dict) else {"output": output}
    loss: Any = sum((y * y).sum() for y in outputs.values())
    if loss.requires_grad:  # a net may have no trainable weights
        loss.backward()
    trained = [name for name, p in model.named_parameters() if p.grad is not None]
    given = {n: list(y.shape) for n, y in outputs.items()}
    batch = int(inputs[0].shape[0])
    return {"outputs": given, "shapes": seen, "trained": trained, "batch": batch}


def field(model: Any, shapes: list[list[int]], path: str, position: list[int]) -> Any:
    """First and last input position per axis that the gradient of an output position reaches.

    All weights are positive, and no input is cancelled or hidden: see `_linear`.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    model = model.double().eval()
    with torch.no_grad():
        for p in model.parameters():
            scale = max(p.numel() // max(p.shape[0], 1), 1) if p.dim() > 1 else 1
            p.copy_((torch.rand(p.shape, generator=generator, dtype=p.dtype) + 0.5) / scale)
    inputs = [torch.rand(1, *s, generator=generator, dtype=torch.float64) + 0.5 for s in shapes]
    inputs[0].requires_grad_()

    def stop(_module: Any, _inputs: Any, output: Any) -> None:
        raise _Seen(output)

    modules = dict(model.named_modules())
    if path not in modules:
        return [None] * len(position)
    handle = modules[path].register_forward_hook(stop)
    try:
        with _linear():
            model(*inputs)
    except _Seen as seen:
        chosen = seen.output[(0, slice(None), *position)]
    else:
        return [None] * len(position)  # the layer did not run
    finally:
        handle.remove()
    (gradient,) = torch.autograd.grad(chosen.sum(), inputs[0])
    reached = (gradient[0] != 0).any(0)
    return [
        [int(where.min()), int(where.max())] if len(where) else None
        for where in (reached.nonzero()[:, axis] for axis in range(reached.dim()))
    ]


class _Seen(Exception):
    """Raised with the chosen layer's output: later layers are irrelevant."""

    def __init__(self, output: Any) -> None:
        self.output = output


POINTWISE = {
    *("relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "gelu", "silu", "mish"),
    *("softplus", "hardswish", "hardsigmoid", "hardtanh", "sigmoid", "tanh", "abs"),
    *("softmax", "log_softmax", "batch_norm", "local_response_norm"),
}
"""Functions whose output reads the input at the same position, by PyTorch name. An activation may
saturate, so that its gradient is zero."""


def _linear() -> Any:
    """A mode in which no input is hidden and magnitudes are irrelevant.

    Activations and norms are the identity; a maximum is a mean, which hides no cell of its window;
    a difference is a sum, in which nothing cancels, and so is a product, which would square
    magnitudes. Gradients are reduced to 0 and 1 in the backward pass, so that they cannot overflow
    or vanish in a deep net.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    class Linear(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, _types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            name, kwargs = getattr(function, "__name__", ""), kwargs or {}
            if name in POINTWISE:
                return args[0]
            if name.startswith("max_pool"):
                return _mean_pool(*args, **kwargs)
            if name.startswith("adaptive_max_pool"):
                mean = getattr(torch.nn.functional, name.replace("_max_", "_avg_"))
                return _with_unit_gradients(mean(*args[:2]))
            if name == "amax":
                return torch.mean(*args, **kwargs)
            if name == "sub" or (name == "mul" and all(map(torch.is_tensor, args))):
                return torch.add(*args, **kwargs)
            return _with_unit_gradients(function(*args, **kwargs))

    return Linear()


def _with_unit_gradients(result: Any) -> Any:
    """The result of a function, with a hook on each tensor that only keeps whether a gradient is
    zero."""
    import torch

    tensors = result if isinstance(result, tuple) else (result,)
    for tensor in tensors:
        if torch.is_tensor(tensor) and tensor.requires_grad and tensor.is_floating_point():
            watched: Any = tensor  # `register_hook` has no type annotations
            watched.register_hook(lambda gradient: (gradient != 0).to(gradient.dtype))
    return result


def _mean_pool(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    **_: Any,
) -> Any:
    """The windows of a max pooling, averaged: by a convolution with ones, since average pooling has
    no dilation."""
    import torch

    axes = x.dim() - 2
    k, s, p, d = (
        (v,) * axes if isinstance(v, int) else tuple(v)
        for v in (kernel_size, stride or kernel_size, padding, dilation)
    )
    pads: list[int] = []
    for n, ki, si, pi, di in zip(x.shape[2:], k, s, p, d, strict=True):
        room = n + 2 * pi - di * (ki - 1) - 1
        count = -(-room // si) + 1 if ceil_mode else room // si + 1
        if ceil_mode and (count - 1) * si >= n + pi:
            count -= 1
        pads = [pi, max((count - 1) * si + di * (ki - 1) + 1 - n - pi, pi), *pads]
    x = torch.nn.functional.pad(x.where(x != -math.inf, torch.zeros_like(x)), pads)
    ones = torch.ones(x.shape[1], 1, *k, dtype=x.dtype) / math.prod(k)
    convolution = getattr(torch.nn.functional, f"conv{axes}d")
    return convolution(x, ones, None, s, 0, d, x.shape[1])


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """All requested measurements."""
    import torch

    torch.manual_seed(0)
    device, shapes = request["device"], request["inputs"]
    if device == "cuda" and not torch.cuda.is_available():
        return {"error": "PyTorch finds no CUDA device here"}
    made = load(request["file"])
    with torch.device(device):
        model = made().eval()
        inputs = [torch.rand(request["batch"], *shape) for shape in shapes]
        told: dict[str, Any] = {}
        told["eval"] = step(model, inputs)
        told["batch"] = request["batch"]
        told["flops"], told["flops_of"] = flops(model, inputs)
        told["parameters"] = sum(p.numel() for p in model.parameters())
        counted = [b.numel() for n, b in model.named_buffers() if "num_batches_tracked" not in n]
        told["buffers"] = sum(counted)
        told["state"] = [[name, list(t.shape)] for name, t in model.state_dict().items()]
        # Normalisation over a batch needs more than one sample in training.
        many = [torch.rand(max(request["batch"], 2), *shape) for shape in shapes]
        told["train"] = step(model.train(), many)
    if request["field"] is not None:
        path, position = request["field"]
        # Tensors on the meta device have no values to measure with.
        told["field"] = field(made() if device == "meta" else model.cpu(), shapes, path, position)
    return told


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr  # prints are no answer
    json.dump(answer(json.load(sys.stdin)), answers)
