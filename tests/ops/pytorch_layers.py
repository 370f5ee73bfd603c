"""Random layers that slide windows or reduce axes, and fully connected ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

pytest.importorskip("torch", reason="PyTorch is not installed")

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # PyTorch's own habit

from archcalc.ops.sliding import windows
from tests.ops.pytorch_draw import Call, Case, Draw, by_rank, torch_pads


def draw_padding(d: Draw, sides: tuple[int, ...], a: dict[str, Any]) -> list[tuple[int, int]]:
    """Draws the padding into the attributes; returns the amounts per end."""
    kind = d.of("numbers", "sides", "valid", "same", "same_lower", "full")
    if kind == "numbers":
        a["padding"] = d.axes(0, 2)
        return [(p, p) for p in a["padding"]]
    if kind == "sides":
        a["padding"] = [[d.integer(0, 2), d.integer(0, 2)] for _ in sides]
        return [(b, e) for b, e in a["padding"]]
    a["padding"] = kind
    stride, dilation = a.get("stride", (1,) * d.rank), a.get("dilation", (1,) * d.rank)
    found = windows(sides, tuple(a["kernel"]), tuple(stride), kind, tuple(dilation))
    return [(w.begin, w.end) for w in found]


def padded(pads: list[tuple[int, int]], module: nn.Module) -> nn.Module:
    """The module after explicit padding, with its state_dict unchanged."""
    inner = module.forward
    module.forward = lambda x: inner(F.pad(x, torch_pads(pads)))  # type: ignore[method-assign]  # it is wrapped
    return module


def conv(d: Draw) -> Case:
    groups = d.of(1, 1, 2, 3)
    shape = d.shape(groups * d.integer(1, 2), low=9, high=12)
    a: dict[str, Any] = {"out": groups * d.integer(1, 3), "kernel": d.axes(1, 3)}
    a |= {"stride": d.axes(1, 3), "dilation": d.axes(1, 2), "groups": groups}
    a["bias"] = d.of(True, False)
    pads = draw_padding(d, shape[1:], a)
    cls = by_rank(d.rank, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    module = cls(shape[0], a["out"], a["kernel"], a["stride"], 0, a["dilation"], groups, a["bias"])
    return Case(padded(pads, module), [shape], a)


def depthwise_conv(d: Draw) -> Case:
    shape = d.shape(low=9, high=12)
    a: dict[str, Any] = {"kernel": d.axes(1, 3), "multiplier": d.integer(1, 3)}
    a |= {"stride": d.axes(1, 3), "dilation": d.axes(1, 2), "bias": d.of(True, False)}
    pads = draw_padding(d, shape[1:], a)
    cls = by_rank(d.rank, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    out = a["multiplier"] * shape[0]
    module = cls(shape[0], out, a["kernel"], a["stride"], 0, a["dilation"], shape[0], a["bias"])
    return Case(padded(pads, module), [shape], a)


def conv_transpose(d: Draw) -> Case:
    groups = d.of(1, 1, 2)
    a: dict[str, Any] = {"out": groups * d.integer(1, 3), "kernel": d.axes(2, 4)}
    a |= {"stride": d.axes(1, 4), "dilation": d.axes(1, 3), "groups": groups}
    a |= {"padding": d.axes(0, 2), "bias": d.of(True, False)}
    pairs = zip(a["stride"], a["dilation"], strict=True)
    a["output_padding"] = [d.integer(0, max(s, dil) - 1) for s, dil in pairs]
    shape = d.shape(groups * d.integer(1, 2))
    cls = by_rank(d.rank, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    module = cls(
        shape[0], a["out"], a["kernel"], a["stride"], a["padding"], a["output_padding"],
        groups, a["bias"], a["dilation"],
    )  # fmt: skip
    return Case(module, [shape], a)


def linear(d: Draw) -> Case:
    a = {"out": d.integer(1, 9), "bias": d.of(True, False)}
    shape = d.of((7,), (3, 8))
    return Case(nn.Linear(shape[-1], a["out"], a["bias"]), [shape], a)


def rbf(d: Draw) -> Case:
    out, trainable = d.integer(1, 9), d.of(True, False)
    weight = {"weight": (out, 7)}
    module = Call(
        lambda x, w: (x.unsqueeze(-2) - w).square().sum(-1),
        weight if trainable else None,
        None if trainable else weight,
    )
    return Case(module, [(7,)], {"out": out, "trainable": trainable})


def pooling(d: Draw, a: dict[str, Any]) -> None:
    a |= {"kernel": d.axes(2, 3), "stride": d.axes(1, 4), "ceil": d.of(True, False)}
    a["padding"] = [d.integer(0, k // 2) for k in a["kernel"]]


def maxpool(d: Draw) -> Case:
    a: dict[str, Any] = {"dilation": d.axes(1, 2)}
    pooling(d, a)
    cls = by_rank(d.rank, nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
    module = cls(a["kernel"], a["stride"], a["padding"], a["dilation"], ceil_mode=a["ceil"])
    return Case(module, [d.shape()], a)


def avgpool(d: Draw) -> Case:
    a: dict[str, Any] = {"count_include_pad": d.of(True, False)}
    pooling(d, a)
    cls = by_rank(d.rank, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
    include = a["count_include_pad"]
    return Case(cls(a["kernel"], a["stride"], a["padding"], a["ceil"], include), [d.shape()], a)


def global_avgpool(d: Draw) -> Case:
    cls = by_rank(d.rank, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
    return Case(cls(1), [d.shape()], {})


def global_maxpool(d: Draw) -> Case:
    cls = by_rank(d.rank, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)
    return Case(cls(1), [d.shape()], {})


def adaptive_avgpool(d: Draw) -> Case:
    cls = by_rank(d.rank, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
    out = d.axes(1, 11)
    return Case(cls(tuple(out) if d.rank > 1 else out[0]), [d.shape()], {"output": out})


def subsample(d: Draw) -> Case:
    shape, kernel = d.shape(), d.axes(1, 3)
    pool = by_rank(d.rank, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)(kernel)
    cells = torch.tensor(kernel).prod()
    ones = (-1, *[1] * d.rank)
    module = Call(
        lambda x, w, b: pool(x) * cells * w.view(ones) + b.view(ones),
        {"weight": shape[:1], "bias": shape[:1]},
    )
    return Case(module, [shape], {"kernel": kernel})


def mean(d: Draw) -> Case:
    shape = d.shape()
    axes = d.data.draw(st.lists(st.integers(0, d.rank), min_size=1, max_size=d.rank, unique=True))
    keep = d.of(True, False)
    module = Call(lambda x: x.mean([i + 1 for i in axes], keepdim=keep))
    return Case(module, [shape], {"axes": axes, "keepdim": keep})
