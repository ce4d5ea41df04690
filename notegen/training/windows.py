"""Windows: what the classic model learns from.

A spectrogram is kept as it is, as one array of frames. Windows are places in it, gathered a batch at a time:
stored, they would take as many times its memory as they are long.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.audio.features import FRAME_RATE
from notegen.audio.frames import Span
from notegen.errors import RangeError
from notegen.model.bundle import Weights
from notegen.model.classic import ClassicConfig
from notegen.training.batches import Step

Starts = NDArray[np.int64]  # where windows begin


@dataclass(frozen=True)
class WindowMaterial:
    """Windows of a spectrogram, each with the frame behind it: a `notegen.training.material.Material`.

    Parameters
    ----------
    frames : array of float32, shape (frames, BINS)
        See `notegen.audio.spectra`.
    train, valid : list of Span
        The frames to learn from and to measure on. No window reaches out of its span.
    config : ClassicConfig

    Raises
    ------
    RangeError
        If no span of a side holds a window and the frame behind it.
    """

    frames: NDArray[np.float32]
    train: list[Span]
    valid: list[Span]
    config: ClassicConfig = field(default_factory=ClassicConfig)
    figure: str = "squared error"
    given: Weights = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (len(self._starts(self.train)) and len(self._starts(self.valid))):
            seconds = len(self.frames) / FRAME_RATE
            raise RangeError(f"{seconds:.1f} s are too short for the classic model, which needs some 20 s")

    @property
    def divisor(self) -> float:
        """How many frames are held out to be predicted."""
        return float(len(self._starts(self.valid)))

    def batches(self, size: int, rng: np.random.Generator) -> list[Starts]:
        """Return the places of all windows to learn from, shuffled, at most `size` a batch."""
        return _split(rng.permutation(self._starts(self.train)), size)

    def held_out(self, size: int) -> list[Starts]:
        """Return the places of all windows to measure on."""
        return _split(self._starts(self.valid), size)

    def steps(self, batch: Starts, longest: int) -> Iterator[Step]:  # noqa: ARG002 (a window is read whole)
        """Yield the batch's windows, shape (batch, window, BINS), and the frames behind them."""
        places = batch[:, None] + np.arange(self.config.window)
        windows: NDArray[Any] = np.asarray(self.frames[places])
        targets: NDArray[Any] = np.asarray(self.frames[batch + self.config.window])
        yield Step(windows, targets, True, len(batch))

    def identity(self) -> list[int]:
        """Return how many frames there are, how many windows to learn from, and a checksum."""
        checksum = 0
        for at in range(0, len(self.frames), 4096):
            checksum = zlib.crc32(self.frames[at : at + 4096].tobytes(), checksum)
        return [len(self.frames), len(self._starts(self.train)), checksum]

    def copying(self) -> float:
        """Return the figure of a model that says each held-out frame will be like the frame before it."""
        targets = self._starts(self.valid) + self.config.window
        parts = _split(targets, 512)
        errors = sum(float(np.square(self.frames[at] - self.frames[at - 1]).mean(1).sum()) for at in parts)
        return errors / self.divisor

    def _starts(self, spans: list[Span]) -> Starts:
        """Return where the windows begin that have the frame behind them in the same span."""
        starts = [np.arange(start, stop - self.config.window) for start, stop in spans]
        return np.concatenate([np.zeros(0, np.int64), *starts])


def _split(starts: Starts, size: int) -> list[Starts]:
    return [starts[at : at + size] for at in range(0, len(starts), size)]
