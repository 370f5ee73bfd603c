"""Closed formulas, and the exact set of valid input sizes, from the formulas that `check` runs.

A spec is walked with symbolic numbers (`traced.py`); every comparison that the walk makes with them
is recorded with the layer that makes it (`symbolic_walk.py`). Expressions are exact terms
(`terms.py`, `division.py`, `bounds.py`) instead of SymPy's, because nested floors must be
simplified while they arise; `to_sympy.py` converts them. `formula.py` reads metrics off such a
walk; `region_cover.py` walks once for every way in which the comparisons can turn out
(`periodicity.py` decides each condition for all sizes), and `valid_sizes.py` derives the valid
sizes.
"""
