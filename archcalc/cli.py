"""The command line: finds and runs the commands, which are in `commands/`, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from archcalc.commands import COMMANDS
from archcalc.report.stream import emit_error, full_disk, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Commands(Mapping[str, Any]):
    """The commands by name, each imported on use, to keep the start fast."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        one = typer.Typer(rich_markup_mode=None, add_completion=False)
        one.command(name, cls=_Command)(_function(name))
        return typer.main.get_command(one)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Command(TyperCommand):
    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Writes arguments as SPEC; newer versions of typer write {SPEC}."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


class _Group(TyperGroup):
    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.commands = _Commands()  # type: ignore[assignment]  # only ever read

    # Contexts and formatters are click's or, in newer versions, typer's own copies.
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            emit_error("archcalc: interrupted\n")
            raise typer.Exit(130) from None  # the status that shells use

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As in click, but a spec in place of a command gets a suggestion."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and _is_spec(name):
            ctx.fail(f"{name!r} is a spec, not a command: try `archcalc check {name}`")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """Lists the commands with the first line of their help, never cut."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in COMMANDS])


def _is_spec(name: str) -> bool:
    from archcalc.spec.files import catalogue_net

    return name.endswith((".yaml", ".yml")) or catalogue_net(name) is not None


def _function(name: str) -> Any:
    """The function of a command; `import` is a word of Python's own, so its file has an _."""
    word = f"{name}_" if iskeyword(name) else name
    return getattr(import_module(f"archcalc.commands.{word}"), word)


def _summary(name: str) -> str:
    text = _function(name).__doc__ or ""
    return str(text).partition("\n")[0]


def _version(asked: bool) -> None:
    if asked:
        from archcalc import __version__

        typer.echo(f"archcalc {__version__}")
        raise typer.Exit


# Without rich, whose import alone takes longer than a check.
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
    """Check, explain, draw and export convolutional networks defined in YAML.

    SPEC is a file, the name of a net in the catalogue, or - for standard input.

    \b
    Examples:
      archcalc check vgg16              metrics of a net of the catalogue
      archcalc explain vgg16 features.0 how its metrics are derived
      archcalc render resnet50          draw it to resnet50.svg
      archcalc new                      start a spec of your own
      archcalc check --help             options and more examples
    """


def run() -> None:
    """Runs the command that the arguments name, and exits."""
    prepare()
    with full_disk("stdout"):  # help and usage errors, which the commands do not write
        app(prog_name="archcalc")
