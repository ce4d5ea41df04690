"""Features: a recording as log-mel frames.

Frame i looks at `WINDOW` samples of the sound in mono at 22,050 Hz, centred on sample i * `HOP`. It holds the
level of each of `BANDS` bands in decibels, from `FLOOR` to 0, the level of the recording's loudest band.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from notegen.audio.ahead import ahead
from notegen.audio.recording import RATE, Recording, mono_blocks
from notegen.errors import EmptyError, RangeError

WINDOW = 2048  # samples, of the Fourier transform too
HOP = 512  # samples
BANDS = 80
LOWEST, HIGHEST = 30.0, RATE / 2  # hertz
FLOOR = -60.0  # decibels
FRAME_RATE = RATE / HOP  # frames a second
SHORTEST = 0.5  # seconds
_SILENCE = 1e-4  # of full scale; what never rises above it is no music
_NOTHING = -100.0  # decibels of a band; below it there is no level to compare with
_LEAST = np.float32(1e-20)  # power; keeps logarithms finite
_CHUNK = 512  # frames that are transformed at a time


def log_mel(recording: Recording) -> NDArray[np.float32]:
    """Return a recording's levels by frame and band, shape (frames, BANDS); see `analyse`."""
    return analyse(recording)[0]


def analyse(
    recording: Recording, progress: Callable[[float], object] | None = None
) -> tuple[NDArray[np.float32], float]:
    """Return a recording's levels by frame and band, and its loudest level.

    `progress` is told the share of the recording that was read, now and then.

    Returns
    -------
    levels : array of float32, shape (frames, BANDS)
        Decibels below the loudest, from `FLOOR` to 0.
    loudest : float
        In decibels of power; `levels_of` measures other sound by it.

    Raises
    ------
    RangeError
        If the recording is shorter than half a second.
    EmptyError
        If it is silent.
    FormatError
        If it is damaged.
    """
    peak, samples = 0.0, 0

    def watched() -> Iterator[NDArray[np.float32]]:
        nonlocal peak, samples
        for block in ahead(mono_blocks(recording)):
            peak, samples = max(peak, float(np.abs(block).max(initial=0))), samples + len(block)
            if progress is not None:
                progress(min(1.0, samples / RATE / recording.seconds))
            yield block

    levels = _decibels(watched())
    if samples < SHORTEST * RATE:
        raise RangeError(f"{recording.path} lasts {samples / RATE:.2f} s; at least {SHORTEST} s are needed")
    if peak < _SILENCE:
        raise EmptyError(f"{recording.path} is silent from beginning to end")
    loudest = float(levels.max())
    return _below(levels, loudest), loudest


def levels_of(sound: Iterable[NDArray[np.float32]], loudest: float | None = None) -> NDArray[np.float32]:
    """Return the levels of sound in mono at 22,050 Hz, given in blocks of any length; see `analyse`.

    They are decibels below `loudest`, or below the sound's own loudest level, if that is left out.

    Examples
    --------
    >>> time = np.arange(22_050, dtype=np.float32) / 22_050
    >>> levels = levels_of([np.sin(2 * np.pi * 1000 * time)])
    >>> levels.shape, levels.max(), levels.min()
    ((44, 80), np.float32(0.0), np.float32(-60.0))
    """
    levels = _decibels(sound)
    return _below(levels, float(levels.max()) if loudest is None else loudest)


def _decibels(sound: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the levels of sound in decibels of power."""
    bank = filterbank().T  # (bins, bands)
    with threadpool_limits(1):  # products this small are slower on two threads
        chunks = [10 * np.log10(np.maximum(power @ bank, _LEAST)) for power in ahead(power_spectra(sound))]
    levels: NDArray[np.float32] = np.concatenate(chunks)
    return levels


def _below(levels: NDArray[np.float32], loudest: float) -> NDArray[np.float32]:
    """Turn levels, in place, into decibels below the loudest."""
    levels -= np.float32(max(loudest, _NOTHING))
    return np.clip(levels, FLOOR, 0, out=levels)


def power_spectra(sound: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """Yield the power spectra of sound in blocks, as arrays of shape (frames, WINDOW // 2 + 1).

    n samples have 1 + n // HOP frames; in front of the sound and behind it lies silence.
    """
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    held = np.zeros(WINDOW // 2, np.float32)
    for block in _with_end(sound):
        held = np.concatenate([held, block])
        while len(held) >= WINDOW:
            views = np.lib.stride_tricks.sliding_window_view(held, WINDOW)[::HOP][:_CHUNK]
            spectrum = np.fft.rfft(views * window)
            yield (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
            held = held[len(views) * HOP :]


def describe() -> dict[str, float]:
    """Return what frames are made of, for models to remember."""
    return {"rate": RATE, "window": WINDOW, "hop": HOP, "bands": BANDS, "lowest": LOWEST, "floor": FLOOR}


@cache
def filterbank() -> NDArray[np.float32]:
    """Return the weights of the bands, shape (BANDS, WINDOW // 2 + 1).

    Triangles whose corners lie evenly on the mel scale, each of area 1 over hertz, as in Slaney's
    Auditory Toolbox (Interval Research, 1998, technical report 1998-010) and librosa.
    """
    lowest, highest = mels(np.array([LOWEST, HIGHEST]))
    corners = hertz(np.linspace(lowest, highest, BANDS + 2))
    bins = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    left, middle, right = (corners[i : i + BANDS, None] for i in range(3))
    triangles = np.minimum((bins - left) / (middle - left), (right - bins) / (right - middle))
    weights: NDArray[np.float32] = (np.maximum(triangles, 0) * 2 / (right - left)).astype(np.float32)
    weights.flags.writeable = False
    return weights


def mels(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return frequencies in hertz on Slaney's mel scale: even to 1000 Hz, logarithmic above.

    Examples
    --------
    >>> mels(np.array([200, 1000, 6400])).round(9).tolist()
    [3.0, 15.0, 42.0]
    """
    return np.where(
        frequency < 1000, frequency * 3 / 200, 15 + 27 * np.log(np.maximum(frequency, 1) / 1000) / np.log(6.4)
    )


def hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse of `mels`."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))


def _with_end(sound: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """Yield blocks, then the silence behind them."""
    yield from sound
    yield np.zeros(WINDOW // 2, np.float32)
