"""Initial weights: `init` of a spec, by small functions that initialize a module's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import literal, plain, show
from archcalc.codegen.layout import call
from archcalc.codegen.refusal import refused

if TYPE_CHECKING:
    from archcalc.codegen.context import OpContext
    from archcalc.codegen.layout import Doc
    from archcalc.codegen.pytorch.emitted import Emitted
    from archcalc.graph import Node
    from archcalc.spec.syntax import Init, Layer

_WORDS = {"low": "a", "high": "b", "value": "val"}


def initialised(context: OpContext, init: Init, form: Emitted) -> Emitted:
    """The form with its module inside a call that initializes its weight."""
    for node in context.nodes:
        _check(context.layer, init.method, node)
    arguments = {}
    for word, value in init.arguments.items():
        arguments[word] = _number(context, value)
    context.need("init_weight")
    extra: dict[str, Any] = {_WORDS.get(word, word): text for word, text in arguments.items()}
    if init.method.startswith("kaiming"):
        extra["nonlinearity"] = '"relu"'
        if init.method == "kaiming_normal":
            extra = {"mode": '"fan_out"', **extra}
    module: Doc | Any = form.module
    assert module is not None
    doc = module() if callable(module) else module
    return form._replace(module=call("init_weight", doc, f"nn.init.{init.method}_", **extra))


def _number(context: OpContext, value: Any) -> str:
    from archcalc.codegen.lower.scope import Context, Labels, Naming

    m = context.lowering
    here = Context(context.sites, context.env, Labels(None), Naming(chain=True, sequential=True))
    expr = m.translated(value, here, context.tensors[0])
    if expr is None:
        m.pin_value(value, here)
        expr = literal(plain(context.same([value.evaluate(s.names) for s in context.sites])))
    return m.text(expr) if not _is_plain(expr) else show(expr)


def _is_plain(expr: Any) -> bool:
    from archcalc.codegen.expressions import variables

    return not variables(expr)


def _check(layer: Layer, method: str, node: Node) -> None:
    """Rejects what `nn.init` rejects: a layer without a weight, and the fan of a 1-D weight."""
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
