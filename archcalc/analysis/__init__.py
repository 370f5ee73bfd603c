"""The passes over a finished graph, one file a pass; `analyze.py` runs them in a visible order."""
