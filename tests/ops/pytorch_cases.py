"""Random layers of every operation. Operations without weights are one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # PyTorch's own habit

from archcalc.ops.base import CHANNELS, Tensor
from tests.ops import pytorch_layers as layers
from tests.ops.pytorch_draw import Call, Case, Draw, by_rank, torch_pads

if TYPE_CHECKING:
    from collections.abc import Callable


def upsample(d: Draw) -> Case:
    mode, shape = d.of("nearest", "linear"), d.shape()
    a: dict[str, Any] = {"mode": mode}
    name = "nearest" if mode == "nearest" else ["linear", "bilinear", "trilinear"][d.rank - 1]
    keywords: dict[str, Any] = {"mode": name}
    if mode == "linear":
        a["align_corners"] = keywords["align_corners"] = d.of(True, False)
    shapes = [shape]
    how = d.of("scale", "size", "like")
    if how == "scale":
        a["scale"] = d.axes(1, 3)
        keywords["scale_factor"] = tuple(map(float, a["scale"]))
    else:
        size = d.axes(3, 16)
        keywords["size"] = tuple(size)
        a[how] = size if how == "size" else "skip"
        shapes += [(2, *size)] if how == "like" else []
    return Case(Call(lambda x, *_: F.interpolate(x, **keywords)), shapes, a)


def pad(d: Draw) -> Case:
    shape = d.shape()
    mode = d.of("zeros", "reflect", "replicate")
    sides = [(d.integer(0, 3), d.integer(0, 3)) for _ in range(d.rank)]
    a: dict[str, Any] = {"padding": sides, "mode": mode}
    word = "constant" if mode == "zeros" else mode
    channels = [0, 0]
    if d.of(True, False):
        a["channels"] = channels = [d.integer(0, 3), d.integer(0, 3)]

    def call(x: torch.Tensor) -> torch.Tensor:
        x = F.pad(x, torch_pads(sides), mode=word)
        return F.pad(x, [*[0] * 2 * d.rank, *channels])

    # Reflect and replicate padding have gradients where zeros have none.
    return Case(Call(call), [shape], a, mode == "zeros")


def crop(d: Draw) -> Case:
    sides = [(d.integer(0, 2), d.integer(0, 2)) for _ in range(d.rank)]
    module = Call(lambda x: F.pad(x, [-p for p in torch_pads(sides)]))
    return Case(module, [d.shape()], {"cropping": sides})


def batchnorm(d: Draw) -> Case:
    a = {"affine": d.of(True, False), "track": d.of(True, False)}
    cls = by_rank(d.rank, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    shape = d.shape()
    module = cls(shape[0], affine=a["affine"], track_running_stats=a["track"])
    return Case(module, [shape], a)


def lrn(d: Draw) -> Case:
    size = d.integer(1, 5)
    return Case(nn.LocalResponseNorm(size), [d.shape()], {"size": size})


def layernorm(d: Draw) -> Case:
    shape = d.shape()
    a = {"axes": d.integer(1, d.rank + 1), "affine": d.of(True, False), "bias": d.of(True, False)}
    return Case(nn.LayerNorm(shape[-a["axes"] :], 1e-5, a["affine"], a["bias"]), [shape], a)


def groupnorm(d: Draw) -> Case:
    groups, affine = d.integer(1, 3), d.of(True, False)
    shape = d.shape(groups * d.integer(1, 3))
    module = nn.GroupNorm(groups, shape[0], affine=affine)
    return Case(module, [shape], {"groups": groups, "affine": affine})


def instancenorm(d: Draw) -> Case:
    affine, shape = d.of(True, False), d.shape()
    cls = by_rank(d.rank, nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
    return Case(cls(shape[0], affine=affine), [shape], {"affine": affine})


def layer_scale(d: Draw) -> Case:
    shape = d.shape()
    weight = (shape[0], *[1] * d.rank)
    return Case(Call(torch.mul, {"weight": weight}), [shape], {})


def plain(make: Callable[[], nn.Module], **attributes: Any) -> Callable[[Draw], Case]:
    """A module without parameters, for any shape."""
    return lambda d: Case(make(), [d.any_shape()], attributes)


def prelu(d: Draw) -> Case:
    channels, shape = d.of(True, False), d.any_shape()
    return Case(nn.PReLU(shape[0] if channels else 1), [shape], {"channels": channels})


def softmax(cls: type[nn.Module]) -> Callable[[Draw], Case]:
    def make(d: Draw) -> Case:
        axis = d.of(None, 0, 1, -1)
        return Case(cls((axis or 0) + 1 if axis != -1 else -1), [d.shape(3)],
                    {} if axis is None else {"axis": axis})  # fmt: skip

    return make


def maxout(d: Draw) -> Case:
    pieces = d.integer(1, 4)
    shape = d.shape(pieces * d.integer(1, 3))
    module = Call(lambda x: x.unflatten(1, (-1, pieces)).amax(2))
    return Case(module, [shape], {"pieces": pieces})


def elementwise(function: Callable[..., Any], most: int) -> Callable[[Draw], Case]:
    def make(d: Draw) -> Case:
        shape = d.shape()
        thinner = [tuple(d.of(n, n, 1) for n in shape) for _ in range(d.integer(1, most))]

        def fold(first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
            for other in others:
                first = function(first, other)
            return first

        return Case(Call(fold), [shape, *thinner], {})

    return make


def concat(d: Draw) -> Case:
    axis, shape = d.of(None, 0, 1, -1), d.shape()
    place = 0 if axis is None else axis % len(shape)
    others = [
        tuple(d.integer(1, 4) if i == place else n for i, n in enumerate(shape)) for _ in range(2)
    ]
    module = Call(lambda *x: torch.cat(x, place + 1))
    return Case(module, [shape, *others], {} if axis is None else {"axis": axis})


def split(d: Draw) -> Case:
    sizes = [d.integer(1, 4) for _ in range(3)]
    shape = d.shape(sum(sizes))
    module = Call(lambda x: torch.split(x, sizes, 1))
    return Case(module, [shape], {"into": ["a", "b", "c"], "sizes": sizes})


def slice_(d: Draw) -> Case:
    shape = d.shape(5)
    axis = d.integer(0, d.rank)
    n = shape[axis]
    begin = d.integer(0, n - 1)
    a: dict[str, Any] = {"axis": axis, "begin": begin, "step": d.integer(1, 3)}
    a["end"] = d.integer(begin + 1, n)
    taken = slice(begin, a["end"], a["step"])
    if d.of(True, False):
        a["begin"], a["end"] = a["begin"] - n, a["end"] - n
        if a["end"] == 0:
            del a["end"]
    return Case(Call(lambda x: x[(slice(None),) * (axis + 1) + (taken,)]), [shape], a)


def channel_shuffle(d: Draw) -> Case:
    groups = d.integer(1, 3)
    d.rank = 2
    shape = d.shape(groups * d.integer(1, 3))
    return Case(nn.ChannelShuffle(groups), [shape], {"groups": groups})


def flatten(d: Draw) -> Case:
    start = d.integer(0, d.rank)
    end = d.integer(start, d.rank)
    return Case(nn.Flatten(start + 1, end + 1), [d.shape()], {"start": start, "end": end})


def reshape(d: Draw) -> Case:
    new = d.of((2, 3, 4, 6), (6, 4, -1), (-1,), (24, 6), (3, -1, 6), (6, 2, 2, 6))
    return Case(Call(lambda x: x.reshape(len(x), *new)), [(6, 4, 6)], {"shape": new})


def permute(d: Draw) -> Case:
    shape = d.shape()
    order = d.data.draw(st.permutations(range(d.rank + 1)))
    module = Call(lambda x: x.permute(0, *[i + 1 for i in order]))
    return Case(module, [shape], {"order": order})


def pixels(cls: type[nn.Module], *, down: bool) -> Callable[[Draw], Case]:
    def make(d: Draw) -> Case:
        d.rank, factor = 2, d.integer(1, 3)
        channels = d.integer(1, 3)
        sides = d.shape(channels)[1:]
        shape = (channels, *(n * factor for n in sides)) if down else (channels * factor**2, *sides)
        return Case(cls(factor), [shape], {"factor": factor})  # type: ignore[call-arg]

    return make


def l2_norm(d: Draw) -> Case:
    shape = d.shape()
    ones = (-1, *[1] * d.rank)
    module = Call(lambda x, w: F.normalize(x, dim=1) * w.view(ones), {"weight": shape[:1]})
    return Case(module, [shape], {}, False)  # its gradients cancel


def parameter(d: Draw) -> Case:
    shape = d.shape()
    batch = d.of(True, False)
    module = Bare(lambda x, w: w.expand(len(x), *shape), {"own": (1, *shape) if batch else shape})
    return Case(module, [shape], {"shape": shape, "batch": batch}, False)


class Bare(Call):
    """A module whose parameter is its caller's: it has no name after the path."""

    def state_dict(self, *_: Any, **__: Any) -> dict[str, Any]:  # type: ignore[override]
        return {"": self.own}


class SelfAttention(nn.MultiheadAttention):
    """PyTorch's own, of a tensor to itself."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return super().forward(x, x, x, need_weights=False)[0]


def attention(d: Draw) -> Case:
    heads = d.integer(1, 3)
    n, channels, bias = d.integer(1, 6), heads * d.integer(1, 3), d.of(True, False)
    module = SelfAttention(channels, heads, bias=bias, batch_first=True)
    tokens = Tensor((n, channels), (None, CHANNELS))
    return Case(module, [tokens], {"heads": heads, "bias": bias}, False)  # type: ignore[list-item]


def opaque(d: Draw) -> Case:
    shape, out = d.shape(), d.integer(1, 4)
    cls = by_rank(d.rank, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    a: dict[str, Any] = {
        "class": "torch.nn.Conv2d",
        "output": [out, *["same"] * d.rank],
        "weights": [["weight", [out, shape[0], *[1] * d.rank]], ["bias", [out]]],
    }
    return Case(cls(shape[0], out, 1), [shape], a, False)


CASES: dict[str, Callable[[Draw], Case]] = {
    "conv": layers.conv,
    "depthwise_conv": layers.depthwise_conv,
    "conv_transpose": layers.conv_transpose,
    "linear": layers.linear,
    "rbf": layers.rbf,
    "maxpool": layers.maxpool,
    "avgpool": layers.avgpool,
    "global_avgpool": layers.global_avgpool,
    "global_maxpool": layers.global_maxpool,
    "adaptive_avgpool": layers.adaptive_avgpool,
    "subsample": layers.subsample,
    "mean": layers.mean,
    "upsample": upsample,
    "pixel_shuffle": pixels(nn.PixelShuffle, down=False),
    "pixel_unshuffle": pixels(nn.PixelUnshuffle, down=True),
    "pad": pad,
    "crop": crop,
    "batchnorm": batchnorm,
    "lrn": lrn,
    "layernorm": layernorm,
    "groupnorm": groupnorm,
    "instancenorm": instancenorm,
    "l2_norm": l2_norm,
    "dropout": plain(nn.Dropout),
    "drop_path": plain(nn.Identity, p=0.1),
    "layer_scale": layer_scale,
    "relu": plain(nn.ReLU),
    "relu6": plain(nn.ReLU6),
    "leaky_relu": plain(lambda: nn.LeakyReLU(0.2), slope=0.2),
    "prelu": prelu,
    "rrelu": plain(nn.RReLU),
    "elu": plain(nn.ELU),
    "selu": plain(nn.SELU),
    "gelu": plain(lambda: nn.GELU("tanh"), approximate="tanh"),
    "silu": plain(nn.SiLU),
    "mish": plain(nn.Mish),
    "softplus": plain(nn.Softplus),
    "hardswish": plain(nn.Hardswish),
    "hardsigmoid": plain(nn.Hardsigmoid),
    "hardtanh": plain(nn.Hardtanh),
    "sigmoid": plain(nn.Sigmoid),
    "tanh": plain(nn.Tanh),
    "softmax": softmax(nn.Softmax),
    "log_softmax": softmax(nn.LogSoftmax),
    "maxout": maxout,
    "add": elementwise(torch.add, 3),
    "sub": elementwise(torch.sub, 1),
    "mul": elementwise(torch.mul, 3),
    "concat": concat,
    "split": split,
    "slice": slice_,
    "channel_shuffle": channel_shuffle,
    "flatten": flatten,
    "reshape": reshape,
    "permute": permute,
    "identity": plain(nn.Identity),
    "scale": plain(lambda: Call(lambda x: 0.17 * x), factor=0.17),
    "abs": plain(lambda: Call(torch.abs)),
    "attention": attention,
    "parameter": parameter,
    "opaque": opaque,
}
