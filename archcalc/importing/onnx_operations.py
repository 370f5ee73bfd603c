"""ONNX's operators as PyTorch's functions: one conversion function per operator.

The results are then converted like the calls of a PyTorch model, so that the definition of an
operation is in one place (`torch_operations.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Made = tuple[str, dict[str, Any]]
"""The function and its arguments; "" if the operator is the identity."""


class Unreadable(Exception):
    """A node that cannot be read, with the reason."""


def _pads(node: Any, axes: int) -> Any:
    """Padding as a number, or [begin, end] per axis, or a word for automatic padding."""
    word = node.attribute("auto_pad", "NOTSET")
    if word in ("SAME_UPPER", "SAME_LOWER"):
        return word.lower()
    pads = node.attribute("pads") or [0] * (2 * axes)
    pairs = list(zip(pads[:axes], pads[axes:], strict=True))
    if all(begin == end for begin, end in pairs):
        return tuple(begin for begin, _ in pairs)
    return [list(pair) for pair in pairs]


def _conv(node: Any) -> Made:
    shape = node.shape(1)
    axes = len(shape) - 2
    return "conv2d", {
        "input": node.value(0),
        **node.weights({"weight": 1, "bias": 2}),
        "stride": tuple(node.attribute("strides") or [1] * axes),
        "padding": _pads(node, axes),
        "dilation": tuple(node.attribute("dilations") or [1] * axes),
        "groups": node.attribute("group", 1),
    }


def _conv_transpose(node: Any) -> Made:
    axes = len(node.shape(1)) - 2
    if node.attribute("output_shape"):
        raise Unreadable("a transposed convolution with an output shape")
    return "conv_transpose2d", {
        "input": node.value(0),
        **node.weights({"weight": 1, "bias": 2}),
        "stride": tuple(node.attribute("strides") or [1] * axes),
        "padding": _pads(node, axes),
        "output_padding": tuple(node.attribute("output_padding") or [0] * axes),
        "dilation": tuple(node.attribute("dilations") or [1] * axes),
        "groups": node.attribute("group", 1),
    }


def _gemm(node: Any) -> Made:
    scaled = node.attribute("alpha", 1.0) != 1.0 or node.attribute("beta", 1.0) != 1.0
    if node.attribute("transA", 0) or scaled:
        raise Unreadable("a Gemm that is not a linear layer")
    return _dense(node, transposed=bool(node.attribute("transB", 0)))


def _matmul(node: Any) -> Made:
    if node.flows(1):
        raise Unreadable("a product of two computed tensors")
    return _dense(node, transposed=False)


def _dense(node: Any, *, transposed: bool) -> Made:
    found = node.weights({"weight": 1, "bias": 2} if node.has(2) else {"weight": 1})
    weight = found["weight"]
    shape = weight.shape if transposed else weight.shape[::-1]
    weight = type(weight)(weight.key, shape)
    node.replace(1, weight)
    return "linear", {"input": node.value(0), "weight": weight, "bias": found.get("bias")}


def _batch_norm(node: Any) -> Made:
    roles = {"weight": 1, "bias": 2, "running_mean": 3, "running_var": 4}
    # ONNX's momentum is the weight of the running mean, PyTorch's that of the batch.
    momentum = round(1 - node.attribute("momentum", 0.9), 6)
    eps = float(f"{node.attribute('epsilon', 1e-5):.6g}")
    return "batch_norm", {
        "input": node.value(0), **node.weights(roles), "momentum": momentum, "eps": eps,
    }  # fmt: skip


def _pool(function: str) -> Callable[[Any], Made]:
    def make(node: Any) -> Made:
        kernel = tuple(node.attribute("kernel_shape"))
        arguments = {
            "input": node.value(0),
            "kernel_size": kernel,
            "stride": tuple(node.attribute("strides") or [1] * len(kernel)),
            "padding": _pads(node, len(kernel)),
            "ceil_mode": bool(node.attribute("ceil_mode", 0)),
        }
        if function == "max_pool2d":
            arguments["dilation"] = tuple(node.attribute("dilations") or [1] * len(kernel))
        else:
            arguments["count_include_pad"] = bool(node.attribute("count_include_pad", 0))
        return function, arguments

    return make


def _global(function: str) -> Callable[[Any], Made]:
    return lambda node: (function, {"input": node.value(0), "output_size": 1})


def _lrn(node: Any) -> Made:
    return "local_response_norm", {
        "input": node.value(0),
        "size": node.attribute("size"),
        "alpha": float(f"{node.attribute('alpha', 1e-4):.6g}"),
        "beta": float(f"{node.attribute('beta', 0.75):.6g}"),
        "k": float(f"{node.attribute('bias', 1.0):.6g}"),
    }


def _instance_norm(node: Any) -> Made:
    found = node.weights({"weight": 1, "bias": 2})
    eps = float(f"{node.attribute('epsilon', 1e-5):.6g}")
    return "instance_norm", {"input": node.value(0), **found, "eps": eps}


def _layer_norm(node: Any) -> Made:
    found = node.weights({"weight": 1, "bias": 2} if node.has(2) else {"weight": 1})
    eps = float(f"{node.attribute('epsilon', 1e-5):.6g}")
    shape = found["weight"].shape
    axes = len(node.value(0).shape) + 1
    if node.attribute("axis", -1) % axes != axes - len(shape):
        raise Unreadable("a LayerNormalization over other axes than its weight has")
    return "layer_norm", {
        "input": node.value(0), "normalized_shape": shape, "bias": None, **found, "eps": eps,
    }  # fmt: skip


def _prelu(node: Any) -> Made:
    found = node.weights({"weight": 1})
    weight = found["weight"]
    flat = type(weight)(weight.key, (max(weight.shape, default=1),))
    node.replace(1, flat)
    return "prelu", {"input": node.value(0), "weight": flat}


def _plain(function: str) -> Callable[[Any], Made]:
    return lambda node: (function, {"input": node.value(0)})


def _passed_on(node: Any) -> Made:
    return "", {"input": node.value(0)}


def _dropout(node: Any) -> Made:
    ratio = node.attribute("ratio", 0.5)
    if node.has(1):
        ratio = node.numbers(1)
    return "dropout", {"input": node.value(0), "p": float(f"{ratio:.6g}")}


def _join(function: str) -> Callable[[Any], Made]:
    def make(node: Any) -> Made:
        if all(node.flows(i) for i in range(node.count)):
            return function, {str(i): node.value(i) for i in range(node.count)}
        flowing = next(i for i in range(node.count) if node.flows(i))
        other = node.numbers(1 - flowing) if node.count == 2 else None
        number = other[0] if isinstance(other, list) and len(other) == 1 else other
        if not isinstance(number, int | float):
            raise Unreadable(f"{node.operator} with a constant tensor")
        return function, {"input": node.value(flowing), "other": number}

    return make


def _concat(node: Any) -> Made:
    parts = tuple(node.value(i) for i in range(node.count))
    return "cat", {"tensors": parts, "dim": node.attribute("axis", 1)}


def _reshape(node: Any) -> Made:
    return "reshape", {"input": node.value(0)}


def _flatten(node: Any) -> Made:
    if node.attribute("axis", 1) != 1:
        raise Unreadable("a Flatten that merges the batch")
    return "flatten", {"input": node.value(0), "start_dim": 1}


def _transpose(node: Any) -> Made:
    axes = len(node.value(0).shape) + 1
    order = node.attribute("perm") or list(range(axes))[::-1]
    return "permute", {"input": node.value(0), "dims": tuple(order)}


def _mean(node: Any) -> Made:
    axes = node.attribute("axes") or node.numbers(1)
    if not axes:  # ONNX's default is all axes
        raise Unreadable("a ReduceMean that merges the batch")
    keep = bool(node.attribute("keepdims", 1))
    return "mean", {"input": node.value(0), "dim": tuple(axes), "keepdim": keep}


def _softmax(function: str) -> Callable[[Any], Made]:
    def make(node: Any) -> Made:
        axes = len(node.value(0).shape) + 1
        # Before opset 13 the default is 1, and the axes from it on are merged.
        axis = node.attribute("axis", 1 if axes == 2 else -1)
        if node.opset < 13 and axis % axes != axes - 1:
            raise Unreadable("a softmax over several axes at once, as before opset 13")
        return function, {"input": node.value(0), "dim": axis}

    return make


def _pad(node: Any) -> Made:
    pads = node.attribute("pads") or node.numbers(1)
    axes = len(pads) // 2
    pairs = [(pads[i], pads[axes + i]) for i in range(axes)]
    if any(pairs[0]):
        raise Unreadable("padding of the batch")
    flat = [side for pair in pairs[:0:-1] for side in pair]
    mode = {"edge": "replicate"}.get(node.attribute("mode", "constant"), node.attribute("mode"))
    value = node.attribute("value", 0) or (node.numbers(2) if node.has(2) else 0) or 0
    return "pad", {
        "input": node.value(0), "pad": tuple(flat), "mode": mode or "constant", "value": value,
    }  # fmt: skip


COORDINATES = {
    "nearest": ("asymmetric",),
    "bilinear": ("half_pixel", "pytorch_half_pixel", "align_corners"),
}
"""How PyTorch finds the position of an output in the input, in ONNX's words."""


def _resize(node: Any) -> Made:
    mode = {"nearest": "nearest", "linear": "bilinear"}.get(node.attribute("mode", "nearest"))
    default = "asymmetric" if node.operator == "Upsample" else "half_pixel"
    where = node.attribute("coordinate_transformation_mode", default)
    if where not in COORDINATES.get(mode or "", ()):
        raise Unreadable(f"{node.operator} of mode {mode} with {where} coordinates")
    corners = where == "align_corners"
    return "interpolate", {
        "input": node.value(0), "mode": mode or "cubic", "align_corners": corners,
    }  # fmt: skip


def _clip(node: Any) -> Made:
    low, high = node.attribute("min"), node.attribute("max")
    if node.has(1) or node.has(2):
        low, high = node.numbers(1), node.numbers(2)
    if low is None or high is None:
        raise Unreadable("a Clip with one bound")
    return "hardtanh", {"input": node.value(0), "min_val": low, "max_val": high}


def _leaky_relu(node: Any) -> Made:
    slope = float(f"{node.attribute('alpha', 0.01):.6g}")
    return "leaky_relu", {"input": node.value(0), "negative_slope": slope}


def _elu(node: Any) -> Made:
    return "elu", {"input": node.value(0), "alpha": float(f"{node.attribute('alpha', 1.0):.6g}")}


def _split(node: Any) -> Made:
    return "split", {"input": node.value(0), "dim": node.attribute("axis", 0)}


def _slice(node: Any) -> Made:
    begins = node.attribute("starts") or node.numbers(1)
    ends = node.attribute("ends") or node.numbers(2)
    axes = node.attribute("axes") or (node.numbers(3) if node.has(3) else list(range(len(begins))))
    steps = node.numbers(4) if node.has(4) else [1] * len(begins)
    key = [slice(None)] * (len(node.value(0).shape) + 1)
    for begin, end, axis, step in zip(begins, ends, axes, steps, strict=True):
        key[axis] = slice(begin, end, step)
    return "__getitem__", {"input": node.value(0), "key": tuple(key)}


CALLS: dict[str, Callable[[Any], Made]] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "BatchNormalization": _batch_norm,
    "InstanceNormalization": _instance_norm,
    "LayerNormalization": _layer_norm,
    "LRN": _lrn,
    "MaxPool": _pool("max_pool2d"),
    "AveragePool": _pool("avg_pool2d"),
    "GlobalAveragePool": _global("adaptive_avg_pool2d"),
    "GlobalMaxPool": _global("adaptive_max_pool2d"),
    "ReduceMean": _mean,
    "Dropout": _dropout,
    "Identity": _passed_on,
    "Cast": _passed_on,
    "Relu": _plain("relu"),
    "Sigmoid": _plain("sigmoid"),
    "Tanh": _plain("tanh"),
    "Abs": _plain("abs"),
    "HardSwish": _plain("hardswish"),
    "HardSigmoid": _plain("hardsigmoid"),
    "Softplus": _plain("softplus"),
    "Selu": _plain("selu"),
    "Mish": _plain("mish"),
    "Gelu": _plain("gelu"),
    "Clip": _clip,
    "LeakyRelu": _leaky_relu,
    "Elu": _elu,
    "PRelu": _prelu,
    "Softmax": _softmax("softmax"),
    "LogSoftmax": _softmax("log_softmax"),
    "Add": _join("add"),
    "Sum": _join("add"),
    "Sub": _join("sub"),
    "Mul": _join("mul"),
    "Concat": _concat,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _reshape,
    "Unsqueeze": _reshape,
    "Transpose": _transpose,
    "Pad": _pad,
    "Resize": _resize,
    "Upsample": _resize,
    "Split": _split,
    "Slice": _slice,
}
