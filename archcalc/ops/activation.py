"""Elementwise activations, as a table; and PReLU.

Extra flops per element: every sum, product, comparison and elementary function (exp, log, tanh,
erf) of the formula counts as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Boolean, Number, Word
from archcalc.ops.base import CHANNELS, DiagnosticError, Operation, Tensor, Weight, product

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace


class Activation(Operation):
    """Shape unchanged; `formula` is applied elementwise."""

    family = "activation"
    channels_read = "own"

    def __init__(
        self,
        name: str,
        formula: str,
        cost: int | Callable[[SimpleNamespace], int],
        *attributes: Attribute,
        main: str | None = None,
        source: str = "",
    ) -> None:
        self.name = name
        self.summary = f"Activation: {formula}."
        self.cost = cost
        self.attributes = attributes
        self.main = main
        self.source = source
        self.example = f"""\
name: {name}
input: [16, 32, 32]
layers:
  - {name}
expect: {{output: [16, 32, 32], params: 0}}
"""

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        cost = self.cost if isinstance(self.cost, int) else self.cost(a)
        return cost * product(y.shape)

    def describe(self, a: SimpleNamespace) -> str:
        changed = [
            f"{name} {value:g}" if isinstance(value, int | float) else f"{value}"
            for name, _, _, default in self.attributes
            if (value := getattr(a, name)) != default
        ]
        return ", ".join(changed)


class RRelu(Activation):
    """Leaky ReLU whose slope is drawn from [lower, upper] in training, their mean at inference."""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        _check_order(a.lower, a.upper, "lower", "upper")


class HardTanh(Activation):
    """Clips to [min, max]."""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        _check_order(a.min, a.max, "min", "max")


class PRelu(Operation):
    """max(x, 0) + weight·min(x, 0). Weights: `weight` [1], or [C] with `channels`. Extra flops: 2
    per element. Errors: wrong-layout."""

    name = "prelu"
    family = "activation"
    channels_read = "own"
    summary = "Activation: max(x, 0) + weight·min(x, 0) with a learnable weight."
    source = "He et al. 2015, arXiv:1502.01852"
    attributes = (
        Attribute("channels", Boolean(), "One weight per channel instead of one.", False),
        Attribute("init", Number(), "Initial value.", 0.25),
    )
    example = """\
name: a learnable slope per channel
input: [16, 32, 32]
layers:
  - prelu: {channels: true}
expect: {output: [16, 32, 32], params: 16}
"""

    def check(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> None:
        if a.channels and x[0].axes[0] != CHANNELS:
            raise DiagnosticError(
                "wrong-layout",
                "prelu with one weight per channel needs the channels on the first axis",
                label=f"here they are on axis {x[0].channel_axis}",
                help="put a permute before it, or leave channels out",
            )

    def weights(self, a: SimpleNamespace, x: tuple[Tensor, ...]) -> tuple[Weight, ...]:
        return (Weight("weight", (x[0].shape[0] if a.channels else 1,)),)

    def extra_flops(self, a: SimpleNamespace, x: tuple[Tensor, ...], y: Tensor) -> int:
        return 2 * product(y.shape)

    def describe(self, a: SimpleNamespace) -> str:
        return "per channel" if a.channels else ""


def _check_order(low: float, high: float, low_name: str, high_name: str) -> None:
    if low > high:
        raise DiagnosticError(
            "bad-value",
            f"`{low_name}` must not exceed `{high_name}`",
            attribute=low_name,
            label=f"{low:g} > {high:g}",
            help=f"swap {low_name} and {high_name}",
        )


def _number(name: str, doc: str, default: float) -> Attribute:
    return Attribute(name, Number(), doc, default)


ACTIVATIONS: tuple[Operation, ...] = (
    Activation("relu", "max(x, 0)", 1),
    Activation("relu6", "min(max(x, 0), 6)", 2, source="Howard et al. 2017, arXiv:1704.04861"),
    Activation(
        "leaky_relu",
        "max(x, 0) + slope·min(x, 0)",
        2,
        _number("slope", "Negative slope.", 0.01),
        main="slope",
        source="Maas, Hannun & Ng 2013",
    ),
    PRelu(),
    RRelu(
        "rrelu",
        "max(x, 0) + r·min(x, 0), r drawn from [lower, upper] in training, else their mean",
        2,
        _number("lower", "Lower bound of the slope.", 1 / 8),
        _number("upper", "Upper bound of the slope.", 1 / 3),
        source="Xu et al. 2015, arXiv:1505.00853",
    ),
    Activation(
        "elu",
        "x if x > 0, else alpha·(exp(x) − 1)",
        4,
        _number("alpha", "Scale of the negative part.", 1.0),
        main="alpha",
        source="Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289",
    ),
    Activation(
        "selu",
        "1.0507·x if x > 0, else 1.0507·1.6733·(exp(x) − 1)",
        5,
        source="Klambauer et al. 2017, arXiv:1706.02515",
    ),
    Activation(
        "gelu",
        "x·(1 + erf(x/√2))/2; with approximate: tanh, x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2",
        lambda a: 5 if a.approximate == "none" else 9,
        Attribute("approximate", Word("none", "tanh"), "Approximation.", "none"),
        source="Hendrycks & Gimpel 2016, arXiv:1606.08415",
    ),
    Activation("silu", "x/(1 + exp(−x))", 4, source="Ramachandran et al. 2017, arXiv:1710.05941"),
    Activation("mish", "x·tanh(log(1 + exp(x)))", 5, source="Misra 2019, arXiv:1908.08681"),
    Activation(
        "softplus",
        "log(1 + exp(beta·x))/beta, and x if beta·x exceeds the threshold",
        6,
        _number("beta", "Sharpness.", 1.0),
        _number("threshold", "Above it the function is linear.", 20.0),
    ),
    Activation(
        "hardswish", "x·min(max(x + 3, 0), 6)/6", 5, source="Howard et al. 2019, arXiv:1905.02244"
    ),
    Activation("hardsigmoid", "min(max(x + 3, 0), 6)/6", 4),
    HardTanh(
        "hardtanh",
        "min(max(x, min), max)",
        2,
        _number("min", "Lower bound.", -1.0),
        _number("max", "Upper bound.", 1.0),
    ),
    Activation("sigmoid", "1/(1 + exp(−x))", 4),
    Activation(
        "tanh",
        "amplitude·tanh(slope·x)",
        lambda a: 1 + (a.amplitude != 1) + (a.slope != 1),
        _number("amplitude", "Factor of the result; 1.7159 in LeNet-5.", 1.0),
        _number("slope", "Factor of the input; 2/3 in LeNet-5.", 1.0),
        source="LeCun et al. 1998, appendix A (the scaled form)",
    ),
)
