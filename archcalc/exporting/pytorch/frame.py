"""The frame of a forward pass: its variables, attributes and statements."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from archcalc.exporting.expressions import functions, literal, name, show, variables
from archcalc.exporting.lanes import Differs, Unroll, Wire
from archcalc.exporting.layout import Line, Nest, Statement, assign
from archcalc.exporting.pytorch.loops import LoopWriter
from archcalc.exporting.pytorch.scope import Here, Scope

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.attributes import Attribute
    from archcalc.exporting.pytorch.builder import Builder
    from archcalc.exporting.references import References
    from archcalc.spec.syntax import Layer


class Frame(LoopWriter):
    """`target` is the variable that the running tensor is kept in."""

    def __init__(self, builder: Builder, references: References) -> None:
        super().__init__(builder)
        self.references = references
        self.target = "x"
        self.forward: list[Statement] = builder.forward
        self.kinds: dict[str, bool] = {}  # by its first value: whether a variable is a Tensor
        self.released: set[str] = set()  # variables of branches, free for other branches
        self.kept: set[str] = set()  # variables of labels, which nothing may overwrite

    # -- tensors ----------------------------------------------------------------------------

    def new(self, here: Here, tensors: list[int], wire: Wire) -> Wire:
        wire.dims = {axis: self.short(expr, here) for axis, expr in wire.dims.items()}
        for lane, tensor in zip(here.lanes, tensors, strict=True):
            lane.set(wire, tensor)
        return wire

    def simple(self, here: Here, wire: Wire, target: str | None = None) -> Wire:
        """The tensor as a variable."""
        if wire.simple and (target is None or wire.doc == target):
            return wire
        variable = target or self.target
        typed = self.put(variable, wire.doc, typed=wire.typed)
        new = Wire(variable, wire.dims, simple=True, typed=typed)
        return self.new(here, [lane.index(wire) for lane in here.lanes], new)

    def register(self, attribute: Attribute, doc: Doc, here: Here) -> None:
        """Makes a module an attribute. Two layers of one name (each there where the other is not,
        or where another loop does not reach) need two classes."""
        if attribute.fixed and any(loop.turns_twice() for loop in here.loops):
            # It is there in one turn alone.
            raise Unroll(here.lanes, range(len(here.lanes)))
        if attribute.names & self.builder.registered:
            present = {id(lane.root) for lane in here.lanes}
            lanes = self.builder.lanes
            raise Differs(lanes, [id(lane) in present for lane in lanes])
        self.builder.registered |= attribute.names
        self.statements.append(attribute.register(doc))

    def put(self, variable: str, doc: Doc, *, typed: bool) -> bool:
        """Assigns to a variable; gives whether a type checker takes that for a Tensor."""
        self.forward.append(assign(variable, doc))
        variable = variable.partition(":")[0]
        declared = (variable, "Tensor") in self.builder.inputs
        return declared or self.kinds.setdefault(variable, typed)

    def declare(self, variable: str, wire: Wire) -> bool:
        """Assigns to a variable that shall be a Tensor to a type checker, as `put` does."""
        known = wire.typed or variable in self.kinds
        return self.put(variable if known else f"{variable}: Tensor", wire.doc, typed=True)

    def at_run_time(self, expr: Expr, hint: str, here: Here) -> str:
        """A number of the constructor in the forward pass: itself, or kept in an attribute."""
        read = set(variables(expr))
        if not read:
            self.program.helpers.update(functions(expr))
            return show(expr)
        indices = {loop.variable for loop in here.loops}
        if read <= indices:
            self.builder.forward_used |= read
            return show(expr)
        text = show(expr)
        if read & self.builder.moving:
            if here.loops:
                raise Unroll(here.lanes, range(len(here.lanes)))
            own = f"self.{self.builder.attributes.take(hint)}"
            text = self.builder.text(self.fitting(expr, here))
            self.statements.append(Line(f"{own} = ", text))
            return own
        if text not in self.builder.stored:
            word = text if isinstance(expr, ast.Name) else hint
            own = f"self.{self.builder.attributes.take(word)}"
            self.builder.init.append(Line(f"{own} = ", self.builder.text(self.at_top(expr))))
            self.builder.stored[text] = own
        return self.builder.stored[text]

    def at_top(self, expr: Expr) -> Expr:
        """A size on a line of its own, outside every loop and condition."""
        kept, self.statements = self.statements, self.builder.init
        lanes = Here(self.builder.lanes, {}, Scope())
        fitting = self.fitting(expr, lanes)
        self.statements = kept
        return fitting

    # -- loops ------------------------------------------------------------------------------

    def lengths(self) -> Any:
        written = (self.statements, len(self.statements), self.forward, len(self.forward))
        return (*written, self.target, set(self.kept), set(self.released))

    def cut(self, lengths: Any) -> None:
        self.statements, made, self.forward, said, self.target, self.kept, self.released = lengths
        del self.statements[made:]
        del self.forward[said:]

    def enter_loop(self, here: Here, start: Wire | None) -> Wire | None:
        if start is None:
            return None
        start = self.simple(here, start, self.target)
        return Wire(self.target, start.dims, simple=True, typed=start.typed)

    def turn_body(
        self, layer: Layer, inner: Here, entry: Wire | None
    ) -> tuple[Wire | None, list[Statement], list[Statement]]:
        kept = (self.statements, self.forward)
        self.statements, self.forward = [], []
        try:
            result = self.body(layer.body, inner, entry)
            if result is not None:
                result = self.simple(inner, result, self.target)
            return result, self.statements, self.forward
        finally:
            self.statements, self.forward = kept

    def forward_loop(
        self, index: str, over: tuple[str, Expr], body: list[Statement], here: Here
    ) -> None:
        self.forward.append(Nest(f"for {index} in ", f"range({self._times(over, here)})", body))

    def _times(self, over: tuple[str, Expr], here: Here) -> str:
        """The number of turns, as the forward pass has it."""
        kind, expr = over
        if kind == "table":
            if isinstance(expr, ast.Tuple):
                expr = literal(len(expr.elts))
            else:
                expr = ast.Call(name("len"), [expr], [])
        return self.at_run_time(expr, "depth", here)

    def leave_loop(self, dims: dict[int, Expr]) -> Wire:
        declared = (self.target, "Tensor") in self.builder.inputs
        typed = declared or self.kinds.get(self.target, False)
        return Wire(self.target, dims, simple=True, typed=typed)
