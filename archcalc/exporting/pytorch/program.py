"""A whole generated file: its classes in order, and the helpers that they need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.elaborate.naming import is_chain
from archcalc.exporting.expressions import (
    Untranslatable,
    literal,
    name,
    plain,
    variables,
)
from archcalc.exporting.lanes import Differs, Lane, Wire
from archcalc.exporting.layout import Line, assign, flat
from archcalc.exporting.names import Identifiers
from archcalc.exporting.pytorch.attributes import Attribute
from archcalc.exporting.pytorch.builder import Builder, Captured, Parameter
from archcalc.exporting.pytorch.calls import inner_escapes
from archcalc.exporting.pytorch.helpers import NAMES
from archcalc.exporting.pytorch.scope import Label
from archcalc.spec.name_rules import MODULE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.pytorch.forward import ForwardWriter
    from archcalc.exporting.trials import Trial
    from archcalc.graph import Net
    from archcalc.spec.syntax import Layer


class Class:
    """A block's class that has been written: what a call of it needs to know."""

    def __init__(
        self, builder: Builder, parameters: dict[str, Parameter], outputs: dict[int, Expr]
    ) -> None:
        self.builder = builder
        self.all_parameters = parameters  # those that the code reads are in builder.parameters
        self.outputs = outputs
        self.lanes = {id(lane.group): lane for lane in builder.lanes}


class Program:
    """The file in the making. `nets` are elaborations of one spec under different vars; what is
    written must hold in all of them. `frozen` vars are written as the numbers they have. The
    classes of blocks hold for the calls of the `trials` too, where they can."""

    def __init__(
        self,
        nets: Sequence[Net],
        frozen: frozenset[str],
        changed: dict[int, str],
        trials: Sequence[Trial] = (),
    ) -> None:
        self.nets = nets
        self.trials = trials
        self.changed = changed  # which var is another one in a net, by the net's id
        self.spec = nets[0].spec
        self.frozen = frozen
        self.helpers: set[str] = set()
        self.classes: list[Builder] = []
        self.class_ids = Identifiers(NAMES)
        self.class_of: dict[int, Class] = {}
        self.doubtful: set[str] = set()
        self.alike: list[Expr] = []  # conditions of a class that come out the same everywhere
        self._tried = {id(trial.net) for trial in trials}
        self._captured_wires: dict[tuple[str, int], Wire] = {}

    def snapshot(self) -> Any:
        names = (set(self.class_ids.used), set(self.doubtful))
        return set(self.helpers), len(self.classes), *names, len(self.alike)

    def restore(self, before: Any) -> None:
        self.helpers = set(before[0])
        del self.classes[before[1] :]
        self.class_ids.used = set(before[2])
        self.doubtful = set(before[3])
        del self.alike[before[4] :]

    # -- what writers ask -------------------------------------------------------------------

    def untried(self, condition: Expr | None, lanes: list[Lane]) -> None:
        """Notes a condition that comes out the same everywhere. What the code would be like the
        other way nobody has seen, so vars that have a say in it must stay as they are: those with
        which what it reads changes."""
        names = [] if condition is None else variables(condition)
        if condition is not None and not names:
            return
        if condition is not None:
            self.alike.append(condition)
        seen: dict[str | None, set[object]] = {}
        for lane in lanes:
            if id(lane.net) in self._tried:
                continue
            values = repr([lane.py.get(n) for n in names])
            seen.setdefault(self.changed.get(id(lane.net)), set()).add(values)
        for word in set(self.spec.variables) - self.frozen:
            if condition is None or not seen or seen.get(word) != seen.get(None):
                self.doubtful.add(word)

    def has_heads(self, lanes: list[Lane]) -> bool:
        """Whether the block called here gives heads."""
        return self.gives_heads([lane.peek() for lane in lanes])

    def gives_heads(self, calls: Sequence[object]) -> bool:
        """Whether the block of these calls gives heads."""
        found = [self.class_of.get(id(call)) for call in calls]
        return any(c is not None and c.builder.gives_heads for c in found)

    def extra(self, builder: Builder, lanes: list[Lane], actual: list[int], hint: str) -> Expr:
        """A parameter for a number that nothing else gives; the model itself takes none."""
        if builder.base == "root":
            raise Differs(lanes, actual)
        values: dict[int, int] = {}
        for lane, value in zip(lanes, actual, strict=True):
            if values.setdefault(id(lane.root), value) != value:
                raise Differs(lanes, actual)
        every = [values.get(id(lane), 0) for lane in builder.lanes]
        for python, parameter in builder.parameters.items():
            if parameter.kind == "extra" and [b.py[python] for b in builder.lanes] == every:
                return name(python)
        python = builder.parameter(hint, Parameter("extra", hint), every)
        for lane, value in zip(lanes, actual, strict=True):
            lane.py[python] = value
        return name(python)

    def capture(self, builder: Builder, label: Label, word: str) -> Label:
        """A label of a class around, passed to the forward pass of the one inside."""
        assert builder.outer is not None
        outer = (
            label if label.builder is builder.outer else self.capture(builder.outer, label, word)
        )
        for one in builder.captured:
            if one.key is outer.wire:
                return Label(self._captured_wires[one.python, id(builder)], builder)
        python = builder.forward_ids.take(word, "tensor")
        wire = Wire(python, outer.wire.dims, simple=True, typed=True)
        assert builder.around is not None
        for lane, around in zip(builder.lanes, builder.around.lanes, strict=True):
            lane.set(wire, around.index(outer.wire))
        builder.captured.append(Captured(python, "Tensor", str(outer.wire.doc), outer.wire))
        self._captured_wires[python, id(builder)] = wire
        return Label(wire, builder)

    def capture_module(
        self, builder: Builder, owner: Builder, attribute: Attribute, word: str
    ) -> Attribute:
        """A module of a class around, passed to the forward pass of the one inside."""
        if builder is owner:
            return attribute
        assert builder.outer is not None
        outer = self.capture_module(builder.outer, owner, attribute, word)
        for one in builder.captured:
            if one.key == outer:
                return Attribute(one.python, passed=True)
        python = builder.forward_ids.take(word, "module")
        text = outer.text(builder.outer)
        builder.captured.append(Captured(python, "nn.Module", text, outer))
        return Attribute(python, passed=True)

    def variables_of(self, builder: Builder, lanes: list[Lane]) -> dict[str, Expr | None]:
        """The vars: each a parameter where it is not frozen."""
        for word in self.spec.variables:
            values = [lane.net.variables[word] for lane in lanes]
            if word in self.frozen:
                try:
                    builder.variables[word] = literal(values[0])
                except Untranslatable:
                    builder.variables[word] = None
                continue
            default = literal(self.nets[0].variables[word])
            made = Parameter("var", word, default)
            python = builder.parameter(word, made, [plain(v) for v in values])
            builder.variables[word] = name(python)
        return dict(builder.variables)

    # -- classes ----------------------------------------------------------------------------

    def reserve_attributes(self, builder: Builder) -> None:
        """No attribute that is made up may take the name of a layer."""
        taken = builder.attributes.used
        taken |= MODULE_NAMES
        for lane in builder.lanes:
            start = len(lane.prefix)
            for node in lane.net.nodes[lane.group.start : lane.group.end]:
                if node.path.startswith(lane.prefix):
                    taken.add(node.path[start:].partition(".")[0])

    def add_class(self, builder: Builder) -> None:
        builder.finish()
        self.classes.append(builder)

    def close_forward(self, writer: ForwardWriter, result: Wire | None) -> None:
        """The end of a forward pass."""
        builder = writer.builder
        if result is None:
            builder.returns = "None"
            return
        if not result.typed:
            declared = any(n == "x" for n, _ in builder.inputs)
            writer.forward.append(assign("x" if declared else "output: Tensor", result.doc))
            result = Wire("x" if declared else "output", simple=True)
        last = writer.forward[-1] if writer.forward else None
        if isinstance(last, Line) and last.before == f"{flat(result.doc)} = ":
            text = flat(last.doc)
            if writer.kinds.get(text):  # instead of x = total and return x
                writer.forward.pop()
                result = Wire(text)
        writer.forward.append(Line("return ", result.doc))

    def is_sequential(self, body: tuple[Layer, ...], lanes: list[Lane]) -> bool:
        """Whether a level is best an nn.Sequential: a chain with weights under mere positions."""
        if not is_chain(body, self.spec.blocks, {}) or inner_escapes(body, self.spec.blocks):
            return False
        for lane in lanes:
            for node in lane.net.nodes[lane.group.start : lane.group.end]:
                if node.facts is not None and node.facts.weights:
                    first = node.path[len(lane.prefix) :].partition(".")[0]
                    if not first.isidentifier() or not first.isascii():
                        return True
        return False
