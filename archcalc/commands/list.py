"""`archcalc list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcalc.catalogue.entries import Entry
    from archcalc.diagnostics import Fault

Format = Literal["table", "json", "markdown"]


def list(
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD",
            help="Order by a field; -FIELD: the largest first. [default: by family and name]",
            show_default=False,
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITION",
            help="Only the nets that fulfil a condition on their fields.",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="What to write.")] = "table",
) -> None:
    """List the nets of the catalogue with their figures.

    \b
    Fields: name, family, input, params, buffers, macs, flops, activations,
    peak_activation_bytes, depth, shortest_depth, paths, receptive_field;
    to sort by, title and source as well.

    A condition has comparisons, arithmetic, and, or, not; numbers may end in K, M, G, B, T, Ki,
    Mi, Gi.

    \b
    Examples:
      archcalc list
      archcalc list --where "params < 5M" --sort -macs
      archcalc list --where "family == resnet and depth > 50"
      archcalc list --where "input == 3x224x224 and macs/params > 100"
      archcalc list --format json | jq '.nets[].name'
    """
    from archcalc.catalogue import formats
    from archcalc.report.formats import terminal_columns
    from archcalc.report.stream import emit

    found = _chosen(sort, where)
    if format_ == "json":
        emit(formats.json(found))
    elif format_ == "markdown":
        emit(formats.markdown(found))
    elif not found:
        emit(f"no net of the catalogue has {where}\n")
    else:
        import sys

        from archcalc.report.palette import wants_colour

        colour = wants_colour(sys.stdout)
        emit(formats.table(found, terminal_columns(), colour, grouped=sort is None))


def _chosen(sort: str | None, where: str | None) -> Sequence[Entry]:
    from archcalc.catalogue.entries import entries
    from archcalc.catalogue.query import condition, ordered
    from archcalc.diagnostics import Fault

    found = entries()
    try:
        if where is not None:
            words = [word for entry in found for word in (entry.name, entry.family)]
            holds = condition(where, words)
            found = [entry for entry in found if holds(entry)]
    except Fault as fault:
        raise typer.BadParameter(f"{where!r}: {_told(fault)}", param_hint="--where") from fault
    try:
        return found if sort is None else ordered(found, sort)
    except Fault as fault:
        raise typer.BadParameter(_told(fault), param_hint="--sort") from fault


def _told(fault: Fault) -> str:
    message = f"{fault.message}: {fault.label}" if fault.label else fault.message
    return f"{message}; {fault.help}" if fault.help else message
