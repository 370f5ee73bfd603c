"""Layers by kind: what each becomes in the IR, and its output tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.callsite import MustUnroll, NotUniform, form_of, same
from archcalc.codegen.context import OpContext
from archcalc.codegen.expressions import evaluate, literal, plain, variables
from archcalc.codegen.ir import Again, Head, Operation, Path, Tensor
from archcalc.codegen.lower.scope import Label
from archcalc.codegen.refusal import refused
from archcalc.codegen.sizes import Opaque, outputs_of, reads_of, symbolic
from archcalc.graph import Node
from archcalc.ops.attributes import Labels as LabelList
from archcalc.ops.attributes import Number, Reference, as_tuple
from archcalc.ops.registry import OPERATIONS

if TYPE_CHECKING:
    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.codegen.lower.scope import Context
    from archcalc.codegen.sizes import Size
    from archcalc.graph import Group
    from archcalc.ops.base import Facts
    from archcalc.spec.syntax import Layer
    from archcalc.spec.syntax import Name as SpecName


class Made(NamedTuple):
    """The result of a layer: its tensor, and the statement that `reuse` can refer to."""

    tensor: Tensor | None
    statement: Any = None


def lower_body(
    m: ModuleLowering, layers: tuple[Layer, ...], here: Context, tensor: Tensor | None
) -> Tensor | None:
    """A sequence of layers; returns the last tensor."""
    for layer in layers:
        m.program.step(layer)
        m.active = here.sites
        tensor = lower_layer(m, layer, here, tensor)
    return tensor


def lower_layer(
    m: ModuleLowering, layer: Layer, here: Context, current: Tensor | None
) -> Tensor | None:
    from archcalc.codegen.lower.conditions import conditional

    start = current
    if layer.source is not None:
        start = _source(m, layer.source, here)
    if layer.when is not None:
        return conditional(m, layer, here, start, current)
    return present(m, layer, here, start, current)


def _source(m: ModuleLowering, source: SpecName, here: Context) -> Tensor | None:
    text = constant_text(m, source, here)
    label = here.labels.find(text)
    assert label is not None
    return label.tensor


def present(
    m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None, current: Tensor | None
) -> Tensor | None:
    """A layer that is present."""
    if layer.head:
        return _head(m, layer, here, start, current)
    made = dispatch(m, layer, here, start)
    _enter_labels(m, layer, here, made)
    return made.tensor


def dispatch(m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None) -> Made:
    from archcalc.codegen.lower.calls import invoke
    from archcalc.codegen.lower.joins import join, named_join
    from archcalc.codegen.lower.levels import group
    from archcalc.codegen.lower.loops import loop
    from archcalc.codegen.lower.operands import apply

    match layer.kind:
        case "operation":
            return operation(m, layer, layer, here, start)
        case "block":
            return invoke(m, layer, layer, here, start)
        case "join":
            return (named_join if layer.name is not None else join)(m, layer, here, start)
        case "group":
            return group(m, layer, here, start)
        case "do":
            if layer.loop is not None:
                return Made(loop(m, layer, here, start))
            inside = here._replace(sites=[s.inside(take_group(s)) for s in here.sites])
            result = lower_body(m, layer.body, inside, start)
            hand_out(here, inside.sites, result)
            return Made(result)
        case "apply":
            return apply(m, layer, here, start)
        case "reuse":
            return _reuse(m, layer, here, start)
    return Made(start)


def take_group(site: CallSite) -> Group:
    found = site.take()
    assert not isinstance(found, Node)
    return found


def hand_out(here: Context, inside: list[CallSite], result: Tensor | None) -> None:
    """The output of a part, and the variables that it sets, for the enclosing sites."""
    for site, inner in zip(here.sites, inside, strict=True):
        site.py.update(inner.py)
        if result is not None:
            site.set(result, inner.shape(result))


# -- operations ---------------------------------------------------------------------------------


def operation(
    m: ModuleLowering, layer: Layer, named: Layer, here: Context, start: Tensor | None
) -> Made:
    """One operation; `named` is the layer whose name it has."""
    assert start is not None
    op = OPERATIONS[layer.word]
    nodes = [_node(site) for site in here.sites]
    tensors = (start, *_references(m, layer, here))
    for tensor in tensors:
        same(here.sites, [form_of(site.shape(tensor).axes) for site in here.sites])
    written = {
        word: m.translated(value, here, start)
        for word, value in layer.arguments.items()
        if not isinstance(_kind(layer.word, word), Reference | LabelList)
    }
    for word, value in layer.arguments.items():
        if word in written and written[word] is None:
            m.pin_value(value, here)
    weighted = any(n.facts is not None and has_state(n.facts) for n in nodes)
    path = path_of(m, named, layer.word, here, nodes, weighted=weighted)
    context = OpContext(m, layer, here.sites, nodes, tensors, written, here.env)
    emitted = m.program.target.emitters[layer.word](context)
    if layer.init is not None:
        emitted = m.program.target.initialised(context, layer.init, emitted)
    outputs = _outputs(m, layer, here, nodes, tensors, context)
    labels: tuple[str, ...] = ()
    if op.name == "split":
        labels = same(here.sites, [tuple(n.attributes.into) for n in nodes if n.attributes])
    statement = Operation(
        layer.word, path, {w: e for w, e in written.items() if e is not None}, tensors, outputs,
        weighted, emitted, named, labels,
    )  # fmt: skip
    m.out.append(statement)
    for word, tensor in zip(labels, outputs, strict=False):
        tensor.label = word
        here.labels.own[word] = Label(tensor)
    return Made(None if labels else outputs[0], statement)


def has_state(facts: Facts) -> bool:
    """Whether a layer has weights, or may have some that are unknown."""
    return bool(facts.weights) or facts.params != 0


def _node(site: CallSite) -> Node:
    found = site.take()
    assert isinstance(found, Node)
    return found


def _kind(word: str, attribute: str) -> Any:
    return next((a.kind for a in OPERATIONS[word].attributes if a.name == attribute), None)


def _references(m: ModuleLowering, layer: Layer, here: Context) -> list[Tensor]:
    """The further tensors that attributes such as `like` name."""
    found = []
    for attribute in OPERATIONS[layer.word].attributes:
        if isinstance(attribute.kind, Reference) and attribute.name in layer.arguments:
            for word in as_tuple(m.constant(layer.arguments[attribute.name], here)):
                label = here.labels.find(str(word))
                assert label is not None
                assert label.tensor is not None
                found.append(label.tensor)
    return found


def _outputs(
    m: ModuleLowering,
    layer: Layer,
    here: Context,
    nodes: list[Node],
    tensors: tuple[Tensor, ...],
    context: OpContext,
) -> tuple[Tensor, ...]:
    shapes = [[s.table[i] for i in n.outputs] for s, n in zip(here.sites, nodes, strict=True)]
    same(here.sites, [[form_of(t.axes) for t in given] for given in shapes])
    axes = [t.axes for t in shapes[0]]
    sizes = _sizes(m, layer, here, nodes, tensors, context)
    outputs = []
    for number, labels in enumerate(axes):
        tensor = Tensor(sizes[number], labels)
        for site, given in zip(here.sites, shapes, strict=True):
            site.set(tensor, given[number])
        outputs.append(m.bounded(tensor))
    return tuple(outputs)


def _sizes(
    m: ModuleLowering,
    layer: Layer,
    here: Context,
    nodes: list[Node],
    tensors: tuple[Tensor, ...],
    context: OpContext,
) -> list[tuple[Size, ...]]:
    written = {w: e for w in layer.arguments if (e := context.written(w)) is not None}
    moving = {w: e for w, e in written.items() if variables(e)}
    if not moving and not any(
        isinstance(s, Opaque) or variables(s) for t in tensors for s in t.sizes
    ):
        given = [here.sites[0].table[i] for i in nodes[0].outputs]
        if layer.word != "flatten":
            return [tuple(map(literal, t.shape)) for t in given]
    site = here.sites[0]
    names = {**site.names, "in_channels": site.shape(tensors[0]).channels}
    raw = {w: v.evaluate(names) for w, v in layer.arguments.items()}
    words: frozenset[str] = frozenset()
    for word, expr in moving.items():
        kind = _kind(layer.word, word)
        value = symbolic(raw[word], expr if isinstance(kind, Number) else m.integral(expr))
        if value is raw[word] and not isinstance(kind, Number):
            words |= frozenset(variables(expr))
        raw[word] = value
    inputs = [(t, site.shape(t)) for t in tensors]
    return outputs_of(OPERATIONS[layer.word], raw, words, inputs, here.sites, nodes)


# -- names --------------------------------------------------------------------------------------


def constant_text(m: ModuleLowering, name: SpecName, here: Context) -> str:
    """A name or label that is the same at all sites. Raises `MustUnroll` if it changes per
    iteration."""
    if len(name.parts) == 1 and isinstance(name.parts[0], str):
        return name.parts[0]
    texts = [
        "".join(p if isinstance(p, str) else str(p.evaluate(site.names)) for p in name.parts)
        for site in here.sites
    ]
    if len(set(texts)) > 1:
        raise MustUnroll(here.sites, texts)
    for part in name.parts:
        if not isinstance(part, str):
            expr = m.translated(part, here, None)
            if expr is None:
                m.pin_value(part, here)
            elif set(variables(expr)) & set(here.loops):
                raise MustUnroll(here.sites, range(len(here.sites)))
            else:
                m.pin(frozenset(variables(expr)))
    return texts[0]


def path_of(
    m: ModuleLowering,
    layer: Layer,
    word: str,
    here: Context,
    made: list[Any],
    *,
    weighted: bool,
) -> Path:
    """The name of a submodule in its scope, compared with the net's."""
    auto = here.naming.take(word, named=layer.name is not None)
    if layer.name is None:
        sequential = here.naming.sequential
        if weighted and not sequential:
            parts_ = () if isinstance(auto, Opaque) else auto
            more = auto.reads if isinstance(auto, Opaque) else None
            return _proved(m, Path(parts_, auto=here.naming.chain), here, made, more)
        if sequential:
            return Path((word,) if isinstance(auto, Opaque) else auto, auto=here.naming.chain)
        return Path((word,))  # no weights are stored under it
    parts: list[str | Expr] = []
    for part in layer.name.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        expr = m.translated(part, here, None)
        if expr is None:
            m.pin_value(part, here)
            expr = literal(same(here.sites, [part.evaluate(s.names) for s in here.sites]))
        parts.append(expr)
    return _proved(m, Path(_joined(parts), named=True), here, made, None)


def _joined(parts: list[str | Expr]) -> tuple[str | Expr, ...]:
    """Constants as text, and adjacent texts joined."""
    import ast

    found: list[str | Expr] = []
    for one in parts:
        part = str(one.value) if isinstance(one, ast.Constant) else one
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return tuple(found)


def _proved(
    m: ModuleLowering, path: Path, here: Context, made: list[Any], unknown: frozenset[str] | None
) -> Path:
    """A name that only depends on the loops around it. Raises `MustUnroll`, `Pin` or `NotUniform`
    otherwise; `unknown` are the variables of a name without an expression."""
    words = [one.path.rpartition(".")[2] for one in made]
    read = {v for p in path.parts if not isinstance(p, str) for v in variables(p)}
    steady = {v for v in read if v not in m.closed or m.closed[v] is not None}
    own = set(here.loops)
    if unknown is not None or not read <= own | (steady if read & own else set()):
        if here.loops:
            raise MustUnroll(here.sites, range(len(here.sites)))
        same(here.sites, words)
        if unknown is not None and not any(site.real for site in here.sites):
            raise NotUniform(here.sites, words)
        m.pin(frozenset(read) | (unknown or frozenset()))
        return path._replace(parts=(words[0],))
    for site, word in zip(here.sites, words, strict=True):
        text = "".join(p if isinstance(p, str) else str(evaluate(p, site)) for p in path.parts)
        if site.real and text != word:
            raise NotUniform(here.sites, words)
    for part in path.parts:
        if not isinstance(part, str):
            m.read(part)
    return path


# -- labels, heads, reuse -------------------------------------------------------------------------


def _enter_labels(m: ModuleLowering, layer: Layer, here: Context, made: Made) -> None:
    for name in (layer.name, layer.label):
        if name is None:
            continue
        fixed = len(name.parts) == 1 and isinstance(name.parts[0], str)
        if not fixed and not m.references.may_name(name) and not m.references.any_templated:
            continue
        text = constant_text(m, name, here)
        if made.tensor is not None and m.references.tensor(text):
            made.tensor.label = text
        path = getattr(made.statement, "path", None)
        if m.references.called(text) and path is not None and path.fixed is None:
            raise MustUnroll(here.sites, range(len(here.sites)))
        here.labels.own[text] = Label(made.tensor, made.statement)


def _head(
    m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None, current: Tensor | None
) -> Tensor | None:
    """A head is an output and keeps the current tensor."""
    if not all(site.real for site in here.sites):
        raise NotUniform(here.sites, [site.real for site in here.sites])
    before = [(site, site.rewind()) for site in here.sites]
    with m.body() as body:
        made = dispatch(m, layer._replace(head=False, training_only=False), here, start)
        _enter_labels(m, layer, here, made)
    value = made.tensor
    assert value is not None
    again = layer.kind == "reuse"  # which creates nothing itself
    paths = ["" if again else _made_path(site, at) for site, at in before]
    keys = [
        _output_name(m, layer, site, path, value)
        for (site, _), path in zip(before, paths, strict=True)
    ]
    path = getattr(made.statement, "path", None)
    key = None
    if path is not None and path.named and not again:
        texts = [
            "".join(p if isinstance(p, str) else str(evaluate(p, site)) for p in path.parts)
            for site in here.sites
        ]
        key = path if texts == keys else None
    if key is None:
        key = Path((same(here.sites, keys),))
    m.module.heads = True
    m.out.append(Head(key, tuple(body), value, layer.training_only and not here.training_only))
    return current


def _made_path(site: CallSite, position: int) -> str:
    """The path of the module of a head's layer, "" if it has none."""
    made = site.group.children[position : site.rewind()]
    if not made:
        return ""
    last = made[-1]
    return last.path if isinstance(last, Node) or last.level else ""


def _output_name(m: ModuleLowering, layer: Layer, site: CallSite, path: str, value: Tensor) -> str:
    """The name of the output of a head: the last part of its path, the full path if two share that,
    or a number."""
    outputs = m.program.net.outputs
    label = layer.name or layer.label
    if not path and label is not None:
        parts = [p if isinstance(p, str) else str(p.evaluate(site.names)) for p in label.parts]
        path = ".".join(filter(None, (site.group.path, "".join(parts))))
    if path:
        if "." in path and path in outputs:
            return path
        own = path.rpartition(".")[2]
        return own if own != "output" else "output_head"
    shape = site.shape(value)
    for word, number in outputs.items():
        plain_number = word.startswith("head") and word[4:].isdecimal()
        if (
            plain_number
            and word not in m.program.numbered
            and m.program.net.tensors[number] == shape
        ):
            m.program.numbered.add(word)
            return word
    raise refused(layer, "a head without a name here", "give it one", m.target)


def _reuse(m: ModuleLowering, layer: Layer, here: Context, start: Tensor | None) -> Made:
    """A reused layer, block or group."""
    label = here.labels.find(layer.word)
    made: Any = None if label is None else label.made
    while isinstance(made, Again):
        made = made.target
    if label is None or made is None:
        raise refused(layer, "this call again of a layer", target=m.target)
    if getattr(made, "heads", False) or getattr(getattr(made, "module", None), "heads", False):
        raise refused(layer, "a part with a head, called again", "write the head outside", m.target)
    groups = [site.take() for site in here.sites]
    first = label.tensor
    inputs = (start,) if start is not None else ()
    if not isinstance(made, Operation) and len(getattr(made, "inputs", ())) > 1:
        inputs += made.inputs[1:]
    given = [g.outputs[0] if isinstance(g, Node) else g.output for g in groups]
    if any(number in (None, 0) for number in given):
        m.out.append(Again(made, inputs, None, layer))
        return Made(None, made)
    shapes = [s.table[number or 0] for s, number in zip(here.sites, given, strict=True)]
    same(here.sites, [form_of(t.axes) for t in shapes])
    axes = shapes[0].axes
    reads: frozenset[str] = frozenset()
    for tensor in (*inputs, *(t for t in (first,) if t is not None)):
        for size in tensor.sizes:
            reads |= reads_of(size)
    sizes: list[Size] = []
    for axis in range(len(axes)):
        actual = [t.shape[axis] for t in shapes]
        known = first.sizes[axis] if first is not None and len(first.sizes) == len(axes) else None
        if not reads and len(set(actual)) == 1:
            sizes.append(literal(actual[0]))
        elif known is not None and not isinstance(known, Opaque) and _fits(known, here, actual):
            sizes.append(known)
        else:
            sizes.append(Opaque(reads))
    result = Tensor(tuple(sizes), axes)
    for site, shape in zip(here.sites, shapes, strict=True):
        site.set(result, shape)
    m.out.append(Again(made, inputs, result, layer))
    return Made(result, made)


def _fits(size: Expr, here: Context, actual: list[int]) -> bool:
    from archcalc.codegen.callsite import mismatches

    return not mismatches(size, here.sites, [plain(v) for v in actual])
