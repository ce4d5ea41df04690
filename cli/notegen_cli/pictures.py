"""Pictures made of characters, as far as the terminal can show them."""

import os
import sys
from collections.abc import Mapping

import click


def wants_colour() -> bool:
    """Whether standard output is a terminal on which no one has turned colours off."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def echo(text: str, plain: Mapping[int, int]) -> None:
    """Print a picture; where its characters cannot be shown, those of a table that can."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(plain).encode(encoding, "replace").decode(encoding)
    click.echo(text, nl=False)
