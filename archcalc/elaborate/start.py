"""Before the first layer: the values of vars, and the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError
from archcalc.elaborate.scope import Label
from archcalc.elaborate.state import NOTHING
from archcalc.ops.attributes import Integer, advise, look_among, name_subject, shown
from archcalc.ops.base import CHANNELS, Shape, Tensor
from archcalc.spec.expressions import INVALID, Misplaced, report_outside_layers
from archcalc.spec.limits import stop_at_many

if TYPE_CHECKING:
    from archcalc.diagnostics import Span
    from archcalc.elaborate.scope import LayerContext
    from archcalc.elaborate.state import State
    from archcalc.spec.expressions import Value
    from archcalc.spec.syntax import Input

MAX_SIDE = 2**24
"""Maximum height and width of an input, so that every metric stays a meaningful number."""


_EXAMPLE = "write the channels and spatial sizes, without a batch axis, as in [3, 224, 224]"


def variables_in_force(state: State, settings: dict[str, Any]) -> dict[str, Any]:
    """The spec's vars, overridden by `settings`. Errors are reported.

    A var can use those before it. An invalid var is unknown, and so is everything that uses it.
    """
    names: dict[str, Any] = {}
    for name, value in state.spec.variables.items():
        if name in settings:
            names[name] = settings[name]
            continue
        try:
            names[name] = value.evaluate(names)
        except DiagnosticError as error:
            _report(state, _from_later(error, value, state.spec.variables, names), value.span)
            names.setdefault(INVALID, set()).add(name)
    return names


def _from_later(
    error: DiagnosticError, value: Value, variables: dict[str, Value], names: dict[str, Any]
) -> DiagnosticError:
    """The error itself, or a clearer one if a var uses one that is defined below it."""
    word = value.text[slice(*error.part)] if isinstance(error, Misplaced) else ""
    if error.code != "unknown-name" or word not in variables or word in names:
        return error
    return DiagnosticError(
        "unknown-name",
        f"var `{word}` is not defined yet",
        label="it is defined below" if variables[word] is not value else "this is its definition",
        help=f"move {word} above it",
        span=error.span,
    )


def only_input(state: State, inputs: dict[str, int]) -> int:
    """The input tensor of the first layer: NOTHING if there are several inputs, unknown if the
    input is invalid."""
    if len(inputs) == 1:
        return next(iter(inputs.values()))
    return NOTHING if inputs else state.tensor(None, None)


def open_inputs(state: State, place: LayerContext, given: dict[str, Shape]) -> dict[str, int]:
    """The input tensors by name, labelled for `from`. Shapes in `given` replace those of the
    spec."""
    found: dict[str, int] = {}
    for declared in state.spec.inputs:
        tensor: Tensor | None = None
        shape = given.get(declared.name)
        try:
            if declared.shape or shape is not None:
                tensor = _input_tensor(declared, shape, place.names)
        except DiagnosticError as error:
            _report(state, error, declared.span)
        index = state.tensor(tensor, None)
        found[declared.name] = index
        place.scope.labels[declared.name] = Label(index, declared.span)
    return found


def _report(state: State, error: DiagnosticError, span: Span) -> None:
    report_outside_layers(state.diagnostics, error, span)
    stop_at_many(state.diagnostics, span)


def _input_tensor(declared: Input, given: Shape | None, names: dict[str, Any]) -> Tensor:
    if given is not None:
        sides = tuple(given)
    else:
        one = Integer(1)
        sides = ()
        for value in declared.shape:
            try:
                sides += (one.read(value.evaluate(names), None),)
            except DiagnosticError as error:
                error.span = error.span or value.span
                name_subject(error, "an entry of `input`")
                advise(error, _EXAMPLE)
                look_among(error, names)
                raise
    if not 1 <= len(sides) <= 4:
        raise DiagnosticError(
            "wrong-rank",
            "an input has channels and 0 to 3 spatial axes",
            label=f"got {len(sides)} entries",
            help=_EXAMPLE,
        )
    for axis, side in enumerate(sides):
        if side > MAX_SIDE:
            raise DiagnosticError(
                "number-too-large",
                f"the height or width of an input is at most {MAX_SIDE:,}",
                label=f"axis {axis} is {shown(side)}",
                help=_EXAMPLE,
                span=declared.shape[axis].span if given is None else None,
            )
    return Tensor(sides, (CHANNELS, *range(len(sides) - 1)))
