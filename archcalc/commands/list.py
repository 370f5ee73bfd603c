"""`archcalc list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcalc.catalogue.entries import Entry
    from archcalc.diagnostics import DiagnosticError

Format = Literal["table", "json", "markdown"]
Grouping = Literal["family", "task", "year"]


def list(
    by: Annotated[Grouping, typer.Option("--by", help="Group the nets under headings.")] = "family",
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD",
            help="Sort by a field, without headings; -FIELD: largest first.",
            show_default=False,
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITION",
            help="List only the nets that meet a condition.",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="Output format.")] = "table",
) -> None:
    """List the nets of the catalogue.

    \b
    Fields: name, family, task, year, input, params, buffers, macs, flops,
    activations, peak_activation_bytes, depth, shortest_depth, paths,
    receptive_field; --sort also takes title and source.

    A condition is an expression over the fields: comparisons, arithmetic, and, or, not. Numbers
    may end in K, M, G, B, T, Ki, Mi or Gi.

    \b
    Examples:
      archcalc list
      archcalc list --by task
      archcalc list --where "params < 5M" --sort -macs
      archcalc list --where "family == resnet and depth > 50"
      archcalc list --where "task == classification and year >= 2018"
      archcalc list --format json | jq '.nets[].name'
    """
    from archcalc.catalogue import formats
    from archcalc.report.formats import terminal_columns
    from archcalc.report.stream import emit

    found = _chosen(sort, by, where)
    if format_ == "json":
        emit(formats.json(found))
    elif format_ == "markdown":
        emit(formats.markdown(found))
    elif not found:
        emit(f"no net of the catalogue matches {where}\n")
    else:
        import sys

        from archcalc.report.palette import wants_colour

        colour = wants_colour(sys.stdout)
        emit(formats.table(found, terminal_columns(), colour, by=None if sort else by))


def _chosen(sort: str | None, by: str, where: str | None) -> Sequence[Entry]:
    from archcalc.catalogue.entries import entries
    from archcalc.catalogue.query import condition, ordered
    from archcalc.diagnostics import DiagnosticError

    found = entries()
    try:
        if where is not None:
            words = [word for entry in found for word in (entry.name, entry.family, entry.task)]
            holds = condition(where, words)
            found = [entry for entry in found if holds(entry)]
    except DiagnosticError as error:
        raise typer.BadParameter(f"{where!r}: {_told(error)}", param_hint="--where") from error
    try:
        return ordered(found, sort or by)
    except DiagnosticError as error:
        raise typer.BadParameter(_told(error), param_hint="--sort") from error


def _told(error: DiagnosticError) -> str:
    message = f"{error.message}: {error.label}" if error.label else error.message
    return f"{message}; {error.help}" if error.help else message
