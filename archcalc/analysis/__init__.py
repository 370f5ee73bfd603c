"""The passes over a finished graph, one file per pass; `analyze.py` runs them in order."""
