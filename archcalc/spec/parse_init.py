"""`init`: the weight initialization of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.spec.reader import is_empty
from archcalc.spec.syntax import Init
from archcalc.spec.yaml_tree import Mapping, Scalar

if TYPE_CHECKING:
    from archcalc.spec.expressions import Value
    from archcalc.spec.reader import Reader
    from archcalc.spec.yaml_tree import Node

_ARGUMENTS: dict[str, tuple[str, ...]] = {
    # the names of torch.nn.init, without the underscore at the end
    "kaiming_normal": (),
    "kaiming_uniform": (),
    "xavier_normal": (),
    "xavier_uniform": (),
    "normal": ("mean", "std"),
    "trunc_normal": ("mean", "std"),
    "uniform": ("low", "high"),
    "constant": ("value",),
    "zeros": (),
    "ones": (),
    "orthogonal": ("gain",),
}

_SHORT = {"kaiming": "kaiming_normal", "xavier": "xavier_uniform"}

METHODS = (*_ARGUMENTS, *_SHORT)


def parse_init(reader: Reader, node: Node) -> Init | None:
    """`init: kaiming`, `init: {constant: 0.1}` or `init: {normal: {std: 0.01}}`."""
    key, value = node, None
    if isinstance(node, Mapping):
        if len(node.entries) != 1:
            reader.wrong_type(
                "`init`", "one initializer", node, "as in init: {normal: {std: 0.01}}"
            )
            return None
        key, value = next(iter(node.entries.values()))
    if not isinstance(key, Scalar) or is_empty(key):
        reader.wrong_type("`init`", "an initializer", node, "as in init: kaiming_normal")
        return None
    if key.text not in METHODS:
        reader.unknown("unknown-init", "initializer", key, METHODS)
        return None
    method = _SHORT.get(key.text, key.text)
    arguments = _read_arguments(reader, method, value)
    if arguments is None:
        return None
    if method == "constant" and not arguments:
        reader.error(
            "missing-attribute",
            "missing attribute `value` of constant",
            key,
            help="as in constant: 0.1",
        )
        return None
    return Init(method, arguments, reader.span(key))


def _read_arguments(reader: Reader, method: str, node: Node | None) -> dict[str, Value] | None:
    names = _ARGUMENTS[method]
    if node is None or is_empty(node):
        return {}
    if not isinstance(node, Mapping):
        if len(names) != 1:
            reader.wrong_type(
                f"`{method}`", "a mapping", node, f"arguments: {', '.join(names) or 'none'}"
            )
            return None
        value = reader.value(node)
        return None if value is None else {names[0]: value}
    arguments: dict[str, Value] = {}
    for name, (key, argument) in node.entries.items():
        value = reader.value(argument)
        if name not in names:
            reader.unknown("unknown-attribute", "argument", key, names, f" of {method}")
            return None
        if value is None:
            return None
        arguments[name] = value
    return arguments
