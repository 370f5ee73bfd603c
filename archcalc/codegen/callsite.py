"""Call sites of a piece of code: the net's concrete values, next to the symbols.

One class serves many calls of a block, one loop body many iterations. Every symbolic expression of
the compiler is compared here with the values of the elaborated net at each site. These values
decide nothing that symbols can decide: they verify, and a disagreement is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archcalc.codegen.expressions import Unevaluable, agrees, evaluate, show
from archcalc.ops.base import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Tensor
    from archcalc.diagnostics import Span
    from archcalc.graph import Group, Node
    from archcalc.ops.base import Tensor as Shaped


class CallSite(Mapping[str, Any]):
    """One call. `names` are the exact values of the names in the spec's expressions, `py` those of
    the code's variables, `table` maps tensor numbers of nodes to shapes. A call that the net does
    not make (in a condition that is false for every call) is not `real`."""

    __slots__ = ("_next", "_shapes", "group", "names", "outer", "py", "real", "root", "table")

    def __init__(
        self,
        table: Sequence[Any],
        group: Group,
        names: dict[str, Any],
        py: dict[str, Any],
        outer: CallSite | None = None,
        *,
        real: bool = True,
    ) -> None:
        self.table = table
        self.group = group
        self.names = names
        self.py = py
        self.outer = outer
        self.root: CallSite = self if outer is None else outer.root
        self.real = real
        self._shapes: dict[Tensor, Shaped] = {}
        self._next = 0

    def take(self) -> Node | Group:
        """The next child of the group."""
        child = self.group.children[self._next]
        self._next += 1
        return child

    def rewind(self) -> int:
        """The position of `take`; `seek` returns to it."""
        return self._next

    def seek(self, position: int) -> None:
        self._next = position

    def inside(
        self,
        group: Group,
        names: dict[str, Any] | None = None,
        py: dict[str, Any] | None = None,
    ) -> CallSite:
        """The site for a part of this one."""
        known = {**self.names, **names} if names else self.names
        return CallSite(self.table, group, known, py or {}, self, real=self.real)

    def supposed(self, table: Sequence[Any], group: Group) -> CallSite:
        """The site for a part that this call does not have, elaborated separately."""
        return CallSite(table, group, self.names, {}, self, real=False)

    def set(self, tensor: Tensor, shaped: Shaped) -> None:
        self._shapes[tensor] = shaped

    def shape(self, tensor: Tensor) -> Shaped:
        """The shape of a tensor at this site."""
        site: CallSite | None = self
        while site is not None:
            found = site._shapes.get(tensor)
            if found is not None:
                return found
            site = site.outer
        raise KeyError(tensor)

    def has(self, tensor: Tensor) -> bool:
        try:
            self.shape(tensor)
        except KeyError:
            return False
        return True

    def __getitem__(self, variable: str) -> Any:
        """The value of a variable of the code."""
        site: CallSite | None = self
        while site is not None:
            if variable in site.py:
                return site.py[variable]
            site = site.outer
        raise KeyError(variable)

    def __iter__(self) -> Iterator[str]:
        return iter(self.py)

    def __len__(self) -> int:
        return len(self.py)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class NotUniform(Exception):
    """One piece of code cannot serve all these calls; `keys` separates those that need different
    code. Handled by several classes, or by unrolling a loop."""

    def __init__(self, sites: Sequence[CallSite], values: Iterable[Any]) -> None:
        super().__init__()
        self.keys = list(zip(sites, values, strict=True))

    def within_a_call(self) -> bool:
        """Whether the sites of one call differ, so that more classes would not help."""
        seen: dict[int, Any] = {}
        return any(seen.setdefault(id(s.root), value) != value for s, value in self.keys)


class MustUnroll(NotUniform):
    """A loop that must be unrolled."""


class Pin(Exception):
    """The code is only valid for one value of these variables: they must be constants."""

    def __init__(self, variables: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(variables)))
        self.variables = variables


class Disagreement(Exception):
    """An internal error of the compiler: symbols and values disagree."""

    def __init__(self, expr: Expr, value: Any, span: Span | None) -> None:
        where = f" ({span.file.name}:{span.line})" if span is not None else ""
        super().__init__(f"{show(expr)} is not {value!r}{where}")


def form_of(axes: Sequence[Any]) -> tuple[int, int]:
    """The layout of a tensor that code depends on: its number of axes, and the channel axis."""
    return len(axes), axes.index(CHANNELS) if CHANNELS in axes else 0


def same(sites: Sequence[CallSite], values: Iterable[Any]) -> Any:
    """The value that all calls have in common. Raises `NotUniform`."""
    found = list(values)
    first = found[0]
    if any(v != first or type(v) is not type(first) for v in found[1:]):
        raise NotUniform(sites, found)
    return first


def mismatches(expr: Expr, sites: Sequence[CallSite], values: Sequence[Any]) -> list[int]:
    """The sites at which an expression has a wrong value."""
    wrong = []
    for i, (site, value) in enumerate(zip(sites, values, strict=True)):
        try:
            if agrees(evaluate(expr, site), value):
                continue
        except Unevaluable:
            pass
        wrong.append(i)
    return wrong
