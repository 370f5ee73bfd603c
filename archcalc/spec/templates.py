"""Strings with `$(…)` parts, each an expression that is substituted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcalc.diagnostics import DiagnosticError
from archcalc.spec.expressions import Misplaced, piece, read, split_parts
from archcalc.spec.limits import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcalc.spec.expressions import Meaning

    Names = dict[str, Any]
    Run = Callable[[Names], Any]


def compile_template(text: str) -> Meaning:
    """The meaning of a string with `$(…)` parts. Raises `Misplaced` if one is not closed."""
    parts: list[str | Run] = []
    checks: list[Run] = []
    for part, start in split_parts(text):
        if start is None:
            parts.append(part)
            continue
        constant, run, check = read(part, True)
        parts.append(_giver(run) if constant else _moved(run, start, len(part)))
        if check is not None:
            checks.append(_moved(check, start, len(part)))

    def fill(names: Names) -> str:
        filled = "".join([p if isinstance(p, str) else piece(p(names)) for p in parts])
        if len(filled) > MAX_TEXT:
            raise DiagnosticError("too-large", f"a string has at most {MAX_TEXT:,} characters")
        return filled

    def check_all(names: Names) -> None:
        for check in checks:
            check(names)

    return False, fill, check_all


def _giver(value: Any) -> Run:
    return lambda _names: value


def _moved(run: Run, start: int, length: int) -> Run:
    """The same function for a part of a string that begins at `start`, with error positions
    shifted."""

    def moved(names: Names) -> Any:
        try:
            return run(names)
        except Misplaced as error:
            begin, end = error.part
            error.part = (begin + start, end + start) if end else (start, start + length)
            raise

    return moved
