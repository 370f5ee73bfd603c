"""Settings that override a spec: values of its vars and shapes of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import nearest
from archcalc.pipeline import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Spec

    Inputs = Shape | Mapping[str, Shape]

__all__ = ["Unknown", "named_inputs", "named_settings"]


def named_settings(spec: Spec, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Values for vars, as expressions take them: lists as tuples, floats as exact decimals.

    Raises `Unknown` for a name that the spec does not have, and for a value of another type than
    the var has in the spec.
    """
    found: dict[str, Any] = {}
    for name, value in settings.items():
        _known(name, spec.variables, "var")
        found[name] = _exact(name, value)
        _check_kind(spec, name, found[name])
    return found


def named_inputs(spec: Spec, inputs: Inputs | None) -> dict[str, Shape]:
    """The shapes by input name. Raises `Unknown` for a name that the spec does not have, and for an
    invalid shape."""
    if inputs is None:
        return {}
    names = [declared.name for declared in spec.inputs]
    if isinstance(inputs, Mapping):
        for name in inputs:
            _known(name, names, "input")
        return {name: _shape(shape) for name, shape in inputs.items()}
    if len(names) > 1:
        raise Unknown(f"the spec has {len(names)} inputs: name one, as in {names[0]}=…")
    return {name: _shape(inputs) for name in names}


def _exact(name: str, value: Any) -> Any:
    from numbers import Integral, Real

    from archcalc.ops.attributes import is_fraction

    if isinstance(value, int | str) or is_fraction(value):
        return value
    if isinstance(value, list | tuple):
        return tuple([_exact(name, item) for item in value])
    if isinstance(value, Integral):  # NumPy's, for example
        return int(value)
    if isinstance(value, Real) and value - value == 0:  # neither infinite nor NaN
        from archcalc.spec.functions import decimal

        return decimal(str(value))
    raise Unknown(f"{name} cannot be {value!r}: vars are numbers, words, true, false or lists")


def _check_kind(spec: Spec, name: str, value: Any) -> None:
    """Checks a word given for a number: reported here once, and not where the var is used.

    A word of the language can replace a number: a padding is either.
    """
    from archcalc.ops.attributes import shown
    from archcalc.spec.words import reserved

    if isinstance(value, str) and reserved(value):
        return
    written = spec.variables[name]
    if written.items is not None:
        needed, default = "a list", written.text
    elif not written.constant:
        return
    else:
        needed, default = _kind(written.evaluate({})), written.text
    if needed not in ("", _kind(value)):
        raise Unknown(f"{name} is {default} in the spec: it takes {needed}, not {shown(value)}")


def _kind(value: Any) -> str:
    if value is None or isinstance(value, str):
        return ""
    if isinstance(value, bool):
        return "true or false"
    return "a list" if isinstance(value, tuple) else "a number"


def _shape(given: Any) -> Shape:
    sides = tuple(given) if isinstance(given, list | tuple) else ()
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in sides)
    if not whole or not 1 <= len(sides) <= 4:
        raise Unknown(
            f"{given!r} is not a shape: give channels and spatial sizes, as in (3, 256, 256)"
        )
    return sides


def _known(name: str, names: Iterable[str], what: str) -> None:
    names = list(names)
    if name in names:
        return
    meant = nearest(name, names)
    if meant:
        hint = f"did you mean {meant!r}?"
    else:
        hint = f"it has {', '.join(names)}" if names else "it has none"
    raise Unknown(f"the spec has no {what} {name!r}: {hint}")
