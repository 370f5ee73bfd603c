"""Writing operations: an emitter's steps, layers called again, labels of a split."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from archcalc.codegen.layout import Call, Line, assign, flat
from archcalc.codegen.names import snake
from archcalc.exporting.attributes import settled_attribute
from archcalc.exporting.call_sites import NotUniform, SymbolicTensor, constant
from archcalc.exporting.keras.code import Path, Step
from archcalc.exporting.keras.emitters import EMITTERS
from archcalc.exporting.keras.initial import initialised
from archcalc.exporting.keras.op_context import Compute, Make, OpContext
from archcalc.exporting.keras.writer import BaseWriter, Context, Env, Label, Recall
from archcalc.ops.attributes import Reference, as_tuple
from archcalc.ops.registry import OPERATIONS

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr
    from archcalc.exporting.keras.op_context import Steps
    from archcalc.graph import Node
    from archcalc.spec.syntax import Layer


class OperationWriter(BaseWriter):
    """Adds operations."""

    def site(
        self,
        layer: Layer,
        here: Context,
        nodes: list[Node],
        wires: list[SymbolicTensor],
        path: Path,
        env: Env,
    ) -> OpContext:
        for position, wire in enumerate(wires):
            self.check_same(here, wire, [node.inputs[position] for node in nodes])

        def settle(attribute: str, actual: list[Any], channels: bool) -> Expr:
            value, start = layer.arguments.get(attribute), wires[0] if channels else None
            prove = partial(settled_attribute, layer.word, attribute)
            return self.settle(value, here._replace(env=env), start, actual, prove)

        return OpContext(self, layer, here.lanes, nodes, wires, path, settle)

    def operation(
        self, layer: Layer, named: Layer, here: Context, start: SymbolicTensor | None, env: Env
    ) -> tuple[SymbolicTensor | None, Recall | None]:
        """Writes an operation; gives its tensor, and how it is called again."""
        nodes: list[Any] = [lane.take() for lane in here.lanes]
        wires = self.operands(layer, here, start)
        path = self.local(named, here, [n.path for n in nodes], layer.word)
        site = self.site(layer, here, nodes, wires, path, env)
        steps = EMITTERS[layer.word](site)
        times = _times_counted(path, steps)
        if times == 0:
            self.statements += [Line("", text) for text in path.counted()]
        elif times is not None and times > 1:
            site = self.site(layer, here, nodes, wires, self.held(path), env)
            steps = EMITTERS[layer.word](site)
        if named.init is not None:
            steps = initialised(named, site, steps, self, here)
        shared = None
        word = next(filter(self.references.called, self.labels(named, here)), None)
        if word is not None:
            steps, shared = self._kept(steps, word)

        def again(_: Layer, there: Context, wire: SymbolicTensor | None) -> SymbolicTensor | None:
            made: list[Any] = [lane.take() for lane in there.lanes]
            read = self.operands(layer, there, wire)
            once = self.site(layer, there, made, read, path, env)
            steps = [_once_more(step, shared) for step in EMITTERS[layer.word](once)]
            return self.result(there, made, steps, read)

        return self.result(here, nodes, steps, wires), Recall(again, tuple(self.read(layer, here)))

    def _kept(self, steps: Steps, word: str) -> tuple[Steps, str | None]:
        """The layer with the weights under a name, to be called again."""
        kept: Steps = []
        shared = None
        for step in steps:
            if isinstance(step, Make) and step.weighted:
                shared = self.callee(word, "layer")
                self.statements.append(assign(shared, step.layer))
                kept.append(Make(shared, weighted=True))
            else:
                kept.append(step)
        return kept, shared

    def callee(self, word: str, kind: str) -> str:
        """The variable of what is called again: by its own name, where no tensor has that."""
        taken = self.references.tensor(word) or snake(word) in self.function.ids.used
        return self.function.ids.take(f"{word}_{kind}" if taken else word, kind)

    def operands(
        self, layer: Layer, here: Context, start: SymbolicTensor | None
    ) -> list[SymbolicTensor]:
        """The tensors that an operation reads: what enters, and those its attributes name."""
        assert start is not None
        return [start, *(self.find(layer, here, word).wire for word in self.read(layer, here))]

    def read(self, layer: Layer, here: Context) -> list[str]:
        """The labels that an operation's attributes name."""
        words: list[str] = []
        for attribute in OPERATIONS[layer.word].attributes:
            if isinstance(attribute.kind, Reference) and attribute.name in layer.arguments:
                value = layer.arguments[attribute.name]
                named = [as_tuple(value.evaluate(lane.names)) for lane in here.lanes]
                words += map(str, constant(here.lanes, named))
        return words

    def result(
        self, here: Context, nodes: list[Node], steps: Steps, wires: list[SymbolicTensor]
    ) -> SymbolicTensor | None:
        """Writes the steps; gives the tensor, or enters the labels of a split."""
        if nodes[0].op.name == "split":
            self._split(here, nodes, steps, wires)
            return None
        if not steps:
            self.program.silent.update(map(id, nodes))
        variable = self.apply(steps, flat(wires[0].doc))
        return self.new(here, variable, [n.outputs[0] for n in nodes])

    def apply(self, steps: Steps, variable: str) -> str:
        for step in steps:
            if isinstance(step, Make):
                self.statements.append(Step(self.target, step.layer, variable))
            else:
                self.statements.append(assign(self.target, step.write(variable)))
            variable = self.target
        return variable

    def _split(
        self, here: Context, nodes: list[Node], steps: Steps, wires: list[SymbolicTensor]
    ) -> None:
        words = constant(here.lanes, [n.attributes.into for n in nodes if n.attributes])
        labels = [self.label(here, word) for word in words]
        (step,) = steps
        assert not isinstance(step, Make)
        targets = ", ".join(flat(label.wire.doc) for label in labels)
        self.statements.append(assign(targets, step.write(flat(wires[0].doc))))
        for position, label in enumerate(labels):
            for lane, node in zip(here.lanes, nodes, strict=True):
                lane.set(label.wire, node.outputs[position])

    def labels(self, layer: Layer, here: Context) -> list[str]:
        """The labels of a layer that something names."""
        found = []
        for label in (layer.name, layer.label):
            if label is None:
                continue
            try:
                text = self.name_of(label, here)
            except NotUniform:
                if self.references.any_templated or self.references.may_name(label):
                    raise
                continue
            if self.references.tensor(text) or self.references.called(text):
                found.append(text)
        return found

    def label(self, here: Context, word: str) -> Label:
        """The label of this body, with a variable of its own."""
        if word not in here.scope.labels:
            python = self.function.ids.take(word, "tensor")
            here.scope.labels[word] = Label(SymbolicTensor(python), training=self.training)
        return here.scope.labels[word]


def _times_counted(path: Path, steps: Steps) -> int | None:
    """How often steps count on, None where their name is not counted."""
    counted = path.counted()
    if not counted:
        return None
    made = [flat(step.layer) for step in steps if isinstance(step, Make)]
    return sum(text.count(counted[0]) for text in made)


def _once_more(step: Make | Compute, shared: str | None) -> Make | Compute:
    """A step of a layer that is called again: its weights as they are, the rest without a name,
    which stands for the first call."""
    if not isinstance(step, Make):
        return step
    if step.weighted and shared is not None:
        return Make(shared, weighted=True)
    assert isinstance(step.layer, Call)
    kept = [a for a in step.layer.arguments if not flat(a).startswith("name=")]
    return Make(step.layer._replace(arguments=tuple(kept)))
