"""Initial weights: `init` in a spec, by Keras' own initialisers.

A method means what `torch.nn.init` does under its name: the same distribution, or a refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.codegen.layout import Call, Prefixed, call, flat
from archcalc.exporting.keras.op_context import Make

if TYPE_CHECKING:
    from archcalc.codegen.layout import Doc
    from archcalc.diagnostics import DiagnosticError
    from archcalc.exporting.keras.op_context import Compute, OpContext, Steps
    from archcalc.exporting.keras.operations import OperationWriter
    from archcalc.exporting.keras.writer import Context
    from archcalc.spec.syntax import Layer

_PLAIN = {
    "kaiming_uniform": '"he_uniform"',
    "xavier_uniform": '"glorot_uniform"',
    "zeros": '"zeros"',
    "ones": '"ones"',
}
_NORMAL = {
    # Keras' he_normal and glorot_normal are cut at two deviations.
    "kaiming_normal": ("2.0", '"fan_out"', '"untruncated_normal"'),
    "xavier_normal": ("1.0", '"fan_avg"', '"untruncated_normal"'),
}
_SWAPPED = {
    # In a depthwise kernel Keras counts as inputs what PyTorch counts as outputs.
    "kaiming_normal": ("2.0", '"fan_in"', '"untruncated_normal"'),
    "kaiming_uniform": ("2.0", '"fan_out"', '"uniform"'),
}
_CLASSES: dict[str, tuple[str, dict[str, tuple[str, str | None]]]] = {
    # Keras' own defaults are narrow; those of a spec are PyTorch's.
    "normal": ("RandomNormal", {"mean": ("mean", "0.0"), "std": ("stddev", "1.0")}),
    "trunc_normal": ("TruncatedNormal", {"mean": ("mean", "0.0"), "std": ("stddev", "1.0")}),
    "uniform": ("RandomUniform", {"low": ("minval", "0.0"), "high": ("maxval", "1.0")}),
    "constant": ("Constant", {"value": ("value", None)}),
    "orthogonal": ("Orthogonal", {"gain": ("gain", None)}),
}
_DEPTHWISE = "depthwise_initializer"
_WORDS = {
    "layers.BatchNormalization": "gamma_initializer",
    "layers.GroupNormalization": "gamma_initializer",
    "layers.LayerNormalization": "gamma_initializer",
    "layers.PReLU": "alpha_initializer",
    "layers.DepthwiseConv1D": _DEPTHWISE,
    "layers.DepthwiseConv2D": _DEPTHWISE,
}
_SHAPED = ("kaiming", "xavier", "orthogonal")
"""Methods that depend on the axes of a weight."""

_CUT = 2
"""Where PyTorch cuts a `trunc_normal`, whatever its deviation."""


def initialised(
    layer: Layer, site: OpContext, steps: Steps, writer: OperationWriter, here: Context
) -> Steps:
    """The steps, the layer with the weights begun as `init` says."""
    init = _Initial(layer, site, writer, here)
    init.check()
    return [init.begun(step) for step in steps]


class _Initial:
    """`init` beside one operation."""

    def __init__(
        self, layer: Layer, site: OpContext, writer: OperationWriter, here: Context
    ) -> None:
        assert layer.init is not None
        self.method = layer.init.method
        self.given = layer.init.arguments
        self.site = site
        self.writer = writer
        self.here = here

    def check(self) -> None:
        """Refuses a layer without a weight, and fans of a weight that is a mere list."""
        for node in self.site.nodes:
            assert node.facts is not None
            weight = next((w for w in node.facts.weights if w.name == "weight"), None)
            if weight is None:
                raise self.site.refuse("initial weights of a layer that has none", "leave init out")
            if len(weight.shape) < 2 and self.method.startswith(_SHAPED):
                raise self.site.refuse(
                    f"{self.method} for a weight with one axis",
                    "use normal, uniform, constant, zeros or ones",
                )

    def begun(self, step: Make | Compute) -> Make | Compute:
        """The step with the initialiser, if it makes the layer with the weights."""
        if not (isinstance(step, Make) and step.weighted and isinstance(step.layer, Call)):
            return step
        head, arguments = step.layer.head, step.layer.arguments
        if not head.startswith("layers.") and head != "TableConv":
            raise self.site.refuse(f"init on {self.site.layer.word}", "leave init out")
        if head == "TableConv" and self.method.startswith(_SHAPED):
            raise self._other_axes()
        if head == "layers.PReLU":
            arguments = arguments[1:]  # the start that the operation gives
        word = _WORDS.get(head, "kernel_initializer")
        made = self._depthwise() if word == _DEPTHWISE else self._initialiser()
        # The name stays the last argument.
        arguments = (*arguments[:-1], Prefixed(f"{word}=", made), arguments[-1])
        return Make(step.layer._replace(arguments=arguments), weighted=True)

    def _depthwise(self) -> Doc:
        if self.method.startswith(_SHAPED):
            if self.method == "orthogonal" or set(self.site.values("multiplier")) != {1}:
                raise self._other_axes()
            if self.method in _SWAPPED:
                return _scaled(*_SWAPPED[self.method])
        return self._initialiser()

    def _other_axes(self) -> DiagnosticError:
        return self.site.refuse(
            f"{self.method} on {self.site.layer.word}, whose kernel has other axes",
            "use normal or uniform with the numbers meant",
        )

    def _initialiser(self) -> Doc:
        if self.method in _NORMAL:
            return _scaled(*_NORMAL[self.method])
        if self.method in _PLAIN:
            return _PLAIN[self.method]
        head, words = _CLASSES[self.method]
        if self.method == "trunc_normal" and not self._cut_alike():
            head = "RandomNormal"
        keywords: dict[str, Doc | None] = {}
        for word, (theirs, default) in words.items():
            keywords[theirs] = default
            if word in self.given:
                actual = [self.given[word].evaluate(lane.names) for lane in self.here.lanes]
                expr = self.writer.settle(self.given[word], self.here, None, actual)
                keywords[theirs] = self.site.text(expr)
        return flat(call(f"keras.initializers.{head}", **keywords))

    def _cut_alike(self) -> bool:
        """Whether Keras, which cuts at two deviations, cuts where PyTorch does. Where no number
        falls so far out, nothing is cut: that is a plain normal."""
        found = []
        for lane in self.here.lanes:
            given = {word: value.evaluate(lane.names) for word, value in self.given.items()}
            mean, std = given.get("mean", 0), given.get("std", 1)
            if (mean, std) != (0, 1) and _CUT - abs(mean) < 6 * std:
                raise self.site.refuse(
                    f"a normal cut at {_CUT} with a deviation of {float(std):g}",
                    "use a deviation of 1, or a small one: then nothing is cut",
                )
            found.append((mean, std) == (0, 1))
        return bool(self.site.same(found))


def _scaled(scale: str, mode: str, distribution: str) -> Doc:
    words = {"scale": scale, "mode": mode, "distribution": distribution}
    return call("keras.initializers.VarianceScaling", **words)
