"""Where a training stands: said while it goes on, and kept as a table."""

import csv
import io
import time
from dataclasses import dataclass
from pathlib import Path

from notegen.files import write_atomically

_RECENT = 50  # steps that the speed is measured over


@dataclass
class Progress:
    """Where a training stands; `bits`, the validation, is None before the end of the epoch."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float  # nats a token, a mean over the epoch
    tokens_per_second: float
    seconds_left: float
    bits: float | None = None
    best: float = float("inf")
    figure: str = ""  # what `bits` and `best` are, such as "bits per note"
    news: str = ""  # a sentence on what happened, or nothing


Row = list[float | None]  # epoch, updates, seconds, nats a token learned from; the figure, at an epoch's end
HEADER = ("epoch", "updates", "seconds", "train_nats_per_token")


def write_table(path: Path, rows: list[Row], figure: str) -> None:
    """Write how a training went as CSV, whole or not at all.

    Parameters
    ----------
    path : Path
    rows : list of Row
    figure : str
        Such as "bits per note".
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*HEADER, f"valid_{figure.replace(' ', '_')}"])
    for epoch, updates, seconds, nats, bits in rows:
        writer.writerow(
            [epoch, updates, round(seconds or 0), f"{nats:.4f}", "" if bits is None else f"{bits:.4f}"]
        )
    write_atomically(path, text.getvalue().encode(), force=True)


class Speed:
    """Tokens a second and seconds a step, over the last steps."""

    def __init__(self) -> None:
        self.marks = [(time.monotonic(), 0)]

    def add(self, tokens: int) -> None:
        """Note that a step is done."""
        self.marks = [*self.marks[-_RECENT:], (time.monotonic(), self.marks[-1][1] + tokens)]

    @property
    def tokens(self) -> float:
        """Tokens a second."""
        (begun, before), (now, after) = self.marks[0], self.marks[-1]
        return (after - before) / max(1e-9, now - begun)

    @property
    def step(self) -> float:
        """Seconds a step."""
        return (self.marks[-1][0] - self.marks[0][0]) / max(1, len(self.marks) - 1)
