"""Writing any layer by its kind: blocks as calls of their functions, groups where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import (
    literal,
    name,
    quoted,
)
from archcalc.codegen.layout import assign, call, flat
from archcalc.codegen.refusal import refused
from archcalc.exporting.call_sites import NotUniform, SymbolicTensor, constant
from archcalc.exporting.heads import output_name
from archcalc.exporting.keras.calls import CallWriter
from archcalc.exporting.keras.code import Nest, Path, redirect
from archcalc.exporting.keras.counters import counting_alone, hangs_on
from archcalc.exporting.keras.emitters import EMITTERS
from archcalc.exporting.keras.function import Parameter
from archcalc.exporting.keras.op_context import Make
from archcalc.exporting.keras.strategies import Restart
from archcalc.graph import Node
from archcalc.ops.registry import OPERATIONS
from archcalc.spec.expressions import Operand
from archcalc.spec.syntax import Layer

if TYPE_CHECKING:
    from archcalc.exporting.keras.code import Statement
    from archcalc.exporting.keras.op_context import Steps
    from archcalc.exporting.keras.writer import Context, Env, Label, Recall

Result = tuple["SymbolicTensor | None", "Recall | None"]

LABELLED = ("operation", "block", "join", "group", "apply", "reuse")
"""The kinds of layers that are written into the variable of their label."""

LONGEST = 70
"""The longest function of one line that reads well as an argument."""


class BodyWriter(CallWriter):
    """Writes everything."""

    def present(
        self,
        layer: Layer,
        here: Context,
        start: SymbolicTensor | None,
        current: SymbolicTensor | None,
    ) -> SymbolicTensor | None:
        if layer.head:
            return self._head(layer, here, start, current)
        label = self._own_label(layer, here)
        target = self.target
        if label is not None and layer.kind in LABELLED:
            self.target = flat(label.wire.doc)
        wire, again = self.dispatch(layer, here, start)
        self.target = target
        if wire is not None:
            wire = self._labelled(layer, here, wire)
        for text in self.labels(layer, here):
            if self.references.called(text):
                self.label(here, text).again = again
        return wire

    def dispatch(self, layer: Layer, here: Context, start: SymbolicTensor | None) -> Result:
        kind = layer.kind
        if kind == "operation":
            return self.operation(layer, layer, here, start, here.env)
        if kind == "block":
            return self.block(layer, layer, here, start, here.env)
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

        def write(
            there: Context, some: list[Any], entry: SymbolicTensor | None, path: Path
        ) -> SymbolicTensor | None:
            inside = self.enter(layer, there, path, some)
            if kind == "join":
                return self.join(layer, inside, entry, some, path)
            return self.body(layer.body, inside, entry)

        return self.part(layer, layer, here, start, groups, path, write)

    # -- labels -----------------------------------------------------------------------------

    def _own_label(self, layer: Layer, here: Context) -> Label | None:
        """The one label that the layer's tensor is kept under."""
        read = [t for t in self.labels(layer, here) if self.references.tensor(t)]
        if len(read) != 1 or (layer.kind == "operation" and layer.word == "split"):
            return None
        return self.label(here, read[0])

    def _labelled(self, layer: Layer, here: Context, wire: SymbolicTensor) -> SymbolicTensor:
        for text in self.labels(layer, here):
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
        self,
        layer: Layer,
        here: Context,
        start: SymbolicTensor | None,
        current: SymbolicTensor | None,
    ) -> SymbolicTensor | None:
        """An output beside the main one; those for training are asked for."""
        if self.within:
            raise refused(
                layer,
                "a head in a block or a group that is called again",
                "write the head behind its call, outside of it",
                "Keras",
            )
        if self.function.block is not None:
            raise Restart(("expand", self.function.block))
        counters = list(self.function.counters)
        around, self.training = self.training, self.training or layer.training_only
        body, _ = self.apart(lambda: self._head_body(layer, here, start))
        self.training = around
        if not layer.training_only:
            self.statements += body
            return current
        asked = self.function.own["training_heads"]
        self.function.parameters[asked] = Parameter("heads", asked, literal(False))
        self.function.used.add(asked)
        self._where_asked(asked, body, self._uncounted(layer, body, counters))
        return current

    def _uncounted(
        self, layer: Layer, body: list[Statement], counters: list[str]
    ) -> list[Statement]:
        """What counts on where a head is not asked for, so that later layers have their names."""
        counting = counting_alone(body, counters)
        if hangs_on(counting, body):
            raise refused(
                layer,
                "a head for training that has a condition on its own tensors beside counted names",
                "give its layers names, or put them in a group",
                "Keras",
            )
        return counting

    def _where_asked(self, asked: str, body: list[Statement], instead: list[Statement]) -> None:
        """Code for where heads are asked for, and for where not; heads in a row ask once."""
        last = self.statements[-1] if self.statements else None
        if isinstance(last, Nest) and last.before == "else":
            self.statements.pop()
            instead = last.body + instead
            last = self.statements[-1]
        if isinstance(last, Nest) and last.doc == asked:
            last.body.extend(body)
        else:
            self.statements.append(Nest("if ", asked, body))
        if instead:
            self.statements.append(Nest("else", "", instead))

    def _head_body(self, layer: Layer, here: Context, start: SymbolicTensor | None) -> None:
        target, self.target = self.target, self.function.ids.take("head")
        bare = layer._replace(head=False, training_only=False)
        wire = self.present(bare, here, start, start)
        assert wire is not None
        names = [output_name(layer, lane, lane.index(wire)) for lane in here.lanes]
        key = quoted(constant(here.lanes, names))
        place = f"{self.function.own['outputs']}[{key}]"
        if wire.doc == self.target:
            redirect(self.statements, self.target, place)
        else:  # a variable that something reads later
            self.statements.append(assign(place, wire.doc))
        self.function.ids.used.discard(self.target)
        self.target = target
        self.program.heads = True

    # -- operations given as parameters -------------------------------------------------------

    def _apply(self, layer: Layer, here: Context, start: SymbolicTensor | None) -> Result:
        held = [lane.names.get(layer.word, layer.word) for lane in here.lanes]
        keys = [id(h.layer) if isinstance(h, Operand) else h for h in held]
        if len(set(keys)) > 1:
            return self._differing(layer, here, start, held, keys), None
        applied, env = self._applied(layer, held[0], here)
        applied = applied._replace(init=applied.init or layer.init)
        if applied.kind == "operation":
            return self.operation(applied, layer, here, start, env)
        return self.block(applied, layer, here, start, env)

    def _applied(self, layer: Layer, held: Any, here: Context) -> tuple[Layer, Env]:
        if isinstance(held, Operand):
            if held.layer.kind not in ("operation", "block"):
                raise refused(
                    layer,
                    f"a {held.layer.kind} given as a parameter",
                    "write it as a block, and give the block",
                    "Keras",
                )
            # Its names are those of the place where it was written: only their values are known.
            return held.layer._replace(name=None), dict.fromkeys(held.names)
        kind = "operation" if held in OPERATIONS else "block"
        arguments = layer.arguments if kind == "operation" else {}
        return Layer(kind, held, layer.span, arguments), here.env

    def _differing(
        self,
        layer: Layer,
        here: Context,
        start: SymbolicTensor | None,
        held: list[Any],
        keys: list[Any],
    ) -> SymbolicTensor:
        """An operation that is another one from call to call: the parameter, called."""
        differs = NotUniform(here.lanes, keys)
        operations = self.function.operations.get(layer.word)
        again = any(map(self.references.called, self.labels(layer, here)))
        if again or operations is None or start is None or layer.init is not None:
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

    def _reuse(
        self, layer: Layer, here: Context, start: SymbolicTensor | None
    ) -> SymbolicTensor | None:
        again = self.find(layer, here, layer.word).again
        assert again is not None  # the walk has refused what cannot be called again
        return again.call(layer, here, start)


def _as_function(steps: Steps) -> str | None:
    """A step as a function of a tensor and a name, None for what is better written out."""
    if len(steps) != 1:
        return None
    (step,) = steps
    made = f"{flat(step.layer)}(x)" if isinstance(step, Make) else flat(step.write("x"))
    return f"lambda x, name: {made}" if len(made) < LONGEST else None
