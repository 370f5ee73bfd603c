"""From the text of a spec to code: see `ir.py`."""
