"""Runs in a process of its own: imports a generated file, runs its model, and tells what it saw.

Reads a request (JSON) from standard input and writes the answer (JSON) to standard output. Nothing
of archcalc is imported: what is measured here must not know what was worked out.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def tensors_of(output: Any) -> dict[str, Any]:
    """The model's outputs by name."""
    return output if isinstance(output, dict) else {"output": output}


def shapes_seen(model: Any, inputs: list[Any]) -> tuple[dict[str, list[list[int]]], Any]:
    """The output shapes of every module, call by call and without the batch, and the output."""
    import torch

    seen: dict[str, list[list[int]]] = {}
    handles = []

    def watch(name: str, module: Any) -> Any:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor):
                seen.setdefault(name, []).append(list(output.shape[1:]))

        return module.register_forward_hook(hook)

    for name, module in model.named_modules():
        if name:
            handles.append(watch(name, module))
    try:
        return seen, model(*inputs)
    finally:
        for handle in handles:
            handle.remove()


def multiplies(model: Any, inputs: list[Any]) -> int:
    """Half of what PyTorch's own counter says."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(*inputs)
    total: int = counter.get_total_flops()
    return total // 2 // int(inputs[0].shape[0])


def train_once(model: Any, inputs: list[Any]) -> dict[str, Any]:
    """A forward and backward pass in training: shapes, and the weights that get no gradient."""
    model.train()
    seen, output = shapes_seen(model, inputs)
    outputs = tensors_of(output)
    loss: Any = sum((y * y).sum() for y in outputs.values())
    if loss.requires_grad:  # a net may have nothing to train
        loss.backward()
    idle = [name for name, p in model.named_parameters() if p.grad is None]
    given = {n: list(y.shape[1:]) for n, y in outputs.items()}
    return {"outputs": given, "shapes": seen, "idle": idle}


def field(model: Any, shapes: list[list[int]], path: str, position: list[int]) -> Any:
    """First and last input position, an axis each, that an output position's gradient reaches.

    Every weight is positive and every maximum a mean, so that nothing cancels or is hidden.
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
    found: list[Any] = []
    handle = model.get_submodule(path).register_forward_hook(lambda _m, _i, y: found.append(y))
    with means_for_maxima():
        model(*inputs)
    handle.remove()
    chosen = found[0][(0, slice(None), *position)]
    (gradient,) = torch.autograd.grad(chosen.sum(), inputs[0])
    reached = (gradient[0] != 0).any(0)
    return [
        [int(where.min()), int(where.max())] if len(where) else None
        for where in (reached.nonzero()[:, axis] for axis in range(reached.dim()))
    ]


@contextmanager
def means_for_maxima() -> Iterator[None]:
    """Max pooling hides all but one cell of a window from the gradient; a sum hides none."""
    import torch

    functional = torch.nn.functional

    def pooled(axes: int) -> Any:
        average = getattr(functional, f"conv{axes}d")

        def pool(
            x: Any,
            kernel_size: Any,
            stride: Any = None,
            padding: Any = 0,
            dilation: Any = 1,
            ceil_mode: bool = False,
            **_: Any,
        ) -> Any:
            k, s, p, d = (
                (v,) * axes if isinstance(v, int) else tuple(v)
                for v in (kernel_size, stride or kernel_size, padding, dilation)
            )
            rows: list[int] = []
            for n, ki, si, pi, di in zip(x.shape[2:], k, s, p, d, strict=True):
                room = n + 2 * pi - di * (ki - 1) - 1
                count = -(-room // si) + 1 if ceil_mode else room // si + 1
                if ceil_mode and (count - 1) * si >= n + pi:
                    count -= 1
                rows = [pi, max((count - 1) * si + di * (ki - 1) + 1 - n - pi, pi), *rows]
            x = functional.pad(x.where(x.isfinite(), torch.zeros_like(x)), rows)
            ones = torch.ones(x.shape[1], 1, *k, dtype=x.dtype)
            return average(x, ones, None, s, 0, d, x.shape[1]) / ones[0].numel()

        return pool

    def forward_with(pool: Any) -> Any:
        def forward(self: Any, x: Any) -> Any:
            return pool(
                x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode
            )

        return forward

    kept: list[tuple[Any, str, Any]] = []
    for axes in (1, 2, 3):
        pool = pooled(axes)
        module = getattr(torch.nn, f"MaxPool{axes}d")
        for owner, name, new in (
            (functional, f"max_pool{axes}d", pool),
            (module, "forward", forward_with(pool)),
        ):
            kept.append((owner, name, getattr(owner, name)))
            setattr(owner, name, new)
    try:
        yield
    finally:
        for owner, name, old in kept:
            setattr(owner, name, old)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Everything that is asked for."""
    import torch

    torch.manual_seed(0)
    device, shapes = request["device"], request["inputs"]
    made = load(request["file"])
    with torch.device(device):
        model = made().eval()
        inputs = [torch.rand(request["batch"], *shape) for shape in shapes]
        told: dict[str, Any] = {}
        with torch.no_grad():
            told["shapes"], output = shapes_seen(model, inputs)
        told["outputs"] = {n: list(y.shape[1:]) for n, y in tensors_of(output).items()}
        told["macs"] = multiplies(model, inputs)
        told["parameters"] = sum(p.numel() for p in model.parameters())
        counted = [b.numel() for n, b in model.named_buffers() if "num_batches_tracked" not in n]
        told["buffers"] = sum(counted)
        told["state"] = [[name, list(t.shape)] for name, t in model.state_dict().items()]
        # Normalisation over a batch needs more than one sample in training.
        many = [torch.rand(max(request["batch"], 2), *shape) for shape in shapes]
        told["training"] = train_once(model, many)
    if request["field"] is not None and device != "meta":
        path, position = request["field"]
        told["field"] = field(model.cpu(), shapes, path, position)
    return told


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
