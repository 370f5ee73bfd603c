"""Where a figure comes from: its formula, with the numbers, and the result.

The formulas are those that `check` runs, run once more on symbolic numbers with names: none is
written a second time. `terms.py` shows symbolic numbers as they were computed, `equations.py` has
the figures of a layer, `explanation.py` those of any part of a net, `text.py` writes them out, and
`reference.py` documents operations and diagnostic codes.
"""
