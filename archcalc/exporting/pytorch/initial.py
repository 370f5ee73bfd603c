"""Initial weights: `init` in a spec, by small functions that begin a module's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.exporting.layout import call
from archcalc.exporting.refusal import refused

if TYPE_CHECKING:
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.program import Program
    from archcalc.graph import Node
    from archcalc.spec.syntax import Layer

_DEFAULTS = {"std": "1", "mean": "0", "low": "0", "high": "1", "gain": "1"}
_WORDS = {"low": "a", "high": "b", "value": "val"}


def check(layer: Layer, method: str, node: Node) -> None:
    """Refuses what `nn.init` refuses: a layer without a weight, and a fan of a mere list."""
    assert node.facts is not None
    weight = next((w for w in node.facts.weights if w.name == "weight"), None)
    if weight is None:
        raise refused(layer, "initial weights of a layer that has none", "leave init out")
    if len(weight.shape) < 2 and method.startswith(("kaiming", "xavier", "orthogonal")):
        raise refused(
            layer,
            f"{method} for a weight with one axis: it has no inputs and outputs to count",
            "use normal, uniform, constant, zeros or ones",
        )


def wrap(program: Program, method: str, module: Doc, arguments: dict[str, str]) -> Doc:
    """The module inside a call that initialises its weight."""
    program.helpers.add("init_weight")
    given = {_WORDS.get(word, word): text for word, text in arguments.items()}
    extra: dict[str, Doc] = dict(given)
    if method.startswith("kaiming"):
        extra["nonlinearity"] = '"relu"'
        if method == "kaiming_normal":
            extra = {"mode": '"fan_out"', **extra}
    return call("init_weight", module, f"nn.init.{method}_", **extra)
