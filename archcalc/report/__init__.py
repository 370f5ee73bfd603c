"""Reports in formats for people and programs, one file per format.

They read a finished `Report` and never ask which operation a row is. `rows.py` selects the rows of
a table, `numbers.py` and `text.py` format numbers and names.
"""
