"""One operation as an emitter sees it: its attributes and sizes as proved expressions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.diagnostics import DiagnosticError
from archcalc.exporting.attributes import settled_attribute
from archcalc.exporting.expressions import Untranslatable, literal, show, translate, variables
from archcalc.exporting.lanes import Differs, constant, settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.lanes import Lane, Wire
    from archcalc.exporting.layout import Doc
    from archcalc.exporting.pytorch.builder import Builder
    from archcalc.graph import Node
    from archcalc.ops.base import Tensor
    from archcalc.spec.syntax import Layer

    Sides = tuple[tuple[Expr, Expr], ...]
    """(begin, end) an axis."""


class Names(Mapping[str, "Expr | None"]):
    """The names that a layer's expressions read, with `in_channels` of what enters it."""

    def __init__(self, env: Mapping[str, Expr | None], in_channels: Expr | None) -> None:
        self._env = env
        self._in_channels = in_channels

    def __getitem__(self, key: str) -> Expr | None:
        return self._in_channels if key == "in_channels" else self._env[key]

    def __contains__(self, key: object) -> bool:
        return key == "in_channels" or key in self._env

    def __iter__(self) -> Iterator[str]:
        return iter(self._env)

    def __len__(self) -> int:
        return len(self._env)


class Run(NamedTuple):
    """What the forward pass gives a function: its tensors, and the constructor's numbers."""

    x: tuple[str, ...]
    use: Callable[[Expr, str], str]


class Form(NamedTuple):
    """How an operation is written. `module` makes it in the constructor, `function` calls it
    without one; at least one is there (a module that is itself a function is made when it is asked
    for: PyTorch has none, so it is a wrapped function). `uses` are the expressions that the
    function reads, `outputs` the lengths of axes that are known, an entry an output."""

    module: Doc | Callable[[], Doc] | None
    function: Callable[[Run], Doc] | None
    outputs: tuple[dict[int, Expr], ...] = ()
    uses: tuple[Expr, ...] = ()
    typed: bool = False  # the function's result is declared to be a Tensor


class Callbacks(NamedTuple):
    """What a site asks of the writer: a size, a number for a function that outlives its line, and
    an expression's text in the constructor."""

    number: Callable[[list[Lane], list[int], Expr | None, str], Expr]
    hold: Callable[[Expr], str]
    text: Callable[[Expr], str]


class Site:
    """An operation in all the places where one piece of code stands for it."""

    def __init__(
        self,
        builder: Builder,
        layer: Layer,
        lanes: list[Lane],
        nodes: list[Node],
        wires: list[Wire],
        names: Names,
        calls: Callbacks,
    ) -> None:
        self.builder = builder
        self.layer = layer
        self.lanes = lanes
        self.nodes = nodes
        self.wires = wires
        self._names = names
        self._calls = calls

    @property
    def op(self) -> str:
        return self.nodes[0].op.name

    def inputs(self, which: int = 0) -> list[Tensor]:
        """The tensors of an input, one a place."""
        return [lane.tensor(self.wires[which]) for lane in self.lanes]

    def output(self) -> list[Tensor]:
        return [
            tensor
            for lane, node in zip(self.lanes, self.nodes, strict=True)
            if (tensor := lane.net.tensors[node.outputs[0]]) is not None
        ]

    @property
    def rank(self) -> int:
        """The number of axes beside the channels."""
        found: int = self.same([len(t.shape) - 1 for t in self.inputs()])
        return found

    def same(self, values: list[Any]) -> Any:
        """The value that all places have. Raises `Differs`."""
        return constant(self.lanes, values)

    def values(self, attribute: str) -> list[Any]:
        return [getattr(node.attributes, attribute) for node in self.nodes]

    def value(self, attribute: str) -> Any:
        """An attribute that must be the same everywhere, because the code's shape hangs on it."""
        return self.same(self.values(attribute))

    def attribute(self, name: str) -> Expr:
        """An attribute as an expression."""
        return settled_attribute(self.op, name, self._written(name), self.lanes, self.values(name))

    def sides(self, name: str) -> Sides:
        """What an attribute says of the begin and the end of every axis."""
        actual, written = self.values(name), self._written(name)
        axes = self.same([len(v) for v in actual])
        entries: list[Expr | None] = [None] * axes
        if isinstance(written, ast.Tuple) and len(written.elts) == axes:
            entries = list(written.elts)
        return tuple(
            (
                settled(_end(entry, 0), self.lanes, [v[axis][0] for v in actual]),
                settled(_end(entry, 1), self.lanes, [v[axis][1] for v in actual]),
            )
            for axis, entry in enumerate(entries)
        )

    def _written(self, name: str) -> Expr | None:
        value = self.layer.arguments.get(name)
        if value is None:
            return None
        try:
            return translate(value, self._names)
        except (Untranslatable, DiagnosticError, SyntaxError):
            return None

    def per_axis(self, name: str) -> Expr:
        """An attribute with a number an axis; one number for all axes stays one number.

        The padding must be alike on both sides (see `padding`)."""
        actual, written = self.values(name), self._written(name)
        if written is not None:
            for candidates in (actual, [_one(v) for v in actual], [_mixed(v) for v in actual]):
                try:
                    found = settled(written, self.lanes, candidates)
                except Differs:
                    continue
                if variables(found):
                    return found
        return literal(_one(self.same(actual)))

    def text(self, expr: Expr) -> str:
        """The expression in the constructor."""
        return self._calls.text(expr)

    def fixed(self, expr: Expr) -> str:
        """A number inside a function that is kept: it must not change afterwards."""
        return self._calls.hold(expr)

    def doc(self, attribute: str, default: Any = None) -> str | None:
        """An attribute's text, None where it has the default that PyTorch has too."""
        return self.unless(self.attribute(attribute), default)

    def unless(self, expr: Expr, default: Any) -> str | None:
        """The expression's text, None where it is the default."""
        if not variables(expr) and show(expr) == show(literal(default)):
            return None
        return self.text(expr)

    def dim(self, which: int, axis: int) -> Expr:
        """The length of an input's axis."""
        actual = [t.shape[axis] for t in self.inputs(which)]
        return self._calls.number(
            self.lanes, actual, self.wires[which].dims.get(axis), "in_features"
        )

    def known(self, which: int, axis: int) -> Expr | None:
        """The length of an input's axis, None where it is no one expression."""
        try:
            actual = [t.shape[axis] for t in self.inputs(which)]
            return settled(self.wires[which].dims.get(axis), self.lanes, actual)
        except Differs:
            return None

    def need(self, helper: str) -> str:
        """Asks for a helper to be written above the classes."""
        self.builder.program.helpers.add(helper)
        return helper


def _end(entry: Expr | None, end: int) -> Expr | None:
    """The begin (0) or end (1) of an axis, where an entry gives both or one for either."""
    if not isinstance(entry, ast.Tuple):
        return entry
    return entry.elts[end] if len(entry.elts) == 2 else None


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
