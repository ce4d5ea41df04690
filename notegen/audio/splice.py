"""Splicing: the sound of frames chosen from a recording, at its own rate and with its own channels.

Runs of frames are copied as they are. At a join the new run is shifted by up to half a frame to where its
waveform fits best, and takes over in a cross-fade. The shifts do not add up: each run starts out from where
its first frame lies.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.audio.features import HOP
from notegen.audio.grains import joins
from notegen.audio.recording import RATE, Read, Recording
from notegen.errors import UsageError

_FADE = HOP // 2  # samples at `RATE`: 12 ms
_REACH = HOP // 2  # samples at `RATE` by which a run may be shifted
_STAY = 0.02  # of correlation, which the farthest shift must bring to be worth while
_ORDER = 64  # of linear prediction
_LEARNT = 16  # fades, from which it is learnt
_BLOCK = 1 << 16  # frames of sound

Sound = NDArray[np.float64]


class Run(NamedTuple):
    """A stretch of the source: the sample `start` sounds at the sample `at` of the take.

    There the run has wholly taken over from the one before.
    """

    at: int
    start: int


def position(frame: int, rate: int) -> int:
    """Return the sample on which a frame of `notegen.audio.features` is centred.

    Examples
    --------
    >>> position(2, 44_100), position(1, 48_000), position(22_050, 48_000)
    (2048, 1115, 24576000)
    """
    return (frame * HOP * rate + RATE // 2) // RATE


def plan(read: Read, recording: Recording, path: NDArray[np.int64], seam: int | None = None) -> list[Run]:
    """Return the runs of a path, each shifted to where it fits best behind the one before.

    Parameters
    ----------
    read : function of start and stop
        See `notegen.audio.recording.reading`.
    recording : Recording
        The source.
    path : array of int64, shape (time,)
        The source's frame at each new frame; see `notegen.audio.grains.choose`.
    seam : int, optional
        The sample of the source at which the seed ended. The take then begins with what follows there, or
        would follow, and fades over to the path. Left out, the path begins abruptly.

    Returns
    -------
    list of Run
        The first is at 0; the others are at the joins.
    """
    rate, fade = recording.rate, _scaled(_FADE, recording.rate)
    begins = [0, *joins(path).tolist()] if len(path) else []
    runs = [] if seam is None else [Run(0, seam)]
    for frame in begins:
        at, start = position(frame, rate), position(int(path[frame]), rate)
        if frame == 0 and runs:
            at, start = at + fade, start + fade
        if runs:
            before = _sound(read, recording, runs[-1].start + at - runs[-1].at - 2 * fade, 3 * fade)
            start += _shift(before, read, recording, start)
        if not runs or start - at != runs[-1].start - runs[-1].at:
            runs.append(Run(at, start))
    return runs


def splice(read: Read, recording: Recording, runs: list[Run], samples: int) -> Iterator[Sound]:
    """Yield the sound of runs in blocks, `samples` frames of sound in all.

    It is nowhere louder than full scale, unless the source itself is.

    Yields
    ------
    array of float64, shape (frames, channels)

    Raises
    ------
    UsageError
        If there are no runs.
    """
    if not runs:
        raise UsageError("there is nothing to splice; choose at least one frame of the source")
    fade = _scaled(_FADE, recording.rate)
    for run, following in pairwise([*runs, Run(samples + fade, 0)]):
        stop = min(following.at - fade, samples)
        for at in range(run.at, stop, _BLOCK):
            yield _sound(read, recording, run.start + at - run.at, min(_BLOCK, stop - at))
        if stop < samples:
            leaving = _sound(read, recording, run.start + stop - run.at, fade)
            entering = _sound(read, recording, following.start - fade, fade)
            yield faded(leaving, entering)[: samples - stop]


def behind(read: Read, recording: Recording, sound: Sound) -> Iterator[Sound]:
    """Yield a sound that follows a recording, which rings on under its beginning; see `splice`.

    `sound` has shape (frames, channels); as many frames are yielded.
    """
    begin = sound[: _scaled(_FADE, recording.rate)]
    yield faded(_sound(read, recording, recording.frames, len(begin)), begin)
    yield sound[len(begin) :]


def faded(leaving: Sound, entering: Sound) -> Sound:
    """Return a cross-fade from one sound to another, both of shape (frames, channels).

    Its gains keep the power even, whether the two are alike or not: M. Fink, M. Holters and U. Zölzer,
    "Signal-matched power-complementary cross-fading and dry-wet mixing", DAFx 2016.

    Examples
    --------
    >>> ones = np.ones((4, 1))
    >>> faded(ones, ones).tolist()
    [[1.0], [1.0], [1.0], [1.0]]
    """
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(len(leaving)) + 0.5) / len(leaving)))[:, None]
    mixed: Sound = (1 - rise) * leaving + rise * entering
    power = np.sqrt((leaving**2).sum() * (entering**2).sum())
    alike = float(np.clip((leaving * entering).sum() / power, 0, 1)) if power else 1.0
    even: Sound = mixed / np.sqrt(1 - 2 * (1 - alike) * rise * (1 - rise))
    loudest = max(1.0, np.abs(leaving).max(initial=0), np.abs(entering).max(initial=0))
    return even if np.abs(even).max(initial=0) <= loudest else mixed


def _shift(before: Sound, read: Read, recording: Recording, start: int) -> int:
    """Return by how much to shift a run's start, so that it fits best what would have followed.

    `before` lies around the cross-fade: twice its length in front of the start, and once behind it.
    """
    fade, reach = len(before) // 3, _scaled(_REACH, recording.rate)
    behind = _sound(read, recording, start - 2 * fade - reach, len(before) + 2 * reach).mean(axis=1)
    wished = before.mean(axis=1)
    match = _correlation(behind, wished)  # (2 * reach + 1,)
    energy = np.concatenate([[0], (behind**2).cumsum()])
    energy = np.maximum(energy[len(wished) :] - energy[: -len(wished)], 0) * (wished**2).sum()
    shift = np.arange(-reach, reach + 1)
    score = match / np.sqrt(energy + 1e-12) - _STAY * np.abs(shift) / reach
    score[start - fade + shift < 0] = -2  # in front of the source there is nothing to fade in
    return int(shift[score.argmax()])


def _sound(read: Read, recording: Recording, start: int, length: int) -> Sound:
    """Read the source: silence in front of it, and behind its end what would follow."""
    stop, first = start + length, min(max(start, 0), recording.frames)
    last = min(max(stop, first), recording.frames)
    found = read(first, last) if last > first else np.zeros((0, recording.channels))
    end = first + len(found)  # damaged files hold less than they say
    if start < 0:
        found = np.concatenate([np.zeros((min(-start, length), recording.channels)), found])
    if len(found) < length:
        past = read(max(0, end - _LEARNT * _scaled(_FADE, recording.rate)), end)
        found = np.concatenate([found, _predicted(past, stop - end)[len(found) - length :]])
    return found


def _predicted(past: Sound, length: int) -> Sound:
    """Continue a sound by linear prediction, learnt by autocorrelation; what it gives dies away."""
    order = min(_ORDER, len(past) // 2)
    found = np.zeros((length, past.shape[1]))
    for channel in range(past.shape[1]):
        windowed = past[:, channel] * np.hanning(len(past))
        lags = np.fft.irfft(np.abs(np.fft.rfft(windowed, 2 * len(past))) ** 2)[: order + 1]
        if order and lags[0] > 0:
            lags[0] *= 1 + 1e-9  # keeps the equations regular where the sound is a few sines
            apart = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
            ahead = np.linalg.solve(lags[apart], lags[1:])[::-1]  # of the samples before, the oldest first
            known = np.concatenate([past[-order:, channel], np.zeros(length)])
            for at in range(order, len(known)):
                known[at] = ahead @ known[at - order : at]
            found[:, channel] = known[order:]
    return found


def _correlation(sound: NDArray[np.float64], wished: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how alike `wished` and each stretch of `sound` are: their inner products."""
    size = 1 << (len(sound) - 1).bit_length()  # what wraps around falls behind the stretches
    product = np.fft.rfft(sound, size) * np.fft.rfft(wished, size).conj()
    return np.fft.irfft(product, size)[: len(sound) - len(wished) + 1]


def _scaled(samples: int, rate: int) -> int:
    """Return a number of samples at `RATE` as one at another rate."""
    return max(1, round(samples * rate / RATE))
