"""Activations."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from archcalc.codegen.expressions import binary, name, show, variables
from archcalc.codegen.layout import call
from archcalc.exporting.keras.op_context import Compute, Make
from archcalc.ops.axes import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc
    from archcalc.exporting.keras.op_context import OpContext, Steps

LOST = 20
"""From here on softplus is the straight line, in float32."""


def _word(word: str) -> Callable[[OpContext], Steps]:
    """One of Keras' activations by its name."""

    def emit(site: OpContext) -> Steps:
        return [Make(call("layers.Activation", f'"{word}"', name=site.name))]

    return emit


def relu(site: OpContext) -> Steps:
    return [Make(call("layers.ReLU", name=site.name))]


def relu6(site: OpContext) -> Steps:
    return [Make(call("layers.ReLU", "6", name=site.name))]


def leaky_relu(site: OpContext) -> Steps:
    """Keras' layer takes no slope below zero."""
    slope = site.attribute("slope")
    if all(value >= 0 for value in site.values("slope")):
        return [Make(call("layers.LeakyReLU", site.text(slope), name=site.name))]
    return [Compute(lambda x: call("ops.where", f"{x} > 0", x, _times(site, slope, x)))]


def prelu(site: OpContext) -> Steps:
    """One weight a channel: shared along the sides; else along every axis."""
    shared = range(1, site.rank + (1 if site.value("channels") else 2))
    start = site.text(site.attribute("init"))
    made = call(
        "layers.PReLU",
        f"keras.initializers.Constant({start})",
        shared_axes=f"[{', '.join(map(str, shared))}]" if shared else None,
        name=site.name,
    )
    return [Make(made, weighted=True)]


def rrelu(site: OpContext) -> Steps:
    raise site.refuse(
        "a slope drawn at random", "use leaky_relu with the mean of the slopes, or prelu"
    )


def elu(site: OpContext) -> Steps:
    alpha = site.attribute("alpha")
    given = () if site.unless(alpha, 1) is None or show(alpha) == "1.0" else (site.text(alpha),)
    return [Make(call("layers.ELU", *given, name=site.name))]


def gelu(site: OpContext) -> Steps:
    if site.value("approximate") == "none":
        return _word("gelu")(site)
    return [Compute(lambda x: call("ops.gelu", x, approximate="True"))]


def softplus(site: OpContext) -> Steps:
    beta, threshold = site.attribute("beta"), site.attribute("threshold")
    straight = bool(variables(threshold)) or site.value("threshold") < LOST
    if _is_one(beta) and not straight:
        return _word("softplus")(site)

    def run(x: str) -> Doc:
        scaled = name(_times(site, beta, x))
        bent = name(f"ops.softplus({show(scaled)})")
        whole = show(bent) if _is_one(beta) else site.text(binary(bent, ast.Div, beta))
        if not straight:
            return whole
        beyond = ast.Compare(scaled, [ast.Gt()], [threshold])
        return call("ops.where", site.text(beyond), x, whole)

    return [Compute(run)]


def hardtanh(site: OpContext) -> Steps:
    low, high = site.attribute("min"), site.attribute("max")
    if not variables(low) and show(low) in ("-1", "-1.0") and _is_one(high):
        return _word("hard_tanh")(site)
    return [Compute(lambda x: call("ops.clip", x, site.text(low), site.text(high)))]


def tanh(site: OpContext) -> Steps:
    """amplitude·tanh(slope·x), LeNet-5's with its own numbers."""
    amplitude, slope = site.attribute("amplitude"), site.attribute("slope")
    if _is_one(amplitude) and _is_one(slope):
        return _word("tanh")(site)
    return [Compute(lambda x: _times(site, amplitude, f"ops.tanh({_times(site, slope, x)})"))]


def _is_one(expr: Expr) -> bool:
    return show(expr) in ("1", "1.0")


def _times(site: OpContext, factor: Expr, x: str) -> str:
    """factor·x, x alone where the factor is one."""
    return x if _is_one(factor) else site.text(binary(factor, ast.Mult, name(x)))


def _axis(site: OpContext) -> int:
    axes = [
        place_of(tensor, a.axis) for a, tensor in zip(site.attributes(), site.inputs(), strict=True)
    ]
    return site.place(axes)


def softmax(site: OpContext) -> Steps:
    axis = _axis(site)
    given = None if axis == -1 else str(axis)
    return [Make(call("layers.Softmax", axis=given, name=site.name))]


def log_softmax(site: OpContext) -> Steps:
    axis = str(_axis(site))
    return [Compute(lambda x: call("ops.log_softmax", x, axis=axis))]


def maxout(site: OpContext) -> Steps:
    pieces = site.text(site.attribute("pieces"))
    return [Compute(lambda x: call(site.need("maxout"), x, pieces))]


def scale(site: OpContext) -> Steps:
    factor = site.text(site.attribute("factor"))
    return [Make(call("layers.Rescaling", factor, name=site.name))]


def abs_(_site: OpContext) -> Steps:
    return [Compute(lambda x: call("ops.absolute", x))]


ACTIVATIONS: dict[str, Callable[[OpContext], Steps]] = {
    "relu": relu,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "prelu": prelu,
    "rrelu": rrelu,
    "elu": elu,
    "selu": _word("selu"),
    "gelu": gelu,
    "silu": _word("silu"),
    "mish": _word("mish"),
    "softplus": softplus,
    "hardswish": _word("hard_silu"),
    "hardsigmoid": _word("hard_sigmoid"),
    "hardtanh": hardtanh,
    "sigmoid": _word("sigmoid"),
    "tanh": tanh,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "maxout": maxout,
    "scale": scale,
    "abs": abs_,
}
