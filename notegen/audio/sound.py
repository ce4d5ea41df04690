"""A recording as the toolkit hears it: its file, its levels, and its beat."""

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike

from notegen.audio import recording
from notegen.audio.features import analyse
from notegen.audio.frames import Clock, Levels, Span, sounding
from notegen.audio.recording import Recording


@dataclass(frozen=True)
class Sound:
    """A recording, heard.

    Parameters
    ----------
    recording : Recording
    levels : array of float32, shape (frames, BANDS)
        See `notegen.audio.features`.
    loudest : float
        What 0 dB of the levels is, in decibels of power.
    clock : Clock
    """

    recording: Recording
    levels: Levels
    loudest: float
    clock: Clock

    @property
    def span(self) -> Span:
        """The frames between the silence at either end."""
        return sounding(self.levels)


def hear(path: str | PathLike[str], progress: Callable[[float], object] | None = None) -> Sound:
    """Read a recording; `progress` is told the share that was read, now and then.

    Raises
    ------
    DataError
        If the file is missing, damaged, no sound, silent or shorter than half a second.
    """
    opened = recording.open(path)
    levels, loudest = analyse(opened, progress)
    return Sound(opened, levels, loudest, Clock.of(levels))
