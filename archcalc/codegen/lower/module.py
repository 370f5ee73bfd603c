"""The lowering of one module: its results so far, and the numbers that its code uses."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archcalc.codegen.callsite import Disagreement, MustUnroll, NotUniform, Pin, mismatches, same
from archcalc.codegen.context import Names
from archcalc.codegen.expressions import (
    Untranslatable,
    fold,
    functions,
    literal,
    name,
    plain,
    show,
    substitute,
    translate,
    variables,
)
from archcalc.codegen.integers import integral, is_decimal
from archcalc.codegen.ir import Let, Parameter
from archcalc.codegen.names import Identifiers
from archcalc.codegen.parts import parts_of, with_parts
from archcalc.codegen.sizes import Opaque, product_of
from archcalc.diagnostics import DiagnosticError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from archcalc.codegen.callsite import CallSite
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.ir import Module, Statement, Tensor
    from archcalc.codegen.lower.program import ProgramLowering
    from archcalc.codegen.lower.scope import Context
    from archcalc.codegen.references import References
    from archcalc.codegen.sizes import Size
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Layer

LONG = 48
"""A longer expression gets its own name."""

LONGEST = 600
"""A longer expression in parameters counts as none."""

NEAR = 20
"""The number of previous statements that are searched for an equal value."""

LINE = 72
"""The maximum length of an expression on its own line."""


class ModuleLowering:
    """The state of a module while its body is lowered.

    Its *symbols* are its parameters, and `@…` for the spatial sizes of its inputs. `origins` maps
    other variables (loop variables, `let`s) to the symbols that they depend on, `closed` to their
    expressions in the parameters, if any.
    """

    def __init__(self, program: ProgramLowering, module: Module, sites: list[CallSite]) -> None:
        self.program = program
        self.module = module
        self.sites = sites
        self.target = program.target.title
        self.ids = Identifiers(program.target.reserved)
        self.origins: dict[str, frozenset[str]] = {}
        self.closed: dict[str, Expr | None] = {}
        self.decimals: set[str] = set()
        self.used: set[str] = set()
        self.sizes: dict[str, tuple[dict[int, int], frozenset[str]]] = {}
        self.pinned: frozenset[str] = frozenset()
        self.entries: list[Any] = []
        self.defaults: dict[str, Any] = {}
        self.operations: dict[str, str] = {}  # parameters that are operations: word to variable
        self.choices: dict[str, Any] = {}
        self.references: References
        self.out: list[Statement] = []

    # -- symbols ----------------------------------------------------------------------------

    def symbols(self, read: frozenset[str]) -> frozenset[str]:
        """The symbols that variables depend on."""
        found: set[str] = set()
        for variable in read:
            found |= self.origins.get(variable, frozenset((variable,)))
        return frozenset(found)

    def pin(self, read: frozenset[str]) -> None:
        """Declares that the code is only valid for the current value of these variables. Raises
        `Pin` if one of them could change."""
        symbols = self.symbols(read)
        if symbols:
            raise Pin(symbols)

    def is_decimal(self, variable: str) -> bool:
        return variable in self.decimals

    def integral(self, expr: Expr) -> Expr:
        return integral(expr, self.is_decimal)

    def decimal(self, expr: Expr) -> None:
        """Records that a variable is used where any number is possible: 0 may be a float then."""
        read = variables(expr)
        if len(read) == 1 and show(expr) == read[0]:
            self.decimals.add(read[0])

    # -- expressions ------------------------------------------------------------------------

    def read(self, expr: Expr) -> Expr:
        """The expression, recorded as used by the code."""
        self.used |= set(variables(expr))
        self.program.helpers |= functions(expr)
        return expr

    def text(self, expr: Expr) -> str:
        """An expression of the constructor; a long one gets a name."""
        return show(self.read(self.short(expr)))

    def short(self, expr: Expr) -> Expr:
        """An expression that is short enough inside others."""
        if len(show(expr)) <= LONG or not variables(expr):
            return expr
        return self.named(expr)

    def fitting(self, expr: Expr) -> Expr:
        """An expression that fits on its own line: its longest parts get names until it does."""
        if len(show(expr)) <= LINE:
            return expr
        parts = [self.fitting(part) for part in parts_of(expr)]
        for at in sorted(range(len(parts)), key=lambda i: -len(show(parts[i]))):
            if len(show(with_parts(expr, parts))) > LINE and parts_of(parts[at]):
                parts[at] = self.named(parts[at])
        return with_parts(expr, parts)

    def named(self, expr: Expr) -> Expr:
        """An expression with its own name."""
        expr = self.fitting(self.read(expr))
        text = show(expr)
        for s in self.out[-NEAR:]:
            if isinstance(s, Let) and show(s.value) == text:
                return name(s.name)
        python = self.ids.take("condition" if is_condition(expr) else "channels")
        self.out.append(Let(python, expr))
        self.bound(python, expr)
        return name(python)

    def bound(self, python: str, expr: Expr) -> None:
        """Records the meaning of a constructor variable."""
        from archcalc.codegen.expressions import Unevaluable, evaluate

        self.origins[python] = self.symbols(frozenset(variables(expr)))
        self.closed[python] = self.close(expr)
        if is_decimal(expr, self.is_decimal):
            self.decimals.add(python)
        for site in self.active:
            try:
                site.py[python] = evaluate(expr, site)
            except Unevaluable:
                continue

    active: Sequence[CallSite] = ()
    """The sites that are being lowered."""

    def close(self, expr: Expr) -> Expr | None:
        """The expression in parameters only, None if there is none."""
        values = {v: self.closed[v] for v in variables(expr) if v in self.closed}
        if any(value is None for value in values.values()):
            return None
        known = {v: e for v, e in values.items() if e is not None}
        if not known:
            return expr
        length = sum(len(show(e)) for e in known.values())
        closed = substitute(expr, known) if length < LONGEST else None
        return closed if closed is not None and len(show(closed)) < LONGEST else None

    def names(self, here: Context, tensor: Tensor | None) -> Names:
        """The names that a layer's expressions use."""
        self.active = here.sites
        if tensor is None:
            return Names(here.env, None)

        def in_channels() -> Expr:
            actual = [site.shape(tensor).channels for site in here.sites]
            size = tensor.sizes[tensor.channel_axis]
            return self.size(size, here.sites, actual, "in_channels", None)

        return Names(here.env, in_channels)

    def translated(self, value: Value, here: Context, tensor: Tensor | None) -> Expr | None:
        """A value of the spec as an expression, None if it has none: an operation, a label, or text
        with parts. Everything that it uses is constant then."""
        try:
            return translate(value, self.names(here, tensor))
        except (Untranslatable, DiagnosticError, SyntaxError):
            return None

    def pin_value(self, value: Value, here: Context) -> None:
        """Makes everything that a value uses constant."""
        self.pin(self.words_read(value, here))

    def words_read(self, value: Value, here: Context) -> frozenset[str]:
        """The variables that a value uses, with or without an expression."""
        import re

        found: set[str] = set()
        for word in re.findall(r"\w+", value.text):
            expr = here.env.get(word)
            if expr is not None:
                found |= set(variables(expr))
        return frozenset(found)

    def bounded(self, tensor: Tensor) -> Tensor:
        """A tensor whose channels have a short expression; a long one gets a name."""
        axis = tensor.channel_axis
        size = tensor.sizes[axis]
        if not isinstance(size, Opaque) and variables(size) and len(show(size)) > LINE:
            sizes = list(tensor.sizes)
            sizes[axis] = self.named(size)
            tensor.sizes = tuple(sizes)
        return tensor

    def constant(self, value: Value, here: Context) -> Any:
        """A value that must be the same at all sites."""
        held = same(here.sites, [value.evaluate(site.names) for site in here.sites])
        if not value.constant:
            self.pin_value(value, here)
        return held

    def prove(self, expr: Expr, here: Context, actual: list[Any], layer: Layer | None) -> Expr:
        """Raises `Disagreement` if an expression has another value than in the net."""
        wrong = mismatches(expr, here.sites, [plain(v) for v in actual])
        if wrong:
            raise Disagreement(expr, actual[wrong[0]], layer.span if layer else None)
        return expr

    # -- sizes ------------------------------------------------------------------------------

    def size(
        self,
        size: Size,
        sites: Sequence[CallSite],
        actual: list[int],
        hint: str,
        layer: Layer | None,
    ) -> Expr:
        """A size as the code uses it: its expression, a constant, or a parameter that the callers
        pass."""
        if not isinstance(size, Opaque):
            wrong = mismatches(size, sites, actual)
            if wrong:
                raise Disagreement(size, actual[wrong[0]], layer.span if layer else None)
            return self.read(self.short(size))
        symbols = self.symbols(size.reads)
        if self.module.block is None:
            if symbols:
                raise Pin(symbols)
            self._uniform(sites, actual)
            return self._written_out(size, actual)
        entries = frozenset(s for s in symbols if s.startswith("@"))
        whole = self.module.block.name not in self.program.open_sizes
        if symbols == entries and len(set(actual)) == 1 and whole:
            self.pinned |= entries  # callers ensure that they do not change
            return self._written_out(size, actual)
        return name(self._parameter(sites, actual, hint, symbols))

    def _written_out(self, size: Opaque, actual: list[int]) -> Expr:
        """A constant; for merged axes their product."""
        factors = [literal(n) if isinstance(s, Opaque) else s for s, n in size.factors]
        if not factors:
            return literal(actual[0])
        product = self.read(product_of(factors))
        return product if not mismatches(product, self.active, actual) else literal(actual[0])

    def _uniform(self, sites: Sequence[CallSite], actual: list[int]) -> int:
        if len(set(actual)) > 1:
            raise MustUnroll(sites, actual)
        return actual[0]

    def _parameter(
        self, sites: Sequence[CallSite], actual: list[int], hint: str, symbols: frozenset[str]
    ) -> str:
        """A parameter for a size that differs per call. Raises `MustUnroll` if it changes within a
        call."""
        values: dict[int, int] = {}
        for site, value in zip(sites, actual, strict=True):
            if values.setdefault(id(site.root), value) != value:
                raise MustUnroll(sites, actual)
        for python, (known, read) in self.sizes.items():
            if known == values and read == symbols:
                return python
        python = self.ids.take_argument(hint)
        self.sizes[python] = (values, symbols)
        for site in self.sites:
            if id(site) in values:
                site.py[python] = values[id(site)]
        self.used.add(python)
        return python

    # -- statements ---------------------------------------------------------------------------

    @contextmanager
    def body(self) -> Iterator[list[Statement]]:
        """Inside it, statements go to a separate body."""
        kept, self.out = self.out, []
        try:
            yield self.out
        finally:
            self.out = kept

    def attempt(self) -> Callable[[], None]:
        """A snapshot of the state, which its result restores."""
        kept = (
            self.ids.copy(), dict(self.origins), dict(self.closed), set(self.decimals),
            set(self.used), dict(self.sizes), len(self.out),
        )  # fmt: skip

        def back() -> None:
            ids, origins, closed, decimals, used, sizes, length = kept
            self.ids.used = set(ids.used)
            self.origins, self.closed = dict(origins), dict(closed)
            self.decimals, self.used, self.sizes = set(decimals), set(used), dict(sizes)
            del self.out[length:]

        return back


def is_condition(expr: Expr) -> bool:
    """Whether an expression is true or false."""
    if isinstance(expr, ast.UnaryOp):
        return isinstance(expr.op, ast.Not)
    return isinstance(expr, ast.Compare | ast.BoolOp)


def parameter(
    python: str, kind: str, word: str, default: Expr | None, values: Sequence[Any], decimal: bool
) -> Parameter:
    distinct: list[Any] = []
    for value in values:
        if not any(v == value and type(v) is type(value) for v in distinct):
            distinct.append(value)
    return Parameter(python, kind, word, default, tuple(distinct), decimal)


__all__ = ["ModuleLowering", "MustUnroll", "NotUniform", "fold", "parameter"]
