"""What is being done, said while it goes on."""

import sys
import time

import click

_SOON = 1.0  # seconds: what is faster needs no word


class Stages:
    """One live line on a terminal with the time that has passed; elsewhere nothing is said."""

    def __init__(self) -> None:
        self.begun, self.live = time.monotonic(), sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Say what is being done now."""
        passed = time.monotonic() - self.begun
        if self.live and passed > _SOON:
            click.echo(f"\r\033[K{text} ({passed:.0f} s)", nl=False, err=True)

    def __enter__(self) -> "Stages":
        return self

    def __exit__(self, *_: object) -> None:
        """Take the line away."""
        if self.live:
            click.echo("\r\033[K", nl=False, err=True)
