"""Loops: written as loops where one body serves every turn, else turn by turn."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import Untranslatable, literal, name, plain, show
from archcalc.codegen.layout import Items, call, flat
from archcalc.elaborate.values import loop_turns
from archcalc.exporting.call_sites import NotUniform, constant, expr_or_constant
from archcalc.exporting.keras.code import Nest
from archcalc.exporting.keras.operations import OperationWriter
from archcalc.exporting.keras.strategies import Restart, differs_by_turn
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc
    from archcalc.exporting.call_sites import CallSite, SymbolicTensor
    from archcalc.exporting.keras.code import Statement
    from archcalc.exporting.keras.writer import Context, Env, Scope
    from archcalc.spec.syntax import Layer
    from archcalc.spec.syntax import Loop as Written


class LoopWriter(OperationWriter):
    """Adds loops."""

    def loop(
        self, layer: Layer, here: Context, start: SymbolicTensor | None
    ) -> SymbolicTensor | None:
        """A `do` with a loop."""
        assert layer.loop is not None
        groups: list[Any] = [lane.take() for lane in here.lanes]
        if not any(group.children for group in groups):
            over = layer.loop.count or layer.loop.table
            assert over is not None
            self.program.doubt(self.proposed(over, here, start), here.lanes)
            return start
        turns = [list(group.children) for group in groups]
        values = [[turn.arguments for turn in some] for some in turns]

        def write(inner: Context, wire: SymbolicTensor | None) -> SymbolicTensor | None:
            return self.body(layer.body, inner, wire)

        outs = [group.output for group in groups]
        if ("unroll", id(layer.loop)) in self.program.strategies:
            return self._unrolled(layer.loop, here, start, turns, write)
        result = self._rolled(layer.loop, here, start, values, turns, write)
        if result is None:
            return None
        return self.new(here, flat(result.doc), outs)

    # -- turn by turn -----------------------------------------------------------------------

    def _unrolled(
        self,
        loop: Written,
        here: Context,
        start: SymbolicTensor | None,
        turns: list[list[Any]],
        write: Callable[[Context, SymbolicTensor | None], SymbolicTensor | None],
    ) -> SymbolicTensor | None:
        count = constant(here.lanes, list(map(len, turns)))
        wire = start
        for number in range(count):
            some = [t[number] for t in turns]
            env = self.turn_names(loop, here, start, number, [t.arguments for t in some])
            lanes = [
                lane.inside(turn, turn.arguments)
                for lane, turn in zip(here.lanes, some, strict=True)
            ]
            wire = write(here._replace(lanes=lanes, env=env), wire)
        return wire

    def turn_names(
        self,
        loop: Written,
        here: Context,
        start: SymbolicTensor | None,
        number: int,
        values: list[Any],
    ) -> Env:
        """The loop's names in one turn: entries of the table, or what they are."""
        table = None if loop.table is None else self.proposed(loop.table, here, start)
        env: Env = {**here.env, "index": literal(number)}
        for position, word in enumerate(loop.names):
            expr = _entry(table, number)
            if len(loop.names) > 1:
                expr = _entry(expr, position)
            try:
                env[word] = expr_or_constant(expr, here.lanes, [v[word] for v in values])
            except (NotUniform, Untranslatable):
                env[word] = None
        return env

    # -- as a loop --------------------------------------------------------------------------

    def _rolled(
        self,
        loop: Written,
        here: Context,
        start: SymbolicTensor | None,
        values: list[list[Any]],
        turns: list[list[Any]],
        write: Callable[[Context, SymbolicTensor | None], SymbolicTensor | None],
    ) -> SymbolicTensor | None:
        over = self.over(loop, here, start, values)
        index, words, lanes = self.plan(loop, here, values, turns)
        env: Env = {**here.env, "index": name(index)}
        env.update({word: name(python) for word, python in words.items()})
        entry = None
        if start is not None:
            entry = self.as_target(here, start)
            for lane in lanes:
                assert lane.group.input is not None
                lane.set(entry, lane.group.input)
        used, self.function.used = self.function.used, set()
        inner = here._replace(lanes=lanes, env=env, indices=(*here.indices, index))
        try:
            body, result = self.apart(lambda: self._turn(write, inner, entry))
        except NotUniform as differs:
            if differs_by_turn(differs, lanes):
                raise Restart(("unroll", id(loop))) from differs
            raise
        self.statements.append(self.header(over, index, list(words.values()), body))
        own = {index, *words.values()}
        self.function.used = used | (self.function.used - own)
        self.function.ids.used -= own
        self.keep_labels(here, lanes)
        return result

    def _turn(
        self,
        write: Callable[[Context, SymbolicTensor | None], SymbolicTensor | None],
        here: Context,
        entry: SymbolicTensor | None,
    ) -> SymbolicTensor | None:
        result = write(here, entry)
        return None if result is None else self.as_target(here, result)

    def over(
        self, loop: Written, here: Context, start: SymbolicTensor | None, values: list[Any]
    ) -> Expr:
        """What the loop goes over, proved: a count, or the rows of a table."""
        if loop.count is not None:
            return self.settle(loop.count, here, start, list(map(len, values)))
        rows: list[Any] = []
        for lane in here.lanes:
            names = lane.names if start is None else lane.at(lane.tensor(start))
            turns = loop_turns(loop, names)
            if len(loop.names) == 1:
                rows.append(tuple(t[loop.names[0]] for t in turns))
            else:
                rows.append(tuple(tuple(t[n] for n in loop.names) for t in turns))
        if any(map(_has_operand, rows)):
            raise Restart(("unroll", id(loop)))
        return self.settle(loop.table, here, start, rows)

    def plan(
        self, loop: Written, here: Context, values: list[list[Any]], turns: list[list[Any]]
    ) -> tuple[str, dict[str, str], list[CallSite]]:
        """The loop's variables, and every turn in every place."""
        ids = self.function.ids
        index = ids.take(next((w for w in "ijk" if w not in ids.used), "i"))
        words = {word: ids.take(word) for word in loop.names}
        lanes = []
        for lane, some, groups in zip(here.lanes, values, turns, strict=True):
            for number, (value, group) in enumerate(zip(some, groups, strict=True)):
                py = {p: _plain(value[w]) for w, p in words.items()}
                lanes.append(lane.turn(group, value, {**py, index: number}))
        return index, words, lanes

    def header(self, over: Expr, index: str, words: list[str], body: list[Statement]) -> Nest:
        """`for out, depth in stages:`; what the body does not read is left out or marked."""
        used = self.function.used
        table: Doc
        if not words:
            table = f"range({self.function.text(over)})"
            return Nest(f"for {index if index in used else '_'} in ", table, body)
        shown = [w if w in used else f"_{w}" for w in words]
        target = ", ".join(shown)
        table = _table(over, self.function.text(over))
        if index in used:
            target = f"{index}, {target if len(words) == 1 else f'({target})'}"
            table = call("enumerate", table)
        return Nest(f"for {target} in ", table, body)

    def keep_labels(self, here: Context, turns: list[CallSite]) -> None:
        """The labels that the last turn leaves."""
        scope: Scope | None = here.scope
        while scope is not None:
            for label in scope.labels.values():
                for lane in here.lanes:
                    last = next((t for t in reversed(turns) if t.outer is lane), None)
                    if last is not None:
                        try:
                            lane.set(label.wire, last.index(label.wire))
                        except KeyError:
                            continue
            scope = scope.around


def _entry(table: Expr | None, place: int) -> Expr | None:
    if table is None:
        return None
    if isinstance(table, ast.Tuple):
        return table.elts[place] if place < len(table.elts) else None
    return ast.Subscript(table, literal(place), ast.Load())


def _table(expr: Expr, text: str) -> Doc:
    if not isinstance(expr, ast.Tuple):
        return text
    items = tuple(show(e, 1) for e in expr.elts)
    return Items("(", items, ")")


def _plain(value: Any) -> Any:
    return value if isinstance(value, Operand) else plain(value)


def _has_operand(value: Any) -> bool:
    if isinstance(value, Operand):
        return True
    return isinstance(value, tuple) and any(map(_has_operand, value))
