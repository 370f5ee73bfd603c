"""Joins: each branch is walked from the current tensor, then one node joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import DiagnosticError
from archcalc.elaborate.naming import Level
from archcalc.elaborate.nodes import add_operation, no_tensor
from archcalc.elaborate.scope import Scope
from archcalc.elaborate.state import BRANCH, NOTHING, weight_of
from archcalc.elaborate.values import loop_turns, optional_name, set_in_channels, truth

if TYPE_CHECKING:
    from typing import Any

    from archcalc.elaborate.scope import LayerContext, Made
    from archcalc.elaborate.walk import Walker
    from archcalc.spec.syntax import Branch, Layer


def walk_join(
    walker: Walker, layer: Layer, start: int, place: LayerContext, path: str | None
) -> Made:
    """Walks the branches and joins their outputs. A join with one remaining branch passes it
    through.

    A join is a path component only if it has a name, which then is the path of the join itself.
    """
    state = walker.state
    name = optional_name(layer.name, place)
    if path is None and name is not None:
        path = place.level.take(name, layer.word, layer)
    group = state.open(place, "join", layer, start, path)
    inside = place.inside(group)
    if path is not None:
        inside.level = Level(path + ".", chain=False)
    results: list[int] = []
    for branch in layer.branches:
        for values in _turns(branch, inside):
            result = _walk_branch(walker, layer, branch, start, inside, values)
            if result is not None:
                results.append(result)
    if not results:
        raise DiagnosticError(
            "missing-branches",
            f"{layer.word} needs branches",
            label="none is left: every only_if is false, or every for has an empty table",
            help="leave one branch without only_if and for",
        )
    if len(results) == 1:
        output = results[0]
    else:
        own = path or place.level.take(None, layer.word, layer)
        set_in_channels(state, inside, start)
        node = add_operation(state, inside, layer, tuple(results), own)
        output = node.outputs[0]
    state.close(group, output)
    return group, output, path


def _turns(branch: Branch, place: LayerContext) -> list[dict[str, Any]]:
    return [{}] if branch.loop is None else loop_turns(branch.loop, place.names)


def _walk_branch(
    walker: Walker,
    join: Layer,
    branch: Branch,
    start: int,
    place: LayerContext,
    values: dict[str, Any],
) -> int | None:
    """The output of a branch, None if `only_if` removes it."""
    state = walker.state
    state.step(branch.span, BRANCH + (weight_of(place.names) if values else 0))
    names = {**place.names, **values} if values else place.names
    here = place.inside(place.group, names=names, scope=Scope(place.scope))
    set_in_channels(state, here, start)
    if branch.only_if is not None and not truth(branch.only_if, here):
        return None
    group = state.open(
        here, "branch", None, start, title=branch.label or "", arguments=dict(values)
    )
    here.group = group
    result = walker.body(branch.body, start, here)
    if result == NOTHING:
        error = no_tensor(join)
        error.span = branch.span
        raise error
    state.close(group, result)
    return result
