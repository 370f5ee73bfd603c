"""Activations that work on every number alone, as a table; and PReLU.

Extra flops an element: every sum, product, comparison and elementary function (exp, log, tanh,
erf) of the formula counts one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.ops.attributes import Attribute, Boolean, Number, Word
from archcalc.ops.base import CHANNELS, DiagnosticError, Operation, Tensor, Weight, product

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace


class Activation(Operation):
    """Shape kept; `formula` is worked out for every number alone."""

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
name: the activation {name}
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
    an element. Errors: wrong-layout."""

    name = "prelu"
    family = "activation"
    channels_read = "own"
    summary = "Activation: max(x, 0) + weight·min(x, 0), the weight trained."
    source = "He et al. 2015, arXiv:1502.01852"
    attributes = (
        Attribute("channels", Boolean(), "One weight a channel, not one for all.", False),
        Attribute("init", Number(), "The weight at the start of training.", 0.25),
    )
    example = """\
name: a trained slope a channel
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
        return "one a channel" if a.channels else ""


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
        _number("slope", "Slope below zero.", 0.01),
        main="slope",
        source="Maas, Hannun & Ng 2013",
    ),
    PRelu(),
    RRelu(
        "rrelu",
        "max(x, 0) + r·min(x, 0), r drawn from [lower, upper] in training, their mean after",
        2,
        _number("lower", "Lower end of the slopes drawn.", 1 / 8),
        _number("upper", "Upper end of the slopes drawn.", 1 / 3),
        source="Xu et al. 2015, arXiv:1505.00853",
    ),
    Activation(
        "elu",
        "x above zero, alpha·(exp(x) − 1) below",
        4,
        _number("alpha", "Minus the limit far below zero.", 1.0),
        main="alpha",
        source="Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289",
    ),
    Activation(
        "selu",
        "1.0507·x above zero, 1.0507·1.6733·(exp(x) − 1) below",
        5,
        source="Klambauer et al. 2017, arXiv:1706.02515",
    ),
    Activation(
        "gelu",
        "x·(1 + erf(x/√2))/2; with approximate: tanh, x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2",
        lambda a: 5 if a.approximate == "none" else 9,
        Attribute("approximate", Word("none", "tanh"), "The formula used.", "none"),
        source="Hendrycks & Gimpel 2016, arXiv:1606.08415",
    ),
    Activation("silu", "x/(1 + exp(−x))", 4, source="Ramachandran et al. 2017, arXiv:1710.05941"),
    Activation("mish", "x·tanh(log(1 + exp(x)))", 5, source="Misra 2019, arXiv:1908.08681"),
    Activation(
        "softplus",
        "log(1 + exp(beta·x))/beta, and x itself where beta·x exceeds the threshold",
        6,
        _number("beta", "Sharpness of the bend.", 1.0),
        _number("threshold", "Where it becomes linear.", 20.0),
    ),
    Activation(
        "hardswish", "x·min(max(x + 3, 0), 6)/6", 5, source="Howard et al. 2019, arXiv:1905.02244"
    ),
    Activation("hardsigmoid", "min(max(x + 3, 0), 6)/6", 4),
    HardTanh(
        "hardtanh",
        "min(max(x, min), max)",
        2,
        _number("min", "Lower end.", -1.0),
        _number("max", "Upper end.", 1.0),
    ),
    Activation("sigmoid", "1/(1 + exp(−x))", 4),
    Activation(
        "tanh",
        "amplitude·tanh(slope·x)",
        lambda a: 1 + (a.amplitude != 1) + (a.slope != 1),
        _number("amplitude", "Factor of the result; LeNet-5 has 1.7159.", 1.0),
        _number("slope", "Factor of the input; LeNet-5 has 2/3.", 1.0),
        source="LeCun et al. 1998, appendix A (the scaled form)",
    ),
)
