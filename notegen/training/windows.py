"""Windows: what the classic model learns from.

A spectrogram is kept as it is, as one array of frames. Windows are places in it, gathered a batch at a time:
stored, they would take as many times its memory as they are long.
"""

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.audio.features import FRAME_RATE
from notegen.audio.frames import Span
from notegen.errors import RangeError
from notegen.model.bundle import Weights
from notegen.model.classic import ClassicConfig
from notegen.training.packing import Step, Steps

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

    def learned(self, rows: int, time: int, rng: np.random.Generator) -> "Windows":  # noqa: ARG002 (read whole)
        """Return the steps of a pass: all windows to learn from, shuffled, at most `rows` a step."""
        return Windows(self, rng.permutation(self._starts(self.train)), rows)

    def held_out(self, rows: int, time: int) -> "Windows":  # noqa: ARG002 (a window is read whole)
        """Return the steps of all windows to measure on."""
        return Windows(self, self._starts(self.valid), rows)

    def identity(self) -> list[int]:
        """Return how many frames there are, how many windows to learn from, and a checksum."""
        checksum = 0
        for at in range(0, len(self.frames), 4096):
            checksum = zlib.crc32(self.frames[at : at + 4096].tobytes(), checksum)
        return [len(self.frames), len(self._starts(self.train)), checksum]

    def copying(self) -> float:
        """Return the figure of a model that says each held-out frame will be like the frame before it."""
        targets = self._starts(self.valid) + self.config.window
        parts = [targets[at : at + 512] for at in range(0, len(targets), 512)]
        errors = sum(float(np.square(self.frames[at] - self.frames[at - 1]).mean(1).sum()) for at in parts)
        return errors / self.divisor

    def _starts(self, spans: list[Span]) -> Starts:
        """Return where the windows begin that have the frame behind them in the same span."""
        starts = [np.arange(start, stop - self.config.window) for start, stop in spans]
        return np.concatenate([np.zeros(0, np.int64), *starts])


@dataclass(frozen=True)
class Windows(Steps):
    """The steps of a pass over windows.

    Parameters
    ----------
    material : WindowMaterial
    starts : array of int64, shape (windows,)
    rows : int
        Windows a step; the last may have fewer.
    """

    material: WindowMaterial
    starts: Starts
    rows: int

    def __len__(self) -> int:
        return -(-len(self.starts) // self.rows)

    def step(self, index: int) -> Step:
        """Return windows, shape (rows, window, BINS), and the frames behind them, shape (rows, BINS)."""
        starts = self.starts[index * self.rows : (index + 1) * self.rows]
        frames, window = self.material.frames, self.material.config.window
        windows: NDArray[Any] = np.asarray(frames[starts[:, None] + np.arange(window)])
        targets: NDArray[Any] = np.asarray(frames[starts + window])
        return Step(windows, targets, None, len(starts))
