"""Nets side by side: metrics with ratios, and the layers that differ.

`align.py` matches the layers, `data.py` has the result, one file per format writes it.
"""
