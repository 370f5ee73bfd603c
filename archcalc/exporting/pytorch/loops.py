"""Loops: written as loops where one body serves every turn, else turn by turn."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.elaborate.values import loop_turns
from archcalc.exporting.expressions import (
    Untranslatable,
    binary,
    literal,
    name,
    show,
    variables,
)
from archcalc.exporting.lanes import Differs, Unroll, Wire, constant, holds, settled
from archcalc.exporting.layout import Line, Nest
from archcalc.exporting.pytorch.scope import Here, Loop
from archcalc.exporting.pytorch.turns import (
    Plan,
    entry_of,
    has_operand,
    header,
    plain_or_operand,
    proved,
    step_of,
)
from archcalc.exporting.pytorch.writer import Writer
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.lanes import Lane
    from archcalc.exporting.layout import Statement
    from archcalc.graph import Group
    from archcalc.spec.syntax import Layer
    from archcalc.spec.syntax import Loop as Written


class LoopWriter(Writer):
    """Adds loops to a writer."""

    def loop(self, layer: Layer, here: Here, start: Wire | None) -> Wire | None:
        """A `do` with a loop."""
        groups: list[Group] = [lane.take_group() for lane in here.lanes]
        counts = [len(group.children) for group in groups]
        if not any(counts):
            assert layer.loop is not None
            over = layer.loop.count or layer.loop.table
            assert over is not None
            self.program.untried(self.translated(over, here, start), here.lanes)
            return start
        if not self._turns_once(layer, here, counts, start):
            before = (self.builder.snapshot(), [dict(lane.py) for lane in here.lanes])
            lengths = self.lengths()
            try:
                return self._rolled(layer, here, groups, start)
            except Differs as differs:
                roots = {id(lane.root) for lane in here.lanes}
                own = isinstance(differs, Unroll) or differs.inside_one() or len(roots) == 1
                if not own:
                    raise
                self.cut(lengths)
                self.builder.restore(before[0])
                for lane, py in zip(here.lanes, before[1], strict=True):
                    lane.py.clear()
                    lane.py.update(py)
        return self._unrolled(layer, here, groups, start)

    def _turns_once(self, layer: Layer, here: Here, counts: list[int], start: Wire | None) -> bool:
        """Whether the loop turns once, whatever the variables of the code are."""
        if set(counts) != {1}:
            return False
        if len({id(lane.root) for lane in here.lanes}) == 1:
            return True
        assert layer.loop is not None
        over = layer.loop.count or layer.loop.table
        expr = None if over is None else self.translated(over, here, start)
        return expr is not None and not variables(expr)

    # -- what differs between the two ways of writing ------------------------------------------

    def lengths(self) -> Any:
        """How much has been written."""
        return len(self.statements)

    def cut(self, lengths: Any) -> None:
        """Takes back what was written since."""
        del self.statements[lengths:]

    def enter_loop(self, _here: Here, start: Wire | None) -> Wire | None:
        """The tensor that a turn begins with."""
        return None if start is None else Wire("", start.dims)

    def turn_body(
        self, layer: Layer, inner: Here, entry: Wire | None
    ) -> tuple[Wire | None, list[Statement], list[Statement]]:
        """One turn: what it gives, and what it writes in the constructor and the forward pass."""
        kept = self.statements
        self.statements = []
        try:
            result = self.body(layer.body, inner, entry)
            return result, self.statements, []
        finally:
            self.statements = kept

    def forward_loop(
        self, _index: str, _over: tuple[str, Expr], _body: list[Statement], _here: Here
    ) -> None:
        """Adds a loop to the forward pass, where there is one."""

    def leave_loop(self, dims: dict[int, Expr]) -> Wire:
        """The tensor after the loop."""
        return Wire("", dims)

    # -- turn by turn --------------------------------------------------------------------------

    def _unrolled(
        self, layer: Layer, here: Here, groups: list[Group], start: Wire | None
    ) -> Wire | None:
        count = constant(here.lanes, [len(group.children) for group in groups])
        assert layer.loop is not None
        table = self._table(layer.loop, here, start)
        wire = start
        for turn in range(count):
            turns: list[Any] = [group.children[turn] for group in groups]
            lanes = [
                lane.inside(one, one.arguments) for lane, one in zip(here.lanes, turns, strict=True)
            ]
            env = {**here.env, "index": literal(turn)}
            for position, word in enumerate(layer.loop.names):
                row = entry_of(table, turn)
                expr = row if len(layer.loop.names) == 1 else entry_of(row, position)
                env[word] = proved(expr, lanes, [one.arguments[word] for one in turns])
            wire = self.body(layer.body, Here(lanes, env, here.scope, here.loops), wire)
        return wire

    def _table(self, loop: Written, here: Here, start: Wire | None) -> Expr | None:
        return None if loop.table is None else self.translated(loop.table, here, start)

    # -- as a loop -----------------------------------------------------------------------------

    def _rolled(
        self, layer: Layer, here: Here, groups: list[Group], start: Wire | None
    ) -> Wire | None:
        assert layer.loop is not None
        loop, builder = layer.loop, self.builder
        over = self._over(loop, here, groups, start)
        plan = self._plan(loop, here, groups)
        env: dict[str, Expr | None] = {**here.env, "index": name(plan.index)}
        for word, python in plan.words.items():
            held = any(isinstance(lane.names[word], Operand) for lane in plan.lanes)
            env[word] = None if held else name(python)
        entry = self.enter_loop(here, start)
        builder.moving |= {plan.index, *plan.words.values()}
        if start is not None and entry is not None:
            self._carry(plan, here, start, entry)
        used, forward_used = builder.used, builder.forward_used
        builder.used, builder.forward_used = set(), set()
        loops = (*here.loops, Loop(plan.index, plan.lanes))
        result, init, forward = self.turn_body(
            layer, Here(plan.lanes, env, here.scope, loops), entry
        )
        increment = self._update(plan, init, result, here._replace(lanes=plan.lanes, loops=loops))
        if init:
            over_what = header(plan, over, builder.used, builder)
            self.statements.append(Nest("for ", over_what, init))
        if forward:
            index = plan.index if plan.index in builder.forward_used else "_"
            self.forward_loop(index, over, forward, here)
        builder.used |= used
        builder.forward_used |= forward_used
        own = {plan.index, *plan.words.values()}
        builder.used -= own
        builder.forward_used -= own
        builder.ids.used -= own
        builder.moving -= own
        return self._after(plan, here, groups, result, (over, increment))

    def _over(
        self, loop: Written, here: Here, groups: list[Group], start: Wire | None
    ) -> tuple[str, Expr]:
        """What the loop goes over, proved: a count, or the rows of a table."""
        if loop.count is not None:
            counts = [len(group.children) for group in groups]
            return "count", settled(self.translated(loop.count, here, start), here.lanes, counts)
        rows = []
        for lane in here.lanes:
            names = lane.names if start is None else lane.at(lane.tensor(start))
            turns = loop_turns(loop, names)
            if len(loop.names) == 1:
                rows.append(tuple(t[loop.names[0]] for t in turns))
            else:
                rows.append(tuple(tuple(t[n] for n in loop.names) for t in turns))
        written = self._table(loop, here, start)
        if any(has_operand(row) for row in rows):
            raise Unroll(here.lanes, range(len(rows)))
        try:
            return "table", settled(written, here.lanes, rows)
        except Untranslatable:
            raise Unroll(here.lanes, range(len(rows))) from None

    def _plan(self, loop: Written, here: Here, groups: list[Group]) -> Plan:
        ids = self.builder.ids
        index = next((w for w in "ijk" if w not in ids.used), None)
        index = ids.take(index or "i")
        words = {word: ids.take(word) for word in loop.names}
        lanes: list[Lane] = []
        for lane, group in zip(here.lanes, groups, strict=True):
            turns: list[Any] = group.children
            for number, turn in enumerate(turns):
                values = turn.arguments
                py = {p: plain_or_operand(values[w]) for w, p in words.items()}
                lanes.append(lane.turn(turn, values, {**py, index: number}))
        return Plan(index, words, lanes)

    def _carry(self, plan: Plan, here: Here, start: Wire, entry: Wire) -> None:
        """Sets the entry of every turn; channels that change get a variable that runs along."""
        for lane in plan.lanes:
            assert lane.group.input is not None
            lane.set(entry, lane.group.input)
        tensors = [lane.tensor(entry) for lane in plan.lanes]
        plan.axis = axis = constant(plan.lanes, [t.channel_axis for t in tensors])
        channels = [t.channels for t in tensors]
        entry.dims = {
            a: e
            for a, e in start.dims.items()
            if all(a < len(t.shape) for t in tensors)
            and holds(e, plan.lanes, [t.shape[a] for t in tensors])
        }
        if axis in entry.dims:
            return
        if len(set(channels)) == 1:
            entry.dims[axis] = literal(channels[0])
            return
        before = [lane.tensor(start).shape[axis] for lane in here.lanes]
        first = self.number(here.lanes, before, start.dims.get(axis), "channels")
        first = self.fitting(first, here)
        builder = self.builder
        if isinstance(first, ast.Name) and first.id in builder.moving:
            plan.running = first.id
        else:
            plan.running = builder.ids.take("channels")
            plan.first = Line(f"{plan.running} = ", show(first))
            self.statements.append(plan.first)
            builder.optional.append((plan.running, plan.first, first))
        builder.closed.setdefault(plan.running, first)
        builder.moving.add(plan.running)
        for lane, value in zip(plan.lanes, channels, strict=True):
            lane.py[plan.running] = value
        entry.dims[axis] = name(plan.running)

    def _update(
        self, plan: Plan, init: list[Statement], result: Wire | None, inner: Here
    ) -> Expr | None:
        """The running variable's step at the end of a turn; gives what is added, where it is."""
        if plan.running is None:
            return None
        assert result is not None
        actual = [lane.tensor(result).shape[plan.axis] for lane in plan.lanes]
        expr = settled(result.dims.get(plan.axis), plan.lanes, actual)
        if show(expr) == plan.running:
            return None
        if plan.first is not None and plan.running not in self.builder.read():
            # Nothing reads it: the sizes after the loop are told without it, or not at all.
            self.statements[:] = [s for s in self.statements if s is not plan.first]
            step = step_of(expr, plan.running)
            plan.gone = True
            return step
        body = init
        choice = self._as_named(expr, init)
        if isinstance(choice, ast.IfExp) and show(choice.orelse) == plan.running:
            body, expr = self._under(choice.test, init), choice.body
        kept, self.statements = self.statements, body
        expr = self.fitting(expr, inner)
        self.statements = kept
        step = step_of(expr, plan.running)
        body.append(self._advance(plan.running, expr, step))
        return step if body is init else None

    def _advance(self, running: str, expr: Expr, step: Expr | None) -> Line:
        """The line that gives the running variable its next value; left out, as the lines before
        it, where it is all that reads the variable."""
        builder = self.builder
        read = running in builder.used
        if step is not None:
            line = Line(f"{running} += ", builder.text(step))
        else:
            line = Line(f"{running} = ", builder.text(expr))
        if not read:
            builder.used.discard(running)
        builder.optional.append((running, line, literal(0)))
        return line

    def _as_named(self, expr: Expr, init: list[Statement]) -> Expr:
        """What a name stands for that the last line of a turn has just been given."""
        for python, line, named in self.builder.optional:
            if show(expr) == python and init and init[-1] is line:
                return named
        return expr

    def _under(self, condition: Expr, init: list[Statement]) -> list[Statement]:
        """What stands under a condition at the end of a turn: an `if` that is there goes on."""
        text = self.builder.text(condition)
        while init and any(line is init[-1] for _, line, _ in self.builder.optional):
            init.pop()  # the name of the choice: nothing else has read it yet
        last = init[-1] if init else None
        if not isinstance(last, Nest) or (last.before, last.doc) != ("if ", text):
            last = Nest("if ", text, [])
            init.append(last)
        return last.body

    def _after(
        self,
        plan: Plan,
        here: Here,
        groups: list[Group],
        result: Wire | None,
        grown: tuple[tuple[str, Expr], Expr | None],
    ) -> Wire | None:
        """The tensor after the loop, and the labels that the last turn leaves."""
        self._keep_labels(plan, here)
        if result is None:
            return None
        outs = [group.output for group in groups]
        tensors = [lane.net.tensors[o] for lane, o in zip(here.lanes, outs, strict=True) if o]
        dims: dict[int, Expr] = {}
        shapes = [t.shape for t in tensors if t is not None]
        if plan.running is not None:
            for lane, shape in zip(here.lanes, shapes, strict=True):
                lane.py[plan.running] = shape[plan.axis]
            if not plan.gone:
                dims[plan.axis] = name(plan.running)
            self._close(plan, here, [s[plan.axis] for s in shapes], grown, dims)
        for axis, expr in result.dims.items():
            fits = all(axis < len(s) for s in shapes)
            if axis not in dims and fits and holds(expr, here.lanes, [s[axis] for s in shapes]):
                dims[axis] = expr
        wire = self.leave_loop(dims)
        for lane, out in zip(here.lanes, outs, strict=True):
            assert out is not None
            lane.set(wire, out)
        return wire

    def _keep_labels(self, plan: Plan, here: Here) -> None:
        for lane in here.lanes:
            last = next((t for t in reversed(plan.lanes) if t.outer is lane), None)
            if last is None:
                continue
            for wire in here.scope.wires():
                try:
                    lane.set(wire, last.index(wire))
                except KeyError:
                    continue

    def _close(
        self,
        plan: Plan,
        here: Here,
        actual: list[int],
        grown: tuple[tuple[str, Expr], Expr | None],
        dims: dict[int, Expr],
    ) -> None:
        """first + turns·step, for those outside who cannot see the running variable."""
        assert plan.running is not None
        (kind, over), step = grown
        first = self.builder.closed.get(plan.running)
        self.builder.closed.pop(plan.running, None)
        if first is None or step is None or kind != "count":
            return
        if self.builder.moving & (set(variables(step)) | set(variables(over))):
            return
        total = binary(first, ast.Add, binary(over, ast.Mult, step))
        if holds(total, here.lanes, actual):
            self.builder.closed[plan.running] = total
            if plan.gone:
                dims[plan.axis] = total
