"""Joins: the branches one after the other, each in a variable of its own, then the join's layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.expressions import name, variables
from archcalc.codegen.layout import WIDTH, Items, Line, assign, call, flat
from archcalc.codegen.refusal import refused
from archcalc.elaborate.values import loop_turns
from archcalc.exporting.call_sites import CallSite, NotUniform, SymbolicTensor, constant
from archcalc.exporting.keras.code import Nest, Step
from archcalc.exporting.keras.loops import LoopWriter
from archcalc.exporting.keras.op_context import order
from archcalc.exporting.keras.strategies import Restart, differs_by_turn
from archcalc.exporting.keras.writer import Scope
from archcalc.ops.axes import place_of

if TYPE_CHECKING:
    from archcalc.exporting.keras.code import Path, Statement
    from archcalc.exporting.keras.writer import Context, Env
    from archcalc.graph import Node
    from archcalc.spec.syntax import Branch, Layer

LAYERS = {"add": "Add", "sub": "Subtract", "mul": "Multiply", "concat": "Concatenate"}


class Part(NamedTuple):
    """What a branch gives: a tensor, in the code; `fixed` where it is always there, once."""

    doc: str
    fixed: bool


class JoinWriter(LoopWriter):
    """Adds joins."""

    def join(
        self,
        layer: Layer,
        here: Context,
        start: SymbolicTensor | None,
        groups: list[Any],
        path: Path | None,
    ) -> SymbolicTensor | None:
        """A join's branches and the join itself. `path` is the level that a named join makes."""
        lanes = [lane.inside(g) for lane, g in zip(here.lanes, groups, strict=True)]
        inside = here._replace(lanes=lanes)
        taken: list[str] = []
        target = self.target
        dynamic = any(_comes_and_goes(branch) for branch in layer.branches)
        collected = self._collected(layer, inside, start) if dynamic else None
        parts: list[str] = []
        for branch in layer.branches:
            parts += self._branch(branch, inside, start, taken, collected)
        self.target = target
        outs = [group.output for group in groups]
        joined = self._joined(layer, inside, parts, collected, path)
        # Taken back only now, so that no branch writes over another; a lone branch is the result.
        self.function.ids.used.difference_update(word for word in taken if word != joined)
        return self.new(here, joined, outs)

    def _collected(self, layer: Layer, here: Context, start: SymbolicTensor | None) -> str | None:
        """The list that branches are gathered in, where they come and go."""
        for branch in layer.branches:
            if (
                branch.loop is not None
                and ("unroll", id(branch.loop)) not in self.program.strategies
            ):
                break
            if branch.only_if is not None:
                expr = self.proposed(branch.only_if, here, start)
                if expr is None or variables(expr):
                    break
        else:
            return None
        python = self.function.ids.take("branches")
        self.statements.append(Line(f"{python} = ", "[]"))
        return python

    # -- branches ---------------------------------------------------------------------------

    def _branch(
        self,
        branch: Branch,
        here: Context,
        start: SymbolicTensor | None,
        taken: list[str],
        collected: str | None,
    ) -> list[str]:
        """One branch, once for each turn of its loop; gives what is not gathered in the list."""
        if branch.loop is None:
            return self._turn_of(branch, here, here.lanes, start, taken, collected)
        rows = [
            loop_turns(branch.loop, lane.names if start is None else lane.at(lane.tensor(start)))
            for lane in here.lanes
        ]
        if ("unroll", id(branch.loop)) not in self.program.strategies:
            self._looped(branch, here, start, rows, taken, collected)
            return []
        parts = []
        for number in range(constant(here.lanes, list(map(len, rows)))):
            some = [r[number] for r in rows]
            env = self.turn_names(branch.loop, here, start, number, some)
            named = [
                lane.inside(lane.group, value) for lane, value in zip(here.lanes, some, strict=True)
            ]
            inside = here._replace(env=env)
            parts += self._turn_of(branch, inside, named, start, taken, collected)
        return parts

    def _looped(
        self,
        branch: Branch,
        here: Context,
        start: SymbolicTensor | None,
        rows: list[list[Any]],
        taken: list[str],
        collected: str | None,
    ) -> None:
        """A branch for every turn, in a loop that fills the list."""
        assert branch.loop is not None
        if branch.only_if is not None or not any(rows):
            raise Restart(("unroll", id(branch.loop)))
        groups = [[lane.take() for _ in some] for lane, some in zip(here.lanes, rows, strict=True)]
        over = self.over(branch.loop, here, start, rows)
        index, words, lanes = self.plan(branch.loop, here, rows, groups)
        env: Env = {**here.env, "index": name(index)}
        env.update({word: name(python) for word, python in words.items()})
        inner = here._replace(
            lanes=lanes, env=env, scope=Scope(here.scope), indices=(*here.indices, index)
        )
        used, self.function.used = self.function.used, set()
        try:
            body, _ = self.apart(lambda: self._gather(branch, inner, start, taken, collected))
        except NotUniform as differs:
            if differs_by_turn(differs, lanes):
                raise Restart(("unroll", id(branch.loop))) from differs
            raise
        self.statements.append(self.header(over, index, list(words.values()), body))
        own = {index, *words.values()}
        self.function.used = used | (self.function.used - own)
        self.function.ids.used -= own

    def _gather(
        self,
        branch: Branch,
        here: Context,
        start: SymbolicTensor | None,
        taken: list[str],
        collected: str | None,
    ) -> None:
        assert collected is not None
        wire = self._written(branch, here, start, taken)
        self.statements.append(Line("", call(f"{collected}.append", wire.doc)))

    def _written(
        self, branch: Branch, here: Context, start: SymbolicTensor | None, taken: list[str]
    ) -> SymbolicTensor:
        self.target = self.function.ids.take(branch.label or "branch", "branch")
        taken.append(self.target)
        wire = self.body(branch.body, here, start)
        assert wire is not None
        if wire.doc != self.target:  # the next branch may have the name
            self.function.ids.used.discard(self.target)
        for lane in here.lanes:
            if lane.index(wire) != lane.group.output:
                raise NotUniform(here.lanes, range(len(here.lanes)))
        return wire

    def _turn_of(
        self,
        branch: Branch,
        here: Context,
        named: list[CallSite],
        start: SymbolicTensor | None,
        taken: list[str],
        collected: str | None,
    ) -> list[str]:
        """One branch, where it is there."""
        there, condition = named, None
        if branch.only_if is not None:
            truths = [self.truth(branch.only_if, lane, start) for lane in named]
            there = [lane for lane, truth in zip(named, truths, strict=True) if truth]
            inside = here._replace(lanes=named)
            if len(there) in (0, len(named)):
                self.program.doubt(self.proposed(branch.only_if, inside, start), named)
            if not there:
                return []
            condition = self.condition(branch.only_if, inside, start, truths)
        lanes = []
        for inner, outer in zip(named, here.lanes, strict=True):
            if any(inner is lane for lane in there):
                group: Any = outer.take()
                lanes.append(outer.inside(group, inner.names))
        inside = here._replace(lanes=lanes, scope=Scope(here.scope))
        if collected is None:
            wire = self._written(branch, inside, start, taken)
            return [flat(wire.doc)]
        body: list[Statement]
        body, _ = self.apart(lambda: self._gather(branch, inside, start, taken, collected))
        if condition is not None and variables(condition):
            self.statements.append(Nest("if ", self.function.text(condition), body))
        else:
            self.statements += body
        return []

    # -- the join itself ----------------------------------------------------------------------

    def _joined(
        self,
        layer: Layer,
        here: Context,
        parts: list[str],
        collected: str | None,
        path: Path | None,
    ) -> str:
        if len(parts) == 1 and collected is None:
            return parts[0]
        nodes: list[Any] = [
            lane.group.children[-1] for lane in here.lanes if _has_node(lane.group.children)
        ]
        some_alone = len(nodes) < len(here.lanes)
        if not nodes:  # the branches come and go, and one is always left
            self.statements.append(assign(self.target, f"{collected}[0]"))
            return self.target
        if path is None:
            some = here._replace(
                lanes=[lane for lane in here.lanes if _has_node(lane.group.children)]
            )
            path = self.local(layer, some, [n.path for n in nodes], layer.word)
        axis = self._axis(layer, here, nodes)
        made = call(f"layers.{LAYERS[layer.word]}", axis=axis, name=self.function.path(path))
        tensors = self._tensors(parts, collected, flat(made))
        step = Step(self.target, made, tensors)
        if some_alone:
            self.statements.append(assign(self.target, f"{tensors}[0]"))
            self.statements.append(Nest("if ", f"len({tensors}) > 1", [step]))
        else:
            self.statements.append(step)
        return self.target

    def _tensors(self, parts: list[str], collected: str | None, made: str) -> str:
        if collected is not None:
            return collected
        text = f"[{', '.join(parts)}]"
        if len(self.target) + len(made) + len(text) + 20 <= WIDTH:
            return text
        python = self.function.ids.take("branches")
        self.statements.append(assign(python, Items("[", tuple(parts), "]")))
        self.function.ids.used.discard(python)
        return python

    def _axis(self, layer: Layer, here: Context, nodes: list[Node]) -> str | None:
        """The axis of a concat, where it is not the last; refuses unequal layouts."""
        lanes = [lane for lane in here.lanes if _has_node(lane.group.children)]
        axes = []
        for lane, node in zip(lanes, nodes, strict=True):
            tensors = [t for i in (*node.inputs, *node.outputs) if (t := lane.net.tensors[i])]
            if len({order(t) for t in tensors}) > 1:
                raise refused(
                    layer,
                    "branches whose channels stand on different axes",
                    "permute them alike before the join",
                    "Keras",
                )
            place = place_of(tensors[0], getattr(node.attributes, "axis", None))
            channels = place == tensors[0].channel_axis
            axes.append(-1 if channels else order(tensors[0]).index(place) + 1)
        axis = constant(lanes, axes)
        return None if axis == -1 or layer.word != "concat" else str(axis)


def _has_node(children: list[Any]) -> bool:
    """Whether the join itself was made: not where one branch was left."""
    from archcalc.graph import Node

    return bool(children) and isinstance(children[-1], Node)


def _comes_and_goes(branch: Branch) -> bool:
    return branch.loop is not None or branch.only_if is not None
