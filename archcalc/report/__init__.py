"""Reports in the formats people and programs read: one file a format.

They read a finished `Report` and never ask which operation a row is. `rows.py` says which rows a
table shows, `numbers.py` and `text.py` how figures and names are written.
"""
