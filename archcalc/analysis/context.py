"""A report in the making: what the passes share, each filling in its own part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcalc.diagnostics import Diagnostics

if TYPE_CHECKING:
    from archcalc.analysis.cost import Costs
    from archcalc.analysis.figures import Depth, ExpectationReport
    from archcalc.analysis.receptive_field import Fields
    from archcalc.graph import Net


class AnalysisContext:
    """The net, and what the passes that have run say of it."""

    costs: Costs
    fields: Fields
    peak_activation_bytes: int | None
    depth: Depth | None
    expectations: tuple[ExpectationReport, ...]

    def __init__(self, net: Net, dtype: str) -> None:
        self.net = net
        self.dtype = dtype
        self.diagnostics = Diagnostics()
