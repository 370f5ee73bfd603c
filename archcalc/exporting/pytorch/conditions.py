"""Layers that are there under a condition: `when`, as an `if`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.exporting.lanes import Differs, Wire
from archcalc.exporting.layout import Call, Line, Nest, Statement, assign, call, under
from archcalc.exporting.references import escapes

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.pytorch.forward import ForwardWriter
    from archcalc.exporting.pytorch.scope import Here
    from archcalc.spec.syntax import Layer


def conditional(
    writer: ForwardWriter,
    layer: Layer,
    here: Here,
    there: Here,
    condition: Expr,
    start: Wire | None,
    current: Wire | None,
) -> Wire | None:
    always = len(there.lanes) == len(here.lanes)
    if current is None and not layer.head:
        if not always:
            raise Differs(here.lanes, [lane in there.lanes for lane in here.lanes])
        return writer.present(layer, there, start, current)
    if current is not None:
        whole = _one_module(writer, layer, there)
        own = whole or layer.head
        simple = writer.simple(here, current, None if own else writer.target)
        start = simple if start is current else start
        current = simple
        if whole:
            return _or_identity(writer, layer, here, there, condition, current)
    if start is not None:
        start = writer.simple(here, start)
    init, forward, result = _apart(writer, layer, there, start, current)
    flag = writer.at_run_time(condition, f"has_{_hint(layer)}", here)
    if init:
        text = flag
        if not flag.startswith("self."):
            text = writer.builder.text(writer.fitting(condition, here))
        writer.statements.append(under(text, init))
    writer.forward.append(under(flag, forward))
    if layer.head or current is None or result is None:
        return current
    wire = Wire(writer.target, simple=True, typed=current.typed)
    merged = writer.merged(here, there, condition, (current, result), wire)
    return _under_names(writer, here, merged)


def _one_module(writer: ForwardWriter, layer: Layer, there: Here) -> bool:
    """Whether the layer is one module, which an Identity can stand in for."""
    if layer.source is not None or layer.head:
        return False
    labels = [writer.label_text(n, there) for n in (layer.name, layer.label) if n is not None]
    if any(text is not None and writer.references.tensor(text) for text in labels):
        return False
    if layer.kind == "operation":
        nodes: list[Any] = [lane.peek() for lane in there.lanes]
        read = [n.inputs for n in nodes]
        return all(n.facts.weights for n in nodes) and all(len(r) == 1 for r in read)
    if layer.kind == "block":
        block = writer.program.spec.blocks[layer.word]
        return not block.inline and not block.inputs and not writer.program.has_heads(there.lanes)
    if layer.kind == "group" or (layer.kind == "join" and layer.name is not None):
        bodies = layer.body or tuple(one for b in layer.branches for one in b.body)
        return not escapes(bodies, writer.program.spec.blocks)
    return False


def _or_identity(
    writer: ForwardWriter, layer: Layer, here: Here, there: Here, condition: Expr, current: Wire
) -> Wire:
    init, forward, result = _apart(writer, layer, there, current, current, keep=True)
    assert result is not None
    assert not forward
    made = next(s for s in init if isinstance(s, Line) and _registers(s))
    target = made.before.removesuffix(" = ")
    text = writer.builder.text(writer.fitting(condition, here))
    if target == made.before:  # add_module("0", …)
        assert isinstance(made.doc, Call)
        other = Line("", call(made.doc.head, made.doc.arguments[0], "nn.Identity()"))
        writer.statements += [Nest("if ", text, init), Nest("else", "", [other])]
    else:
        writer.statements.append(assign(f"{target}: nn.Module", "nn.Identity()"))
        writer.statements.append(Nest("if ", text, init))
    merged = writer.merged(here, there, condition, (current, result), Wire(result.doc))
    return _under_names(writer, here, merged)


def _under_names(writer: ForwardWriter, here: Here, wire: Wire) -> Wire:
    """The tensor after a condition, its long sizes under names: several layers may read them."""
    wire.dims = {axis: writer.short(expr, here) for axis, expr in wire.dims.items()}
    return wire


def _apart(
    writer: ForwardWriter,
    layer: Layer,
    there: Here,
    start: Wire | None,
    current: Wire | None,
    *,
    keep: bool = False,
) -> tuple[list[Statement], list[Statement], Wire | None]:
    """What the layer writes, and what it gives (as the target unless `keep`)."""
    kept = (writer.statements, writer.forward)
    writer.statements, writer.forward = [], []
    try:
        result = writer.present(layer._replace(when=None), there, start, current)
        if result is not None and not keep and not layer.head:
            result = writer.simple(there, result, writer.target)
        return writer.statements, writer.forward, result
    finally:
        writer.statements, writer.forward = kept


def _registers(line: Line) -> bool:
    """Whether a line makes a module an attribute (and not a size a variable)."""
    doc = line.doc
    return line.before.startswith("self.") or (
        isinstance(doc, Call) and doc.head == "self.add_module"
    )


def _hint(layer: Layer) -> str:
    """A word for the flag that says whether a layer is there."""
    if layer.name is not None and isinstance(layer.name.parts[0], str):
        return layer.name.parts[0]
    if layer.kind != "do":
        return layer.word
    return (layer.body[0].word if layer.body else "") or "part"
