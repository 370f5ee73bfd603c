"""Writing a body as attributes in `__init__` and statements in `forward`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.exporting.expressions import quoted, variables
from archcalc.exporting.heads import output_name
from archcalc.exporting.lanes import Differs, Unroll, Wire, constant
from archcalc.exporting.layout import Line, Nest, assign, call, flat
from archcalc.exporting.pytorch.attributes import Attribute, attribute_of
from archcalc.exporting.pytorch.calls import group_module, instance
from archcalc.exporting.pytorch.conditions import conditional
from archcalc.exporting.pytorch.frame import Frame
from archcalc.exporting.pytorch.joins import join
from archcalc.exporting.pytorch.operands import made_by
from archcalc.exporting.pytorch.scope import Here, Label
from archcalc.exporting.pytorch.site import Run
from archcalc.exporting.refusal import refused
from archcalc.ops.attributes import Reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.scope import Env
    from archcalc.exporting.pytorch.site import Form
    from archcalc.graph import Group, Node
    from archcalc.spec.syntax import Layer, Name

LONG = 68
"""An expression longer than this is given a name before more is put around it."""

TEXT, CALL = 76, 88
"""What is longer than this reads its tensor from a variable."""


class Result(NamedTuple):
    """What a layer leaves: its tensor, its name in the level, and how it is called again."""

    wire: Wire | None
    attribute: Attribute | None = None
    again: Callable[..., Wire | None] | None = None


class ForwardWriter(Frame):
    """Writes every kind of layer."""

    # -- one layer --------------------------------------------------------------------------

    def present(
        self, layer: Layer, here: Here, start: Wire | None, current: Wire | None
    ) -> Wire | None:
        if layer.training_only and layer.head:
            return self._in_training(layer, here, start, current)
        if layer.head:
            return self._aside(layer, here, start, current)
        return self._labelled(layer, here, self.dispatch(layer, here, start))

    def _aside(
        self, layer: Layer, here: Here, start: Wire | None, current: Wire | None
    ) -> Wire | None:
        """A head: what it works out goes into a variable of its own, for the current tensor stays
        what it is."""
        if current is not None:
            simple = self.simple(here, current)
            start = simple if start is current else start
            current = simple
        target, self.target = self.target, self.builder.forward_ids.take("head")
        try:
            result = self.dispatch(layer, here, start)
            wire = self._labelled(layer, here, result)
        finally:
            self.builder.forward_ids.used.discard(self.target)
            self.target = target
        assert wire is not None
        self._head(layer, here, wire, result.attribute)
        return current

    def _in_training(
        self, layer: Layer, here: Here, start: Wire | None, current: Wire | None
    ) -> Wire | None:
        """A head that runs in training only, as torchvision's auxiliary classifiers do."""
        same = start is current
        if current is not None:
            current = self.simple(here, current)
        start = current if same or start is None else self.simple(here, start)
        kept, self.forward = self.forward, []
        try:
            self.present(layer._replace(training_only=False), here, start, current)
        finally:
            inside, self.forward = self.forward, kept
        last = self.forward[-1] if self.forward else None
        if isinstance(last, Nest) and last.doc == "self.training":
            last.body.extend(inside)
        else:
            self.forward.append(Nest("if ", "self.training", inside))
        return current

    def dispatch(self, layer: Layer, here: Here, start: Wire | None) -> Result:
        """Writes a layer by its kind."""
        kind = layer.kind
        if kind == "operation":
            return self.operation(layer, layer, here, start, here.env)
        if kind == "block":
            return self.block(layer, layer, here, start, here.env)
        if kind == "apply":
            try:
                applied, env = self.applied(layer, here)
            except Differs:
                return self._made_by(layer, here, start)
            write = self.operation if applied.kind == "operation" else self.block
            return write(applied, layer, here, start, env)
        if kind == "group":
            return self._module(layer, here, start)
        if kind == "join":
            if layer.name is not None:
                return self._module(layer, here, start)
            return Result(join(self, layer, here, start))
        if kind == "reuse":
            return Result(self._reuse(layer, here, start))
        if kind == "do":
            if layer.loop is not None:
                return Result(self.loop(layer, here, start))
            groups: list[Any] = [lane.take() for lane in here.lanes]
            lanes = [lane.inside(g) for lane, g in zip(here.lanes, groups, strict=True)]
            return Result(self.body(layer.body, here._replace(lanes=lanes), start))
        return Result(start)

    # -- operations -------------------------------------------------------------------------

    def operation(
        self, layer: Layer, named: Layer, here: Here, start: Wire | None, env: Env
    ) -> Result:
        nodes: list[Any] = [lane.take() for lane in here.lanes]
        wires = self.operands(layer, here, start)
        names = self.names(here._replace(env=env), start)
        form = self.form(self.site(layer, here, nodes, wires, names))
        weighted = any(node.facts.weights for node in nodes)
        free = any(variables(e) for e in form.uses)
        native = form.module is not None and not callable(form.module)
        attribute = None
        if (
            weighted
            or form.function is None
            or ((free or named.name is not None) and native and len(wires) == 1)
        ):
            attribute = attribute_of(self, named, here, [n.path for n in nodes], weighted=weighted)
            doc = form.module() if callable(form.module) else form.module
            assert doc is not None
            doc = self.initialised(named, here, start, doc, nodes)
            self.register(attribute, doc, here)

        def again(
            writer: ForwardWriter, there: Here, wire: Wire | None, module: Attribute | None
        ) -> Wire | None:
            made: list[Any] = [lane.take() for lane in there.lanes]
            inputs = writer.operands(layer, there, wire)
            site = writer.site(layer, there, made, inputs, writer.names(there, wire))
            used = set(writer.builder.used)
            form = writer.form(site)
            if module is not None:  # which is there already: what making it reads is not read
                writer.builder.used = used
            return writer.result(there, made, form, module, inputs)

        return Result(self.result(here, nodes, form, attribute, wires), attribute, again)

    def _made_by(self, layer: Layer, here: Here, start: Wire | None) -> Result:
        """An operation that is another one from call to call."""
        doc, nodes, dims = made_by(self, layer, here, start)
        assert start is not None
        weighted = any(node.facts is None or node.facts.weights for node in nodes)
        if weighted or layer.name is not None:
            attribute = attribute_of(self, layer, here, [n.path for n in nodes])
        else:  # nothing is saved under it, so that the parameter's name will do
            attribute = Attribute(self.builder.attributes.take(layer.word, "layer"))
            if here.loops:
                raise Unroll(here.lanes, range(len(here.lanes)))
        self.register(attribute, doc, here)
        made = self._call_module(here, attribute, start, weighted=False)
        wire = self.new(here, [n.outputs[0] for n in nodes], Wire(made, dims))
        return Result(wire, attribute)

    def operands(self, layer: Layer, here: Here, start: Wire | None) -> list[Wire]:
        """The tensors that an operation reads: what enters, and those its attributes name."""
        from archcalc.ops.registry import OPERATIONS

        assert start is not None
        wires = [start]
        for attribute in OPERATIONS[layer.word].attributes:
            if isinstance(attribute.kind, Reference) and attribute.name in layer.arguments:
                value = layer.arguments[attribute.name]
                texts = [str(value.evaluate(lane.names)) for lane in here.lanes]
                wires.append(self.look_up(constant(here.lanes, texts), here))
        return wires

    def result(
        self,
        here: Here,
        nodes: list[Node],
        form: Form,
        attribute: Attribute | None,
        wires: list[Wire],
    ) -> Wire | None:
        """The tensor that an operation gives; a split gives its labels."""
        if attribute is not None:
            doc = self._call_module(here, attribute, wires[0], nodes[0].op.weighted)
        else:
            doc = self._call_function(here, form, wires)
        if nodes[0].op.name == "split":
            self._split(here, nodes, form, doc)
            return None
        text = flat(doc)
        typed = attribute is None and form.typed
        if typed and not text.startswith(("torch.", "nn.")):
            typed = wires[0].typed
        wire = Wire(doc, form.outputs[0], simple=text.isidentifier(), typed=typed)
        return self.new(here, [n.outputs[0] for n in nodes], wire)

    def _call_module(self, here: Here, attribute: Attribute, wire: Wire, weighted: bool) -> Doc:
        if not wire.simple and (weighted or len(flat(wire.doc)) > LONG):
            wire = self.simple(here, wire)
        return call(attribute.text(self.builder), wire.doc)

    def _call_function(self, here: Here, form: Form, wires: list[Wire]) -> Doc:
        assert form.function is not None
        if len(wires) > 1 or len(flat(wires[0].doc)) > LONG:
            wires = [self.simple(here, w) for w in wires]

        def use(expr: Expr, hint: str) -> str:
            return self.at_run_time(expr, hint, here)

        doc = form.function(Run(tuple(flat(w.doc) for w in wires), use))
        if isinstance(doc, str) and not wires[0].simple and isinstance(wires[0].doc, str):
            # What stands in a sum or product needs a name of its own here.
            wires = [self.simple(here, w) for w in wires]
            doc = form.function(Run(tuple(flat(w.doc) for w in wires), use))
        # A text cannot be broken into lines; a call can.
        if len(flat(doc)) > (TEXT if isinstance(doc, str) else CALL):
            wires = [self.simple(here, w) for w in wires]
            doc = form.function(Run(tuple(flat(w.doc) for w in wires), use))
        return doc

    def _split(self, here: Here, nodes: list[Node], form: Form, doc: Doc) -> None:
        words = constant(here.lanes, [n.attributes.into for n in nodes if n.attributes])
        names = [self.builder.forward_ids.take(word) for word in words]
        self.forward.append(assign(", ".join(names), doc))
        for position, (word, python) in enumerate(zip(words, names, strict=True)):
            self.kept.add(python)
            self.kinds[python] = True
            wire = Wire(python, form.outputs[position], simple=True, typed=True)
            self.new(here, [n.outputs[position] for n in nodes], wire)
            here.scope.enter(word, Label(wire, self.builder))

    # -- blocks, groups, named joins ----------------------------------------------------------

    def block(self, layer: Layer, named: Layer, here: Here, start: Wire | None, env: Env) -> Result:
        groups: list[Any] = [lane.take() for lane in here.lanes]
        block = self.program.spec.blocks[layer.word]
        if block.inline:
            inside = self.inline(layer, here, start, groups, env)
            result = self.body(block.body, inside, start)
            return Result(self._outer(here, groups, result))
        made = instance(self, layer, here, start, groups, env)
        attribute = attribute_of(self, named, here, [g.path for g in groups])
        self.register(attribute, made.doc, here)

        def again(
            writer: ForwardWriter, there: Here, wire: Wire | None, module: Attribute | None
        ) -> Wire | None:
            called: list[Any] = [lane.take() for lane in there.lanes]
            if writer.program.gives_heads(called):
                raise refused(named, "a block with a head, called again", "write the head outside")
            again_made = instance(writer, layer, there, wire, called, env)
            assert module is not None
            return writer.call_made(
                there, called, module, wire, again_made.outputs, again_made.extra
            )

        wire = self.call_made(here, groups, attribute, start, made.outputs, made.extra)
        return Result(wire, attribute, again)

    def _module(self, layer: Layer, here: Here, start: Wire | None) -> Result:
        """A group or a named join: a Sequential, or a class of its own."""
        groups: list[Any] = [lane.take() for lane in here.lanes]
        made = group_module(self, layer, here, start, groups)
        attribute = attribute_of(self, layer, here, [g.path for g in groups])
        self.register(attribute, made.doc, here)

        def again(
            writer: ForwardWriter, there: Here, wire: Wire | None, module: Attribute | None
        ) -> Wire | None:
            called: list[Any] = [lane.take() for lane in there.lanes]
            assert module is not None
            if made.extra and writer.builder is not self.builder:
                raise refused(layer, "a group that reads other tensors, called again in a group")
            return writer.call_made(there, called, module, wire, {}, made.extra)

        wire = self.call_made(here, groups, attribute, start, made.outputs, made.extra)
        return Result(wire, attribute, again)

    def call_made(
        self,
        here: Here,
        groups: list[Group],
        attribute: Attribute,
        start: Wire | None,
        outputs: dict[int, Expr],
        extra: tuple[str, ...],
    ) -> Wire | None:
        arguments: list[Doc] = [] if start is None else [self.simple(here, start).doc]
        doc = call(attribute.text(self.builder), *arguments, *extra)
        if any(not g.output for g in groups):
            self.forward.append(Line("", doc))
            return None
        return self.new(here, [g.output or 0 for g in groups], Wire(doc, outputs))

    def _outer(self, here: Here, groups: list[Group], result: Wire | None) -> Wire | None:
        """What a part gives, for the places around it."""
        if result is not None:
            self.new(here, [g.output or 0 for g in groups], result)
        return result

    def _reuse(self, layer: Layer, here: Here, start: Wire | None) -> Wire | None:
        label = here.scope.find(layer.word)
        assert label.again is not None
        module = label.attribute
        if module is not None:
            module = self.program.capture_module(self.builder, label.builder, module, layer.word)
        return label.again(self, here, start, module)

    # -- labels and heads -------------------------------------------------------------------

    def _labelled(self, layer: Layer, here: Here, result: Result) -> Wire | None:
        wire = result.wire
        for name in (layer.name, layer.label):
            text = None if name is None else self.label_text(name, here)
            if text is None:
                continue
            if wire is not None and self.references.tensor(text) and wire.doc not in self.kept:
                variable = self.builder.forward_ids.take(text, "tensor")
                wire = self.simple(here, wire, variable)
                self.kept.add(variable)
            again = result.again
            fixed = result.attribute is None or result.attribute.fixed
            if again is not None and not fixed and self.references.called(text):
                raise Unroll(here.lanes, range(len(here.lanes)))
            label = Label(wire or Wire(), self.builder, result.attribute, again)
            here.scope.enter(text, label)
        return wire

    def label_text(self, name: Name, here: Here) -> str | None:
        """A label; one that changes from turn to turn matters only where something names it."""
        try:
            return self.name_of(name, here)
        except Differs:
            if self.references.any_templated or self.references.may_name(name):
                raise Unroll(here.lanes, range(len(here.lanes))) from None
            return None

    def _head(self, layer: Layer, here: Here, wire: Wire, attribute: Attribute | None) -> None:
        self.builder.gives_heads = True
        names = [output_name(layer, lane, lane.index(wire)) for lane in here.lanes]
        key = None
        if attribute is not None and [attribute.in_place(lane) for lane in here.lanes] == names:
            key = attribute.key(self.builder)
        key = key or quoted(constant(here.lanes, names))
        self.forward.append(assign(f"heads[{key}]", wire.doc))

    # -- conditions -------------------------------------------------------------------------

    def conditional(
        self,
        layer: Layer,
        here: Here,
        there: Here,
        condition: Expr,
        start: Wire | None,
        current: Wire | None,
    ) -> Wire | None:
        return conditional(self, layer, here, there, condition, start, current)
