"""The program ``notegen``: finds the command, and turns errors into one sentence and an exit code."""

import os
import sys

import click

from notegen import __version__
from notegen.errors import NotegenError, UsageError
from notegen_cli.lazy import Lazy

COMMANDS = {
    "compose": "Continue a MIDI file, or begin a tune.",
    "show": "Draw a piano roll, or print one.",
    "engrave": "Write sheet music.",
    "render": "Write sound.",
    "play": "Play a file.",
    "audio": "Continue recordings, and train on them.",
    "train": "Train a model on your own tunes.",
    "evaluate": "Measure a model: likelihood, statistics, originality.",
    "compare": "Measure several models on the same tunes.",
    "corpus": "Get, build and look at what there is to train on.",
    "models": "List models, or show one.",
    "tokens": "Print a file as the tokens that a model sees.",
}


@click.command(
    cls=Lazy,
    commands=COMMANDS,
    package="notegen_cli",
    context_settings={"help_option_names": ["-h", "--help"]},
)
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
