"""The syntax tree of a spec: what the author wrote, typed, before anything is expanded.

`parse.py` builds it once per file; `elaborate` walks it as often as blocks and loops require.
`expressions.py` has `Value`. Exporters and diagrams use it for blocks, loops and conditions as the
author wrote them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from archcalc.diagnostics import SourceFile, Span
    from archcalc.spec.expressions import Value


class Name(NamedTuple):
    """A name or label, with `$(expression)` parts: alternating text and values.

    Most names are a single piece of text: `parts == (text,)`.
    """

    parts: tuple[str | Value, ...]
    span: Span


class Loop(NamedTuple):
    """`repeat: count`, or `for: names` `in: table`. `index` counts from 0 in both."""

    names: tuple[str, ...]
    table: Value | None
    count: Value | None  # type: ignore[assignment]  # hides tuple.count, which is never called
    span: Span


class Figure(NamedTuple):
    """One expected value of a case: the metric, its text and its location.

    `value` is for expressions and lists; a number with a suffix or decimals is read from `text` by
    `analysis/expected_value.py`, because its digits determine the tolerance.
    """

    what: str
    value: Value
    text: str
    span: Span


class Case(NamedTuple):
    """One set of expectations, compared only with its own settings (empty: the spec's defaults).

    `places` has the locations of the names of vars and inputs.
    """

    figures: tuple[Figure, ...]
    settings: dict[str, Value]
    inputs: Value | dict[str, Value] | None
    source: str | None
    rounding: str  # "nearest" or "down"
    span: Span
    places: dict[str, Span]


class Init(NamedTuple):
    """The weight initialization of a layer: a function of torch.nn.init and its arguments."""

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
    - "group": a path component, `body` its layers;
    - "do": not a path component, `body` its layers, `loop` if it repeats;
    - "reuse": `word` is the label of the reused layer or block;
    - "apply": `word` is the block parameter (or name) that holds the operation;
    - "tensor": only a `from`;
    - "error": it is invalid and has been reported; its output is unknown.
    """

    kind: str
    word: str
    span: Span  # of the operation key: underlined in errors of the layer
    arguments: dict[str, Value]
    body: tuple[Layer, ...] = ()
    branches: tuple[Branch, ...] = ()
    loop: Loop | None = None
    name: Name | None = None
    label: Name | None = None  # `as`
    source: Name | None = None  # `from`
    when: Value | None = None
    only_if: Value | None = None  # only if the layer is a branch
    head: bool = False
    training_only: bool = False
    expect: tuple[Case, ...] = ()
    init: Init | None = None
    note: str | None = None
    allow: frozenset[str] = frozenset()


_BESIDE = slice(Layer._fields.index("arguments") + 1, None)
_NOTHING_BESIDE = tuple(Layer._field_defaults.values())


def stands_alone(layer: Layer) -> bool:
    """Whether a layer, as most do, has no modifiers and no layers inside."""
    return layer[_BESIDE] == _NOTHING_BESIDE


class Parameter(NamedTuple):
    """A block's parameter. `type` is number, integer, boolean, text, list, operation or any."""

    name: str
    type: str
    default: Value | None  # None: required
    span: Span


class Block(NamedTuple):
    """A block as declared under `blocks`."""

    name: str
    parameters: tuple[Parameter, ...]
    let: tuple[tuple[str, Value], ...]
    inputs: tuple[str, ...]
    inline: bool
    body: tuple[Layer, ...]
    expect: tuple[Case, ...]
    note: str | None
    position: int  # its index: a block can only call those before it
    span: Span


class Input(NamedTuple):
    """One input tensor: its name ("input" if the spec gives only a shape) and its shape, which is
    empty if invalid."""

    name: str
    shape: tuple[Value, ...]
    span: Span


class Spec(NamedTuple):
    """A complete spec, `extends` resolved."""

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
    family: str | None = None  # the heading under which `list` shows it
    unread: tuple[Layer, ...] = ()  # placeholders for unknown keys, which may be about the layers
