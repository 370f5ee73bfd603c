"""Activations: PyTorch has nearly all of them, as modules and as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.expressions import show, variables
from archcalc.codegen.layout import call
from archcalc.codegen.pytorch.emitted import Emitted
from archcalc.codegen.pytorch.emitters.common import functional

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc
    from archcalc.codegen.pytorch.emitted import OpContext, Run


def _simple(
    module: str, function: str, *attributes: tuple[str, str, float | str], training: bool = False
) -> Callable[[OpContext], Emitted]:
    """A PyTorch activation; `attributes` are archcalc's name, PyTorch's, and its default."""

    def emit(site: OpContext) -> Emitted:
        exprs = [(theirs, site.attribute(ours), d) for ours, theirs, d in attributes]
        keywords = {theirs: site.unless(expr, d) for theirs, expr, d in exprs}
        given = [(theirs, expr) for theirs, expr, d in exprs if keywords[theirs] is not None]

        def run(run: Run) -> Doc:
            numbers = {theirs: run.use(expr, theirs) for theirs, expr in given}
            if training:
                numbers["training"] = "self.training"
            return call(function, run.x[0], **numbers)

        uses = tuple(expr for _, expr in given)
        return Emitted(call(module, **keywords), run, uses, typed=True)

    return emit


def prelu(site: OpContext) -> Emitted:
    """PyTorch activations that need the channels on the first axis after the batch."""
    count: str | None = None
    if site.value("channels"):
        count = site.text(site.dim(0, 0))
    start = site.doc("init", 0.25)
    keywords = {"init": start}
    module = call("nn.PReLU", count, **keywords) if count else call("nn.PReLU", **keywords)
    return Emitted(module, None)


def tanh(site: OpContext) -> Emitted:
    """amplitude·tanh(slope·x), as in LeNet-5."""
    amplitude, slope = site.attribute("amplitude"), site.attribute("slope")
    plain = show(amplitude) in ("1", "1.0") and show(slope) in ("1", "1.0")

    def write(x: str, use: Callable[[Expr, str], str]) -> str:
        inner = x if show(slope) in ("1", "1.0") else f"{_factor(use(slope, 'slope'))} * {x}"
        text = f"torch.tanh({inner})"
        if show(amplitude) in ("1", "1.0"):
            return text
        return f"{_factor(use(amplitude, 'amplitude'))} * {text}"

    module = call("nn.Tanh") if plain else None
    return functional(site, write, (amplitude, slope), module=module)


def _factor(text: str) -> str:
    """A number as the left operand of a product."""
    return f"({text})" if " + " in text or " - " in text or " if " in text else text


def softmax(site: OpContext) -> Emitted:
    return _over_axis(site, "nn.Softmax", "torch.softmax")


def log_softmax(site: OpContext) -> Emitted:
    return _over_axis(site, "nn.LogSoftmax", "torch.log_softmax")


def _over_axis(site: OpContext, module: str, function: str) -> Emitted:
    dim = str(site.same([axis_of(site, i) for i in range(len(site.sites))]))
    site.pin("axis")
    return Emitted(call(module, dim=dim), lambda run: call(function, run.x[0], dim), typed=True)


def axis_of(site: OpContext, place: int) -> int:
    """The axis of an operation, counted with the batch."""
    from archcalc.ops.axes import place_of

    return place_of(site.inputs()[place], site.values("axis")[place]) + 1


def maxout(site: OpContext) -> Emitted:
    """The maximum over adjacent channels: the channel axis is split and its last part reduced."""
    pieces = site.attribute("pieces")
    axis = site.tensors[0].channel_axis

    def write(x: str, use: Callable[[Expr, str], str]) -> Doc:
        sizes = f"(-1, {use(pieces, 'pieces')})"
        parts = call("torch.unflatten", x, str(axis + 1), sizes)
        return call("torch.amax", parts, str(axis + 2))

    return functional(site, write, (pieces,))


def scale(site: OpContext) -> Emitted:
    factor = site.attribute("factor")
    if not variables(factor):
        site.text(factor)

    def write(x: str, use: Callable[[Expr, str], str]) -> str:
        return f"{_factor(use(factor, 'factor'))} * {x}"

    return functional(site, write, (factor,), typed=False)


def abs_(site: OpContext) -> Emitted:
    return functional(site, lambda x, _: call("torch.abs", x))


def gelu(site: OpContext) -> Emitted:
    approximate = site.value("approximate")
    keyword = None if approximate == "none" else f'"{approximate}"'
    return Emitted(
        call("nn.GELU", approximate=keyword),
        lambda run: call("nn.functional.gelu", run.x[0], approximate=keyword),
        typed=True,
    )


ACTIVATIONS: dict[str, Callable[[OpContext], Emitted]] = {
    "relu": _simple("nn.ReLU", "torch.relu"),
    "relu6": _simple("nn.ReLU6", "nn.functional.relu6"),
    "leaky_relu": _simple(
        "nn.LeakyReLU", "nn.functional.leaky_relu", ("slope", "negative_slope", 0.01)
    ),
    "prelu": prelu,
    "rrelu": _simple(
        "nn.RReLU",
        "nn.functional.rrelu",
        ("lower", "lower", 1 / 8),
        ("upper", "upper", 1 / 3),
        training=True,
    ),
    "elu": _simple("nn.ELU", "nn.functional.elu", ("alpha", "alpha", 1.0)),
    "selu": _simple("nn.SELU", "torch.selu"),
    "gelu": gelu,
    "silu": _simple("nn.SiLU", "nn.functional.silu"),
    "mish": _simple("nn.Mish", "nn.functional.mish"),
    "softplus": _simple(
        "nn.Softplus",
        "nn.functional.softplus",
        ("beta", "beta", 1.0),
        ("threshold", "threshold", 20.0),
    ),
    "hardswish": _simple("nn.Hardswish", "nn.functional.hardswish"),
    "hardsigmoid": _simple("nn.Hardsigmoid", "nn.functional.hardsigmoid"),
    "hardtanh": _simple(
        "nn.Hardtanh", "nn.functional.hardtanh", ("min", "min_val", -1.0), ("max", "max_val", 1.0)
    ),
    "sigmoid": _simple("nn.Sigmoid", "torch.sigmoid"),
    "tanh": tanh,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "maxout": maxout,
    "scale": scale,
    "abs": abs_,
}
