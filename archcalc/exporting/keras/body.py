"""Writing any layer by its kind: blocks as calls of their functions, groups where they stand."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import Fault
from archcalc.exporting.expressions import (
    Untranslatable,
    literal,
    name,
    plain,
    quoted,
    show,
    translate,
    variables,
)
from archcalc.exporting.keras.code import Path
from archcalc.exporting.keras.emitters import EMITTERS
from archcalc.exporting.keras.function import Parameter
from archcalc.exporting.keras.joins import JoinWriter
from archcalc.exporting.keras.marks import Again
from archcalc.exporting.keras.site import Make
from archcalc.exporting.keras.writer import CHANNELS, Here, Label, Scope
from archcalc.exporting.layout import Call, Line, Nest, Prefixed, assign, call, flat
from archcalc.exporting.pytorch.lanes import Differs, Lane, Wire, constant, settled
from archcalc.exporting.refusal import refused
from archcalc.graph import Node
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.expressions import Operand
from archcalc.spec.syntax import Layer

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.keras.function import Function
    from archcalc.exporting.keras.writer import Env
    from archcalc.exporting.layout import Doc

Result = tuple["Wire | None", "Callable[[Here, Wire], Wire | None] | None"]


class BodyWriter(JoinWriter):
    """Writes everything."""

    def present(
        self, layer: Layer, here: Here, start: Wire | None, current: Wire | None
    ) -> Wire | None:
        if layer.head:
            return self._head(layer, here, start, current)
        label = self._own_label(layer, here)
        target = self.target
        if label is not None and layer.kind in ("operation", "block", "join", "group", "apply"):
            self.target = flat(label.wire.doc)
        wire, again = self.dispatch(layer, here, start)
        self.target = target
        if wire is not None:
            wire = self._labelled(layer, here, wire)
        for text in self._labels(layer, here):
            if self.references.called(text):
                self.label(here, text).again = again
        return wire

    def dispatch(self, layer: Layer, here: Here, start: Wire | None) -> Result:
        kind = layer.kind
        if kind == "operation":
            return self.operation(layer, layer, here, start, here.env)
        if kind == "block":
            return self.block(layer, layer, here, start, here.env), None
        if kind == "apply":
            return self._apply(layer, here, start)
        if kind == "reuse":
            return self._reuse(layer, here, start), None
        if kind == "do" and layer.loop is not None:
            return self.loop(layer, here, start), None
        if kind == "tensor":
            return start, None
        groups: list[Any] = [lane.take() for lane in here.lanes]
        if kind == "do":
            lanes = [lane.inside(g) for lane, g in zip(here.lanes, groups, strict=True)]
            return self.body(layer.body, here._replace(lanes=lanes), start), None
        if kind == "join" and layer.name is None:
            return self.join(layer, here, start, groups, None), None
        path = self.held(self.local(layer, here, [g.path for g in groups], layer.word or "group"))
        inside = self.enter(layer, here, path, groups)
        if kind == "join":
            return self._outer(here, groups, self.join(layer, inside, start, groups, path)), None
        result = self.body(layer.body, inside, start)
        return self._outer(here, groups, result), None

    def _outer(self, here: Here, groups: list[Any], result: Wire | None) -> Wire | None:
        """What a part gives, for the places around it."""
        if result is None:
            return None
        return self.new(here, flat(result.doc), [group.output or 0 for group in groups])

    # -- labels -----------------------------------------------------------------------------

    def _labels(self, layer: Layer, here: Here) -> list[str]:
        """The labels of a layer that something names."""
        found = []
        for label in (layer.name, layer.label):
            if label is None:
                continue
            try:
                text = self.name_of(label, here)
            except Differs:
                if self.references.any_templated or self.references.may_name(label):
                    raise
                continue
            if self.references.tensor(text) or self.references.called(text):
                found.append(text)
        return found

    def _own_label(self, layer: Layer, here: Here) -> Label | None:
        """The one label that the layer's tensor is kept under."""
        read = [t for t in self._labels(layer, here) if self.references.tensor(t)]
        if len(read) != 1 or (layer.kind == "operation" and layer.word == "split"):
            return None
        return self.label(here, read[0])

    def _labelled(self, layer: Layer, here: Here, wire: Wire) -> Wire:
        for text in self._labels(layer, here):
            if not self.references.tensor(text):
                continue
            label = self.label(here, text)
            if wire.doc != label.wire.doc:
                self.statements.append(assign(flat(label.wire.doc), wire.doc))
            for lane in here.lanes:
                lane.set(label.wire, lane.index(wire))
            wire = label.wire
        return wire

    # -- heads ------------------------------------------------------------------------------

    def _head(
        self, layer: Layer, here: Here, start: Wire | None, current: Wire | None
    ) -> Wire | None:
        """An output beside the main one; those for training are asked for."""
        if self.function.block is not None:
            raise Again(("expand", self.function.block))
        body, _ = self.apart(lambda: self._head_body(layer, here, start))
        if not layer.training_only:
            self.statements += body
            return current
        if "training_heads" not in self.function.parameters:
            parameter = Parameter("heads", "training_heads", literal(False))
            self.function.parameters["training_heads"] = parameter
        self.function.used.add("training_heads")
        last = self.statements[-1] if self.statements else None
        if isinstance(last, Nest) and last.doc == "training_heads":
            last.body.extend(body)  # type: ignore[arg-type]
        else:
            self.statements.append(Nest("if ", "training_heads", body))  # type: ignore[arg-type]
        return current

    def _head_body(self, layer: Layer, here: Here, start: Wire | None) -> None:
        target, self.target = self.target, self.function.ids.take("head")
        bare = layer._replace(head=False, training_only=False)
        wire = self.present(bare, here, start, start)
        assert wire is not None
        key = quoted(constant(here.lanes, [_output(lane, wire) for lane in here.lanes]))
        self.statements.append(assign(f"outputs[{key}]", wire.doc))
        self.function.ids.used.discard(self.target)
        self.target = target
        self.program.heads = True

    # -- blocks -----------------------------------------------------------------------------

    def block(
        self, layer: Layer, named: Layer, here: Here, start: Wire | None, env: Env
    ) -> Wire | None:
        groups: list[Any] = [lane.take() for lane in here.lanes]
        block = self.program.spec.blocks[layer.word]
        if block.inline or layer.word not in self.program.functions:
            inside = self._inside(layer, named, here, start, groups, env)
            return self._outer(here, groups, self.body(block.body, inside, start))
        path = self.local(named, here, [g.path for g in groups], layer.word)
        made = self._call(layer, here, start, groups, path, env)
        self.statements.append(assign(self.target, made))
        return self.new(here, self.target, [g.output for g in groups])

    def _call(
        self,
        layer: Layer,
        here: Here,
        start: Wire | None,
        groups: list[Any],
        path: Path,
        env: Env,
    ) -> Call:
        """A call of a block's function."""
        function = self.program.functions[layer.word]
        block = self.program.spec.blocks[layer.word]
        assert start is not None
        given: list[Doc] = [flat(start.doc)]
        for word in block.inputs:
            text = str(layer.arguments[word].label(here.lanes[0].names))
            wire = here.scope.find(text).wire
            self.check_same(here, wire, [group.inputs[word] for group in groups])
            given.append(flat(wire.doc))
        for python in function.positional():
            expr = self._argument(layer, here, start, groups, function, python, env)
            default = function.parameters[python].default
            if default is None:
                given.append(self.function.text(expr))
            elif show(expr) != show(default):
                given.append(Prefixed(f"{python}=", self.function.text(expr)))
        for python in function.keywords():
            own = self.function.variables[function.parameters[python].word]
            assert own is not None
            given.append(Prefixed(f"{python}=", self.function.text(own)))
        given.append(Prefixed("name=", self.function.path(path)))
        return Call(function.name, tuple(given))

    def _argument(
        self,
        layer: Layer,
        here: Here,
        start: Wire,
        groups: list[Any],
        function: Function,
        python: str,
        env: Env,
    ) -> Expr:
        word = function.parameters[python].word
        if function.parameters[python].kind == "operation":
            return self._operand(layer, here, groups, function, word)
        actual = [group.arguments[word] for group in groups]
        value = layer.arguments.get(word)
        if value is not None:
            return self.settle(value, here._replace(env=env), start, actual)
        block = self.program.spec.blocks[layer.word]
        default = next(p.default for p in block.parameters if p.name == word)
        before: Env = dict(self.function.variables)
        for parameter in block.parameters:
            if parameter.name == word:
                break
            expr = None
            with suppress(Differs):
                given = layer.arguments.get(parameter.name, parameter.default)
                # A default reads the names of the block, an argument those of the caller.
                names = env if parameter.name in layer.arguments else before
                values = [group.arguments[parameter.name] for group in groups]
                expr = self.settle(given, here._replace(env=names), start, values)
            before[parameter.name] = None if expr is None or "shape" in show(expr) else expr
        return self.settle(default, here._replace(env=before), start, actual)

    def _operand(
        self, layer: Layer, here: Here, groups: list[Any], function: Function, word: str
    ) -> Expr:
        """An operation as an argument: a function of a tensor and a name."""
        known = function.operations[word]
        texts = [known.get(id(group), "") for group in groups]
        try:
            return name(constant(here.lanes, texts))
        except Differs:
            value = layer.arguments.get(word)
            if value is None or value.text not in self.function.operations:
                raise
            own = self.function.operations[value.text]
            for lane, text in zip(here.lanes, texts, strict=True):
                if own.setdefault(id(lane.root.group), text) != text:
                    raise
            return self._operation_parameter(value.text)

    def _operation_parameter(self, word: str) -> Expr:
        """The function's own parameter that holds an operation."""
        for python, parameter in self.function.parameters.items():
            if parameter.kind == "operation" and parameter.word == word:
                return name(python)
        raise KeyError(word)

    def _inside(
        self,
        layer: Layer,
        named: Layer,
        here: Here,
        start: Wire | None,
        groups: list[Any],
        env: Env,
    ) -> Here:
        """The place inside a block that is written where it is called."""
        block = self.program.spec.blocks[layer.word]
        path, level = here.path, here.level
        if not block.inline:
            path = self.held(self.local(named, here, [g.path for g in groups], layer.word))
            level = self.program.level(block)
            self.start_counting(level)
        lanes = []
        for lane, group in zip(here.lanes, groups, strict=True):
            inner = lane.inside(group)
            inner.names = bound_names(lane.net, group)
            if not block.inline:
                inner.prefix = group.path + "."
            lanes.append(inner)
        known: Env = dict(self.function.variables)
        for parameter in block.parameters:
            value = layer.arguments.get(parameter.name)
            names = env if value is not None else dict(known)
            actual = [lane.names[parameter.name] for lane in lanes]
            known[parameter.name] = self._bound(
                parameter.name, value or parameter.default, here._replace(env=names), start, actual
            )
        there = here._replace(lanes=lanes, env=known)
        for word, value in block.let:
            actual = [lane.names[word] for lane in lanes]
            known[word] = self._bound(word, value, there, start, actual)
        scope = Scope()
        for word in block.inputs:
            text = str(layer.arguments[word].label(here.lanes[0].names))
            scope.labels[word] = Label(here.scope.find(text).wire)
        return Here(lanes, known, scope, level, path, here.indices)

    def _bound(
        self, word: str, value: Any, here: Here, start: Wire | None, actual: list[Any]
    ) -> Expr | None:
        """What a name stands for inside; what reads a tensor is worked out at once."""
        try:
            expr = None if value is None else self.proposed(value, here, start)
            found = settled(expr, here.lanes, actual)
        except (Differs, Untranslatable):
            return None
        if CHANNELS not in variables(found):
            return found
        return self.bind(word, self.at_run_time(found, start), here.lanes, actual)

    def bind(self, word: str, expr: Expr, lanes: list[Lane], actual: list[Any]) -> Expr:
        """A size under a name, left out where nothing reads it."""
        python = self.function.ids.take(word)
        for lane, value in zip(lanes, actual, strict=True):
            lane.py[python] = plain(value)
        line = Line(f"{python} = ", show(expr))
        self.statements.append(line)
        self.function.optional.append((python, line, expr))
        return name(python)

    # -- operations given as parameters -------------------------------------------------------

    def _apply(self, layer: Layer, here: Here, start: Wire | None) -> Result:
        held = [lane.names.get(layer.word, layer.word) for lane in here.lanes]
        keys = [id(h.layer) if isinstance(h, Operand) else h for h in held]
        if len(set(keys)) > 1:
            return self._differing(layer, here, start, held, keys), None
        applied, env = self._applied(layer, held[0], here)
        applied = applied._replace(init=applied.init or layer.init)
        if applied.kind == "operation":
            return self.operation(applied, layer, here, start, env)
        return self.block(applied, layer, here, start, env), None

    def _applied(self, layer: Layer, held: Any, here: Here) -> tuple[Layer, Env]:
        if isinstance(held, Operand):
            if held.layer.kind not in ("operation", "block"):
                raise refused(layer, f"a {held.layer.kind} given as a parameter", "", "Keras")
            # Its names are those of the place where it was written: only their values are known.
            return held.layer._replace(name=None), dict.fromkeys(held.names)
        kind = "operation" if held in OPERATIONS else "block"
        arguments = layer.arguments if kind == "operation" else {}
        return Layer(kind, held, layer.span, arguments), here.env

    def _differing(
        self, layer: Layer, here: Here, start: Wire | None, held: list[Any], keys: list[Any]
    ) -> Wire:
        """An operation that is another one from call to call: the parameter, called."""
        differs = Differs(here.lanes, keys)
        operations = self.function.operations.get(layer.word)
        if operations is None or start is None or layer.init is not None:
            raise differs
        nodes: list[Any] = [lane.take() for lane in here.lanes]
        if not all(isinstance(node, Node) for node in nodes):
            raise differs
        for key in dict.fromkeys(keys):
            some = [i for i, k in enumerate(keys) if k == key]
            lanes = [here.lanes[i] for i in some]
            applied, env = self._applied(layer, held[some[0]], here)
            if applied.kind != "operation" or applied.word == "split":
                raise differs
            part = here._replace(lanes=lanes)
            wires = self.operands(applied, part, start)
            inner = [nodes[i] for i in some]
            site = self.site(applied, part, inner, wires, Path((name("name"),)), dict.fromkeys(env))
            text = _as_function(EMITTERS[applied.word](site))
            for lane in lanes:
                if text is None or operations.setdefault(id(lane.root.group), text) != text:
                    raise differs
        path = self.local(layer, here, [n.path for n in nodes], layer.word)
        expr = self._operation_parameter(layer.word)
        made = call(self.function.text(expr), start.doc, self.function.path(path))
        self.statements.append(assign(self.target, made))
        return self.new(here, self.target, [n.outputs[0] for n in nodes])

    # -- layers called again ------------------------------------------------------------------

    def _reuse(self, layer: Layer, here: Here, start: Wire | None) -> Wire | None:
        label = here.scope.find(layer.word)
        if label.again is None or start is None:
            raise refused(
                layer,
                "a block or a group called again: its layers are made anew by every call",
                "call its layers with weights again, one by one",
                "Keras",
            )
        return label.again(here, start)


def bound_names(net: Any, group: Any) -> dict[str, Any]:
    """The names that are known inside a block's call."""
    names = {**net.variables, **group.arguments}
    tensor = net.tensors[group.input] if group.input else None
    if tensor is not None:
        names[CHANNELS] = tensor.channels
    for word, value in group.block.let:
        names[word] = value.evaluate(names)
    names.pop(CHANNELS, None)
    return names


def constant_default(value: Any, names: list[str]) -> Expr | None:
    """A parameter's default where it is the same in every call."""
    if value is None:
        return None
    try:
        found = translate(value, {**dict.fromkeys(names), CHANNELS: None})
    except (Untranslatable, SyntaxError, Fault):
        return None
    return None if variables(found) else found


def _as_function(steps: list[Any]) -> str | None:
    """Steps as a function of a tensor and a name, None where they are no one expression."""
    text = "x"
    for step in steps:
        if isinstance(step, Make):
            text = f"{flat(step.layer)}({text})"
        elif text == "x":
            text = flat(step.write(text))
        else:
            return None
    return f"lambda x, name: {text}"


def _output(lane: Lane, wire: Wire) -> str:
    tensor = lane.index(wire)
    return next(word for word, t in lane.net.outputs.items() if t == tensor and word != "output")
