"""Layers → the text of a spec: short layers on one line, lines within 100 characters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcalc.importing.layers import JOINS, Expression, Layer, is_chain

if TYPE_CHECKING:
    from archcalc.importing.blocks import Block

WIDTH = 100
MAIN = {
    "linear": "out", "maxpool": "kernel", "avgpool": "kernel", "dropout": "p", "drop_path": "p",
    "groupnorm": "groups", "channel_shuffle": "groups", "reshape": "shape", "permute": "order",
    "adaptive_avgpool": "output", "upsample": "scale", "pad": "padding", "scale": "factor",
    "leaky_relu": "slope", "lrn": "size", "mean": "axes", "reuse": "reuse",
    "apply": "apply",
}  # fmt: skip
"""The main attribute by operation, which can be written without its name."""


def spec_text(
    head: dict[str, Any], blocks: list[Block], layers: list[Layer], expect: dict[str, Any]
) -> str:
    """The whole spec. `head` are the keys before the layers, in order."""
    lines = [f"{key}: {_flow(value)}" for key, value in head.items()]
    if blocks:
        lines += ["", "blocks:"]
    for block in blocks:
        lines.append(f"  {block.name}:")
        if block.parameters:
            lines.append(f"    with: {_flow(block.parameters)}")
        if block.lets:
            lines.append(f"    let: {_flow(block.lets)}")
        lines.append("    do:")
        lines += _body(block.body, 6, _mains(blocks))
    lines += ["", "layers:", *_body(layers, 2, _mains(blocks))]
    if expect:
        lines += ["", f"expect: {_flow(expect)}"]
    return "\n".join(lines) + "\n"


def _mains(blocks: list[Block]) -> dict[str, str]:
    return {block.name: next(iter(block.parameters), "") for block in blocks}


def _body(layers: list[Layer], indent: int, mains: dict[str, str]) -> list[str]:
    return [line for tree in _level(layers, mains) for line in _item(tree, indent)]


def _level(layers: list[Layer], mains: dict[str, str]) -> list[Any]:
    """The layers of one scope. In a sequential scope, names that follow from positions are omitted;
    in any other scope, every name that matters is written."""
    if is_chain(layers):
        layers = _unnamed(layers)
    return [_tree(layer, mains) for layer in layers]


def _unnamed(layers: list[Layer]) -> list[Layer]:
    """The layers of a sequence without the names that follow from their positions.

    Positions after a loop or a condition are assumed to be right, since they come from the model's
    names. If numbers do not follow the positions, every layer is named.
    """
    position: int | None = 0
    right = True
    for layer in layers:
        if layer.name.isdecimal() and position is not None:
            right &= layer.name == str(position)
        if layer.word == "do" or layer.when:
            position = None
        elif position is not None:
            position += 1
    if right:
        return [replace(one, name="") if one.name.isdecimal() else one for one in layers]
    counts: dict[str, int] = {}
    found = []
    for layer in layers:
        name = layer.name
        if not name and layer.word != "do":  # unnamed, it could get the number of another
            counts[layer.word] = counts.get(layer.word, 0) + 1
            name = f"{layer.word}{counts[layer.word]}"
        found.append(replace(layer, name=name))
    return found


def _tree(layer: Layer, mains: dict[str, str]) -> Any:
    """A layer as nested dicts and lists, or a bare word if it has nothing else."""
    tree: dict[str, Any] = {}
    if layer.name:
        tree["name"] = layer.name
    if layer.label:
        tree["as"] = layer.label
    if layer.source is not None:
        tree["from"] = layer.source
    if layer.head:
        tree["head"] = True
    if layer.training_only:
        tree["training_only"] = True
    if layer.when:
        tree["when"] = Expression(layer.when)
    if layer.word == "do":
        return {
            **tree,
            **layer.attributes,
            **layer.loop,
            "do": [_tree(one, mains) for one in layer.body],
        }
    if layer.word == "group":
        return {**tree, "group": _level(layer.body, mains)}
    if layer.word in JOINS:
        branches = [
            _branch(branch, condition, mains)
            for branch, condition in zip(
                layer.branches, layer.conditions or [""] * len(layer.branches), strict=True
            )
        ]
        long = {"branches": branches, **layer.attributes} if layer.attributes else branches
        return {**tree, layer.word: long}
    if not layer.word:
        return tree
    value = _value(layer, mains)
    if value is None and not tree:
        return layer.word
    return {**tree, layer.word: value}


def _value(layer: Layer, mains: dict[str, str]) -> Any:
    attributes = layer.attributes
    main = mains.get(layer.word) or MAIN.get(layer.word)
    if not attributes:
        return None
    if main and list(attributes) == [main]:
        return attributes[main]
    return attributes


def _branch(branch: list[Layer], condition: str, mains: dict[str, str]) -> Any:
    trees = [_tree(layer, mains) for layer in branch]
    if condition:
        return {"only_if": Expression(condition), "branch": trees}
    return trees


# -- YAML ---------------------------------------------------------------------------------------


def _item(tree: Any, indent: int) -> list[str]:
    """One item of a list."""
    flow = _flow(tree)
    lone = isinstance(tree, dict) and len(tree) == 1
    if lone and len(flow) <= WIDTH - indent:
        flow = flow[1:-1]  # - conv: {…}
    if len(flow) + indent + 2 <= WIDTH and not _is_deep(tree):
        return [" " * indent + "- " + flow]
    if not isinstance(tree, dict):
        return _block_list(tree, indent)
    lines: list[str] = []
    for key, value in tree.items():
        start = " " * indent + ("  " if lines else "- ")
        if key in ("for", "in"):
            lines += _wrapped(f"{start}{key}: ", value)
            continue
        text = f"{key}: {_flow(value)}".rstrip()
        if len(text) + indent + 2 <= WIDTH and not _is_deep(value):
            lines.append(start + text)
            continue
        lines.append(f"{start}{key}:")
        lines += _nested(value, indent + 4)
    return lines


def _wrapped(start: str, value: Any) -> list[str]:
    """A table on as few lines as possible, without splitting a row."""
    if not isinstance(value, list):
        return [start + _flow(value)]
    lines, line = [], start + "["
    for number, row in enumerate(value):
        text = _flow(row, inside=True) + (", " if number < len(value) - 1 else "]")
        if len(line) + len(text.rstrip()) > WIDTH:
            lines.append(line.rstrip())
            line = " " * (len(start) + 1)
        line += text
    return [*lines, line.rstrip()]


def _nested(value: Any, indent: int) -> list[str]:
    if isinstance(value, dict):
        lines: list[str] = []
        for key, one in value.items():
            line = f"{' ' * indent}{key}: {_flow(one)}".rstrip()
            if len(line) > WIDTH and isinstance(one, dict):
                lines += [f"{' ' * indent}{key}:", *_nested(one, indent + 2)]
            else:
                lines.append(line)
        return lines
    return [line for one in value for line in _item(one, indent)]


def _block_list(items: Any, indent: int) -> list[str]:
    lines = [line for one in items for line in _item(one, indent + 2)]
    if not lines:
        return [" " * indent + "- []"]
    return [" " * indent + "- " + lines[0].lstrip(), *lines[1:]]


def _is_deep(tree: Any) -> bool:
    """Whether several lines are clearer: layers inside layers, or more than three."""
    return _depth(tree) > 1 or (isinstance(tree, list) and _count(tree) > 4)


def _count(tree: Any) -> int:
    return len(tree)


def _depth(tree: Any) -> int:
    """The nesting depth of lists of layers."""
    if isinstance(tree, dict):
        return max((_depth(value) for value in tree.values()), default=0)
    if isinstance(tree, list) and any(isinstance(one, dict | str | list) for one in tree):
        inner = max((_depth(one) for one in tree), default=0)
        return 1 + inner if any(isinstance(one, dict) for one in tree) or len(tree) > 4 else inner
    return 0


def _flow(value: Any, inside: bool = False) -> str:
    if value is None:
        return ""
    if isinstance(value, Expression):
        text = value.text
        return f'"{text}"' if inside and re.search(r"[,\[\]{}]|: | #", text) else text
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        pairs = [f"{key}: {_flow(one, inside=True)}" for key, one in value.items()]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_in_list(one) for one in value) + "]"
    return _text(str(value))


def _in_list(value: Any) -> str:
    """An item of a list on one line: a single pair needs no braces."""
    text = _flow(value, inside=True)
    lone = isinstance(value, dict) and len(value) == 1 and next(iter(value.values())) is not None
    return text[1:-1] if lone else text


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.12g}"


def _text(text: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_$][\w .$()+/-]*", text) and not text.endswith(" ")
    if plain and text not in ("null", "true", "false", "~"):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
