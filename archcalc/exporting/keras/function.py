"""One function of the generated code while it is written: a block's, or `build`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.annotations import type_of
from archcalc.codegen.definitions import docstring, signature
from archcalc.codegen.expressions import functions, show, variables
from archcalc.codegen.names import Identifiers, snake
from archcalc.exporting.keras.code import Nest, Path, Statement, print_code
from archcalc.exporting.keras.counters import leave_idle_out

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.layout import Line
    from archcalc.exporting.call_sites import CallSite
    from archcalc.exporting.keras.program import Program


OWN = ("x", "name", "inputs", "outputs", "training_heads")
"""The variables that the code has whatever the net is."""

CALLED = frozenset(
    {"range", "enumerate", "len", "next", "min", "max", "round", "abs", "sum", "int"}
)
"""What functions call by a name that is Python's own."""


class Parameter(NamedTuple):
    """A function's argument: `kind` is "spec" (the block's parameter `word`), "var",
    "operation" or "heads"."""

    kind: str
    word: str
    default: Expr | None = None


class Function:
    """A function in the making. `lanes` are the places where it is called."""

    def __init__(
        self, program: Program, name: str, lanes: list[CallSite], block: str | None
    ) -> None:
        self.program = program
        self.name = name
        self.lanes = lanes
        self.block = block
        self.note: str | None = None
        self.ids = Identifiers(program.reserved)
        self.own: dict[str, str] = {}  # the variables of `OWN`, by their names here
        self.tensors: list[str] = []  # the tensors among its arguments
        self.parameters: dict[str, Parameter] = {}
        self.statements: list[Statement] = []
        self.used: set[str] = set()
        self.optional: list[tuple[str, Line, Expr]] = []  # sizes under names, if they are read
        self.variables: dict[str, Expr | None] = {}  # the spec's vars
        self.operations: dict[str, dict[int, str]] = {}  # what an operation is, by its call
        self.counters: list[str] = []  # of layers, while the code runs
        self.returns = "keras.KerasTensor"

    def claim(self) -> None:
        """Takes its own variables, by other names where arguments have those."""
        self.ids.used.difference_update(set(OWN) - set(self.parameters))
        self.own = {word: self.ids.take(word) for word in OWN}

    def text(self, expr: Expr) -> str:
        """The expression; what it reads is noted as used."""
        self.used.update(variables(expr))
        self.program.needed.update(functions(expr))
        return show(expr)

    def path(self, path: Path) -> str:
        """A layer's name; what it reads is noted as used."""
        self.used |= path.reads()
        return path.text()

    def parameter(self, word: str, parameter: Parameter, values: list[Any]) -> str:
        """A new parameter, with its value in every place. It keeps its word, unless the file needs
        that for something else."""
        needed = {*self.program.kept, *self.own.values(), *self.tensors, *self.parameters}
        self.ids.used -= {snake(word)} - needed
        python = self.ids.take(word)
        self.parameters[python] = parameter
        for lane, value in zip(self.lanes, values, strict=bool(values)):
            lane.py[python] = value
        return python

    def finish(self) -> None:
        """Leaves out what nothing reads."""
        unread: list[Line] = []
        for python, line, expr in reversed(self.optional):
            if python in self.used:
                self.text(expr)
            else:
                unread.append(line)
        _leave_out(self.statements, unread)
        for counter in self.counters:
            leave_idle_out(self.statements, counter)
        self.parameters = {p: q for p, q in self.parameters.items() if p in self.used}

    def positional(self) -> list[str]:
        """The block's own parameters, those with a default last."""
        own = [p for p, q in self.parameters.items() if q.kind != "var"]
        required = [p for p in own if self.parameters[p].default is None]
        return [*required, *[p for p in own if p not in required]]

    def keywords(self) -> list[str]:
        """The spec's vars."""
        return [p for p, q in self.parameters.items() if q.kind == "var"]

    def lines(self) -> list[str]:
        """The function as text."""
        arguments = [f"{t}: keras.KerasTensor" for t in self.tensors]
        if self.block is None:
            arguments += [self._argument(p) for p in [*self.keywords(), *self.positional()]]
        else:
            arguments += [self._argument(p) for p in self.positional()]
            arguments += ["*", *[self._argument(p, bare=True) for p in self.keywords()]]
            arguments += ["name: str"]
        lines = signature(self.name, arguments, self.returns, 0)
        if self.note:
            lines += docstring(self.note, 4)
        return [*lines, *print_code(self.statements, 4)]

    def _argument(self, python: str, *, bare: bool = False) -> str:
        parameter = self.parameters[python]
        text = f"{python}: {self._type(python)}"
        if bare or parameter.default is None:
            return text
        return f"{text} = {show(parameter.default)}"

    def _type(self, python: str) -> str:
        if self.parameters[python].kind == "operation":
            return "Callable[..., keras.KerasTensor]"
        if self.parameters[python].kind == "heads":
            return "bool"
        return type_of([lane.py[python] for lane in self.lanes])


def _leave_out(statements: list[Statement], unread: list[Line]) -> None:
    """Takes lines out, wherever they stand."""
    statements[:] = [s for s in statements if not any(s is line for line in unread)]
    for s in statements:
        if isinstance(s, Nest):
            _leave_out(s.body, unread)
