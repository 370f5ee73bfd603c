"""All operations, in the order of the guide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.activation import ACTIVATIONS
from archcalc.ops.channels import LogSoftmax, Maxout, Softmax
from archcalc.ops.conv import Conv, DepthwiseConv
from archcalc.ops.join import Add, Concat, Mul, Sub
from archcalc.ops.linear import Linear, Rbf
from archcalc.ops.norm import BatchNorm, GroupNorm, InstanceNorm, L2Norm, LayerNorm, Lrn
from archcalc.ops.opaque import Opaque
from archcalc.ops.pixels import PixelShuffle, PixelUnshuffle
from archcalc.ops.pool import AvgPool, MaxPool, Subsample
from archcalc.ops.reduce import AdaptiveAvgPool, GlobalAvgPool, GlobalMaxPool, Mean
from archcalc.ops.regular import Dropout, DropPath, LayerScale
from archcalc.ops.resize import Crop, Pad
from archcalc.ops.shape import Flatten, Identity, Permute, Reshape
from archcalc.ops.slicing import ChannelShuffle, Slice, Split
from archcalc.ops.tokens import Attention, Parameter
from archcalc.ops.transpose import ConvTranspose
from archcalc.ops.upsample import Upsample
from archcalc.ops.values import Abs, Scale

if TYPE_CHECKING:
    from archcalc.ops.base import Operation

ALL: tuple[Operation, ...] = (
    Conv(),
    DepthwiseConv(),
    ConvTranspose(),
    Linear(),
    Rbf(),
    MaxPool(),
    AvgPool(),
    GlobalAvgPool(),
    GlobalMaxPool(),
    AdaptiveAvgPool(),
    Subsample(),
    Mean(),
    Upsample(),
    PixelShuffle(),
    PixelUnshuffle(),
    Pad(),
    Crop(),
    BatchNorm(),
    Lrn(),
    LayerNorm(),
    GroupNorm(),
    InstanceNorm(),
    L2Norm(),
    Dropout(),
    DropPath(),
    LayerScale(),
    *ACTIVATIONS,
    Softmax(),
    LogSoftmax(),
    Maxout(),
    Add(),
    Sub(),
    Mul(),
    Concat(),
    Split(),
    Slice(),
    ChannelShuffle(),
    Flatten(),
    Reshape(),
    Permute(),
    Identity(),
    Scale(),
    Abs(),
    Attention(),
    Parameter(),
    Opaque(),
)

OPERATIONS: dict[str, Operation] = {op.name: op for op in ALL}
"""Every operation by its name."""
