"""What every command that trains does: show how far it is, take Ctrl-C, and draw the curve at the end."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from notegen.model.bundle import Bundle
from notegen.training.progress import Progress
from notegen_cli.live import Live


def trained(
    train: Callable[[Callable[[Progress], None]], Bundle], output: Path, figure: str
) -> Bundle | None:
    """Run a training that reports its progress; leave its learning curve beside the bundle as a picture.

    Ctrl-C ends the program when the training has left its state and the best weights. Of several workers only
    the first writes and tells; for the others None is returned.

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
    from notegen.training import workers

    if others := workers.others():
        click.echo(f"waiting for {len(others)} more worker{'s' * (len(others) != 1)}: {', '.join(others)}")
    live = Live()
    try:
        bundle = train(live.show)
    except KeyboardInterrupt:
        live.close()
        if workers.is_chief():
            click.echo(
                f"Stopped. {output} holds the best weights so far; the same command goes on from here."
            )
        sys.exit(130)
    finally:
        live.close()
    if not workers.is_chief():
        return None
    picture = learning_curve(bundle.provenance["curve"], figure)
    write_atomically(output.with_suffix(".svg"), picture.encode(), force=True)
    return bundle
