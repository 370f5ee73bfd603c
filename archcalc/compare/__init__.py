"""Nets side by side: figures with ratios, and the layers that make the difference.

`align.py` matches the layers, `data.py` has the result, one file a format writes it.
"""
