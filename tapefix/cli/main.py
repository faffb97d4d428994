"""The program `tapefix`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tapefix import __version__
from tapefix.cli.check import check
from tapefix.cli.explain import explain
from tapefix.cli.fix import fix
from tapefix.cli.lsp import lsp
from tapefix.cli.migrate import migrate
from tapefix.cli.rules import rules
from tapefix.cli.undo import undo
from tapefix.cli.verify import verify
from tapefix.cli.why import why

# Plain help: importing what draws boxes around it takes longer than everything else.
app = typer.Typer(name="tapefix", no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tapefix {__version__}")
        raise typer.Exit()


@app.callback()
def tapefix(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find the line that broke a TensorFlow gradient, repair it, and prove the repair by running it."""


for command in (check, fix, migrate, verify, why, rules, explain, undo, lsp):
    app.command()(command)


def main() -> None:
    """Run the program."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
