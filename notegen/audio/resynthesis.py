"""Resynthesis: log-mel levels back to sound, where there are no grains to play."""

import math

import numpy as np
from numpy.typing import NDArray

from notegen.audio.features import FLOOR, filterbank
from notegen.audio.frames import Levels
from notegen.audio.phase import reconstruct
from notegen.audio.recording import RATE

_PEAK = 0.98  # of full scale; louder sound is made quieter


def sound_of(levels: Levels, loudest: float, rate: int, samples: int) -> NDArray[np.float64]:
    """Return sound in mono that has nearly these levels.

    Bands tell nothing of what lies within them: each gets an even spectrum.

    Parameters
    ----------
    levels : array of float32, shape (frames, BANDS)
        What lies at the floor is silent.
    loudest : float
        What 0 dB is, in decibels of power; see `notegen.audio.features.analyse`.
    rate : int
        Of the sound, in frames a second.
    samples : int
        How many of them.
    """
    power = np.where(levels > FLOOR, 10 ** ((levels.astype(np.float64) + loudest) / 10), 0.0)
    bank = filterbank().astype(np.float64)  # (bands, bins)
    density = power / bank.sum(axis=1)  # (frames, bands)
    shape = bank / bank.max(axis=1, keepdims=True)
    magnitude = np.sqrt(density @ (shape / np.maximum(shape.sum(axis=0), 1e-9))).astype(np.float32)
    return resampled(reconstruct(magnitude), rate, samples)


def resampled(sound: NDArray[np.float32], rate: int, samples: int) -> NDArray[np.float64]:
    """Return sound at 22,050 Hz at another rate, `samples` long, and below full scale."""
    from scipy.signal import resample_poly

    common = math.gcd(rate, RATE)
    made = resample_poly(sound.astype(np.float64), rate // common, RATE // common)
    out = np.zeros(samples)
    out[: len(made)] = made[:samples]
    return out * min(1.0, _PEAK / max(float(np.abs(out).max(initial=0)), 1e-9))
