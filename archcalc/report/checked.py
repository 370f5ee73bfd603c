"""One checked spec: what every format writes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from archcalc.analysis.figures import ExpectationReport, Report
    from archcalc.diagnostics import Diagnostic


class Checked(NamedTuple):
    """A spec with its report.

    `source` is what the user asked for: a file or the name of a net in the catalogue. `report` is
    None where the text could not be read as a spec. `expectations` and `diagnostics` are the
    report's, with those of the cases that were run.
    """

    source: str
    report: Report | None
    expectations: tuple[ExpectationReport, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> int:
        """How many there are; an expectation that fails is one."""
        return sum(d.severity == "error" for d in self.diagnostics)

    @property
    def ok(self) -> bool:
        """A net that could be read, without errors, and what is expected of it holds."""
        return self.report is not None and not self.errors
