"""The implementation of `archcalc.formula` and `archcalc.inputs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import SpecError
from archcalc.graph import Net
from archcalc.symbols.formula import FIGURES, Formula, formulas
from archcalc.symbols.region_cover import explore
from archcalc.symbols.report_inputs import as_dict, text
from archcalc.symbols.size_sets import together
from archcalc.symbols.valid_sizes import answer, is_valid

if TYPE_CHECKING:
    from os import PathLike

    from archcalc.ops.base import Shape
    from archcalc.spec.syntax import Spec
    from archcalc.symbols.region_cover import Exploration
    from archcalc.symbols.size_sets import SizeSet
    from archcalc.symbols.valid_sizes import Reason


def formula(
    source: Net | str | PathLike[str], layer: str | None, of: str, free: tuple[str, ...]
) -> Formula:
    """One metric of a net, or of one of its layers, as a formula."""
    if of not in FIGURES:
        raise ValueError(f"of must be one of {', '.join(FIGURES)}, not {of!r}")
    spec, settings, inputs = _opened(source)
    (one,) = formulas(spec, (of,), layer=layer or "", free=free, settings=settings, inputs=inputs)
    return one


class Inputs:
    """The valid input sizes of a spec.

    `axes` maps axis names to sets of valid sizes, which support `in` for any integer; if the axes
    are `coupled`, only some combinations are valid, and `in` on the object itself tests a complete
    size (a tuple, one number per axis). `str()` is the output of `archcalc inputs`, `to_dict()` its
    JSON.
    """

    __slots__ = ("_found",)

    def __init__(self, found: Exploration) -> None:
        self._found = found

    @property
    def axes(self) -> dict[str, SizeSet]:
        """The valid sizes by axis: H and W, or L, or D, H and W. Raises `ValueError` if they are
        undecided."""
        if not self.complete:
            raise ValueError(f"the valid sizes are undecided: {self._found.why}")
        return dict(zip((axis.name for axis in self._found.axes), self._found.valid, strict=True))

    @property
    def coupled(self) -> bool:
        """Whether the axes depend on each other."""
        return self._found.coupled

    @property
    def complete(self) -> bool:
        """Whether the answer is exact for every size; False for a net that exceeds the budget. A
        complete size can be tested in any case."""
        return self._found.complete

    @property
    def reasons(self) -> list[Reason]:
        """The layers that restrict the sizes, with their conditions."""
        return answer(self._found).reasons

    @property
    def nearest(self) -> list[tuple[int, ...]]:
        """The valid sizes nearest to the spec's own; empty if that is valid."""
        return answer(self._found).nearest

    def __contains__(self, size: object) -> bool:
        return (
            isinstance(size, tuple)
            and len(size) == len(self._found.axes)
            and all(isinstance(n, int) and n > 0 for n in size)
            and is_valid(self._found, size)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in `archcalc inputs --format json`."""
        return as_dict(self._found)

    def __str__(self) -> str:
        return text(self._found, columns=80)

    def __repr__(self) -> str:
        name = self._found.spec.name
        if not self.complete:
            return f"<archcalc.Inputs of {name}: undecided>"
        note = " (coupled)" if self.coupled else ""
        return f"<archcalc.Inputs of {name}: {'; '.join(together(self.axes.items()))}{note}>"


def inputs(source: Net | str | PathLike[str]) -> Inputs:
    """The valid input sizes of a spec."""
    found = explore(*_opened(source))
    if not found.axes:
        raise ValueError(f"{found.spec.name} has no input with spatial axes")
    return Inputs(found)


def _opened(
    source: Net | str | PathLike[str],
) -> tuple[Spec, dict[str, Any], dict[str, Shape]]:
    """The spec, and the settings with which a net was loaded."""
    if not isinstance(source, Net):
        from archcalc.pipeline import parse

        spec, diagnostics = parse(source, False)
        if spec is None or diagnostics.failed:
            raise SpecError(diagnostics.items)
        return spec, {}, {}
    return source.spec, *source.given()
