"""Runs a net node by node, directly from the graph: the reference for exported code.

Every operation is implemented again, from its documentation and by simple means (padding by hand,
windows by slicing), so that an error in an emitter cannot go unnoticed.
"""

# ruff: noqa: ARG001, ARG005  (every operation is called alike, and needs not all it is given)

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from archcalc.ops.axes import place_of, spatial_places
from archcalc.ops.base import key

if TYPE_CHECKING:
    from archcalc.graph import Net, Node


def run(net: Net, state: dict[str, Tensor], inputs: list[Tensor]) -> dict[str, Tensor]:
    """The outputs of inference, for weights by their state_dict names."""
    values: dict[int, Tensor] = dict(zip(net.inputs.values(), inputs, strict=True))
    for node in net.nodes:
        if node.training_only:
            continue
        path = net.nodes[node.shared].path if node.shared is not None else node.path
        weights = {w.name: state[key(path, w.name)] for w in node.facts.weights}
        read = [values[i] for i in node.inputs]
        given = _OPERATIONS[node.op.name](net, node, weights, *read)
        outputs = given if isinstance(given, list) else [given]
        for index, value in zip(node.outputs, outputs, strict=True):
            assert tuple(value.shape[1:]) == net.tensors[index].shape, node.path
            values[index] = value
    return {name: values[i] for name, i in net.outputs.items() if i in values}


def _tensor(net: Net, node: Node) -> Any:
    return net.tensors[node.inputs[0]]


def _pads(windows: Any) -> list[int]:
    return [n for w in reversed(windows) for n in (w.begin, w.end)]


def _conv(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    a, t = node.attributes, _tensor(net, node)
    windows = node.op.windows(a, t)
    x = functional.pad(x, _pads(windows))
    weight, groups = w["weight"], 1
    if node.op.name == "depthwise_conv":
        groups = t.shape[0]
    elif a.connections is not None:
        weight = torch.zeros(a.out, t.shape[0], *a.kernel, dtype=x.dtype)
        pairs = [(o, i) for o, row in enumerate(a.connections) for i in row]
        for (o, i), kernel in zip(pairs, w["weight"], strict=True):
            weight[o, i] = kernel
    else:
        groups = a.groups
    conv = getattr(functional, f"conv{len(windows)}d")
    return conv(x, weight, w.get("bias"), a.stride, 0, a.dilation, groups)


def _conv_transpose(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    a = node.attributes
    rank = x.dim() - 2
    conv = getattr(functional, f"conv_transpose{rank}d")
    y = conv(x, w["weight"], None, a.stride, 0, 0, a.groups, a.dilation)
    for axis in range(rank):
        begin, end = a.padding[axis]
        end -= a.output_padding[axis]
        pads = [0, 0] * (rank - 1 - axis) + [-begin, -end]
        y = functional.pad(y, pads)
    return y if "bias" not in w else y + w["bias"].view(-1, *[1] * rank)


def _windowed(x: Tensor, windows: Any, sides: Any, value: float) -> Tensor:
    """Every window in separate axes at the end; `sides` are the numbers of windows."""
    rank = len(windows)
    for axis, (window, count) in enumerate(zip(windows, sides, strict=True), 2):
        span = window.dilation * (window.kernel - 1) + 1
        needed = (count - 1) * window.stride + span
        end = needed - x.shape[axis] - window.begin
        pads = [0, 0] * (rank + 1 - axis) + [window.begin, end]
        x = functional.pad(x, pads, value=value)
    for axis, window in enumerate(windows, 2):
        span = window.dilation * (window.kernel - 1) + 1
        x = x.unfold(axis, span, window.stride)[..., :: window.dilation]
    return x


def _maxpool(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    t, y = _tensor(net, node), net.tensors[node.outputs[0]]
    windows = node.op.windows(node.attributes, t)
    return _windowed(x, windows, y.shape[1:], -math.inf).flatten(len(t.shape) + 1).amax(-1)


def _avgpool(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    a, t, y = node.attributes, _tensor(net, node), net.tensors[node.outputs[0]]
    windows = node.op.windows(a, t)
    ones = torch.ones_like(x)
    if a.count_include_pad:
        ones = functional.pad(ones, _pads(windows), value=1.0)
        bare = [one._replace(begin=0, end=0) for one in windows]
    else:
        bare = windows
    start = len(t.shape) + 1
    sums = _windowed(x, windows, y.shape[1:], 0.0).flatten(start).sum(-1)
    return sums / _windowed(ones, bare, y.shape[1:], 0.0).flatten(start).sum(-1)


def _adaptive(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    for axis, out in enumerate(node.attributes.output, 2):
        n = x.shape[axis]
        cells = [
            x.narrow(axis, i * n // out, -(-(i + 1) * n // out) - i * n // out).mean(axis)
            for i in range(out)
        ]
        x = torch.stack(cells, axis)
    return x


def _subsample(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    t, y = _tensor(net, node), net.tensors[node.outputs[0]]
    windows = node.op.windows(node.attributes, t)
    sums = _windowed(x, windows, y.shape[1:], 0.0).flatten(len(t.shape) + 1).sum(-1)
    shape = (-1, *[1] * (len(t.shape) - 1))
    return sums * w["weight"].view(shape) + w["bias"].view(shape)


def _mean(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    a, t = node.attributes, _tensor(net, node)
    places = spatial_places(t) if a.axes is None else [place_of(t, axis) for axis in a.axes]
    return x.mean([p + 1 for p in places], keepdim=a.keepdim)


def _upsample(net: Net, node: Node, w: dict[str, Tensor], x: Tensor, *_: Tensor) -> Tensor:
    a, sides = node.attributes, net.tensors[node.outputs[0]].shape[1:]
    if a.mode == "nearest":
        for axis, out in enumerate(sides, 2):
            n = x.shape[axis]
            x = x.index_select(axis, torch.tensor([j * n // out for j in range(out)]))
        return x
    mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(sides)]
    return functional.interpolate(x, sides, mode=mode, align_corners=a.align_corners)


def _pad(net: Net, node: Node, w: dict[str, Tensor], x: Tensor, *_: Tensor) -> Tensor:
    a, t = node.attributes, _tensor(net, node)
    tensors = tuple(net.tensors[i] for i in node.inputs)
    modes = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate"}
    amounts = [n for side in reversed(node.op._amounts(a, tensors)) for n in side]
    if any(amounts):
        x = functional.pad(x, amounts, modes[a.mode])
    before, after = a.channels or (0, 0)
    return functional.pad(x, [0, 0] * (len(t.shape) - 1) + [before, after])


def _crop(net: Net, node: Node, w: dict[str, Tensor], x: Tensor, *_: Tensor) -> Tensor:
    tensors = tuple(net.tensors[i] for i in node.inputs)
    amounts = node.op._amounts(node.attributes, tensors)
    return functional.pad(x, [-n for side in reversed(amounts) for n in side])


def _affine(x: Tensor, w: dict[str, Tensor], axes: tuple[int, ...]) -> Tensor:
    for name, sign in (("weight", "*"), ("bias", "+")):
        if name in w:
            number = w[name].view(axes)
            x = x * number if sign == "*" else x + number
    return x


def _normalised(x: Tensor, axes: list[int], eps: float) -> Tensor:
    mean = x.mean(axes, keepdim=True)
    return (x - mean) / (x.var(axes, unbiased=False, keepdim=True) + eps).sqrt()


def _batchnorm(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    shape = (-1, *[1] * (x.dim() - 2))
    eps = node.attributes.eps
    if node.attributes.track:
        x = (x - w["running_mean"].view(shape)) / (w["running_var"].view(shape) + eps).sqrt()
    else:
        x = _normalised(x, [0, *range(2, x.dim())], eps)
    return _affine(x, w, shape)


def _layernorm(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    axes = list(range(x.dim() - node.attributes.axes, x.dim()))
    return _affine(_normalised(x, axes, node.attributes.eps), w, tuple(x.shape[i] for i in axes))


def _groupnorm(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    parts = x.reshape(len(x), node.attributes.groups, -1)
    y = _normalised(parts, [2], node.attributes.eps).reshape(x.shape)
    return _affine(y, w, (-1, *[1] * (x.dim() - 2)))


def _instancenorm(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    y = _normalised(x, list(range(2, x.dim())), node.attributes.eps)
    return _affine(y, w, (-1, *[1] * (x.dim() - 2)))


def _lrn(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    a = node.attributes
    total = torch.zeros_like(x)
    for c in range(x.shape[1]):
        first, last = c - a.size // 2, c + (a.size - 1) // 2
        total[:, c] = (x[:, max(first, 0) : last + 1] ** 2).sum(1)
    return x / (a.k + a.alpha / a.size * total) ** a.beta


def _split(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> list[Tensor]:
    place = place_of(_tensor(net, node), node.attributes.axis)
    done, parts = 0, []
    for index in node.outputs:
        n = net.tensors[index].shape[place]
        parts.append(x.narrow(place + 1, done, n))
        done += n
    return parts


def _slice(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    a = node.attributes
    place = place_of(_tensor(net, node), a.axis)
    positions = list(range(x.shape[place + 1]))[a.begin : a.end : a.step]
    return x.index_select(place + 1, torch.tensor(positions))


def _shuffle(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    groups, channels = node.attributes.groups, x.shape[1]
    each = channels // groups
    source = [0] * channels
    for g in range(groups):
        for c in range(each):
            source[c * groups + g] = g * each + c
    return x[:, source]


def _pixels(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    """Pixel by pixel: channel c·r² + i·r + j is row i and column j of a block."""
    r, y = node.attributes.factor, x.new_zeros(len(x), *net.tensors[node.outputs[0]].shape)
    small, large = (x, y) if node.op.name == "pixel_shuffle" else (y, x)
    for c in range(large.shape[1]):
        for i in range(r):
            for j in range(r):
                block, pixels = small[:, c * r * r + i * r + j], large[:, c, i::r, j::r]
                if small is x:
                    pixels.copy_(block)
                else:
                    block.copy_(pixels)
    return y


def _l2_norm(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    norm = (x**2).sum(1, keepdim=True).sqrt().clamp(min=node.attributes.eps)
    return x / norm * w["weight"].view(-1, *[1] * (x.dim() - 2))


def _maxout(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    axis = _tensor(net, node).channel_axis + 1
    pieces = node.attributes.pieces
    starts = range(0, x.shape[axis], pieces)
    return torch.stack([x.narrow(axis, s, pieces).amax(axis) for s in starts], axis)


def _concat(net: Net, node: Node, w: dict[str, Tensor], *x: Tensor) -> Tensor:
    return torch.cat(x, place_of(_tensor(net, node), node.attributes.axis) + 1)


def _softmax(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    axis = place_of(_tensor(net, node), node.attributes.axis) + 1
    y = (x - x.amax(axis, keepdim=True)).exp()
    y = y / y.sum(axis, keepdim=True)
    return y if node.op.name == "softmax" else y.log()


def _reshaped(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    return x.reshape(len(x), *net.tensors[node.outputs[0]].shape)


def _prelu(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    return x.clamp(min=0) + w["weight"].view(-1, *[1] * (x.dim() - 2)) * x.clamp(max=0)


def _formula(formula: Any) -> Any:
    def apply(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
        return formula(x, node.attributes)

    return apply


def _gelu(x: Tensor, a: Any) -> Tensor:
    if a.approximate == "none":
        return x * (1 + torch.erf(x / math.sqrt(2))) / 2
    return x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


def _sum(sign: int) -> Any:
    def apply(net: Net, node: Node, w: dict[str, Tensor], *x: Tensor) -> Tensor:
        total = x[0]
        for one in x[1:]:
            total = total + sign * one
        return total

    return apply


def _mul(net: Net, node: Node, w: dict[str, Tensor], *x: Tensor) -> Tensor:
    product = x[0]
    for one in x[1:]:
        product = product * one
    return product


def _attention(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    heads, c = node.attributes.heads, x.shape[2]
    bias = w.get("in_proj_bias", x.new_zeros(3 * c))
    q, k, v = (x @ w["in_proj_weight"].T + bias).chunk(3, 2)
    parts = []
    for one in range(heads):
        own = slice(one * c // heads, (one + 1) * c // heads)
        scores = torch.einsum("bic,bjc->bij", q[..., own], k[..., own]) / math.sqrt(c // heads)
        parts.append(torch.einsum("bij,bjc->bic", scores.softmax(2), v[..., own]))
    return functional.linear(torch.cat(parts, 2), w["out_proj.weight"], w.get("out_proj.bias"))


def _parameter(net: Net, node: Node, w: dict[str, Tensor], x: Tensor) -> Tensor:
    return (
        w[""].reshape(1, *node.attributes.shape).repeat(len(x), *[1] * len(node.attributes.shape))
    )


_OPERATIONS: dict[str, Any] = {
    # the class of the documentation's example
    "opaque": lambda net, node, w, x, y: (
        torch.einsum("bi,oij,bj->bo", x, w["weight"], y) + w["bias"]
    ),
    "attention": _attention,
    "parameter": _parameter,
    "conv": _conv,
    "depthwise_conv": _conv,
    "conv_transpose": _conv_transpose,
    "linear": lambda net, node, w, x: functional.linear(x, w["weight"], w.get("bias")),
    "rbf": lambda net, node, w, x: ((x[..., None, :] - w["weight"]) ** 2).sum(-1),
    "maxpool": _maxpool,
    "avgpool": _avgpool,
    "global_avgpool": lambda net, node, w, x: x.mean(list(range(2, x.dim())), keepdim=True),
    "global_maxpool": lambda net, node, w, x: x.amax(list(range(2, x.dim())), keepdim=True),
    "adaptive_avgpool": _adaptive,
    "subsample": _subsample,
    "mean": _mean,
    "upsample": _upsample,
    "pixel_shuffle": _pixels,
    "pixel_unshuffle": _pixels,
    "pad": _pad,
    "crop": _crop,
    "batchnorm": _batchnorm,
    "lrn": _lrn,
    "l2_norm": _l2_norm,
    "layernorm": _layernorm,
    "groupnorm": _groupnorm,
    "instancenorm": _instancenorm,
    "dropout": lambda net, node, w, x: x,
    "drop_path": lambda net, node, w, x: x,
    "layer_scale": lambda net, node, w, x: x * w["weight"],
    "relu": _formula(lambda x, a: x.clamp(min=0)),
    "relu6": _formula(lambda x, a: x.clamp(0, 6)),
    "leaky_relu": _formula(lambda x, a: x.clamp(min=0) + a.slope * x.clamp(max=0)),
    "prelu": _prelu,
    "rrelu": _formula(lambda x, a: x.clamp(min=0) + (a.lower + a.upper) / 2 * x.clamp(max=0)),
    "elu": _formula(lambda x, a: torch.where(x > 0, x, a.alpha * (x.exp() - 1))),
    "selu": _formula(
        lambda x, a: 1.0507009873554805 * torch.where(x > 0, x, 1.6732632423543772 * (x.exp() - 1))
    ),
    "gelu": _formula(_gelu),
    "silu": _formula(lambda x, a: x / (1 + (-x).exp())),
    "mish": _formula(lambda x, a: x * torch.tanh((1 + x.exp()).log())),
    "softplus": _formula(
        lambda x, a: torch.where(
            a.beta * x > a.threshold, x, (1 + (a.beta * x).exp()).log() / a.beta
        )
    ),
    "hardswish": _formula(lambda x, a: x * (x + 3).clamp(0, 6) / 6),
    "hardsigmoid": _formula(lambda x, a: (x + 3).clamp(0, 6) / 6),
    "hardtanh": _formula(lambda x, a: x.clamp(a.min, a.max)),
    "sigmoid": _formula(lambda x, a: 1 / (1 + (-x).exp())),
    "tanh": _formula(lambda x, a: a.amplitude * torch.tanh(a.slope * x)),
    "softmax": _softmax,
    "log_softmax": _softmax,
    "maxout": _maxout,
    "add": _sum(1),
    "sub": _sum(-1),
    "mul": _mul,
    "concat": _concat,
    "split": _split,
    "slice": _slice,
    "channel_shuffle": _shuffle,
    "flatten": _reshaped,
    "reshape": _reshaped,
    "permute": lambda net, node, w, x: x.permute(
        0, *[i % (x.dim() - 1) + 1 for i in node.attributes.order]
    ),
    "identity": lambda net, node, w, x: x,
    "scale": _formula(lambda x, a: x * a.factor),
    "abs": _formula(lambda x, a: torch.where(x < 0, -x, x)),
}


def randomised(model: Any, generator: torch.Generator) -> None:
    """Weights and statistics that expose errors: no zeros, no equal values."""
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if "num_batches_tracked" in name:
                continue
            scale = 1 / math.sqrt(max(tensor[0].numel(), 1)) if tensor.dim() > 1 else 1.0
            noise = torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype)
            tensor.copy_((noise + 0.5) if "var" in name else (noise - 0.4) * 2 * scale)


def largest_difference(model: Any, net: Net, seed: int = 0) -> float:
    """The model's outputs compared with the graph's, relative to the largest value; in float64."""
    generator = torch.Generator().manual_seed(seed)
    model = model.double().eval()
    randomised(model, generator)
    shapes = [net.tensors[i].shape for i in net.inputs.values()]
    inputs = [torch.rand(2, *s, generator=generator, dtype=torch.float64) - 0.3 for s in shapes]
    with torch.no_grad():
        expected = run(net, model.state_dict(), inputs)
        given = model(*inputs)
    found = given if isinstance(given, dict) else {"output": given}
    assert set(found) == set(expected), (set(found), set(expected))
    worst = 0.0
    for name, value in expected.items():
        size = max(float(value.abs().max()), 1e-6) if value.numel() else 1.0
        same = torch.where(value.isnan() & found[name].isnan(), 0.0, (value - found[name]).abs())
        worst = max(worst, float(same.max()) / size)
    return worst
