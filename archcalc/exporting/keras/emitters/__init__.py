"""How Keras writes every operation: one table, the only place that knows both vocabularies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.keras.emitters.activation import ACTIVATIONS
from archcalc.exporting.keras.emitters.conv import conv, depthwise_conv
from archcalc.exporting.keras.emitters.linear import linear, rbf
from archcalc.exporting.keras.emitters.norm import (
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
from archcalc.exporting.keras.emitters.pool import (
    adaptive_avgpool,
    avgpool,
    global_avgpool,
    global_maxpool,
    maxpool,
    mean,
    subsample,
)
from archcalc.exporting.keras.emitters.resize import crop, pad, upsample
from archcalc.exporting.keras.emitters.shape import (
    channel_shuffle,
    flatten,
    identity,
    opaque,
    permute,
    pixel_shuffle,
    pixel_unshuffle,
    reshape,
    slice_,
    split,
    tokens,
)
from archcalc.exporting.keras.emitters.transpose import conv_transpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.exporting.keras.op_context import OpContext, Steps

EMITTERS: dict[str, Callable[[OpContext], Steps]] = {
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
    "pad": pad,
    "crop": crop,
    "batchnorm": batchnorm,
    "lrn": lrn,
    "layernorm": layernorm,
    "groupnorm": groupnorm,
    "instancenorm": instancenorm,
    "dropout": dropout,
    "drop_path": drop_path,
    "layer_scale": layer_scale,
    "l2_norm": l2_norm,
    **ACTIVATIONS,
    "split": split,
    "slice": slice_,
    "channel_shuffle": channel_shuffle,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "flatten": flatten,
    "reshape": reshape,
    "permute": permute,
    "identity": identity,
    "attention": tokens,
    "parameter": tokens,
    "opaque": opaque,
}
"""Joins are not among them: see `joins.py`."""
