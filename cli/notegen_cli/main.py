"""The program ``notegen``: finds the command, and turns errors into one sentence and an exit code."""

import importlib
import os
import sys

import click

from notegen import __version__
from notegen.errors import NotegenError, UsageError

COMMANDS = {
    "compose": "Continue a MIDI file, or begin a tune.",
    "show": "Draw a piano roll, or print one.",
    "engrave": "Write sheet music.",
    "render": "Write sound.",
    "play": "Play a file.",
    "audio": "Look at recordings.",
    "train": "Train a model on your own tunes.",
    "corpus": "Look at what there is to train on.",
    "models": "List models, or show one.",
    "tokens": "Print a file as the tokens that a model sees.",
}


class _Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click calls it so)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"notegen_cli.{cmd_name}")
        command: click.Command = module.command
        command.short_help = COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="notegen")
def program() -> None:
    """Continue your music with a model of folk tunes, or train a model on your own."""


def main() -> None:
    """Run the program; the exit code is 1 for bad data and 2 for bad usage."""
    try:
        sys.exit(program.main(standalone_mode=False))
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except NotegenError as error:
        click.echo(f"notegen: {error}", err=True)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except Exception as error:
        if "NOTEGEN_DEBUG" in os.environ:
            raise
        click.echo(
            f"notegen: this is a mistake in notegen ({type(error).__name__}: {error}); "
            "please report it with what NOTEGEN_DEBUG=1 shows",
            err=True,
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
