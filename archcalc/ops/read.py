"""Reads the attributes of a layer into the values that formulas use, defaults filled in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError, nearest
from archcalc.ops.attributes import REQUIRED, advise, look_among, name_subject

if TYPE_CHECKING:
    from archcalc.ops.attributes import Kind
    from archcalc.ops.base import Operation

_defaults: dict[tuple[str, int | None], dict[str, Any]] = {}


def read_attributes(op: Operation, raw: dict[str, Any], rank: int | None) -> SimpleNamespace:
    """The attributes in the order in which the operation declares them.

    `raw` holds the values of expressions; `rank` is the number of spatial axes, None while unknown.
    Raises `DiagnosticError` with its `attribute` set.
    """
    values = _all_defaults(op, rank).copy()
    known = 0
    for name, kind, _, default in op.attributes:
        if name in raw:
            known += 1
            values[name] = read_one(name, kind, raw[name], rank)
        elif default is REQUIRED:
            raise DiagnosticError(
                "missing-attribute",
                f"missing attribute `{name}` of {op.name}",
                attribute=name,
                label=f"{name}: {kind.title}",
                help=f"write {op.name}: {{{_required(op)}}}",
            )
    if known != len(raw):
        raise _unknown(op, raw)
    attributes = SimpleNamespace(**values)
    if rank is not None:
        op.settle(attributes)
    return attributes


def read_one(name: str, kind: Kind, value: Any, rank: int | None) -> Any:
    """The value of one attribute as formulas use it. Raises `DiagnosticError` with its `attribute`
    set."""
    try:
        return kind.read(value, rank)
    except DiagnosticError as error:
        error.attribute = name
        name_subject(error, f"`{name}`")
        advise(error, f"{name}: {kind.title}")
        look_among(error, kind.words)
        raise


def _required(op: Operation) -> str:
    names = [name for name, _, _, default in op.attributes if default is REQUIRED]
    return ", ".join(f"{name}: …" for name in names)


def _all_defaults(op: Operation, rank: int | None) -> dict[str, Any]:
    """The defaults, read once per rank: None stays "not given", a float is read already."""
    key = (op.name, rank)
    found = _defaults.get(key)
    if found is None:
        found = {}
        for name, kind, _, default in op.attributes:
            plain = default is None or default is REQUIRED or isinstance(default, float)
            found[name] = default if plain else kind.read(default, rank)
        _defaults[key] = found
    return found


def _unknown(op: Operation, raw: dict[str, Any]) -> DiagnosticError:
    names = [attribute.name for attribute in op.attributes]
    name = next(n for n in raw if n not in names)
    meant = nearest(name, names)
    return DiagnosticError(
        "unknown-attribute",
        f"unknown attribute `{name}` of {op.name}",
        attribute=name,
        help=f"did you mean {meant}?" if meant else "attributes: " + (", ".join(names) or "none"),
    )
