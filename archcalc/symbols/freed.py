"""A walk in which the named sides and vars are symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import Diagnostics, nearest
from archcalc.elaborate import elaborate
from archcalc.symbols import free as names
from archcalc.symbols.figures import Refused
from archcalc.symbols.fractional import needed_whole, written_whole
from archcalc.symbols.trace import Recorder, walk
from archcalc.symbols.traced import trace

if TYPE_CHECKING:
    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Spec
    from archcalc.symbols.free import Axis
    from archcalc.symbols.trace import Walk


def freed_walk(
    spec: Spec, free: tuple[str, ...], settings: dict[str, Any], inputs: dict[str, Shape]
) -> Walk:
    """The walk with these names free: the sides of the inputs where there are none.

    Raises `Refused` for a name that is no side or number.
    """
    known = elaborate(spec._replace(layers=()), Diagnostics(), settings=settings, inputs=inputs)
    shapes = names.own_shapes(spec, settings, inputs)
    axes = _chosen(free, names.axes_of(shapes, spec.variables), known.variables)
    values = {name: known.variables[name] for name in free if name in known.variables}
    # An input without a free side keeps the expression that the spec gives it.
    kept = {axis.input for axis in axes} | set(inputs)
    shapes = {name: shape for name, shape in shapes.items() if name in kept}

    def walked(whole: dict[str, bool]) -> Walk:
        recorder = Recorder()
        traced = {
            name: trace(value, names.variable(name, value, whole[name]), recorder.note)
            for name, value in values.items()
        }
        given = names.traced_inputs(shapes, axes, recorder)
        return walk(spec, recorder, {**settings, **traced}, given)

    whole = {name: written_whole(spec, name, value) for name, value in values.items()}
    if not any(whole.values()):
        return walked(whole)
    tried = walked(dict.fromkeys(whole, False))
    needed = {
        name: whole[name] and needed_whole(name, value, tried.recorder.decisions)
        for name, value in values.items()
    }
    return walked(needed) if any(needed.values()) else tried


def _chosen(free: tuple[str, ...], axes: list[Axis], variables: dict[str, Any]) -> list[Axis]:
    """The free axes: the spatial ones where nothing is named."""
    if not free:
        return [axis for axis in axes if axis.place > 0]
    known = {axis.name: axis for axis in axes}
    numbers = names.numeric(variables)
    for name in free:
        if name in variables and name not in numbers:
            raise Refused(
                f"{name} is no number, so it cannot be a symbol of a formula",
                help=f"give the formula for each of its values: --table {name}=…",
            )
        if name not in known and name not in numbers:
            near = nearest(name, [*known, *numbers])
            listed = ", ".join([*known, *numbers])
            raise Refused(
                f"the spec has no side or var {name}",
                help=f"did you mean {near}?" if near else f"there are {listed}",
            )
    return [known[name] for name in free if name in known and name not in variables]
