"""The operations: each owns its mathematics and knows nothing of files, tables or PyTorch.

`registry.OPERATIONS` is the one explicit tuple of all of them; one file a family.
"""
