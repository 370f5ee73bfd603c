"""What `archcalc.formula` and `archcalc.inputs` do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import SpecError
from archcalc.graph import Net
from archcalc.symbols.answer import is_valid, nearest_sizes, reasons
from archcalc.symbols.explore import explore
from archcalc.symbols.formula import FIGURES, Formula, formulas
from archcalc.symbols.report_inputs import as_dict, text

if TYPE_CHECKING:
    from os import PathLike

    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Spec
    from archcalc.symbols.answer import Reason
    from archcalc.symbols.explore import Exploration
    from archcalc.symbols.sides import Sides


def formula(
    source: Net | str | PathLike[str], layer: str | None, of: str, free: tuple[str, ...]
) -> Formula:
    """One figure of a net, or of one of its layers, as a formula."""
    if of not in FIGURES:
        raise ValueError(f"of must be one of {', '.join(FIGURES)}, not {of!r}")
    spec, settings, inputs = _opened(source)
    (one,) = formulas(spec, (of,), layer=layer or "", free=free, settings=settings, inputs=inputs)
    return one


class Inputs:
    """The sizes of input that a spec is valid for.

    `axes` holds the valid sides by the name of the axis, each a set that answers `in` for any
    number; where `coupled`, they are valid only in some combinations, and a size as a whole (its
    sides as a tuple) is asked of the object itself. `str()` is what `archcalc inputs` prints,
    `to_dict()` its JSON.
    """

    __slots__ = ("_found",)

    def __init__(self, found: Exploration) -> None:
        self._found = found

    @property
    def axes(self) -> dict[str, Sides]:
        """The valid sides by axis: H and W, or L, or D, H and W."""
        return dict(zip((axis.name for axis in self._found.axes), self._found.valid, strict=True))

    @property
    def coupled(self) -> bool:
        """Whether the sides depend on one another."""
        return self._found.coupled

    @property
    def complete(self) -> bool:
        """Whether every size has been decided; False for a net that is too intricate."""
        return self._found.complete

    @property
    def reasons(self) -> list[Reason]:
        """The layers that restrict the sides, with the condition of each."""
        return reasons(self._found)

    @property
    def nearest(self) -> list[tuple[int, ...]]:
        """The valid sizes nearest to the spec's own, none where that is valid itself."""
        return nearest_sizes(self._found)

    def __contains__(self, size: object) -> bool:
        return (
            isinstance(size, tuple)
            and len(size) == len(self._found.axes)
            and is_valid(self._found, size)
        )

    def to_dict(self) -> dict[str, Any]:
        """In plain values, as `archcalc inputs --format json` writes it."""
        return as_dict(self._found)

    def __str__(self) -> str:
        return text(self._found, columns=80)


def inputs(source: Net | str | PathLike[str]) -> Inputs:
    """The sizes that a spec is valid for."""
    found = explore(*_opened(source))
    if not found.axes or not found.regions:
        raise ValueError(f"{found.spec.name} has no input with spatial axes")
    return Inputs(found)


def _opened(
    source: Net | str | PathLike[str],
) -> tuple[Spec, dict[str, Any], dict[str, Shape]]:
    """The spec, and what was set from outside when a net was loaded."""
    if not isinstance(source, Net):
        from archcalc.pipeline import parse

        spec, diagnostics = parse(source, False)
        if spec is None or diagnostics.failed:
            raise SpecError(diagnostics.items)
        return spec, {}, {}
    return source.spec, *source.given()
