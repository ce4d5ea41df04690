"""What every command that trains does: show how far it is, take Ctrl-C, and draw the curve at the end."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from notegen.model.bundle import Bundle
from notegen.training.progress import Progress
from notegen_cli.live import Live


def trained(train: Callable[[Callable[[Progress], None]], Bundle], output: Path, figure: str) -> Bundle:
    """Run a training that reports its progress; leave its learning curve beside the bundle as a picture.

    Ctrl-C ends the program when the training has left its state and the best weights.

    Parameters
    ----------
    train : callable
        Trains, given what is to be called with each `Progress`.
    output : Path
        The bundle that it writes.
    figure : str
        What is measured on validation, such as "bits per note".
    """
    from notegen.files import write_atomically
    from notegen.report.curve import learning_curve

    live = Live()
    try:
        bundle = train(live.show)
    except KeyboardInterrupt:
        live.close()
        click.echo(f"Stopped. {output} holds the best weights so far; the same command goes on from here.")
        sys.exit(130)
    finally:
        live.close()
    picture = learning_curve(bundle.provenance["curve"], figure)
    write_atomically(output.with_suffix(".svg"), picture.encode(), force=True)
    return bundle
