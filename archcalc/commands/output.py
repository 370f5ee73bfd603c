"""Where commands write files: one way for all, and what goes wrong in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from typing import NoReturn

Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="File to write, or - for standard output. [default: standard output]",
        show_default=False,
    ),
]


def keep_spec(spec: str, output: str | None) -> None:
    """Raises `BadParameter` if the output is the spec file itself, which would be lost."""
    from pathlib import Path

    if output not in (None, "-") and (given := Path(spec)).is_file():
        target = Path(output or "")
        if target.is_file() and target.samefile(given):
            raise typer.BadParameter(f"{output} is the spec itself", param_hint="--output")


def save(path: str, data: bytes, *, tell: bool = True) -> None:
    """Writes a file completely or not at all ("-": standard output) and says so on standard
    error; exits with 2 if it cannot be written."""
    from archcalc.report.stream import emit_error, write_file
    from archcalc.report.text import printable

    try:
        write_file(path, data)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        fail(f"cannot write {path}: {getattr(error, 'strerror', None) or error}")
    if tell and path != "-":
        emit_error(f"wrote {printable(path)}\n")


def fail(message: str) -> NoReturn:
    """Ends a command that could not do its work for a reason outside the spec: exit status 2."""
    from archcalc.report.stream import emit_error
    from archcalc.report.text import printable

    emit_error(f"archcalc: {printable(message)}\n")
    raise typer.Exit(2)
