"""The result of checking one spec, which every format writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from archcalc.analysis.figures import ExpectationReport, Report
    from archcalc.diagnostics import Diagnostic


class Checked(NamedTuple):
    """A spec with its report.

    `source` is what the user gave: a file or the name of a net in the catalogue. `report` is None
    if the text could not be parsed. `expectations` and `diagnostics` are the report's, including
    those of the cases that were run.
    """

    source: str
    report: Report | None
    expectations: tuple[ExpectationReport, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> int:
        """The number of errors, including failed expectations."""
        return sum(d.severity == "error" for d in self.diagnostics)

    @property
    def ok(self) -> bool:
        """Whether the net could be read without errors and all its expectations pass."""
        return self.report is not None and not self.errors
