"""Spectra: a recording as linear magnitudes, the frames of the classic model, and back to sound.

Frames are those of `notegen.audio.features` before the bands: frame i is centred on sample i * HOP of the
sound in mono at 22,050 Hz, and holds WINDOW // 2 + 1 magnitudes.
"""

import tempfile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.audio.features import WINDOW, power_spectra
from notegen.audio.phase import BINS, griffin_lim
from notegen.audio.recording import Recording, mono_blocks
from notegen.errors import EmptyError

LOUDEST = 100.0  # of a spectrogram; most bins then vary by far more than batch normalisation adds
ROUNDS = 60  # of Griffin-Lim, as in the course
_SILENCE = 1e-4 * WINDOW / 4  # the magnitude of a sine of 1e-4 of full scale
_BLOCK = 4096  # frames


class Spectra(NamedTuple):
    """A recording's magnitudes, and what turns them back into its own."""

    frames: NDArray[np.float32]  # (frames, BINS), from 0 to LOUDEST
    unit: float  # the recording's magnitude where `frames` has 1


def spectra(recording: Recording) -> Spectra:
    """Return a recording's magnitudes, of which the loudest is `LOUDEST`.

    They lie in a temporary file, so that memory stays flat however long the recording is.

    Raises
    ------
    EmptyError
        If the recording is silent.
    FormatError
        If it is damaged.
    """
    loudest = 0.0
    with tempfile.TemporaryFile() as file:
        for power in power_spectra(mono_blocks(recording)):
            loudest = max(loudest, float(power.max()) ** 0.5)
            file.write(np.sqrt(power).tobytes())
        file.flush()
        frames = np.memmap(file, np.float32, "r+").reshape(-1, BINS)
    if loudest < _SILENCE:
        raise EmptyError(f"{recording.path} is silent from beginning to end")
    for at in range(0, len(frames), _BLOCK):
        frames[at : at + _BLOCK] *= np.float32(LOUDEST / loudest)
    return Spectra(frames, loudest / LOUDEST)


def sound(frames: NDArray[np.float32], unit: float, *, seed: int = 0) -> NDArray[np.float32]:
    """Return the sound of magnitudes, in mono at 22,050 Hz: Griffin-Lim from a random phase.

    Parameters
    ----------
    frames : array of float32, shape (frames, BINS)
    unit : float
        That of the `Spectra`.
    seed : int
        Of the phase.

    Returns
    -------
    array of float32, shape ((frames - 1) * HOP,)
    """
    phase = np.random.default_rng(seed).random(frames.shape, np.float32) * np.float32(2 * np.pi)
    return griffin_lim(frames * np.float32(unit), phase, rounds=ROUNDS)
