"""Beats: the pulse of a recording, found in its log-mel frames.

Times are in frames of `features`, `FRAME_RATE` a second. Beats lie within two frames of the onsets that they
follow, most often in front of them, where the window first meets a sound.
"""

import numpy as np
from numpy.typing import NDArray

from notegen.audio.features import FRAME_RATE

PHASES = 16
SLOWEST, FASTEST = 40.0, 240.0  # beats a minute
_LIKELY, _OCTAVES = 110.0, 0.6  # beats a minute; the prior's centre and its standard deviation
_SPAN = 512  # frames in which the tempo is taken to be steady: 12 s
_FINER = 8  # lags a frame: periods are no whole numbers of frames
_LOCAL = 43  # frames over which the strength is compared: 1 s
_TIGHT = 100.0  # how much steadiness counts against strength
_CLEAR = 0.15  # the least autocorrelation at the period; noise stays below

Envelope = NDArray[np.float64]


def track(levels: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the frames at which beats fall; none where the music has no beat.

    A path of strong onsets at even distances, by dynamic programming: D. Ellis, "Beat Tracking by
    Dynamic Programming", Journal of New Music Research 36, 2007.

    Parameters
    ----------
    levels : array of float32, shape (frames, bands), in decibels

    Returns
    -------
    array of int64, shape (beats,), rising
    """
    onsets = strength(levels)
    found = tempo(onsets)
    if found is None:
        return np.zeros(0, np.int64)
    period = 60 * FRAME_RATE / found
    score, before = _paths(onsets / onsets.std(), period)
    last = len(score) - round(period) + int(score[-round(period) :].argmax())
    beats = [last]
    while before[beats[-1]] >= 0:
        beats.append(int(before[beats[-1]]))
    heard = np.flatnonzero(onsets[beats] > 0)  # in silence at either end there are no beats
    return np.array(beats[::-1])[len(beats) - 1 - heard[-1] : len(beats) - heard[0]]


def strength(levels: NDArray[np.float32]) -> Envelope:
    """Return how strongly notes begin at each frame: the rise in level, mean of all bands.

    Shape (frames,), in decibels, less the mean of the second around each frame.
    """
    rise: Envelope = np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0).mean(axis=1, dtype=np.float64)
    total = np.pad(rise.cumsum(), (_LOCAL // 2 + 1, _LOCAL // 2), mode="edge")
    total[: _LOCAL // 2 + 1] = 0
    around: Envelope = total[_LOCAL:] - total[:-_LOCAL]
    return rise - around / _LOCAL


def tempo(onsets: Envelope) -> float | None:
    """Return the tempo in beats a minute; None where no pulse is clear.

    The autocorrelation repeats at multiples of the period, the spectrum at multiples of the frequency;
    their product stands out at the pulse itself (G. Peeters, "Template-based estimation of time-varying
    tempo", EURASIP Journal on Advances in Signal Processing, 2007). It is weighted by a log-normal prior.
    """
    if len(onsets) < 4 * _LOCAL or not onsets.any():
        return None
    tempos = np.geomspace(SLOWEST, FASTEST, 2000)
    periods = 60 * FRAME_RATE / tempos
    correlation, spectrum = _tempogram(onsets, periods)
    prior = np.exp(-0.5 * (np.log2(tempos / _LIKELY) / _OCTAVES) ** 2)
    best = int((np.maximum(correlation, 0) * spectrum * prior).argmax())
    return float(tempos[best]) if correlation[best] >= _CLEAR else None


def phase(beats: NDArray[np.int64], frames: int, bins: int = PHASES) -> NDArray[np.int64]:
    """Return the place of each frame in its beat, 0 to bins - 1; shape (frames,).

    In front of the first beat and behind the last one the beats go on as they were. Without two beats
    every frame is at 0: there is no place to tell.

    Examples
    --------
    >>> phase(np.array([2, 6]), 9, bins=4).tolist()
    [2, 3, 0, 1, 2, 3, 0, 1, 2]
    """
    if len(beats) < 2:
        return np.zeros(frames, np.int64)
    time = np.arange(frames)
    beat = np.clip(np.searchsorted(beats, time, side="right") - 1, 0, len(beats) - 2)
    passed = (time - beats[beat]) * bins // np.diff(beats)[beat]
    return passed % bins


def _tempogram(onsets: Envelope, periods: Envelope) -> tuple[Envelope, Envelope]:
    """Return autocorrelation (1 at lag 0) and spectrum (at most 1) at each period, mean of all spans."""
    span = min(_SPAN, len(onsets))
    starts = [*range(0, len(onsets) - span, span // 2), len(onsets) - span]
    spans = np.stack([onsets[start : start + span] for start in starts])  # (spans, frames)
    power = np.abs(np.fft.rfft(spans, 2 * span)) ** 2
    finer = np.fft.irfft(power.sum(axis=0), 2 * span * _FINER)[: span * _FINER]
    lag = np.arange(span * _FINER) / _FINER
    repeated = finer / finer[0] / (1 - lag / span)
    wave = np.exp(-2j * np.pi * np.arange(span)[:, None] / periods)  # (frames, periods)
    spectrum = np.abs((spans * np.hanning(span + 2)[1:-1]) @ wave).sum(axis=0)
    return np.interp(periods, lag, repeated), spectrum / spectrum.max()


def _paths(onsets: Envelope, period: float) -> tuple[Envelope, NDArray[np.int64]]:
    """Return the best score of beats that end at each frame, and the beat before (-1: none)."""
    gaps = np.arange(round(2 * period), round(period / 2) - 1, -1)
    cost = -_TIGHT * np.log(gaps / period) ** 2
    longest = int(gaps[0])
    score = np.concatenate([np.zeros(longest), onsets])
    before = np.full(len(onsets), -1)
    for at in range(len(onsets)):
        reach = score[at : at + len(gaps)] + cost
        best = int(reach.argmax())
        if at >= gaps[best]:
            before[at] = at - gaps[best]
        score[at + longest] += reach[best]
    return score[longest:], before
