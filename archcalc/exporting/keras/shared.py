"""Blocks and groups that are called again: a model inside the model.

`reuse` of one operation keeps its layer under a name. A whole part becomes a `keras.Model` of its
own where it is called first, on inputs of the shapes that enter there, and every call calls that:
its weights are there once. What is written holds in all the calls: each is a place of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.layout import Items, assign, call, flat
from archcalc.codegen.references import References
from archcalc.codegen.refusal import refused
from archcalc.exporting.call_sites import NotUniform, SymbolicTensor, constant
from archcalc.exporting.keras.joins import JoinWriter
from archcalc.exporting.keras.op_context import Make, shape
from archcalc.exporting.keras.reuse_compat import (
    are_twins,
    given_to_twin,
    later_calls,
    read_by,
    what_differs,
)
from archcalc.exporting.keras.strategies import Restart, differs_by_turn
from archcalc.exporting.keras.writer import Recall, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.layout import Doc
    from archcalc.exporting.call_sites import CallSite
    from archcalc.exporting.keras.code import Path
    from archcalc.exporting.keras.writer import Context, Label
    from archcalc.graph import Group
    from archcalc.spec.syntax import Layer

    Write = Callable[[Context, list[Any], "SymbolicTensor | None", Path], "SymbolicTensor | None"]

ENTRY = ""
"""Stands for the tensor that enters a part among the labels of those that it reads from around."""


class Call(NamedTuple):
    """A call of a part: its place, its group, and the tensors that it is given there."""

    lane: CallSite
    group: Group
    given: list[int]


class Shared(NamedTuple):
    """A part that is called again: the variable of its model, the labels of what it reads, and all
    the calls that it serves."""

    model: str
    words: tuple[str, ...]
    calls: list[Call]


HELP = "call its layers with weights again, one by one"


class SharedWriter(JoinWriter):
    """Adds levels of the path, which may be called again."""

    within = 0  # how many models inside the model are being written

    def part(
        self,
        layer: Layer,
        named: Layer,
        here: Context,
        start: SymbolicTensor | None,
        groups: list[Any],
        path: Path,
        write: Write,
    ) -> tuple[SymbolicTensor | None, Recall | None]:
        """A level: written where it stands, or as a model where something calls it again."""
        word = next(filter(self.references.called, self.labels(named, here)), None)
        if word is None:
            return self.outer(here, groups, write(here, groups, start, path)), None
        if not all(group.output for group in groups):  # the tensor 0 is none
            what = "a block or a group called again that gives no tensor"
            raise refused(layer, what, "leave its reuse out: nothing can read it", "Keras")
        read = self._read(layer, here, start, groups)
        calls = self._calls(here, groups, read)
        shared = Shared(self.callee(word, "model"), tuple(read), calls)
        self._model(here, shared, read, self.held(path), write)

        def again(
            layer: Layer, there: Context, wire: SymbolicTensor | None
        ) -> SymbolicTensor | None:
            made: list[Any] = [lane.take() for lane in there.lanes]
            self._check_known(layer, there, shared, made)
            find = there.scope.find
            wires = [wire if word == ENTRY else find(word).wire for word in shared.words]
            return self._called(there, shared, made, wires)

        words = tuple(word for word in shared.words if word != ENTRY)
        return self._called(here, shared, groups, [*read.values()]), Recall(again, words)

    # -- what a part reads ------------------------------------------------------------------

    def _read(
        self, layer: Layer, here: Context, start: SymbolicTensor | None, groups: list[Any]
    ) -> dict[str, SymbolicTensor]:
        """What the model is given: the tensor that enters, and those named in it from around."""
        own = References((layer._replace(source=None),), self.program.spec.blocks)
        read = {} if start is None else {ENTRY: start}
        places = list(zip(here.lanes, groups, strict=True))
        visible = here.scope.visible()
        passed_on = _passed_on(own, visible)
        for word, label in visible.items():
            named = own.tensor(word) or word in passed_on
            if named and any(
                label.wire in lane and lane.index(label.wire) in read_by(lane.net, group)
                for lane, group in places
            ):
                read[word] = label.wire
        if not all(wire in lane for lane in here.lanes for wire in read.values()):
            raise NotUniform(here.lanes, range(len(here.lanes)))
        return read

    def _calls(
        self, here: Context, groups: list[Group], read: dict[str, SymbolicTensor]
    ) -> list[Call]:
        """The first call in every place, and those after it that the same model can serve."""
        apart = ("apart", groups[0].path) in self.program.strategies
        calls = []
        for lane, group in zip(here.lanes, groups, strict=True):
            given = [lane.index(wire) for wire in read.values()]
            calls.append(Call(lane.turn(lane.group, {}, {}), group, given))
            for later in [] if apart else later_calls(group):
                if are_twins(lane.net, group, later):
                    tensors = given_to_twin(lane.net, group, later, given, entry=ENTRY in read)
                    calls.append(Call(lane.turn(lane.group, {}, {}), later, tensors))
        return calls

    # -- the model --------------------------------------------------------------------------

    def _model(
        self,
        here: Context,
        shared: Shared,
        read: dict[str, SymbolicTensor],
        path: Path,
        write: Write,
    ) -> None:
        """Writes the model into its variable."""
        lanes = [one.lane for one in shared.calls]
        inside = here._replace(lanes=lanes, scope=Scope(here.scope))
        wires = [
            self._input(inside, shared, place, wire) for place, wire in enumerate(read.values())
        ]
        target, self.target = self.target, self.function.ids.take(f"{shared.model}_outputs")
        result = self._layers(shared, inside, wires, path, write)
        self.target = target
        made = call("keras.Model", _together(wires), result, name=self.function.path(path))
        self.statements.append(assign(shared.model, made))

    def _layers(
        self, shared: Shared, inside: Context, wires: list[SymbolicTensor], path: Path, write: Write
    ) -> str:
        """Writes what is in the model; gives the variable of what it gives."""
        groups = [one.group for one in shared.calls]
        entry = wires[0] if ENTRY in shared.words else None
        self.within += 1
        try:
            result = write(inside, groups, entry, path)
        except NotUniform as differs:
            ours = [lane for lane in inside.lanes if lane.net is self.program.nets[0]]
            if differs_by_turn(differs, ours):
                raise Restart(("apart", groups[0].path)) from differs
            raise
        self.within -= 1
        assert result is not None  # its groups have an output
        doc = flat(result.doc)
        if any(self._gives_what_enters(one) for one in shared.calls):
            # Keras takes no model without a layer.
            name = self.function.path(path / "identity")
            return self.apply([Make(call("layers.Identity", name=name))], doc)
        return doc

    def _gives_what_enters(self, one: Call) -> bool:
        """Whether a call gives on a tensor as it is, or with its axes named anew alone."""
        nodes = one.lane.net.nodes[one.group.start : one.group.end]
        written = [node for node in nodes if id(node) not in self.program.silent]
        return not written or one.group.output in one.given

    def _input(
        self, inside: Context, shared: Shared, place: int, given: SymbolicTensor
    ) -> SymbolicTensor:
        """An input of the model, of the shape that every call gives it."""
        word = shared.words[place]
        python = self.function.ids.take(f"{shared.model}_{word or 'inputs'}")
        wire = self.new(inside, python, [c.given[place] for c in shared.calls])
        if word != ENTRY:
            inside.scope.labels[word] = inside.scope.find(word).given_as(wire)
        made = call("keras.Input", _shape(flat(given.doc), inside.lanes, wire))
        self.statements.append(assign(python, made))
        return wire

    # -- its calls --------------------------------------------------------------------------

    def _check_known(
        self, layer: Layer, here: Context, shared: Shared, groups: list[Group]
    ) -> None:
        """Refuses calls that the model does not serve."""
        for lane, group in zip(here.lanes, groups, strict=True):
            alike = [c.group for c in shared.calls if c.group.path == group.path]
            known = any(one is group for one in alike)
            if not alike or (not known and lane.net is not self.program.nets[0]):
                raise NotUniform(here.lanes, [one.path for one in groups])
            if not known:
                what = what_differs(lane.net, alike[0], group)
                raise refused(layer, f"a block or a group called again {what}", HELP, "Keras")

    def _called(
        self, here: Context, shared: Shared, groups: list[Any], wires: list[Any]
    ) -> SymbolicTensor:
        given = {id(c.group): c.given for c in shared.calls}
        for place, wire in enumerate(wires):
            self.check_same(here, wire, [given[id(group)][place] for group in groups])
        self.statements.append(assign(self.target, call(shared.model, _together(wires))))
        return self.new(here, self.target, [group.output for group in groups])


def _passed_on(own: References, visible: dict[str, Label]) -> set[str]:
    """The labels read by what a part calls again, which is given their tensors there."""
    called = [label.again for word, label in visible.items() if own.called(word)]
    return {word for again in called if again is not None for word in again.reads}


def _shape(given: str, lanes: list[CallSite], wire: SymbolicTensor) -> str:
    """The shape of an input as code: the sides are open where they change from call to call."""
    shapes = [shape(lane.tensor(wire)) for lane in lanes]
    first: dict[int, tuple[int, ...]] = {}
    pairs = zip(lanes, shapes, strict=True)
    if all(first.setdefault(id(lane.outer), sides) == sides for lane, sides in pairs):
        return f"{given}.shape[1:]"
    sides = "None, " * (constant(lanes, list(map(len, shapes))) - 1)
    return f"({sides}{given}.shape[-1])"


def _together(wires: list[Any]) -> Doc:
    docs = tuple(flat(wire.doc) for wire in wires)
    return docs[0] if len(docs) == 1 else Items("[", docs, "]")
