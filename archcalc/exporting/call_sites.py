"""The places where one piece of code will run, side by side.

A block is written once and called many times; a loop's body is written once and turns many times.
Code for it is made once too, and everything in it is proved in each place: a `CallSite` is one
place, with the elaborated group that stands there, the exact values of the spec's names, and the
values that the variables of the generated code will have.
"""

from __future__ import annotations

import ast
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import (
    Unevaluable,
    agrees,
    evaluate,
    literal,
    name,
    show,
    variables,
)
from archcalc.graph import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Doc
    from archcalc.graph import Net, Node
    from archcalc.ops.base import Tensor


class SymbolicTensor:
    """A tensor in the generated code.

    `doc` is what the forward pass calls it (nothing in a Sequential), `simple` whether that is a
    variable, `typed` whether a type checker knows it for a Tensor. `dims` has the lengths of axes
    that are known as expressions of the constructor's variables.
    """

    __slots__ = ("dims", "doc", "simple", "typed")

    def __init__(
        self,
        doc: Doc = "",
        dims: dict[int, Expr] | None = None,
        *,
        simple: bool = False,
        typed: bool = False,
    ) -> None:
        self.doc = doc
        self.dims = dims or {}
        self.simple = simple
        self.typed = typed


class CallSite:
    """One place. `root` is the lane of the class that it lies in."""

    __slots__ = ("_at", "_next", "group", "names", "net", "outer", "prefix", "py", "root")

    def __init__(
        self,
        net: Net,
        group: Group,
        names: dict[str, Any],
        py: dict[str, Any],
        prefix: str,
        outer: CallSite | None = None,
    ) -> None:
        self.net = net
        self.group = group
        self.names = names
        self.py = py
        self.prefix = prefix
        self.outer = outer
        self.root: CallSite = self if outer is None else outer.root
        self._at: dict[SymbolicTensor, int] = {}
        self._next = 0

    def take(self) -> Node | Group:
        """The next child of the group."""
        child = self.peek()
        self._next += 1
        return child

    def take_group(self) -> Group:
        """The next child, where the text says that it is a part."""
        child = self.take()
        assert isinstance(child, Group)
        return child

    def peek(self) -> Node | Group:
        """The child that `take` would give."""
        return self.group.children[self._next]

    def inside(self, group: Group, extra: dict[str, Any] | None = None) -> CallSite:
        """The lane in a part of this one that runs once here (a `do`, a branch)."""
        names = {**self.names, **extra} if extra else self.names
        lane = CallSite(self.net, group, names, self.py, self.prefix, self)
        lane._at = self._at
        return lane

    def turn(self, group: Group, values: dict[str, Any], py: dict[str, Any]) -> CallSite:
        """The lane in one turn of a loop: what it sets stays in it."""
        names = {**self.names, **values}
        return CallSite(self.net, group, names, {**self.py, **py}, self.prefix, self)

    def set(self, wire: SymbolicTensor, tensor: int) -> None:
        self._at[wire] = tensor

    def __contains__(self, wire: SymbolicTensor) -> bool:
        """Whether the wire is one of the net's tensors here."""
        return wire in self._at or (self.outer is not None and wire in self.outer)

    def index(self, wire: SymbolicTensor) -> int:
        """Which of the net's tensors the wire is here."""
        lane: CallSite | None = self
        while lane is not None:
            if wire in lane._at:
                return lane._at[wire]
            lane = lane.outer
        raise KeyError(wire)

    def tensor(self, wire: SymbolicTensor) -> Tensor:
        found = self.net.tensors[self.index(wire)]
        assert found is not None  # an export starts from a net without errors
        return found

    def at(self, tensor: Tensor) -> dict[str, Any]:
        """The names as a layer that reads this tensor sees them."""
        return {**self.names, "in_channels": tensor.channels}


class NotUniform(Exception):
    """One piece of code cannot serve all these places: `keys` tells those apart that it cannot
    serve together. Answered by unrolling a loop, by several classes, or by fixing a var."""

    def __init__(self, lanes: Sequence[CallSite], values: Iterable[Any]) -> None:
        super().__init__()
        self.keys = list(zip(lanes, values, strict=True))

    def inside_one(self) -> bool:
        """Whether places within one call differ, so that several classes would not help."""
        seen: dict[int, Any] = {}
        return any(seen.setdefault(id(lane.root), value) != value for lane, value in self.keys)


class MustUnroll(NotUniform):
    """A loop that has to be written turn by turn."""


def constant(lanes: Sequence[CallSite], values: Iterable[Any]) -> Any:
    """The value that all places have. Raises `NotUniform`."""
    found = list(values)
    if any(value != found[0] or type(value) is not type(found[0]) for value in found[1:]):
        raise NotUniform(lanes, found)
    return found[0]


def holds(expr: Expr, lanes: Sequence[CallSite], values: Sequence[Any]) -> bool:
    """Whether an expression has these values in these places."""
    try:
        if not variables(expr):
            value = evaluate(expr, {})
            return all(agrees(value, v) for v in values)
        return all(
            agrees(evaluate(expr, lane.py), value)
            for lane, value in zip(lanes, values, strict=True)
        )
    except Unevaluable:
        return False


def expr_or_constant(expr: Expr | None, lanes: Sequence[CallSite], values: Sequence[Any]) -> Expr:
    """An expression that is proved to have these values: the given one, a variant that stays an
    integer where Python's division does not, or the value itself. Raises `NotUniform`."""
    if expr is not None:
        for candidate in _variants(expr) if variables(expr) else (expr,):
            if holds(candidate, lanes, values):
                return with_exact_floors(candidate, lanes)
    return literal(constant(lanes, values))


def with_exact_floors(expr: Expr, lanes: Sequence[CallSite]) -> Expr:
    """The expression with what `floor` and `ceil` take of decimals rounded to nine digits first:
    100 * 0.29 is a little less than 29, and in the spec it is 29."""

    class Exact(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> Expr:
            self.generic_visit(node)
            inside = node.args[0]
            done = isinstance(inside, ast.Call) and show(inside.func) == "round"
            if done or not isinstance(node.func, ast.Attribute):
                return node
            if not any(_is_decimal(n, lanes) for n in ast.walk(inside)):
                return node
            return ast.Call(node.func, [ast.Call(name("round"), [inside, literal(9)], [])], [])

    if not any(isinstance(node, ast.Attribute) for node in ast.walk(expr)):
        return expr  # neither math.floor nor math.ceil, as nearly always
    changed: Expr = Exact().visit(deepcopy(expr))
    return changed


def _is_decimal(node: ast.AST, lanes: Sequence[CallSite]) -> bool:
    """Whether it is a number that floating point may not have."""
    if isinstance(node, ast.Name):
        return any(isinstance(lane.py.get(node.id), float) for lane in lanes)
    return isinstance(node, ast.Constant) and not _is_dyadic(node.value)


def _is_dyadic(value: object) -> bool:
    return not isinstance(value, float) or (value * 1024).is_integer()


def _variants(expr: Expr) -> Iterable[Expr]:
    yield expr
    if any(isinstance(n, ast.Div | ast.Constant) for n in ast.walk(expr)):

        class Whole(ast.NodeTransformer):
            def visit_Div(self, _node: ast.Div) -> ast.operator:
                return ast.FloorDiv()

        changed: Expr = Whole().visit(deepcopy(expr))
        yield changed
        yield ast.Call(ast.Name("round", ast.Load()), [expr], [])


def holds_truth(expr: Expr, lanes: list[CallSite], truths: list[bool]) -> bool:
    """Whether a condition decides as the spec does in every place."""
    try:
        return all(
            bool(evaluate(expr, lane.py)) is truth
            for lane, truth in zip(lanes, truths, strict=True)
        )
    except Unevaluable:
        return False
