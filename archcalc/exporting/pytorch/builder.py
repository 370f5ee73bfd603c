"""One class of the generated code while it is written: its parameters, `__init__` and `forward`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.exporting.annotations import type_of
from archcalc.exporting.definitions import docstring, signature
from archcalc.exporting.expressions import evaluate, functions, show, substitute, variables
from archcalc.exporting.layout import Line, Nest, Statement, print_statements
from archcalc.exporting.names import Identifiers
from archcalc.exporting.pytorch.helpers import NAMES

if TYPE_CHECKING:
    from archcalc.exporting.expressions import Expr
    from archcalc.exporting.lanes import Lane
    from archcalc.exporting.pytorch.operands import Factories
    from archcalc.exporting.pytorch.program import Program
    from archcalc.exporting.pytorch.scope import Here


class Parameter(NamedTuple):
    """A constructor's argument. `kind` says where a call takes it from: "channels" (of the tensor
    that enters), "input" (channels of the further tensor `word`), "spec" (the block's parameter
    `word`), "var", "outer" (a variable of the class around) or "extra" (a number of its own)."""

    kind: str
    word: str
    default: Expr | None = None


class Captured(NamedTuple):
    """A tensor or module of a class around that the forward pass is given: its name here, its
    type, what it is called there, and the label's tensor or the module's name."""

    python: str
    type: str
    outer: str
    key: object


class Builder:
    """A class in the making. `lanes` are the places where the class is used."""

    def __init__(
        self, program: Program, name: str, lanes: list[Lane], outer: Builder | None
    ) -> None:
        self.program = program
        self.name = name
        self.lanes = lanes
        self.outer = outer
        self.base = "nn.Module"
        self.note: str | None = None
        self.parameters: dict[str, Parameter] = {}
        self.lets: list[tuple[str, Expr]] = []
        self.ids = Identifiers(NAMES)
        self.forward_ids = Identifiers(NAMES)
        self.attributes = Identifiers()
        self.used: set[str] = set()
        self.forward_used: set[str] = set()
        self.init: list[Statement] = []
        self.forward: list[Statement] = []
        self.inputs: list[tuple[str, str]] = []  # forward's arguments: name and type
        self.returns = "Tensor"
        self.captured: list[Captured] = []
        self.gives_heads = False
        self.optional: list[tuple[str, Line, Expr]] = []  # sizes under names, if they are read
        self.operands: dict[str, Factories] = {}  # the block's parameters that are operations
        self.registered: set[str] = set()  # names of the modules that are attributes
        self.moving: set[str] = set()  # variables that change while the constructor runs
        self.closed: dict[str, Expr] = {}  # what a running sum comes to, in the parameters alone
        self.stored: dict[str, str] = {}  # numbers kept for the forward pass
        self.variables: dict[str, Expr | None] = {}  # the spec's vars
        self.around: Here | None = None  # where the class's module stands, for a group's class

    def text(self, expr: Expr) -> str:
        """The expression for `__init__`; what it reads is noted as used."""
        self.used.update(variables(expr))
        self.program.helpers.update(functions(expr))
        return show(expr)

    def parameter(self, word: str, parameter: Parameter, values: list[Any], like: str = "") -> str:
        """A new parameter, with its value in every lane of the class (none for an operation)."""
        python = self.ids.take_argument(like or word)
        self.parameters[python] = parameter
        if values:
            for lane, value in zip(self.lanes, values, strict=True):
                lane.py[python] = value
        return python

    def snapshot(self) -> Any:
        """Everything that writing changes, to go back to."""
        return (
            dict(self.parameters),
            set(self.ids.used),
            set(self.forward_ids.used),
            set(self.attributes.used),
            set(self.used),
            set(self.forward_used),
            list(self.captured),
            (self.gives_heads, len(self.optional)),
            (set(self.moving), dict(self.closed), dict(self.stored), set(self.registered)),
            [dict(lane.py) for lane in self.lanes],
            self.program.snapshot(),
            None if self.outer is None else self.outer.snapshot(),
        )

    def restore(self, before: Any) -> None:
        self.parameters = before[0]
        self.ids.used, self.forward_ids.used, self.attributes.used = before[1:4]
        self.used, self.forward_used = before[4:6]
        self.captured = before[6]
        self.gives_heads = before[7][0]
        del self.optional[before[7][1] :]
        self.moving, self.closed, self.stored, self.registered = before[8]
        for lane, py in zip(self.lanes, before[9], strict=True):
            lane.py.clear()
            lane.py.update(py)
        self.program.restore(before[10])
        if self.outer is not None:
            self.outer.restore(before[11])

    def read(self) -> set[str]:
        """The variables that something reads, through the names of sizes as well."""
        found, before = set(self.used), -1
        while len(found) != before:
            before = len(found)
            for python, _, expr in reversed(self.optional):
                if python in found:
                    found.update(variables(expr))
        return found

    def keep_read(self) -> None:
        """Leaves out the names of sizes that nothing reads; notes what the others read."""
        read, unread = self.read(), []
        for python, line, expr in reversed(self.optional):
            if python in read:
                self.text(expr)
            else:
                unread.append(line)
        _leave_out(self.init, unread)

    def finish(self) -> None:
        """Leaves out what nothing reads: sizes, lets and parameters."""
        self.keep_read()
        kept = []
        for python, expr in reversed(self.lets):
            if python in self.used:
                kept.append(Line(f"{python} = ", self.text(expr)))
        self.init[:0] = reversed(kept)
        self.parameters = {p: q for p, q in self.parameters.items() if p in self.used}

    def in_parameters(self, expr: Expr) -> Expr:
        """An expression of the class in terms of its parameters, as far as that is known."""
        lets: dict[str, Expr] = {}
        for word, value in self.lets:
            lets[word] = substitute(value, lets)
        return substitute(substitute(expr, {**lets, **self.closed}), lets)

    def size(self) -> int:
        """How many statements the class has."""
        return _count(self.init) + _count(self.forward)

    def type_of(self, python: str) -> str:
        if self.parameters[python].kind == "operation":
            self.program.helpers.add("Callable")
            return "Callable[..., nn.Module]"
        values = [lane.py[python] for lane in self.lanes]
        default = self.parameters[python].default
        if default is not None and not variables(default):
            values.append(evaluate(default, {}))
        found = type_of(values)
        if "Sequence" in found:
            self.program.helpers.add("Sequence")
        if "Any" in found:
            self.program.helpers.add("Any")
        return found

    def ordered(self) -> list[str]:
        """The parameters: the channels, those without a default, then those with one."""
        first = [p for p, q in self.parameters.items() if q.kind in ("channels", "input")]
        rest = [p for p in self.parameters if p not in first]
        required = [p for p in rest if self.parameters[p].default is None]
        return [*first, *required, *[p for p in rest if p not in required]]

    def lines(self) -> list[str]:
        """The class as text."""
        lines = [f"class {self.name}({self.base}):"]
        if self.note:
            lines += docstring(self.note, 4)
        sequential = self.base == "nn.Sequential"
        if self.init or self.parameters or sequential:
            if self.note:
                lines.append("")
            head = [f"{p}: {self.type_of(p)}{self._default(p)}" for p in self.ordered()]
            lines += signature("__init__", ["self", *head], "None", 4)
            statements: list[Statement] = [] if sequential else [Line("", "super().__init__()")]
            lines += print_statements([*statements, *self.init], 8)
        if self.forward:
            if len(lines) > 1:
                lines.append("")
            arguments = [f"{n}: {t}" for n, t in self.inputs]
            lines += signature("forward", ["self", *arguments], self.returns, 4)
            lines += print_statements(self.forward, 8)
        return lines

    def _default(self, python: str) -> str:
        default = self.parameters[python].default
        return "" if default is None else f" = {show(default)}"


def _count(statements: list[Statement]) -> int:
    return sum(1 + _count(s.body) if isinstance(s, Nest) else 1 for s in statements)


def _leave_out(statements: list[Statement], unread: list[Line]) -> None:
    """Takes lines out, wherever they stand."""
    kept: list[Statement] = []
    for s in statements:
        if any(s is line for line in unread):
            continue
        if isinstance(s, Nest):
            _leave_out(s.body, unread)
            if not s.body:
                continue
        kept.append(s)
    statements[:] = kept
