"""Operations given as parameters: constructor arguments that create the module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.codegen.callsite import NotUniform, Pin, same
from archcalc.codegen.context import OpContext
from archcalc.codegen.expressions import name
from archcalc.codegen.ir import Factory, Path, Tensor
from archcalc.codegen.lower.layers import Made, dispatch, operation, path_of
from archcalc.codegen.lower.supposed import NotPossible, supposed_layer
from archcalc.diagnostics import DiagnosticError
from archcalc.elaborate.calls import named_operand
from archcalc.graph import Node
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.expressions import Operand
from archcalc.spec.syntax import Layer

if TYPE_CHECKING:
    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Context

CHANNELS = "channels"
"""The argument of a factory that needs one."""


def held_by(layer: Layer, site: CallSite) -> Any:
    """The value of the name in an `apply`: a word or an operation."""
    return site.names.get(layer.word, layer.word)


def key_of(held: Any) -> object:
    """The identity of an operation."""
    return ("operand", hash(held)) if isinstance(held, Operand) else held


def apply(m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None) -> Made:
    """The operation or block that a name refers to."""
    python = m.operations.get(layer.word)
    if python is not None:
        made = _factory(m, layer, here, start, python)
        if made is None:
            raise Pin(frozenset((python,)))
        return made
    held = same(here.sites, [held_by(layer, s) for s in here.sites])
    expr = here.env.get(layer.word)
    if expr is not None:
        from archcalc.codegen.expressions import variables

        m.pin(frozenset(variables(expr)))
    applied, there = _applied(m, layer, here, held)
    if applied.kind == "operation":
        return operation(m, applied, layer, there, start)
    if applied.kind == "block":
        from archcalc.codegen.lower.calls import invoke

        return invoke(m, applied, layer, there, start)
    return dispatch(m, applied._replace(name=layer.name), there, start)


def _applied(m: ModuleLowering, layer: Layer, here: Context, held: Any) -> tuple[Layer, Context]:
    """The applied layer, and the names that its arguments use."""
    if not isinstance(held, Operand):
        site = here.sites[0]
        return named_operand(layer, held, site.names, m.program.net.spec.blocks), here
    from archcalc.codegen.expressions import literal, plain
    from archcalc.codegen.lower.unrolled import has_operand

    env: dict[str, Expr | None] = dict(here.env)
    for word, value in held.names.items():
        env[word] = None if has_operand(value) else literal(plain(value))
    sites = list(here.sites)
    for site in sites:
        site.names = {**site.names, **held.names}
    return held.layer, here._replace(env=env)


def _factory(
    m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None, python: str
) -> Made | None:
    """The parameter, called; None if no single class can serve the values of its calls."""
    if start is None or layer.arguments:
        return None
    nodes: list[Any] = [site.group.children[site.rewind()] for site in here.sites]
    if not all(isinstance(n, Node) for n in nodes):
        return None
    if not all(_keeps(s, n) for s, n in zip(here.sites, nodes, strict=True)):
        return None
    texts: dict[object, tuple[str, bool]] = {}
    for site, node in zip(here.sites, nodes, strict=True):
        held = held_by(layer, site)
        key = key_of(held)
        if key not in texts:
            found = _chosen(m, layer, held, site, node, start)
            if found is None:
                return None
            texts[key] = found
    takes = any(channels for _, channels in texts.values())
    if m.choices.get(python, {}).get("takes", takes) != takes:
        return None
    choices = m.choices.setdefault(python, {"takes": takes})
    for site in here.sites:
        text, _ = texts[key_of(held_by(layer, site))]
        made = m.program.target.factory(text, takes)
        if choices.setdefault(id(site.root), made) != made:
            return None
    for site in here.sites:
        site.take()
    _default(m, layer, here, start, python, takes)
    channels = None
    if takes:
        actual = [s.shape(start).channels for s in here.sites]
        channels = m.size(start.sizes[start.channel_axis], here.sites, actual, "in_channels", layer)
    word = nodes[0].op.name
    path = path_of(m, layer, word, here, nodes, weighted=any(n.facts.weights for n in nodes))
    if path == Path((word,)):
        path = Path((layer.word,))
    output = Tensor(start.sizes, start.axes)
    for site in here.sites:
        site.set(output, site.shape(start))
    m.used.add(python)
    statement = Factory(python, path, channels, start, output, layer)
    m.out.append(statement)
    return Made(output, statement)


def _default(
    m: ModuleLowering, layer: Layer, here: Context, start: Tensor, python: str, takes: bool
) -> None:
    """The parameter's default, even if every call passes another."""
    value = m.defaults.get(python)
    choices = m.choices[python]
    if value is None or "default" in choices:
        return
    try:
        held = value.evaluate(here.sites[0].names)
    except DiagnosticError:
        return
    if isinstance(held, str) and held not in OPERATIONS:
        return
    if isinstance(held, Operand) and any(not v.constant for v in held.layer.arguments.values()):
        return  # it uses what the call passes
    applied = held.layer if isinstance(held, Operand) else Layer("operation", held, layer.span, {})
    try:
        there = supposed_layer(m, applied._replace(name=None), here, start)
    except NotPossible:
        return
    (site,) = there.sites
    node = site.take()
    if not isinstance(node, Node) or not _keeps(site, node):
        return
    found = _chosen(m, layer, held, site, node, start)
    if found is not None and (takes or not found[1]):
        choices["default"] = m.program.target.factory(found[0], takes)


def _keeps(site: CallSite, node: Node) -> bool:
    return bool(site.table[node.inputs[0]] == site.table[node.outputs[0]])


class _ChoiceContext(OpContext):
    """An operation whose channels are an argument."""

    def dim(self, which: int, axis: int) -> Expr:
        if axis != self.tensors[which].channel_axis:
            raise NotUniform(self.sites, range(len(self.sites)))
        return name(CHANNELS)


def _chosen(
    m: ModuleLowering, layer: Layer, held: Any, site: CallSite, node: Node, start: Tensor
) -> tuple[str, bool] | None:
    """The text that creates an operation's module, and whether it uses the channels."""
    applied = held.layer if isinstance(held, Operand) else Layer("operation", held, layer.span, {})
    if applied.word not in OPERATIONS or applied.init is not None:
        return None
    back = m.attempt()
    try:
        context = _ChoiceContext(m, applied, [site], [node], (start,), {})
        emitted = m.program.target.emitters[applied.word](context)
        text = m.program.target.module_text(emitted)
    except (NotUniform, Pin):
        return None
    finally:
        back()
    if text is None:
        return None
    import re

    return text, re.search(rf"\b{CHANNELS}\b", text) is not None
