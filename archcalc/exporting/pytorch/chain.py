"""Writing a body that is a plain chain as the layers of an `nn.Sequential`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.exporting.lanes import Differs, Wire
from archcalc.exporting.layout import (
    Call,
    Items,
    Line,
    Nest,
    Prefixed,
    Statement,
    assign,
    call,
    flat,
)
from archcalc.exporting.pytorch.attributes import attribute_of
from archcalc.exporting.pytorch.calls import group_module, instance
from archcalc.exporting.pytorch.loops import LoopWriter
from archcalc.exporting.pytorch.operands import made_by
from archcalc.exporting.pytorch.scope import Label
from archcalc.exporting.refusal import refused

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.builder import Builder
    from archcalc.exporting.pytorch.scope import Env, Here
    from archcalc.spec.syntax import Layer

LONGEST = 80
"""A generator longer than this is written as a loop."""


class Slot(NamedTuple):
    """A layer of the chain, with its name where it has one."""

    key: str | None
    doc: Doc


class ChainWriter(LoopWriter):
    """Its statements are slots, and the loops and conditions around them."""

    def __init__(self, builder: Builder) -> None:
        super().__init__(builder)
        self.statements = []
        self.variable = builder.ids.take("layers")  # given back when the chain is written

    def present(
        self,
        layer: Layer,
        here: Here,
        start: Wire | None,
        _current: Wire | None,
    ) -> Wire | None:
        wire = self._dispatch(layer, here, start)
        for name in (layer.name, layer.label):
            try:
                text = None if name is None else self.name_of(name, here)
            except Differs:
                continue  # nothing in a chain reads labels
            if text is not None and wire is not None:
                here.scope.enter(text, Label(wire, self.builder))
        return wire

    def _dispatch(self, layer: Layer, here: Here, start: Wire | None) -> Wire | None:
        kind = layer.kind
        if kind == "operation":
            return self._operation(layer, layer, here, start, here.env)
        if kind == "block":
            return self._block(layer, layer, here, start, here.env)
        if kind == "apply":
            try:
                applied, env = self.applied(layer, here)
            except Differs:
                doc, nodes, dims = made_by(self, layer, here, start)
                self._slot(layer, here, [n.path for n in nodes], doc)
                return self._result(here, [n.outputs[0] for n in nodes], dims)
            write = self._operation if applied.kind == "operation" else self._block
            return write(applied, layer, here, start, env)
        if kind == "group":
            groups: list[Any] = [lane.take() for lane in here.lanes]
            made = group_module(self, layer, here, start, groups)
            self._slot(layer, here, [g.path for g in groups], made.doc)
            return self._result(here, [g.output for g in groups], made.outputs)
        if kind == "do":
            if layer.loop is not None:
                return self.loop(layer, here, start)
            parts: list[Any] = [lane.take() for lane in here.lanes]
            lanes = [lane.inside(g) for lane, g in zip(here.lanes, parts, strict=True)]
            return self.body(layer.body, here._replace(lanes=lanes), start)
        raise refused(layer, f"a {kind} in a chain")  # never: a chain has none by its text

    def _operation(
        self, layer: Layer, named: Layer, here: Here, start: Wire | None, env: Env
    ) -> Wire | None:
        assert start is not None
        nodes: list[Any] = [lane.take() for lane in here.lanes]
        names = self.names(here._replace(env=env), start)
        form = self.form(self.site(layer, here, nodes, [start], names))
        doc = form.module() if callable(form.module) else form.module
        assert doc is not None
        doc = self.initialised(named, here, start, doc, nodes)
        self._slot(named, here, [n.path for n in nodes], doc)
        return self._result(here, [n.outputs[0] for n in nodes], form.outputs[0])

    def _block(
        self, layer: Layer, named: Layer, here: Here, start: Wire | None, env: Env
    ) -> Wire | None:
        groups: list[Any] = [lane.take() for lane in here.lanes]
        block = self.program.spec.blocks[layer.word]
        if block.inline:
            inside = self.inline(layer, here, start, groups, env)
            result = self.body(block.body, inside, start)
            if result is not None:
                for lane, group in zip(here.lanes, groups, strict=True):
                    lane.set(result, group.output)
            return result
        made = instance(self, layer, here, start, groups, env)
        self._slot(named, here, [g.path for g in groups], made.doc)
        return self._result(here, [g.output for g in groups], made.outputs)

    def _slot(self, layer: Layer, here: Here, paths: list[str], doc: Doc) -> None:
        key = None
        if layer.name is not None:
            key = attribute_of(self, layer, here, paths).slot()
        self.statements.append(Slot(key, doc))  # type: ignore[arg-type]  # a chain alone has them

    def _result(self, here: Here, tensors: list[int], dims: dict[int, Expr]) -> Wire:
        wire = Wire("", {axis: self.fitted(expr, here) for axis, expr in dims.items()})
        for lane, tensor in zip(here.lanes, tensors, strict=True):
            lane.set(wire, tensor)
        return wire

    def conditional(
        self,
        layer: Layer,
        here: Here,
        there: Here,
        condition: Expr,
        start: Wire | None,
        current: Wire | None,
    ) -> Wire | None:
        assert current is not None
        kept, self.statements = self.statements, []
        try:
            result = self.present(layer._replace(when=None), there, start, current)
        finally:
            inside, self.statements = self.statements, kept
        text = self.builder.text(self.fitting(condition, here))
        self.statements.append(Nest("if ", text, inside))
        assert result is not None
        return self.merged(here, there, condition, (current, result), Wire(""))

    # -- what comes out ---------------------------------------------------------------------

    def sequential(self, around: list[Statement]) -> Doc:
        """The chain as one expression; what it needs before that goes to `around`."""
        self.builder.ids.used.discard(self.variable)
        items = [self._item(s) for s in self.statements]
        if all(item is not None for item in items):
            docs = tuple(item for item in items if item is not None)
            slots: Any = self.statements
            if not any(isinstance(s, Slot) and s.key is not None for s in slots):
                return Call("nn.Sequential", docs)
            if all(isinstance(s, Slot) for s in slots):
                self.program.helpers.add("OrderedDict")
                return call("nn.Sequential", _ordered(slots))
        variable = self.variable
        around += self._as_statements(variable)
        return call("nn.Sequential", variable if self._named() else f"*{variable}")

    def constructor(self) -> list[Statement]:
        """The constructor of a class that is an `nn.Sequential`."""
        statements: list[Statement] = []
        doc = self.sequential(statements)
        assert isinstance(doc, Call)
        return [*statements, Line("", Call("super().__init__", doc.arguments))]

    def _item(self, statement: Any) -> Doc | None:
        """A layer as an argument, or a loop over one layer as a generator."""
        if isinstance(statement, Slot):
            return statement.doc
        if isinstance(statement, Nest) and statement.before == "for " and len(statement.body) == 1:
            inner: Any = statement.body[0]
            if isinstance(inner, Slot) and inner.key is None:
                text = f"{flat(inner.doc)} for {flat(statement.doc)}"
                if len(text) <= LONGEST:
                    return f"*({text})"
        return None

    def _named(self) -> bool:
        return _has_key(self.statements)

    def _as_statements(self, variable: str) -> list[Statement]:
        """A list (or a dict, where layers have names) that grows layer by layer."""
        if self._named():
            self.program.helpers.add("OrderedDict")
            first = Line(f"{variable}: OrderedDict[str, nn.Module] = ", "OrderedDict()")
            return [first, *_keyed(self.statements, variable)]
        head: list[Any] = []
        rest: list[Any] = list(self.statements)
        while rest and isinstance(rest[0], Slot):
            head.append(rest.pop(0).doc)
        first = Line(f"{variable}: list[nn.Module] = ", Items("[", tuple(head), "]"))
        return [first, *_listed(rest, variable)]


def write_chain(builder: Builder, body: tuple[Layer, ...], here: Here, entry: Wire) -> Wire | None:
    """The constructor of a class that is an nn.Sequential."""
    writer = ChainWriter(builder)
    result = writer.body(body, here, entry)
    builder.init += writer.constructor()
    return result


def _ordered(slots: list[Slot]) -> Doc:
    """The layers by name; an unnamed one is called by its position."""
    keys = [s.key if s.key is not None else f'"{i}"' for i, s in enumerate(slots)]
    words = [key[1:-1] for key in keys]
    if all(w.isidentifier() and key[0] == '"' for w, key in zip(words, keys, strict=True)):
        from keyword import iskeyword

        if not any(iskeyword(w) or not w.isascii() or w in ("self", "other") for w in words):
            pairs = zip(words, slots, strict=True)
            return Call("OrderedDict", tuple(Prefixed(f"{w}=", s.doc) for w, s in pairs))
    rows = tuple(Items("(", (key, s.doc), ")") for key, s in zip(keys, slots, strict=True))
    return call("OrderedDict", Items("[", rows, "]"))


def _has_key(statements: list[Any]) -> bool:
    return any(
        s.key is not None if isinstance(s, Slot) else isinstance(s, Nest) and _has_key(s.body)
        for s in statements
    )


def _listed(statements: list[Any], variable: str) -> list[Statement]:
    """Slots as `append`, neighbours together as `+=`."""
    lines: list[Statement] = []
    together: list[Doc] = []

    def close() -> None:
        if len(together) == 1:
            lines.append(Line("", call(f"{variable}.append", together[0])))
        elif together:
            lines.append(Line(f"{variable} += ", Items("[", tuple(together), "]")))
        together.clear()

    for s in statements:
        if isinstance(s, Slot):
            together.append(s.doc)
            continue
        close()
        lines.append(s._replace(body=_listed(s.body, variable)) if isinstance(s, Nest) else s)
    close()
    return lines


def _keyed(statements: list[Any], variable: str) -> list[Statement]:
    lines: list[Statement] = []
    for s in statements:
        if isinstance(s, Slot):
            key = s.key if s.key is not None else f"str(len({variable}))"
            lines.append(assign(f"{variable}[{key}]", s.doc))
        else:
            lines.append(s._replace(body=_keyed(s.body, variable)) if isinstance(s, Nest) else s)
    return lines
