"""The command line: which commands there are. What they do is in `commands/`, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from archcalc.commands import COMMANDS
from archcalc.report.stream import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Commands(Mapping[str, Any]):
    """The commands by name, each imported when it is asked for: the cold start counts."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        module = import_module(f"archcalc.commands.{name}")
        one = typer.Typer(rich_markup_mode=None, add_completion=False)
        one.command(name)(getattr(module, name))
        return typer.main.get_command(one)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Group(TyperGroup):
    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.commands = _Commands()  # type: ignore[assignment]  # only ever read


def _version(asked: bool) -> None:
    if asked:
        from archcalc import __version__

        typer.echo(f"archcalc {__version__}")
        raise typer.Exit


# Without rich: its import alone takes longer than a check.
app = typer.Typer(
    name="archcalc",
    cls=_Group,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _archcalc(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Check, explain, draw and export convolutional networks from one YAML spec.

    \b
    Examples:
      archcalc check vgg16.yaml            every figure of a net of the catalogue
      archcalc check my.yaml --depth all   down to the last layer
      archcalc check --help                more examples
    """


def run() -> None:
    """Runs the command that the arguments name, and exits."""
    prepare()
    app(prog_name="archcalc")
