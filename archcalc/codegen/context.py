"""One operation as an emitter sees it: its attributes and sizes as verified expressions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from archcalc.codegen.callsite import Disagreement, mismatches, same
from archcalc.codegen.expressions import (
    Unevaluable,
    agrees,
    evaluate,
    literal,
    plain,
    show,
    variables,
)
from archcalc.codegen.integers import with_exact_floors
from archcalc.codegen.sizes import Opaque, Size
from archcalc.ops.attributes import Number
from archcalc.ops.registry import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Tensor
    from archcalc.codegen.lower.module import ModuleLowering
    from archcalc.graph import Node
    from archcalc.ops.attributes import Kind
    from archcalc.ops.base import Tensor as Shaped
    from archcalc.spec.syntax import Layer


Sides = tuple[tuple[ast.expr, ast.expr], ...]
"""(begin, end) per axis."""


class Names(Mapping[str, "Expr | None"]):
    """The names that a layer's expressions use, with `in_channels` of its input (computed only if
    it is used)."""

    def __init__(
        self, env: Mapping[str, Expr | None], in_channels: Callable[[], Expr] | None
    ) -> None:
        self._env = env
        self._in_channels = in_channels

    def __getitem__(self, key: str) -> Expr | None:
        if key == "in_channels" and self._in_channels is not None:
            return self._in_channels()
        return self._env[key]

    def __contains__(self, key: object) -> bool:
        return (key == "in_channels" and self._in_channels is not None) or key in self._env

    def __iter__(self) -> Iterator[str]:
        return iter(self._env)

    def __len__(self) -> int:
        return len(self._env)


class OpContext:
    """An operation in all the calls that one piece of code serves."""

    def __init__(
        self,
        lowering: ModuleLowering,
        layer: Layer,
        sites: list[CallSite],
        nodes: list[Node],
        tensors: tuple[Tensor, ...],
        written: dict[str, Expr | None],
        env: Mapping[str, Expr | None] | None = None,
    ) -> None:
        self.lowering = lowering
        self.layer = layer
        self.sites = sites
        self.nodes = nodes
        self.tensors = tensors
        self.env = env or {}
        self._written = written
        self._kinds: dict[str, Kind] = {a.name: a.kind for a in OPERATIONS[layer.word].attributes}

    @property
    def op(self) -> str:
        return self.layer.word

    def inputs(self, which: int = 0) -> list[Shaped]:
        """The shapes of an input, one per call."""
        return [site.shape(self.tensors[which]) for site in self.sites]

    def output(self) -> list[Shaped]:
        """The shapes of the first output, one per call."""
        return [
            site.table[node.outputs[0]] for site, node in zip(self.sites, self.nodes, strict=True)
        ]

    @property
    def rank(self) -> int:
        """The number of axes other than the channels."""
        return len(self.tensors[0].axes) - 1

    def same(self, values: list[Any]) -> Any:
        """The value that all calls have in common. Raises `NotUniform`."""
        return same(self.sites, values)

    def values(self, attribute: str) -> list[Any]:
        """An attribute's value in every call."""
        return [getattr(node.attributes, attribute) for node in self.nodes]

    def decide(self, attribute: str, fact: Callable[[Any], Any] = lambda v: v) -> Any:
        """A property of an attribute that the form of the code depends on: it must be the same in
        all calls, and whatever can change it becomes a constant."""
        found = self.same([fact(v) for v in self.values(attribute)])
        self.pin(attribute)
        return found

    def value(self, attribute: str) -> Any:
        """The value of an attribute that the form of the code depends on."""
        return self.decide(attribute)

    def given(self, attribute: str) -> bool:
        """Whether an attribute is given, which the text determines."""
        return bool(self.same([v is not None for v in self.values(attribute)]))

    def pin(self, attribute: str) -> None:
        """Makes everything that an attribute uses constant. Raises `Pin` if it is not yet."""
        if attribute in self.layer.arguments:
            written = self._written.get(attribute)
            if written is not None:
                self.lowering.pin(frozenset(variables(written)))

    def by_word(self, attribute: str) -> bool:
        """Whether an attribute is given as a word in some call, even if it was replaced."""
        written = self._written.get(attribute)
        if written is None:
            return False
        try:
            return any(isinstance(evaluate(written, site), str) for site in self.sites)
        except Unevaluable:
            return False

    def written(self, attribute: str) -> Expr | None:
        """The attribute as written, None if that is not an expression."""
        return self._written.get(attribute)

    def attribute(self, name: str) -> Expr:
        """An attribute as an expression."""
        written, actual = self._written.get(name), self.values(name)
        if written is None:
            return literal(plain(self.same(actual)))
        if not variables(written):
            found = self.same(actual)
            if isinstance(self._kinds[name], Number):
                return written
            return written if _equals(written, found) else literal(plain(found))
        return self.proved(written, actual, decimal=isinstance(self._kinds[name], Number))

    def proved(self, expr: Expr, actual: list[Any], *, decimal: bool = False) -> Expr:
        """An expression with these values in every call."""
        if decimal:
            self.lowering.decimal(expr)
        else:
            expr = self.lowering.integral(expr)
        expr = with_exact_floors(expr, self.lowering.is_decimal)
        if decimal:
            actual = [
                float(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in actual
            ]
        wrong = mismatches(expr, self.sites, actual)
        if wrong:
            raise Disagreement(expr, actual[wrong[0]], self.layer.span)
        return self.lowering.read(expr)

    def sides(self, name: str) -> Sides:
        """The begin or end values of an attribute for all axes."""
        actual, written = self.values(name), self._written.get(name)
        axes = self.same([len(v) for v in actual])
        entries: list[Expr | None] = [None] * axes
        if isinstance(written, ast.Tuple) and len(written.elts) == axes:
            entries = list(written.elts)
        elif written is not None and variables(written):
            if isinstance(written, ast.Tuple):
                self.pin(name)
            else:
                return self._subscripts(written, actual, axes)
        return tuple(
            (
                self._end(entry, 0, [v[axis][0] for v in actual]),
                self._end(entry, 1, [v[axis][1] for v in actual]),
            )
            for axis, entry in enumerate(entries)
        )

    def _subscripts(self, written: Expr, actual: list[Any], axes: int) -> Sides:
        """A named list, entry by entry: numbers keep the values of the calls."""
        self.lowering.pin(frozenset(variables(written)))
        values = self.same(actual)
        return tuple((literal(values[a][0]), literal(values[a][1])) for a in range(axes))

    def _end(self, entry: Expr | None, end: int, actual: list[int]) -> Expr:
        if isinstance(entry, ast.Tuple):
            entry = entry.elts[end] if len(entry.elts) == 2 else None
        if entry is None or not variables(entry):
            return literal(self.same(actual))
        return self.proved(entry, actual)

    def per_axis(self, name: str) -> Expr:
        """An attribute with one number per axis; a single number for all axes stays one.

        The padding must be symmetric (see `padding`).
        """
        actual, written = self.values(name), self._written.get(name)
        if written is None or not variables(written):
            return literal(_one(self.same(actual)))
        shapes = [_shape(site, written, v) for site, v in zip(self.sites, actual, strict=True)]
        if isinstance(written, ast.Tuple):
            return self.proved(written, [_mixed(v) for v in actual])
        many = self.same(shapes)
        return self.proved(written, [_mixed(v) if many else _one(v) for v in actual])

    def text(self, expr: Expr) -> str:
        """The expression in the constructor."""
        return self.lowering.text(expr)

    def fixed(self, expr: Expr) -> str:
        """A number inside a function that is stored: it must not change afterwards."""
        return show(self.lowering.read(expr))  # called when the code is printed

    def doc(self, attribute: str, default: Any = None) -> str | None:
        """An attribute's text, None if it equals the target's default."""
        return self.unless(self.attribute(attribute), default)

    def unless(self, expr: Expr, default: Any) -> str | None:
        """The expression's text, None if it equals the default."""
        if not variables(expr) and show(expr) == show(literal(default)):
            return None
        return self.text(expr)

    def dim(self, which: int, axis: int) -> Expr:
        """The size of an input's axis."""
        return self.lowering.size(
            self.tensors[which].sizes[axis],
            self.sites,
            [t.shape[axis] for t in self.inputs(which)],
            "in_features" if self.op in ("linear", "rbf") else "in_channels",
            self.layer,
        )

    def known(self, which: int, axis: int) -> Expr | None:
        """The size of an input's axis, None if it has no expression."""
        size: Size = self.tensors[which].sizes[axis]
        return None if isinstance(size, Opaque) else size

    def decide_sides(self, fact: Callable[[Shaped], Any], which: int = 0) -> Any:
        """A property of an input's shape that the form of the code depends on."""
        found = self.same([fact(t) for t in self.inputs(which)])
        reads: frozenset[str] = frozenset()
        for size in self.tensors[which].sizes[1:]:
            reads |= size.reads if isinstance(size, Opaque) else frozenset(variables(size))
        self.lowering.pin(reads)
        return found

    def need(self, helper: str) -> str:
        """Requests a helper to be written above the classes."""
        self.lowering.program.helpers.add(helper)
        return helper


def _equals(expr: Expr, value: Any) -> bool:
    try:
        return agrees(evaluate(expr, {}), value)
    except Unevaluable:
        return False


def _shape(site: CallSite, written: Expr, value: Any) -> bool:
    """Whether an expression has one number per axis instead of one for all."""
    try:
        return isinstance(evaluate(written, site), tuple)
    except Unevaluable:
        return isinstance(_one(value), tuple)


def _one(value: Any) -> Any:
    """(3, 3) as 3; ((1, 1), (1, 1)) as 1."""
    if isinstance(value, tuple) and value:
        first = value[0]
        if all(v == first for v in value):
            return _one(first) if isinstance(first, tuple) else first
        if all(isinstance(v, tuple) for v in value):
            return _mixed(value)
    return value


def _mixed(value: Any) -> Any:
    """((1, 1), (0, 0)) as (1, 0)."""
    if isinstance(value, tuple) and all(isinstance(v, tuple) and len(set(v)) == 1 for v in value):
        return tuple(v[0] for v in value)
    return value
