"""Groups of commands that are imported when they are called."""

import importlib
from collections.abc import Mapping
from typing import Any

import click


class Lazy(click.Group):
    """A group that knows its commands by one line each, and imports the one that is called.

    Parameters
    ----------
    commands : mapping of str to str
        The line that `--help` prints of each, by its name.
    package : str
        Where their modules are; each module has a `command`.
    """

    def __init__(self, *args: Any, commands: Mapping[str, str], package: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.lines, self.package = commands, package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click calls it so)
        """Return the names, in the order of the help."""
        return list(self.lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in self.lines:
            return None
        module = importlib.import_module(f"{self.package}.{cmd_name}")
        command: click.Command = module.command
        command.short_help = self.lines[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.lines.items()))
