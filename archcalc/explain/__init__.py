"""Where a figure comes from: its formula, the numbers put in, and the result.

The formulas are those that `check` runs, run once more on numbers that remember how they came
about (`written.py`); none is written a second time.
"""
