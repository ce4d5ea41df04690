"""How far a training is, told while it goes on."""

import math
import sys
import time

import click
from tqdm import tqdm

from notegen.training.progress import Progress

_EVERY = 30.0  # seconds between plain lines


class Live:
    """One live line on a terminal; elsewhere a plain line now and then.

    With `quiet` nothing is said of each epoch: the training is a step on the way to something else.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.bar = tqdm(bar_format="{desc}", file=sys.stderr, disable=not sys.stderr.isatty())
        self.quiet, self.last = quiet, time.monotonic() if quiet else 0.0

    def show(self, progress: Progress) -> None:
        """Say where a training stands."""
        left = time.strftime("%H:%M:%S", time.gmtime(progress.seconds_left))
        best = f"best {progress.best:.3f} {progress.figure}, " if math.isfinite(progress.best) else ""
        text = (
            f"epoch {progress.epoch}/{progress.epochs}, step {progress.step}/{progress.steps}: "
            f"loss {progress.loss:.3f}, {progress.tokens_per_second:,.0f} tokens/s, {best}at most {left} left"
        )
        self.bar.set_description_str(text)
        if progress.news:
            tqdm.write(progress.news, sys.stderr)
        if progress.bits is not None and not self.quiet:
            tqdm.write(
                f"epoch {progress.epoch}: {progress.bits:.3f} {progress.figure} on validation", sys.stdout
            )
        elif self.bar.disable and time.monotonic() - self.last > _EVERY:
            click.echo(text, err=self.quiet)
            self.last = time.monotonic()

    def close(self) -> None:
        """Leave the line."""
        self.bar.close()
