"""The commands, one file each: a function of the command's name, its parameters typer's.

A file is imported when its command runs or help is asked for, and imports the work itself inside
the function.
"""

COMMANDS = (
    "check",
    "compare",
    "explain",
    "export",
    "formula",
    "import",
    "inputs",
    "list",
    "new",
    "render",
    "verify",
)
