"""How PyTorch writes every operation: one table, the only place that knows both vocabularies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.pytorch.emitters.activation import ACTIVATIONS
from archcalc.codegen.pytorch.emitters.conv import conv, conv_transpose, depthwise_conv
from archcalc.codegen.pytorch.emitters.linear import linear, rbf
from archcalc.codegen.pytorch.emitters.norm import (
    batchnorm,
    drop_path,
    dropout,
    groupnorm,
    instancenorm,
    l2_norm,
    layer_scale,
    layernorm,
    lrn,
)
from archcalc.codegen.pytorch.emitters.opaque import opaque
from archcalc.codegen.pytorch.emitters.pool import (
    adaptive_avgpool,
    avgpool,
    global_avgpool,
    global_maxpool,
    maxpool,
    mean,
    subsample,
)
from archcalc.codegen.pytorch.emitters.resize import (
    crop,
    pad,
    pixel_shuffle,
    pixel_unshuffle,
    upsample,
)
from archcalc.codegen.pytorch.emitters.shape import (
    channel_shuffle,
    flatten,
    identity,
    permute,
    reshape,
    slice_,
    split,
)
from archcalc.codegen.pytorch.emitters.tokens import attention, parameter

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.pytorch.emitted import Emitted, OpContext

EMITTERS: dict[str, Callable[[OpContext], Emitted]] = {
    "conv": conv,
    "depthwise_conv": depthwise_conv,
    "conv_transpose": conv_transpose,
    "linear": linear,
    "rbf": rbf,
    "maxpool": maxpool,
    "avgpool": avgpool,
    "global_avgpool": global_avgpool,
    "global_maxpool": global_maxpool,
    "adaptive_avgpool": adaptive_avgpool,
    "subsample": subsample,
    "mean": mean,
    "upsample": upsample,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "pad": pad,
    "crop": crop,
    "batchnorm": batchnorm,
    "lrn": lrn,
    "layernorm": layernorm,
    "groupnorm": groupnorm,
    "instancenorm": instancenorm,
    "l2_norm": l2_norm,
    "dropout": dropout,
    "drop_path": drop_path,
    "layer_scale": layer_scale,
    **ACTIVATIONS,
    "split": split,
    "slice": slice_,
    "channel_shuffle": channel_shuffle,
    "flatten": flatten,
    "reshape": reshape,
    "permute": permute,
    "identity": identity,
    "attention": attention,
    "parameter": parameter,
    "opaque": opaque,
}

JOINS = ("add", "sub", "mul", "concat")
"""Joins are written by the forward pass itself: see `joins.py`."""
