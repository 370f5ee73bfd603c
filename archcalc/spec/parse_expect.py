"""Expectations: one case or a list of cases, each with expected values and its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.spec.reader import is_empty
from archcalc.spec.syntax import Case, Figure
from archcalc.spec.yaml_tree import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from archcalc.diagnostics import Span
    from archcalc.spec.expressions import Value
    from archcalc.spec.reader import Reader
    from archcalc.spec.yaml_tree import Node

FIGURES = (
    "output",
    "params",
    "weights",
    "buffers",
    "macs",
    "flops",
    "activations",
    "connections",
    "receptive_field",
    "effective_stride",
    "effective_padding",
    "depth",
    "shortest_depth",
    "paths",
    "peak_activation_bytes",
)

_SETTINGS = ("set", "input", "source", "rounding")


def parse_expect(reader: Reader, node: Node) -> tuple[Case, ...]:
    """The cases of a mapping or of a list of mappings."""
    items = node.items if isinstance(node, Sequence) else [node]
    cases = []
    for item in items:
        if isinstance(item, Mapping):
            cases.append(_case(reader, item))
        else:
            reader.wrong_type("`expect`", "a mapping", item, "as in expect: {params: 1000}")
    return tuple(cases)


def _case(reader: Reader, node: Mapping) -> Case:
    figures: list[Figure] = []
    settings: dict[str, Value] = {}
    inputs: Value | dict[str, Value] | None = None
    source: str | None = None
    rounding = "nearest"
    places: dict[str, Span] = {}
    for name, (key, value) in node.entries.items():
        if name in FIGURES:
            figure = _figure(reader, key, value)
            if figure is not None:
                figures.append(figure)
        elif name == "set":
            settings = _values(reader, value, "set", places)
        elif name == "input":
            inputs = _inputs(reader, value, places)
        elif name == "source":
            source = reader.text(value, "source")
        elif name == "rounding":
            rounding = _rounding(reader, value)
        else:
            reader.unknown("unknown-figure", "figure", key, (*FIGURES, *_SETTINGS))
    span = reader.span(next((key for key, _ in node.entries.values()), node))
    return Case(tuple(figures), settings, inputs, source, rounding, span, places)


def _figure(reader: Reader, key: Scalar, node: Node) -> Figure | None:
    if is_empty(node) or isinstance(node, Mapping):
        reader.wrong_type(f"`{key.text}`", "a number, a list or an expression", node)
        return None
    value = reader.value(node)
    return None if value is None else Figure(key.text, value, value.text, value.span)


def _values(reader: Reader, node: Node, what: str, places: dict[str, Span]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, (key, entry) in reader.entries(node, what).items():
        places[name] = reader.span(key)
        value = reader.value(entry)
        if value is not None:
            found[name] = value
    return found


def _inputs(reader: Reader, node: Node, places: dict[str, Span]) -> Value | dict[str, Value] | None:
    """One shape, or shapes by input name."""
    if isinstance(node, Mapping):
        return _values(reader, node, "input", places)
    if not isinstance(node, Sequence):
        reader.wrong_type("`input`", "a list", node, "as in input: [3, 160, 160]")
        return None
    return reader.value(node)


def _rounding(reader: Reader, node: Node) -> str:
    if isinstance(node, Scalar) and node.text in ("nearest", "down"):
        return node.text
    reader.wrong_type(
        "`rounding`", "nearest or down", node, "write rounding: down where the source truncates"
    )
    return "nearest"
