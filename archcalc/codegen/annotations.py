"""The type annotations of constructor arguments, inferred from their values."""

from __future__ import annotations

from typing import Any


def type_of(values: list[Any]) -> str:
    """The annotation for a variable with these values."""
    found = {_type(v) for v in values}
    lengths = {len(v) for v in values if isinstance(v, tuple)}
    if len(lengths) > 1 or (lengths and max(lengths) not in (1, 2, 3)):
        found = {f if not f.startswith("tuple") else _sequence(values) for f in found}
    if found == {"int", "float"}:
        found = {"float"}
    if "Any" in found:
        return "Any"
    if "Sequence[Any]" in found:
        found = {f for f in found if f == "Sequence[Any]" or not f.startswith("Sequence")}
    return " | ".join(sorted(found, key=lambda f: (f == "None", f)))


def _type(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, tuple):
        if value and all(isinstance(v, tuple) for v in value):
            return _sequence([value])
        return f"tuple[{', '.join(_type(v) for v in value)}]" if value else "Sequence[Any]"
    return type(value).__name__


def _sequence(values: list[Any]) -> str:
    """The type of lists of any length."""
    items = [item for v in values if isinstance(v, tuple) for item in v]
    rows = {_type(item) for item in items}
    if rows == {"int", "float"}:
        rows = {"float"}
    return f"Sequence[{rows.pop()}]" if len(rows) == 1 else "Sequence[Any]"
