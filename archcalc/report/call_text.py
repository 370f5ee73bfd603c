"""Block calls as text, as their author wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import DiagnosticError
from archcalc.ops.attributes import shown
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from typing import Any

    from archcalc.graph import Group
    from archcalc.spec.syntax import Parameter


def call(group: Group) -> str:
    """A block call: its arguments, except those equal to a literal default.

    "bottleneck 64, stride 2"; "" for a group that is not a call.
    """
    if group.block is None:
        return ""
    texts: list[str] = []
    for position, parameter in enumerate(group.block.parameters):
        value = group.arguments.get(parameter.name)
        if _is_default(parameter, value):
            continue
        text = _argument(value)
        texts.append(text if position == 0 else f"{parameter.name} {text}")
    return f"{group.block.name} {', '.join(texts)}".rstrip()


def _is_default(parameter: Parameter, value: Any) -> bool:
    try:
        return parameter.default is not None and parameter.default.evaluate({}) == value
    except DiagnosticError:
        return False  # a default with names: its value is informative


def _argument(value: Any) -> str:
    return value.layer.word if isinstance(value, Operand) else shown(value)
