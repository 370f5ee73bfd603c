"""The nets that ship with archcalc: their metrics, queries, and copies to start from."""
