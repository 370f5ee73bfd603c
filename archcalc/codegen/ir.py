"""The module IR: everything that a target needs to print a net.

A `Program` is a list of `Module`s, callees first and the model last. A module has constructor
parameters and one `Body`, a tuple of statements in execution order, with structured control flow.
Each statement that creates a layer names the submodule (`path`) and its input and output tensors,
so a target can print constructor and forward pass separately (PyTorch, Flax) or together (Keras).

Expressions are Python syntax trees (`ast.expr`) over the module's parameters and locals. Tensors
are `Tensor` objects, compared by identity; the current tensor is simply the last output. An
operation keeps its attributes as expressions, and the result of the target's emitter (`emitted`).

The example of ResNet's bottleneck (printed by `text`):

    module Bottleneck(in_channels: int, width: int, stride: int = 1, expansion: int = 4)
      t1 = conv[conv1](t0) out=width kernel=1 bias=False
      t2 = batchnorm[bn1](t1)
      t3 = relu(t2)
      ...
      t8 = batchnorm[bn3](t7)
      if stride != 1 or in_channels != expansion * width:
        t9 = level[downsample](t0):
          t10 = conv[0](t0) out=expansion * width kernel=1 stride=stride bias=False
          t11 = batchnorm[1](t10)
        t12 = t9 else t0
      t13 = add(t8, t12)
      t14 = relu(t13)
      return t14
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcalc.codegen.expressions import show

if TYPE_CHECKING:
    from archcalc.codegen.expressions import Expr
    from archcalc.codegen.sizes import Size
    from archcalc.spec.syntax import Block, Layer


class Tensor:
    """A tensor of the forward pass. `sizes` has the size of every axis except the batch, `axes`
    their labels, `label` its name in the spec ("" for none)."""

    __slots__ = ("axes", "label", "sizes")

    def __init__(self, sizes: tuple[Size, ...], axes: tuple[Any, ...], label: str = "") -> None:
        self.sizes = sizes
        self.axes = axes
        self.label = label

    @property
    def channel_axis(self) -> int:
        """The position of the channel axis (the first axis if none is labelled)."""
        return self.axes.index("channels") if "channels" in self.axes else 0


class Path(NamedTuple):
    """The name of a submodule in its module: text alternating with expressions of loop variables.
    `auto` is the position of an unnamed layer in a sequential scope; `named` whether the spec names
    it."""

    parts: tuple[str | Expr, ...]
    auto: bool = False
    named: bool = False

    @property
    def fixed(self) -> str | None:
        """The name, None if it changes per iteration."""
        if all(isinstance(p, str) for p in self.parts):
            return "".join(str(p) for p in self.parts)
        return None


class Operation(NamedTuple):
    """One operation. `weighted` tells whether it has weights or state; `emitted` is the result of
    the target's emitter; `labels` are the names of a split's parts."""

    op: str
    path: Path
    attributes: dict[str, Expr]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    weighted: bool
    emitted: Any
    layer: Layer
    labels: tuple[str, ...] = ()


class Factory(NamedTuple):
    """An operation that the caller chooses: the parameter `parameter` creates the submodule, from
    the channels if `channels` is given."""

    parameter: str
    path: Path
    channels: Expr | None
    input: Tensor
    output: Tensor
    layer: Layer


class Invoke(NamedTuple):
    """A call of another module: constructor `arguments` by parameter, forward `inputs`. Without an
    `output` it only has heads."""

    module: Module
    path: Path
    arguments: dict[str, Expr | Choice]
    inputs: tuple[Tensor, ...]
    output: Tensor | None
    layer: Layer


class Choice(NamedTuple):
    """An operation as a constructor argument: the target's text of a factory for the module."""

    emitted: Any


class Level(NamedTuple):
    """A group or named join: a submodule whose layers are lowered in place. `sequential` means that
    they run in order and read nothing else. It may read tensors and submodules around it."""

    path: Path
    body: Body
    sequential: bool
    input: Tensor | None
    output: Tensor | None
    heads: bool
    title: str
    layer: Layer


class Again(NamedTuple):
    """A reused submodule (`reuse`): its weights count once."""

    target: Operation | Factory | Invoke | Level
    inputs: tuple[Tensor, ...]
    output: Tensor | None
    layer: Layer


class Branch(NamedTuple):
    """One branch of a join, present if `condition` holds (None: always)."""

    label: str
    body: Body
    value: Tensor
    condition: Expr | None


class Join(NamedTuple):
    """add, sub, mul or concat (along `axis`, without the batch)."""

    op: str
    axis: int
    branches: tuple[Branch, ...]
    output: Tensor
    layer: Layer


class When(NamedTuple):
    """`body` if `condition` holds; `output` is then `inside`, else `before`. All of them are None
    if the part has no output tensor."""

    condition: Expr
    body: Body
    before: Tensor | None
    inside: Tensor | None
    output: Tensor | None
    word: str


class Loop(NamedTuple):
    """`for index in range(over)` if `names` is empty, else `for names in over` (with `index`
    counting). `entry` is the tensor at the start of an iteration, `inside` the one at its end.
    `carried` are constructor variables that change: (name, before the loop, after an iteration)."""

    index: str  # type: ignore[assignment]  # hides tuple.index, which nobody calls on a loop
    names: tuple[str, ...]
    over: Expr
    body: Body
    before: Tensor | None
    entry: Tensor | None
    inside: Tensor | None
    output: Tensor | None
    carried: tuple[tuple[str, Expr, Expr], ...]


class Head(NamedTuple):
    """An additional output of the net. `body` computes it from the current tensor."""

    key: Path
    body: Body
    value: Tensor
    training_only: bool


class Let(NamedTuple):
    """A constructor variable."""

    name: str
    value: Expr


Statement = Operation | Factory | Invoke | Level | Again | Join | When | Loop | Head | Let
Body = tuple[Statement, ...]


def bound_by(body: Body) -> set[str]:
    """The constructor variables that a body assigns."""
    found: set[str] = set()
    for s in body:
        match s:
            case Let():
                found.add(s.name)
            case Loop():
                found |= {s.index, *s.names, *(word for word, _, _ in s.carried)}
                found |= bound_by(s.body)
            case When() | Level() | Head():
                found |= bound_by(s.body)
            case Join():
                for branch in s.branches:
                    found |= bound_by(branch.body)
    return found


class Parameter(NamedTuple):
    """A constructor parameter. `kind` is channels, spec (a parameter of the block), var, size (a
    number that callers compute) or operation. `values` are those that it has in the net."""

    name: str
    kind: str
    word: str
    default: Expr | Choice | None
    values: tuple[Any, ...]
    decimal: bool = False


class Module:
    """A module: the class of a block, or the whole model. `inputs` are the tensors of its forward
    pass; `heads` tells whether it has additional outputs."""

    __slots__ = (
        "block", "body", "heads", "inputs", "name", "note", "output", "parameters", "sequential",
    )  # fmt: skip

    def __init__(self, name: str, block: Block | None, note: str) -> None:
        self.name = name
        self.block = block
        self.note = note
        self.parameters: list[Parameter] = []
        self.inputs: tuple[Tensor, ...] = ()
        self.body: Body = ()
        self.output: Tensor | None = None
        self.sequential = False
        self.heads = False


class Program(NamedTuple):
    """All modules, callees first. `fixed` are the vars that no argument can change, `helpers` the
    names of the target's helpers that emitters requested."""

    modules: list[Module]
    fixed: frozenset[str]
    helpers: frozenset[str]

    @property
    def model(self) -> Module:
        return self.modules[-1]


def text(program: Program) -> str:
    """The program as text, for tests and reading."""
    return "\n".join(line for module in program.modules for line in _Printer().module(module))


class _Printer:
    def __init__(self) -> None:
        self.numbers: dict[int, str] = {}

    def tensor(self, tensor: Tensor | None) -> str:
        if tensor is None:
            return "nothing"
        return self.numbers.setdefault(id(tensor), f"t{len(self.numbers)}")

    def module(self, module: Module) -> list[str]:
        given = []
        for p in module.parameters:
            default = p.default
            known = default is None or isinstance(default, Choice)
            # `known` excludes None and Choice; mypy does not follow the flag.
            given.append(p.name if known else f"{p.name}={show(default)}")  # type: ignore[arg-type]
        inputs = ", ".join(map(self.tensor, module.inputs))
        head = f"module {module.name}({', '.join(given)}) reads {inputs}"
        return [head, *self.body(module.body, 2), f"  return {self.tensor(module.output)}"]

    def body(self, body: Body, indent: int) -> list[str]:
        return [line for s in body for line in self.statement(s, indent)]

    def statement(self, s: Statement, indent: int) -> list[str]:
        margin, t = " " * indent, self.tensor
        match s:
            case Let():
                return [f"{margin}{s.name} := {show(s.value)}"]
            case Operation():
                words = "".join(f" {w}={show(e)}" for w, e in s.attributes.items())
                inputs = ", ".join(map(t, s.inputs))
                outputs = ", ".join(map(t, s.outputs))
                return [f"{margin}{outputs} = {s.op}[{_path(s.path)}]({inputs}){words}"]
            case Factory():
                return [f"{margin}{t(s.output)} = {s.parameter}[{_path(s.path)}]({t(s.input)})"]
            case Invoke():
                given = "".join(
                    f" {w}={show(e)}" for w, e in s.arguments.items() if not isinstance(e, Choice)
                )
                inputs = ", ".join(map(t, s.inputs))
                made = f"{s.module.name}[{_path(s.path)}]({inputs})"
                return [f"{margin}{t(s.output)} = {made}{given}"]
            case Again():
                inputs = ", ".join(map(t, s.inputs))
                return [f"{margin}{t(s.output)} = again[{_path(s.target.path)}]({inputs})"]
            case Level():
                head = f"{margin}{t(s.output)} = level[{_path(s.path)}]({t(s.input)}):"
                return [head, *self.body(s.body, indent + 2)]
            case Head():
                inside = self.body(s.body, indent)
                return [*inside, f"{margin}head[{_path(s.key)}] = {t(s.value)}"]
            case When():
                inside = self.body(s.body, indent + 2)
                last = f"{margin}{t(s.output)} = {t(s.inside)} else {t(s.before)}"
                return [f"{margin}if {show(s.condition)}:", *inside, last]
            case Loop():
                running = [f"{margin}{n} := {show(first)}" for n, first, _ in s.carried]
                update = [f"{margin}  {n} := {show(after)}" for n, _, after in s.carried]
                head = f"{margin}for {', '.join((s.index, *s.names))} in {show(s.over)}:"
                head += f" {t(s.entry)} from {t(s.before)}"
                inside = self.body(s.body, indent + 2)
                last = f"{margin}{t(s.output)} = last {t(s.inside)}"
                return [*running, head, *inside, *update, last]
            case Join():
                lines = []
                for b in s.branches:
                    if b.condition is not None:
                        lines.append(f"{margin}branch if {show(b.condition)}:")
                    lines += self.body(b.body, indent + (2 if b.condition is not None else 0))
                given = ", ".join(t(b.value) for b in s.branches)
                return [*lines, f"{margin}{t(s.output)} = {s.op}({given})"]
        raise TypeError


def _path(path: Path) -> str:
    return "".join(p if isinstance(p, str) else f"{{{show(p)}}}" for p in path.parts)
