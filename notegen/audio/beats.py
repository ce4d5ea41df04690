"""Beats: the pulse of a recording, found in its log-mel frames.

Times are in frames of `features`, `FRAME_RATE` a second. Beats lie about a frame in front of the onsets that
they follow, where the window first meets a sound; at a steady tempo they are even to half a frame.
"""

import numpy as np
from numpy.typing import NDArray

from notegen.audio.features import FRAME_RATE

PHASES = 16
SLOWEST, FASTEST = 40.0, 240.0  # beats a minute
_LIKELY, _OCTAVES = 110.0, 0.7  # beats a minute; the prior's centre and its standard deviation
_LEAST = 1e-12  # keeps silence from dividing by 0
_TILT = 0.3  # the spectrum's exponent: it grows towards fast tempos
_SPAN = 512  # frames in which the tempo is taken to be steady: 12 s
_FINER = 8  # lags a frame: periods are no whole numbers of frames
_LOCAL = 43  # frames over which the strength is compared: 1 s
_TIGHT = 100.0  # how much steadiness counts against strength
_AROUND = 4  # beats on either side that tell where one belongs
_JITTER = 3.0  # frames; beats further off a line are the music's own
_RECENT = 32  # beats whose tempo goes on where there are no more
_BARS = (2, 3, 4, 6, 8)  # beats
_LAGS = 24  # beats: a multiple of all bars
_PARTS = 4  # places in a beat
_CHANCE = 0.5  # of the mean difference, over the root of the number of beats: shuffled beats stay below
_AUDIBLE = 0.1  # decibels
_CLEAR = 0.15  # the least autocorrelation at the period; noise stays below

Envelope = NDArray[np.float64]


def track(levels: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the frames at which beats fall; none where the music has no beat.

    A path of strong onsets at even distances, by dynamic programming: D. Ellis, "Beat Tracking by
    Dynamic Programming", Journal of New Music Research 36, 2007. Where the tempo is steady, each is then
    put on the line through its neighbours.

    Parameters
    ----------
    levels : array of float32, shape (frames, bands), in decibels

    Returns
    -------
    array of int64, shape (beats,), rising
    """
    onsets = strength(levels)
    pace = tempo(onsets)
    if pace is None:
        return np.zeros(0, np.int64)
    period = 60 * FRAME_RATE / pace
    score, before = _paths(onsets / onsets.std(), period)
    last = len(score) - round(period) + int(score[-round(period) :].argmax())
    beats = [last]
    while before[beats[-1]] >= 0:
        beats.append(int(before[beats[-1]]))
    heard = np.flatnonzero(onsets[beats] > 0)  # in silence at either end there are no beats
    found = _steadied(np.array(beats[::-1])[len(beats) - 1 - heard[-1] : len(beats) - heard[0]])
    return np.clip(found, 0, len(levels) - 1)


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
    tempo", EURASIP Journal on Advances in Signal Processing, 2007). Half of the autocorrelation is that
    at the next three multiples: a beat, unlike a figure across it, goes on into the bar. The product is
    weighted by a log-normal prior.
    """
    if len(onsets) < 4 * _LOCAL or not onsets.any():
        return None
    tempos = np.geomspace(SLOWEST, FASTEST, 2000)
    periods = 60 * FRAME_RATE / tempos
    multiples = autocorrelation(onsets, np.outer([1, 2, 3, 4], periods))
    correlation = np.average(np.maximum(multiples, 0), axis=0, weights=(3, 1, 1, 1))
    prior = np.exp(-0.5 * (np.log2(tempos / _LIKELY) / _OCTAVES) ** 2)
    best = int((correlation * _spectrum(onsets, periods) ** _TILT * prior).argmax())
    return float(tempos[best]) if correlation[best] >= _CLEAR else None


def bar(levels: NDArray[np.float32], beats: NDArray[np.int64]) -> int:
    """Return after how many beats the music is most like itself again: 2, 3, 4, 6 or 8.

    Beats are compared by the mean levels of their `_PARTS` parts. Music that repeats every n beats differs
    less at lags that are multiples of n than at all others. Returns 1 where no n stands out, and for 48
    beats or fewer.
    """
    if len(beats) <= 2 * _LAGS:
        return 1
    starts = (
        (beats[:-1, None] + np.diff(beats)[:, None] * np.arange(_PARTS) / _PARTS).astype(np.int64).ravel()
    )
    lengths = np.diff(starts, append=beats[-1])[:, None]
    parts = np.add.reduceat(levels[: beats[-1]], starts, axis=0) / lengths
    heard = parts.reshape(len(beats) - 1, -1)  # (beats - 1, parts * bands)
    lags = np.arange(1, _LAGS + 1)
    unlike = np.array([np.abs(heard[lag:] - heard[:-lag]).mean() for lag in lags])  # decibels
    gains = [unlike[lags % n > 0].mean() - unlike[lags % n == 0].mean() for n in _BARS]
    chance = max(_CHANCE * unlike.mean() / len(beats) ** 0.5, _AUDIBLE)
    return _BARS[int(np.argmax(gains))] if max(gains) >= chance else 1


def phase(beats: NDArray[np.int64], frames: int, bins: int = PHASES) -> NDArray[np.int64]:
    """Return the place of each frame in its beat, 0 to bins - 1; shape (frames,). See `place`.

    Examples
    --------
    >>> phase(np.array([2, 6]), 9, bins=4).tolist()
    [2, 3, 0, 1, 2, 3, 0, 1, 2]
    """
    return place(beats, 1, frames, bins)


def place(beats: NDArray[np.int64], bar: int, frames: int, bins: int = PHASES) -> NDArray[np.int64]:
    """Return the place of each frame in its bar, 0 to bar * bins - 1; shape (frames,).

    The first beat begins a bar: which one of the music's is not known. In front of the first beat and
    behind the last one the clock goes on at the tempo of the beats that are next. Without two beats every
    frame is at 0: there is no place to tell.

    Examples
    --------
    >>> place(np.array([2, 4, 6]), 2, 9, bins=2).tolist()
    [2, 3, 0, 1, 2, 3, 0, 1, 2]
    """
    return _places(beats, bar, np.arange(frames), bins)


def onward(
    beats: NDArray[np.int64], bar: int, frames: int, more: int, bins: int = PHASES
) -> NDArray[np.int64]:
    """Return the places of the `more` frames that follow the recording's `frames`; see `place`.

    Examples
    --------
    >>> onward(np.array([2, 4, 6]), 2, 9, 4, bins=2).tolist()
    [3, 0, 1, 2]
    """
    return _places(beats, bar, np.arange(frames, frames + more), bins)


def _places(beats: NDArray[np.int64], bar: int, time: NDArray[np.int64], bins: int) -> NDArray[np.int64]:
    """Return the place in the bar at each time."""
    if len(beats) < 2:
        return np.zeros(len(time), np.int64)
    beat = np.clip(np.searchsorted(beats, time, side="right") - 1, 0, len(beats) - 1)
    length = np.append(np.diff(beats).astype(np.float64), _period(beats[-_RECENT:]))[beat]
    length[time < beats[0]] = _period(beats[:_RECENT])
    passed = beat * bins + np.floor((time - beats[beat]) * bins / length).astype(np.int64)
    places: NDArray[np.int64] = passed % (bar * bins)
    return places


def _period(beats: NDArray[np.int64]) -> float:
    """Return the distance between beats, in frames: the median slope of all pairs (Theil, 1950)."""
    first, second = np.triu_indices(len(beats), 1)
    return float(np.median((beats[second] - beats[first]) / (second - first)))


def autocorrelation(onsets: Envelope, periods: Envelope) -> Envelope:
    """Return the autocorrelation of onsets at periods in frames, -1 to 1: the mean of spans of 12 s.

    At more than half of a span, where little is left to compare, it fades to 0.
    """
    spans = _spans(onsets)
    span = spans.shape[1]
    power = np.abs(np.fft.rfft(spans, 2 * span)) ** 2
    finer = np.fft.irfft(power.sum(axis=0), 2 * span * _FINER)[: span * _FINER]
    lag = np.arange(span * _FINER) / _FINER
    repeated = finer / max(finer[0], _LEAST) / np.maximum(1 - lag / span, 0.5)
    at: Envelope = np.interp(periods, lag, repeated, right=0)
    return at


def _spectrum(onsets: Envelope, periods: Envelope) -> Envelope:
    """Return the spectrum of onsets at periods in frames, at most 1; the mean of spans of 12 s."""
    spans = _spans(onsets)
    span = spans.shape[1]
    wave = np.exp(-2j * np.pi * np.arange(span)[:, None] / periods)  # (frames, periods)
    spectrum: Envelope = np.abs((spans * np.hanning(span + 2)[1:-1]) @ wave).sum(axis=0)
    spectrum /= spectrum.max()
    return spectrum


def _spans(onsets: Envelope) -> Envelope:
    """Return overlapping spans of onsets, shape (spans, frames)."""
    span = min(_SPAN, len(onsets))
    starts = [*range(0, len(onsets) - span, span // 2), len(onsets) - span]
    return np.stack([onsets[start : start + span] for start in starts])


def _steadied(beats: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return beats put on the line through the nine around each, where all nine are near it."""
    if len(beats) <= 2 * _AROUND:
        return beats
    nine = np.lib.stride_tricks.sliding_window_view(beats, 2 * _AROUND + 1)
    place = np.arange(-_AROUND, _AROUND + 1)
    middle, step = nine.mean(axis=1), nine @ place / (place @ place)
    near = np.abs(nine - middle[:, None] - np.outer(step, place)).max(axis=1) <= _JITTER
    beat = np.arange(len(beats))
    window = np.clip(beat - _AROUND, 0, len(nine) - 1)
    line = middle[window] + step[window] * (beat - window - _AROUND)
    return np.where(near[window], np.round(line), beats).astype(np.int64)


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
