"""The option of commands that measure models: how much these remember of each tune."""

import click

from notegen.model.assemble import MEMORY

memory_option = click.option(
    "--memory",
    default=MEMORY,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="How much memory of each tune has to say; 0 for none.",
)
