"""From text to syntax: reading files, YAML with positions, expressions, the schema of a spec.

Nothing here knows a shape. `archcalc.elaborate` turns this syntax into a graph.
"""
