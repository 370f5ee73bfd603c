"""Binding the arguments of a call to a block's parameters, with type checks."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError
from archcalc.ops.attributes import shown, wrong
from archcalc.spec.expressions import Operand

if TYPE_CHECKING:
    from archcalc.elaborate.scope import LayerContext
    from archcalc.elaborate.state import State
    from archcalc.spec.syntax import Block, Layer, Parameter


def bind(
    state: State, place: LayerContext, layer: Layer, block: Block
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of a call by name, and all names that the block's body sees.

    A block sees its parameters and the file's vars, nothing of its caller. A default can use the
    parameters before it. Raises `DiagnosticError` at the argument.
    """
    names = dict(state.names)
    if "in_channels" in place.names:
        names["in_channels"] = place.names["in_channels"]
    arguments: dict[str, Any] = {}
    for parameter in block.parameters:
        value = layer.arguments.get(parameter.name)
        try:
            if value is not None:
                held = value.evaluate(place.names)
            elif parameter.default is not None:
                held = parameter.default.evaluate(names)
            else:
                raise _missing(block, parameter)
            check_type(parameter, held)
        except DiagnosticError as error:
            error.attribute = error.attribute or parameter.name
            if value is None and parameter.default is not None:
                error.span = error.span or parameter.default.span
            raise
        arguments[parameter.name] = held
        names[parameter.name] = held
    return arguments, names


def _missing(block: Block, parameter: Parameter) -> DiagnosticError:
    return DiagnosticError(
        "missing-parameter",
        f"missing parameter `{parameter.name}` of {block.name}",
        label="not given here",
        help=f"write {block.name}: {{{parameter.name}: …}}",
    )


_TYPES: dict[str, tuple[type, ...]] = {
    "number": (int, Fraction),
    "integer": (int,),
    "boolean": (bool,),
    "text": (str,),
    "list": (tuple,),
    "operation": (str, Operand),
}


def check_type(parameter: Parameter, held: Any) -> None:
    """Raises `DiagnosticError` for a value that is not of the parameter's type."""
    types = _TYPES.get(parameter.type)
    if types is None:
        return
    right = isinstance(held, types)
    if isinstance(held, bool) and parameter.type in ("number", "integer"):
        right = False
    if right:
        return
    if isinstance(held, str) and parameter.type in ("number", "integer"):
        raise wrong("a number", held)
    example = "as in relu or {leaky_relu: 0.1}" if parameter.type == "operation" else ""
    raise DiagnosticError(
        "wrong-type",
        f"parameter `{parameter.name}` must be of type {parameter.type}",
        label=f"got {shown(held)}",
        help=example
        or "the type is declared, or follows from the default; "
        f"{parameter.name}: {{type: any}} accepts any value",
    )
