"""Closed formulas, and the exact set of inputs that work, from the formulas that `check` runs.

A spec is walked once with numbers that remember how they came about (`traced.py`); every
comparison that the walk makes of such a number is kept with the layer that made it (`trace.py`).
The expressions are exact terms of our own (`terms.py`, `division.py`, `bounds.py`), because nested
floors have to be simplified while they arise; `to_sympy.py` makes SymPy's of them. `formula.py`
reads figures off such a walk; `explore.py` walks once for every way that sizes can go and says
which of them are valid (`sides.py` decides each condition for all sizes by its period).
"""
