"""The syntax tree of a spec: what the author wrote, typed, before anything is expanded.

`parse.py` builds it once a file; `elaborate.py` walks it as often as blocks and loops ask.
`expressions.py` has `Value`. Exporters and diagrams read it for blocks, loops and conditions as
the author wrote them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from archcalc.diagnostics import SourceFile, Span
    from archcalc.spec.expressions import Value


class Name(NamedTuple):
    """A name or label, with `$(expression)` parts: text and values in turn.

    Most names are one piece of text, and then `parts == (text,)`.
    """

    parts: tuple[str | Value, ...]
    span: Span


class Loop(NamedTuple):
    """`repeat: count`, or `for: names` `in: table`. `index` counts from 0 in both."""

    names: tuple[str, ...]
    table: Value | None
    count: Value | None  # type: ignore[assignment]  # hides tuple.count, which nobody calls on a loop
    span: Span


class Figure(NamedTuple):
    """One expected figure of a case: what, the text as written, and where.

    `value` is for figures that are expressions or lists; a number with a suffix or decimals is
    read from `text` by `analysis/expectations.py`, because its digits carry the tolerance.
    """

    what: str
    value: Value
    text: str
    span: Span


class Case(NamedTuple):
    """One set of expectations, judged only under its own settings (empty: the spec's defaults).

    `places` says where the names of vars and inputs stand.
    """

    figures: tuple[Figure, ...]
    settings: dict[str, Value]
    inputs: Value | dict[str, Value] | None
    source: str | None
    rounding: str  # "nearest" or "down"
    span: Span
    places: dict[str, Span]


class Init(NamedTuple):
    """How a layer's weights begin: `method` by torch.nn.init's name, and its arguments."""

    method: str
    arguments: dict[str, Value]
    span: Span


class Branch(NamedTuple):
    """One branch of a join. An empty body is the identity. `only_if` may remove it."""

    label: str | None
    body: tuple[Layer, ...]
    only_if: Value | None
    loop: Loop | None
    span: Span


class Layer(NamedTuple):
    """One layer as written, its lexical defaults merged into `arguments`.

    `kind` is one of

    - "operation": `word` names an operation, `arguments` its attributes;
    - "block": `word` names a block, `arguments` its parameters and input tensors;
    - "join": `word` is add, sub, mul or concat, `branches` its branches, `arguments` the rest;
    - "group": a level of its own, `body` its layers;
    - "do": no level, `body` its layers, `loop` where it repeats;
    - "reuse": `word` is the label of the layer or block called again;
    - "apply": `word` is the block parameter (or name) that holds the operation;
    - "tensor": only a `from`;
    - "error": it could not be read and has been reported; what it gives is unknown.
    """

    kind: str
    word: str
    span: Span  # of the operation key: what is underlined when the layer is in error
    arguments: dict[str, Value]
    body: tuple[Layer, ...] = ()
    branches: tuple[Branch, ...] = ()
    loop: Loop | None = None
    name: Name | None = None
    label: Name | None = None  # `as`
    source: Name | None = None  # `from`
    when: Value | None = None
    only_if: Value | None = None  # only where the layer stands as a branch
    head: bool = False
    training_only: bool = False
    expect: tuple[Case, ...] = ()
    init: Init | None = None
    note: str | None = None
    allow: frozenset[str] = frozenset()


_BESIDE = slice(Layer._fields.index("arguments") + 1, None)
_NOTHING_BESIDE = tuple(Layer._field_defaults.values())


def stands_alone(layer: Layer) -> bool:
    """Whether a layer, as most do, has nothing beside its operation and no layers inside."""
    return layer[_BESIDE] == _NOTHING_BESIDE


class Parameter(NamedTuple):
    """A block's parameter. `type` is number, integer, boolean, text, list, operation or any."""

    name: str
    type: str
    default: Value | None  # None: required
    span: Span


class Block(NamedTuple):
    """A block as written under `blocks`."""

    name: str
    parameters: tuple[Parameter, ...]
    let: tuple[tuple[str, Value], ...]
    inputs: tuple[str, ...]
    inline: bool
    body: tuple[Layer, ...]
    expect: tuple[Case, ...]
    note: str | None
    position: int  # among the blocks: a block may call only those before it
    span: Span


class Input(NamedTuple):
    """One input tensor: its name ("input" where the spec gives only a shape) and its shape, which
    is empty where it is in error."""

    name: str
    shape: tuple[Value, ...]
    span: Span


class Spec(NamedTuple):
    """A whole spec, `extends` resolved."""

    file: SourceFile
    name: str
    source: str | None
    note: str | None
    inputs: tuple[Input, ...]
    variables: dict[str, Value]
    blocks: dict[str, Block]
    layers: tuple[Layer, ...]
    expect: tuple[Case, ...]
    span: Span
    family: str | None = None  # what `list` sorts it under
