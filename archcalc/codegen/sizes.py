"""Sizes as expressions: an operation's own formula, evaluated on symbols.

A `Size` is an expression of the module's constructor variables, or `Opaque`: a number known per
call that depends on some of them. `outputs_of` runs an operation's `outputs` on symbolic integers,
so that no emitter repeats a size formula.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.expressions import (
    Expr,
    Unevaluable,
    binary,
    evaluate,
    literal,
    name,
    show,
    variables,
)
from archcalc.ops.base import CHANNELS
from archcalc.ops.base import Tensor as Shaped
from archcalc.ops.read import read_attributes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.ir import Tensor
    from archcalc.graph import Node
    from archcalc.ops.base import Operation


class Opaque(NamedTuple):
    """A size without an expression; `reads` are the symbols that may change it. For merged axes,
    `factors` are their sizes, each with its value in the first call."""

    reads: frozenset[str]
    factors: tuple[tuple[Any, int], ...] = ()


Size = Expr | Opaque

LONGEST = 24
"""A spatial size with a longer expression stays opaque: callers compute it."""


def reads_of(size: Size) -> frozenset[str]:
    """The variables that may change a size."""
    return size.reads if isinstance(size, Opaque) else frozenset(variables(size))


class _Decisions:
    """Comparisons were made while a formula ran: its result is only valid for these variables'
    values."""

    def __init__(self) -> None:
        self.reads: frozenset[str] = frozenset()
        self.on = False


_decisions = _Decisions()


class SymbolicInt(int):
    """An integer with its expression (None: it only depends on `reads`)."""

    base: Expr | None
    offset: int
    reads: frozenset[str]

    def __new__(cls, value: int, base: Expr | None, reads: frozenset[str], offset: int = 0) -> Self:
        made = int.__new__(cls, value)
        made.base = base
        made.offset = offset
        made.reads = reads
        return made

    @property
    def expr(self) -> Expr | None:
        """The whole expression: added constants are kept apart, so that they add up."""
        if self.base is None or not self.offset:
            return self.base
        sign = ast.Add if self.offset > 0 else ast.Sub
        return binary(self.base, sign, literal(abs(self.offset)))

    def _with(self, sign: type[ast.operator], a: Any, b: Any, value: int) -> Any:
        reads = _reads(a) | _reads(b)
        if self.base is not None and not isinstance(b, SymbolicInt):
            if sign in (ast.Add, ast.Sub):
                more = int(b) if sign is ast.Add else -int(b)
                return SymbolicInt(value, self.base, reads, self.offset + more)
            if sign is ast.FloorDiv and int(b) > 0:
                whole, rest = divmod(self.offset, int(b))
                inner = SymbolicInt(0, self.base, reads, rest).expr
                assert inner is not None
                return SymbolicInt(value, binary(inner, sign, literal(int(b))), reads, whole)
        if sign is ast.Add and not isinstance(a, SymbolicInt) and self.base is not None:
            return SymbolicInt(value, self.base, reads, self.offset + int(a))
        left, right = _expr(a), _expr(b)
        if left is None or right is None:
            return SymbolicInt(value, None, reads)
        return SymbolicInt(value, binary(left, sign, right), reads)

    def __add__(self, other: Any) -> Any:
        return self._with(ast.Add, self, other, int(self) + int(other))

    def __radd__(self, other: Any) -> Any:
        return self._with(ast.Add, other, self, int(other) + int(self))

    def __sub__(self, other: Any) -> Any:
        return self._with(ast.Sub, self, other, int(self) - int(other))

    def __rsub__(self, other: Any) -> Any:
        return self._with(ast.Sub, other, self, int(other) - int(self))

    def __mul__(self, other: Any) -> Any:
        return self._with(ast.Mult, self, other, int(self) * int(other))

    def __rmul__(self, other: Any) -> Any:
        return self._with(ast.Mult, other, self, int(other) * int(self))

    def __floordiv__(self, other: Any) -> Any:
        return self._with(ast.FloorDiv, self, other, int(self) // int(other))

    def __rfloordiv__(self, other: Any) -> Any:
        return self._with(ast.FloorDiv, other, self, int(other) // int(self))

    def __mod__(self, other: Any) -> Any:
        return self._with(ast.Mod, self, other, int(self) % int(other))

    def __rmod__(self, other: Any) -> Any:
        return self._with(ast.Mod, other, self, int(other) % int(self))

    def __neg__(self) -> Any:
        expr = None if self.expr is None else binary(literal(0), ast.Sub, self.expr)
        return SymbolicInt(-int(self), expr, self.reads)

    def _function(self, word: str, other: Any, value: int) -> Any:
        left, right = _expr(self), _expr(other)
        reads = self.reads | _reads(other)
        if left is None or right is None:
            return SymbolicInt(value, None, reads)
        return SymbolicInt(value, ast.Call(name(word), [left, right], []), reads)

    def maximum(self, other: Any) -> Any:
        return self._function("max", other, max(int(self), int(other)))

    def minimum(self, other: Any) -> Any:
        return self._function("min", other, min(int(self), int(other)))

    def gcd(self, other: Any) -> Any:
        from math import gcd

        return SymbolicInt(gcd(int(self), int(other)), None, self.reads | _reads(other))

    def fixed(self) -> int:
        self._decide(0)
        return int(self)

    def lowest_terms(self, other: Any) -> tuple[int, int]:
        from math import gcd

        self._decide(other)
        common = gcd(int(self), int(other))
        return int(self) // common, int(other) // common

    def _decide(self, other: Any) -> None:
        if _decisions.on:
            _decisions.reads |= self.reads | _reads(other)

    def __eq__(self, other: object) -> bool:
        if self is not other:
            self._decide(other)
        return int.__eq__(self, other) is True

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return int.__hash__(self)

    def __lt__(self, other: int) -> bool:
        self._decide(other)
        return int.__lt__(self, other)

    def __le__(self, other: int) -> bool:
        self._decide(other)
        return int.__le__(self, other)

    def __gt__(self, other: int) -> bool:
        self._decide(other)
        return int.__gt__(self, other)

    def __ge__(self, other: int) -> bool:
        self._decide(other)
        return int.__ge__(self, other)

    def __bool__(self) -> bool:
        self._decide(0)
        return int.__ne__(self, 0)


def _expr(value: Any) -> Expr | None:
    return value.expr if isinstance(value, SymbolicInt) else literal(int(value))


def _reads(value: Any) -> frozenset[str]:
    return value.reads if isinstance(value, SymbolicInt) else frozenset()


def symbolic(value: Any, expr: Expr | None) -> Any:
    """A value of a spec with its expression: integers, and lists of them."""
    if isinstance(value, bool) or expr is None or not variables(expr):
        return value
    if isinstance(value, int):
        return SymbolicInt(int(value), expr, frozenset(variables(expr)))
    if isinstance(value, tuple):
        if isinstance(expr, ast.Tuple) and len(expr.elts) == len(value):
            return tuple(symbolic(v, e) for v, e in zip(value, expr.elts, strict=True))
        return tuple(
            symbolic(v, ast.Subscript(expr, literal(i), ast.Load())) for i, v in enumerate(value)
        )
    return value


def _symbolic_tensor(tensor: Tensor, shaped: Shaped) -> Shaped:
    sides: list[Any] = []
    for size, value in zip(tensor.sizes, shaped.shape, strict=True):
        if isinstance(size, Opaque):
            sides.append(SymbolicInt(value, None, size.reads))
        elif variables(size):
            sides.append(SymbolicInt(value, size, frozenset(variables(size))))
        else:
            sides.append(value)
    return Shaped(tuple(sides), shaped.axes)


def outputs_of(
    op: Operation,
    raw: Mapping[str, Any],
    words: frozenset[str],
    inputs: Sequence[tuple[Tensor, Shaped]],
    sites: Sequence[CallSite],
    nodes: Sequence[Node],
) -> list[tuple[Size, ...]]:
    """The sizes of an operation's outputs. `raw` are its attributes as symbols if they are
    integers; `words` the variables that its other attributes use; `inputs` each tensor with its
    shape in the first call; `nodes` the operation in every call."""
    shaped = tuple(_symbolic_tensor(t, s) for t, s in inputs)
    attributes = read_attributes(op, dict(raw), len(shaped[0].shape) - 1)
    leaves = {id(n) for t in shaped for n in t.shape}
    leaves |= {id(n) for value in vars(attributes).values() for n in _flat(value)}
    _decisions.on, _decisions.reads = True, frozenset()
    try:
        given = op.outputs(attributes, shaped)
    finally:
        _decisions.on = False
    decided = _decisions.reads | words
    found = []
    for output, tensor in enumerate(given):
        sizes: list[Size] = []
        for axis, n in enumerate(tensor.shape):
            merged = op.name == "flatten" and id(n) not in leaves
            size = _product(inputs[0], attributes) if merged else None
            size = size or _size(n, decided, tensor.axes[axis] == CHANNELS, id(n) in leaves)
            if isinstance(size, Opaque) and merged:
                size = Opaque(size.reads, _factors(inputs[0], attributes))
            if not isinstance(size, Opaque) and not _holds(size, sites, nodes, output, axis):
                size = Opaque(reads_of(size) | decided | _reads(n))
            sizes.append(size)
        found.append(tuple(sizes))
    return found


def _flat(value: Any) -> list[Any]:
    return [n for v in value for n in _flat(v)] if isinstance(value, tuple) else [value]


def _size(n: Any, decided: frozenset[str], channels: bool, leaf: bool) -> Size:
    if not isinstance(n, SymbolicInt):
        # A constant that results from a decision is only valid for that decision.
        return literal(int(n)) if not decided or leaf or channels else Opaque(decided)
    if n.expr is None:
        return Opaque(n.reads | (frozenset() if leaf else decided))
    if leaf or not variables(n.expr):
        return n.expr
    if decided or (not channels and len(show(n.expr)) > LONGEST):
        return Opaque(n.reads | decided)
    return n.expr


def _factors(given: tuple[Tensor, Shaped], attributes: Any) -> tuple[tuple[Size, int], ...]:
    """The sizes that `flatten` merges, each with its value."""
    tensor, shaped = given
    rank = len(tensor.sizes)
    start, end = int(attributes.start) % rank, int(attributes.end) % rank + 1
    return tuple(zip(tensor.sizes[start:end], shaped.shape[start:end], strict=True))


def _product(given: tuple[Tensor, Shaped], attributes: Any) -> Size | None:
    """Merged sizes are a product that is kept: 512 * 7 * 7."""
    merged = [size for size, _ in _factors(given, attributes)]
    if any(isinstance(s, Opaque) for s in merged):
        return None
    return product_of([s for s in merged if not isinstance(s, Opaque)])


def product_of(factors: Sequence[Expr]) -> Expr:
    """A product, without ones."""
    result: Expr | None = None
    for factor in factors:
        if show(factor) != "1":
            result = factor if result is None else ast.BinOp(result, ast.Mult(), factor)
    return result or literal(1)


def _holds(
    size: Expr, sites: Sequence[CallSite], nodes: Sequence[Node], output: int, axis: int
) -> bool:
    """Whether a size has its value in every call."""
    constant = None if variables(size) else evaluate(size, {})
    for site, node in zip(sites, nodes, strict=True):
        actual = site.table[node.outputs[output]].shape[axis]
        try:
            value = constant if constant is not None else evaluate(size, site)
        except Unevaluable:
            return False
        if value != actual:
            return False
    return True
