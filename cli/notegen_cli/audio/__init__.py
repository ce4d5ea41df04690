"""notegen audio: the commands for recordings, each in a module of its own."""

import click

from notegen_cli.lazy import Lazy

COMMANDS = {
    "compose": "Continue a recording.",
    "train": "Train a model on recordings.",
    "show": "Draw a spectrogram, or print one.",
    "evaluate": "Measure a model of recordings.",
}


@click.command(cls=Lazy, commands=COMMANDS, package="notegen_cli.audio")
def command() -> None:
    """Continue recordings, and train on them."""
