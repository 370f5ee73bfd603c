"""Initial weights: `init` in a spec, by Keras' own initialisers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.keras.site import Make
from archcalc.exporting.layout import Call, Prefixed, call, flat
from archcalc.exporting.pytorch.initial import check

if TYPE_CHECKING:
    from archcalc.exporting.keras.site import Compute, Site, Steps
    from archcalc.exporting.keras.writer import Here, OperationWriter
    from archcalc.exporting.layout import Doc
    from archcalc.spec.syntax import Layer

_PLAIN = {
    "kaiming_uniform": '"he_uniform"',
    "xavier_normal": '"glorot_normal"',
    "xavier_uniform": '"glorot_uniform"',
    "zeros": '"zeros"',
    "ones": '"ones"',
}
_CLASSES = {
    "normal": ("RandomNormal", {"mean": ("mean", 0), "std": ("stddev", 1)}),
    "trunc_normal": ("TruncatedNormal", {"mean": ("mean", 0), "std": ("stddev", 1)}),
    "uniform": ("RandomUniform", {"low": ("minval", 0), "high": ("maxval", 1)}),
    "constant": ("Constant", {"value": ("value", 0)}),
    "orthogonal": ("Orthogonal", {"gain": ("gain", 1)}),
}
_WORDS = {
    "layers.BatchNormalization": "gamma_initializer",
    "layers.GroupNormalization": "gamma_initializer",
    "layers.LayerNormalization": "gamma_initializer",
    "layers.DepthwiseConv1D": "depthwise_initializer",
    "layers.DepthwiseConv2D": "depthwise_initializer",
}


def initialised(
    layer: Layer, site: Site, steps: Steps, writer: OperationWriter, here: Here
) -> Steps:
    """The steps, the layer with the weights begun as `init` says."""
    assert layer.init is not None
    for node in site.nodes:
        check(layer, layer.init.method, node)
    return [_begun(layer, site, step, writer, here) for step in steps]


def _begun(
    layer: Layer, site: Site, step: Make | Compute, writer: OperationWriter, here: Here
) -> Make | Compute:
    if not (isinstance(step, Make) and step.weighted and isinstance(step.layer, Call)):
        return step
    if not step.layer.head.startswith("layers.") or "PReLU" in step.layer.head:
        raise site.refuse(f"init on {site.layer.word}", "leave init out")
    word = _WORDS.get(step.layer.head, "kernel_initializer")
    given = Prefixed(f"{word}=", _initialiser(layer, site, writer, here))
    arguments = (*step.layer.arguments[:-1], given, step.layer.arguments[-1])
    return Make(step.layer._replace(arguments=arguments), weighted=True)


def _initialiser(layer: Layer, site: Site, writer: OperationWriter, here: Here) -> Doc:
    assert layer.init is not None
    method = layer.init.method
    if method == "kaiming_normal":  # as fan_out, which the paper's own nets use
        words = {"scale": "2.0", "mode": '"fan_out"', "distribution": '"untruncated_normal"'}
        return call("keras.initializers.VarianceScaling", **words)
    if method in _PLAIN:
        return _PLAIN[method]
    head, words_of = _CLASSES[method]
    keywords: dict[str, Doc | None] = {}
    for word, (theirs, default) in words_of.items():
        value = layer.init.arguments.get(word)
        if value is None:
            if head in ("RandomNormal", "TruncatedNormal", "RandomUniform"):
                keywords[theirs] = f"{default}.0"
            continue
        actual = [value.evaluate(lane.names) for lane in site.lanes]
        expr = writer.settle(value, here, None, actual)
        keywords[theirs] = site.text(expr)
    return flat(call(f"keras.initializers.{head}", **keywords))
