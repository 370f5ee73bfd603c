"""The state that the passes share while a report is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import Diagnostics

if TYPE_CHECKING:
    from archcalc.analysis.cost import Costs
    from archcalc.analysis.figures import Depth, ExpectationReport
    from archcalc.analysis.receptive_field import Fields
    from archcalc.graph import Net


class AnalysisContext:
    """The net, and the results of the passes that have run."""

    costs: Costs
    fields: Fields
    peak_activation_bytes: int | None
    depth: Depth | None
    expectations: tuple[ExpectationReport, ...]

    def __init__(self, net: Net, dtype: str) -> None:
        self.net = net
        self.dtype = dtype
        self.diagnostics = Diagnostics()
