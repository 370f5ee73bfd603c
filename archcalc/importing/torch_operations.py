"""PyTorch's functions as archcalc's operations: one converter per function.

A converter reads the arguments of a recorded call and returns `Converted` steps; several if one
function corresponds to two operations. A call without a counterpart raises `Unsupported`.
"""

from __future__ import annotations

from math import inf, prod
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.importing.graph import Call, Value, Weight

if TYPE_CHECKING:
    from collections.abc import Callable


class Unsupported(Exception):
    """A call that no operation of the language can express, with the reason."""


class Converted(NamedTuple):
    """An operation with its attributes. `prefix` is the key of its weights without their last
    component, None if it has none; `reference` the tensor that a `like` names."""

    word: str
    attributes: dict[str, Any]
    prefix: str | None = None
    reference: Value | None = None


JOINS = {
    "add": "add", "add_": "add", "__iadd__": "add", "__add__": "add", "__radd__": "add",
    "sub": "sub", "sub_": "sub", "mul": "mul", "mul_": "mul", "__imul__": "mul",
    "cat": "concat", "concat": "concat", "concatenate": "concat",
}  # fmt: skip
"""Functions of several tensors that are joins, if none of them is constant."""

LOWEST_PAD = "pad -inf"
"""Padding with -inf: the padding of a maximum pooling after it, otherwise unsupported."""

SIGNATURES = {
    "conv": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
    "conv_transpose": (
        "input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation",
    ),
    "linear": ("input", "weight", "bias"),
    "avg_pool": (
        "input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad",
        "divisor_override",
    ),
    "max_pool": ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "flatten": ("input", "start_dim", "end_dim"),
    "mean": ("input", "dim", "keepdim"),
    "softmax": ("input", "dim"),
    "transpose": ("input", "dim0", "dim1"),
    "swapaxes": ("input", "dim0", "dim1"),
    "gelu": ("input", "approximate"),
    "leaky_relu": ("input", "negative_slope"),
    "elu": ("input", "alpha"),
    "prelu": ("input", "weight"),
    "adaptive_avg_pool": ("input", "output_size"),
    "chunk": ("input", "chunks", "dim"),
    "split": ("input", "split_size_or_sections", "dim"),
    "cat": ("tensors", "dim"),
    "pixel_shuffle": ("input", "upscale_factor"),
}  # fmt: skip
"""The arguments of functions without an introspectable signature."""


def convert(call: Call) -> list[Converted]:
    """The operations for a call with one tensor of the forward pass. Raises `Unsupported`."""
    base = call.function.rstrip("_")
    for suffix in ("1d", "2d", "3d"):
        base = base.removesuffix(suffix)
    converter = CONVERTERS.get(base)
    if converter is None:
        raise Unsupported(f"`{call.function}` has no counterpart")
    return converter(_Arguments(call, SIGNATURES.get(base, ())))


class _Arguments:
    """A call's arguments by name, with the shapes of its input and output."""

    def __init__(self, call: Call, signature: tuple[str, ...]) -> None:
        self.call = call
        self.input = call.inputs[0]
        self.output = call.outputs[0]
        self.named = {
            signature[int(name)] if name.isdecimal() and int(name) < len(signature) else name: value
            for name, value in call.arguments.items()
        }

    def __getitem__(self, name: str) -> Any:
        return self.named[name]

    def get(self, name: str, default: Any = None) -> Any:
        found = self.named.get(name, default)
        return default if found is None else found

    @property
    def rank(self) -> int:
        """The number of spatial axes."""
        return len(self.input.shape) - 1

    def positional(self) -> list[Any]:
        """The sizes in `x.view(…)`, as one list."""
        rest = [v for v in list(self.call.arguments.values())[1:] if not isinstance(v, Value)]
        return list(rest[0]) if len(rest) == 1 and isinstance(rest[0], tuple) else rest

    def axis(self, given: int) -> int:
        """An axis without the batch. Raises `Unsupported` for the batch axis."""
        axes = len(self.input.shape) + 1
        axis = given % axes
        if axis == 0:
            raise Unsupported(f"`{self.call.function}` along the batch")
        return axis - 1

    def weight(self, name: str, last: str) -> tuple[str, tuple[int, ...]] | None:
        """The prefix and shape of a weight whose key must end in `last`."""
        found = self.named.get(name)
        if found is None:
            return None
        if not isinstance(found, Weight):
            raise Unsupported(f"the {name} of `{self.call.function}` is computed")
        prefix, _, own = found.key.rpartition(".")
        if own != last:
            raise Unsupported(f"the {last} of `{self.call.function}` is `{found.key}`")
        return prefix, found.shape


def _one(value: Any) -> Any:
    """A number for all axes if they agree, else a list with one per axis."""
    if isinstance(value, list | tuple):
        items = list(value)
        alike = all(item == items[0] for item in items) and not isinstance(items[0], list)
        return items[0] if alike else items
    return value


def _unless(**pairs: tuple[Any, Any]) -> dict[str, Any]:
    """The attributes whose value differs from the given default."""
    return {name: value for name, (value, default) in pairs.items() if value != default}


def _padding(value: Any) -> Any:
    return {"valid": 0}.get(value, value) if isinstance(value, str) else _one(value)


def _conv(a: _Arguments) -> list[Converted]:
    weight = a.weight("weight", "weight")
    if weight is None:
        raise Unsupported("the convolution's weight is computed")
    prefix, shape = weight
    bias = a.weight("bias", "bias")
    groups, channels = a.get("groups", 1), a.input.shape[0]
    rest = _unless(
        stride=(_one(a.get("stride", 1)), 1),
        padding=(_padding(a.get("padding", 0)), 0),
        dilation=(_one(a.get("dilation", 1)), 1),
    )
    kernel, bias_is = _one(shape[2:]), _unless(bias=(bias is not None, True))
    if groups == channels > 1 and shape[0] % channels == 0:
        many = _unless(multiplier=(shape[0] // channels, 1))
        return [Converted("depthwise_conv", {"kernel": kernel, **many, **rest, **bias_is}, prefix)]
    attributes = {"out": shape[0], "kernel": kernel, **rest, **_unless(groups=(groups, 1))}
    return [Converted("conv", {**attributes, **bias_is}, prefix)]


def _conv_transpose(a: _Arguments) -> list[Converted]:
    weight = a.weight("weight", "weight")
    if weight is None:
        raise Unsupported("the convolution's weight is computed")
    prefix, shape = weight
    groups = a.get("groups", 1)
    rest = _unless(
        stride=(_one(a.get("stride", 1)), 1),
        padding=(_padding(a.get("padding", 0)), 0),
        output_padding=(_one(a.get("output_padding", 0)), 0),
        dilation=(_one(a.get("dilation", 1)), 1),
        groups=(groups, 1),
        bias=(a.weight("bias", "bias") is not None, True),
    )
    kernel = _one(shape[2:])
    attributes = {"out": shape[1] * groups, "kernel": kernel, **rest}
    return [Converted("conv_transpose", attributes, prefix)]


def _linear(a: _Arguments) -> list[Converted]:
    weight = a.weight("weight", "weight")
    if weight is None:
        raise Unsupported("the weight of `linear` is computed")
    bias = _unless(bias=(a.weight("bias", "bias") is not None, True))
    return [Converted("linear", {"out": weight[1][0], **bias}, weight[0])]


def _batch_norm(a: _Arguments) -> list[Converted]:
    weight, mean = a.weight("weight", "weight"), a.weight("running_mean", "running_mean")
    if weight is None and mean is None:
        raise Unsupported("batch normalization without weights and statistics")
    prefix = (weight or mean or ("", ()))[0]
    attributes = _unless(
        eps=(a.get("eps", 1e-5), 1e-5),
        momentum=(a.get("momentum", 0.1), 0.1),
        affine=(weight is not None, True),
        track=(mean is not None, True),
    )
    return [Converted("batchnorm", attributes, prefix)]


def _layer_norm(a: _Arguments) -> list[Converted]:
    weight, bias = a.weight("weight", "weight"), a.weight("bias", "bias")
    attributes = _unless(
        axes=(len(a["normalized_shape"]), 1),
        eps=(a.get("eps", 1e-5), 1e-5),
        affine=(weight is not None, True),
        bias=(bias is not None or weight is None, True),
    )
    return [Converted("layernorm", attributes, weight[0] if weight else None)]


def _group_norm(a: _Arguments) -> list[Converted]:
    weight = a.weight("weight", "weight")
    rest = _unless(eps=(a.get("eps", 1e-5), 1e-5), affine=(weight is not None, True))
    return [Converted("groupnorm", {"groups": a["num_groups"], **rest}, weight and weight[0])]


def _instance_norm(a: _Arguments) -> list[Converted]:
    if a.get("running_mean") is not None:
        raise Unsupported("instance normalization with running statistics")
    weight = a.weight("weight", "weight")
    attributes = _unless(eps=(a.get("eps", 1e-5), 1e-5), affine=(weight is not None, False))
    return [Converted("instancenorm", attributes, weight and weight[0])]


def _lrn(a: _Arguments) -> list[Converted]:
    rest = _unless(
        alpha=(a.get("alpha", 1e-4), 1e-4), beta=(a.get("beta", 0.75), 0.75), k=(a.get("k", 1), 1)
    )
    return [Converted("lrn", {"size": a["size"], **rest})]


def _pool(word: str) -> Callable[[_Arguments], list[Converted]]:
    def convert(a: _Arguments) -> list[Converted]:
        if a.get("divisor_override") is not None or a.get("return_indices"):
            raise Unsupported(f"`{a.call.function}` with indices or a custom divisor")
        kernel = _one(a["kernel_size"])
        stride = _one(a.get("stride", kernel) or kernel)
        rest = _unless(
            stride=(stride, kernel),
            padding=(_padding(a.get("padding", 0)), 0),
            dilation=(_one(a.get("dilation", 1)), 1),
            ceil=(bool(a.get("ceil_mode", False)), False),
        )
        if word == "avgpool" and "padding" in rest:
            rest |= _unless(count_include_pad=(bool(a.get("count_include_pad", True)), True))
        return [Converted(word, {"kernel": kernel, **rest})]

    return convert


def _adaptive_average(a: _Arguments) -> list[Converted]:
    size = a.output.shape[1:]
    if set(size) == {1}:
        return [Converted("global_avgpool", {})]
    return [Converted("adaptive_avgpool", {"output": _one(size)})]


def _adaptive_maximum(a: _Arguments) -> list[Converted]:
    if set(a.output.shape[1:]) == {1}:
        return [Converted("global_maxpool", {})]
    raise Unsupported("adaptive maximum pooling to more than one position")


def _mean(a: _Arguments) -> list[Converted]:
    given = a.get("dim", a.get("axis"))
    if given is None:
        raise Unsupported("a mean over the batch")
    axes = sorted(a.axis(one) for one in (given if isinstance(given, tuple) else (given,)))
    if axes == list(range(1, len(a.input.shape))):
        return [Converted("global_avgpool" if a.get("keepdim", False) else "mean", {})]
    rest = _unless(keepdim=(bool(a.get("keepdim", False)), False))
    return [Converted("mean", {"axes": axes, **rest})]


def _flatten(a: _Arguments) -> list[Converted]:
    start, end = a.axis(a.get("start_dim", 0)), a.axis(a.get("end_dim", -1))
    last = len(a.input.shape) - 1
    if start == end:
        return []  # a vector is flat already
    return [Converted("flatten", _unless(start=(start, 0), end=(end, last)))]


def _reshape(a: _Arguments) -> list[Converted]:
    made, given = a.output.shape, a.input.shape
    if made == given:
        return []
    if prod(made) != prod(given):
        raise Unsupported(f"`{a.call.function}` mixes the batch with other axes")
    size = prod(given)
    if made == (size,):
        return [Converted("flatten", {})]
    return [Converted("reshape", {"shape": list(made)})]


def _permute(a: _Arguments) -> list[Converted]:
    order = [one % (len(a.input.shape) + 1) for one in a.positional()]
    if order[0] != 0:
        raise Unsupported("a permutation that moves the batch")
    return [Converted("permute", {"order": [one - 1 for one in order[1:]]})]


def _transpose(a: _Arguments) -> list[Converted]:
    first, second = a.axis(a["dim0"]), a.axis(a["dim1"])
    order = list(range(len(a.input.shape)))
    order[first], order[second] = order[second], order[first]
    return [Converted("permute", {"order": order})]


def _pad(a: _Arguments) -> list[Converted]:
    given, mode = list(a["pad"]), a.get("mode", "constant")
    words = {"constant": "zeros", "reflect": "reflect", "replicate": "replicate"}
    lowest = mode == "constant" and a.get("value", 0) == -inf
    if mode not in words or (mode == "constant" and a.get("value", 0) not in (0, -inf)):
        raise Unsupported(f"padding of mode {mode} with value {a.get('value', 0)}")
    pairs = [list(given[i : i + 2]) for i in range(0, len(given), 2)][::-1]
    axes = len(a.input.shape)
    pairs = [[0, 0]] * (axes - len(pairs)) + pairs
    attributes: dict[str, Any] = {}
    if any(any(pair) for pair in pairs[1:]):
        rows: list[Any] = [p[0] if p[0] == p[1] else p for p in pairs[1:]]
        alike = all(row == rows[0] for row in rows) and isinstance(rows[0], int)
        attributes["padding"] = rows[0] if alike else rows
    if any(pairs[0]):
        attributes["channels"] = pairs[0]
    if min(min(pair) for pair in pairs) < 0:
        raise Unsupported("negative padding")
    if not attributes:
        return []
    if lowest:
        return [Converted(LOWEST_PAD, attributes)]
    return [Converted("pad", {**attributes, **_unless(mode=(words[mode], "zeros"))})]


def _interpolate(a: _Arguments) -> list[Converted]:
    mode = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "trilinear": "linear"}
    if a.get("mode", "nearest") not in mode or a.get("antialias", False):
        raise Unsupported(f"interpolation of mode {a.get('mode')}")
    sides, made = a.input.shape[1:], a.output.shape[1:]
    factors = [m // n if m % n == 0 else None for n, m in zip(sides, made, strict=True)]
    by_scale = a.get("size") is None and None not in factors
    size = {"scale": _one(factors)} if by_scale else {"size": _one(made)}
    rest = _unless(
        mode=(mode[a.get("mode", "nearest")], "nearest"),
        align_corners=(bool(a.get("align_corners", False)), False),
    )
    return [Converted("upsample", {**size, **rest})]


def _dropout(a: _Arguments) -> list[Converted]:
    return [Converted("dropout", _unless(p=(a.get("p", 0.5), 0.5)))]


def _softmax(word: str) -> Callable[[_Arguments], list[Converted]]:
    def convert(a: _Arguments) -> list[Converted]:
        return [Converted(word, _unless(axis=(a.axis(a.get("dim", 1)), 0)))]

    return convert


def _hardtanh(a: _Arguments) -> list[Converted]:
    low, high = a.get("min_val", -1.0), a.get("max_val", 1.0)
    if (low, high) == (0, 6):
        return [Converted("relu6", {})]
    return [Converted("hardtanh", _unless(min=(low, -1), max=(high, 1)))]


def _gelu(a: _Arguments) -> list[Converted]:
    approximate = _unless(approximate=(a.get("approximate", "none"), "none"))
    return [Converted("gelu", approximate)]


def _leaky_relu(a: _Arguments) -> list[Converted]:
    return [Converted("leaky_relu", _unless(slope=(a.get("negative_slope", 0.01), 0.01)))]


def _elu(a: _Arguments) -> list[Converted]:
    return [Converted("elu", _unless(alpha=(a.get("alpha", 1.0), 1.0)))]


def _prelu(a: _Arguments) -> list[Converted]:
    weight = a.weight("weight", "weight")
    if weight is None:
        raise Unsupported("the weight of `prelu` is computed")
    channels = weight[1] == a.input.shape[:1] and weight[1] != (1,)
    return [Converted("prelu", {"channels": True} if channels else {}, weight[0])]


def _scalar(a: _Arguments) -> list[Converted]:
    """`x * 0.5`: multiplication by a constant."""
    other = [v for v in a.call.arguments.values() if isinstance(v, int | float)]
    if a.call.function.strip("_") in ("mul", "rmul", "imul") and len(other) == 1:
        return [Converted("scale", {"factor": other[0]})]
    raise Unsupported(f"`{a.call.function}` with a constant")


def _plain(word: str) -> Callable[[_Arguments], list[Converted]]:
    return lambda _a: [Converted(word, {})]


CONVERTERS: dict[str, Callable[[_Arguments], list[Converted]]] = {
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "linear": _linear,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "local_response_norm": _lrn,
    "max_pool": _pool("maxpool"),
    "avg_pool": _pool("avgpool"),
    "adaptive_avg_pool": _adaptive_average,
    "adaptive_max_pool": _adaptive_maximum,
    "mean": _mean,
    "flatten": _flatten,
    "view": _reshape,
    "reshape": _reshape,
    "squeeze": _reshape,
    "unsqueeze": _reshape,
    "unflatten": _reshape,
    "permute": _permute,
    "transpose": _transpose,
    "swapaxes": _transpose,
    "pad": _pad,
    "interpolate": _interpolate,
    "upsample": _interpolate,
    "dropout": _dropout,
    "feature_dropout": _dropout,
    "softmax": _softmax("softmax"),
    "log_softmax": _softmax("log_softmax"),
    "hardtanh": _hardtanh,
    "gelu": _gelu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "prelu": _prelu,
    "mul": _scalar,
    **{
        word: _plain(word)
        for word in (
            "relu", "relu6", "selu", "silu", "mish", "softplus", "hardswish", "hardsigmoid",
            "sigmoid", "tanh", "abs",
        )
    },
}  # fmt: skip
"""Every function that is an operation of one tensor, without `_` and the number of axes."""
