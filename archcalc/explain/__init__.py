"""How a number is derived: its formula, with the numbers filled in, and the result.

The formulas are those that `check` uses, evaluated with named symbolic numbers: none is written
twice. `terms.py` shows symbolic numbers as they were computed, `equations.py` has the metrics of a
layer, `explanation.py` those of any part of a net, `text.py` writes them, and `reference.py`
documents operations and diagnostic codes.
"""
