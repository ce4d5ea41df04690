"""Phase: a sound that has a given magnitude spectrogram.

Spectra are those of `notegen.audio.features`: Hann windows of `WINDOW` samples, `HOP` samples apart, frame i
centred on sample i * `HOP`. n samples have 1 + n // HOP frames; around the sound lies silence.

A phase is first read off the magnitude itself, then refined. The logarithm of a magnitude taken with a
Gaussian window holds the derivatives of its phase, and a Hann window is nearly Gaussian (Průša, Balazs and
Søndergaard, "A noniterative method for reconstruction of phase from STFT magnitude", 2017). Where they
integrate along a heap of all coefficients, here each peak of a frame takes its phase from the frame before
and hands it down its slopes. That needs one look-up a frame, and the rounds that follow mend the rest.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from notegen.audio.features import HOP, WINDOW
from notegen.errors import EmptyError, UsageError

BINS = WINDOW // 2 + 1
ROUNDS = 20
_MOMENTUM = 0.99
_GAMMA = 0.25645 * WINDOW**2  # samples squared: the Gaussian nearest to a Hann window (Průša et al., table 1)
_FLOOR = np.float32(1e-6)  # of the greatest magnitude; below it slopes are those of rounding
_LEAST = np.float32(1e-30)  # keeps logarithms and quotients finite
_LAPS = WINDOW // HOP  # windows over a sample
_BLOCK = 32  # frames that are transformed at a time; they fit a core's cache
_WORKERS = 2

Signal = NDArray[np.float32]
Magnitude = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

_HANN = np.hanning(WINDOW + 1)[:-1].astype(np.float32)


def stft(signal: Signal) -> Spectrum:
    """Return the spectra of a signal, shape (frames, BINS).

    Examples
    --------
    >>> stft(np.zeros(5000, np.float32)).shape
    (10, 1025)
    """
    padded = np.pad(np.asarray(signal, np.float32), WINDOW // 2)
    spectrum: Spectrum = fft.rfft(_frames(padded) * _HANN, workers=_WORKERS)
    return spectrum


def istft(spectrum: Spectrum, *, samples: int | None = None) -> Signal:
    """Return the signal whose spectra come nearest to those given, in least squares; the inverse of `stft`.

    Parameters
    ----------
    spectrum : array of complex64, shape (frames, BINS)
    samples : int, optional
        The signal's length; (frames - 1) * HOP if left out. It must have as many frames as are given.

    Raises
    ------
    UsageError
        If shape or length do not fit.
    """
    samples = _length(spectrum.shape, samples)
    windowed: Signal = fft.irfft(np.asarray(spectrum, np.complex64), WINDOW, workers=_WORKERS)
    windowed *= _HANN
    padded = _overlap(windowed) * _gain(len(spectrum), samples)
    return padded[WINDOW // 2 : WINDOW // 2 + samples]


def reconstruct(magnitude: Magnitude, *, rounds: int = ROUNDS, samples: int | None = None) -> Signal:
    """Return a signal whose spectra have nearly the magnitudes given.

    Parameters
    ----------
    magnitude : array of float32, shape (frames, BINS), 0 or greater
    rounds : int
        More of them come nearer: 6, 22 and 30 give about -26, -30 and -32 dB of `convergence`.
    samples : int, optional
        The signal's length; (frames - 1) * HOP if left out.

    Raises
    ------
    UsageError
        If shape or length do not fit, or magnitudes are negative or not finite.

    Examples
    --------
    >>> tone = np.sin(np.arange(8192, dtype=np.float32) / 8)
    >>> magnitude = np.abs(stft(tone))
    >>> convergence(magnitude, reconstruct(magnitude)) < -22
    True
    """
    _length(magnitude.shape, samples)
    if not (np.isfinite(magnitude).all() and magnitude.min() >= 0):
        raise UsageError("a magnitude is negative or not finite; give magnitudes of 0 and greater")
    return griffin_lim(magnitude, integrated(magnitude), rounds=rounds, samples=samples)


def convergence(magnitude: Magnitude, signal: Signal) -> float:
    """Return how far a signal's magnitudes lie from those given, in decibels: the spectral convergence.

    20 log10(‖|stft(signal)| - magnitude‖ / ‖magnitude‖); the lower, the nearer.

    Raises
    ------
    UsageError
        If the signal has not as many frames as are given.
    EmptyError
        If all magnitudes are 0.
    """
    _length(magnitude.shape, len(signal))
    whole = np.linalg.norm(magnitude)
    if whole == 0:
        raise EmptyError("the magnitudes are all 0; silence has no spectral convergence")
    error = np.linalg.norm(np.abs(stft(signal)) - magnitude)
    with np.errstate(divide="ignore"):  # no error at all is minus infinity
        return float(20 * np.log10(error / whole))


def integrated(magnitude: Magnitude) -> NDArray[np.float32]:
    """Return the phase that the slopes of a magnitude imply, in radians, shape (frames, BINS)."""
    level = np.log(magnitude + _FLOOR * magnitude.max() + _LEAST)
    along, across = _slopes(level)
    peak = _peaks(level)
    advance = np.zeros_like(level)
    advance[1:] = (along[1:] + along[:-1]) / 2
    climb = np.zeros(level.shape)
    np.cumsum((across[:, 1:] + across[:, :-1]) / 2, axis=1, dtype=np.float64, out=climb[:, 1:])
    phase: NDArray[np.float64] = np.take_along_axis(advance - climb, peak, 1) + climb
    phase %= 2 * np.pi
    for frame in range(1, len(phase)):
        phase[frame] += phase[frame - 1].take(peak[frame])
    return (phase % (2 * np.pi)).astype(np.float32)


def griffin_lim(
    magnitude: Magnitude, phase: NDArray[np.float32], *, rounds: int, samples: int | None = None
) -> Signal:
    """Return a signal near to magnitude and phase, by rounds of the fast Griffin-Lim algorithm.

    Each round takes the phase of the signal's own spectra, carried further by momentum (Perraudin, Balazs
    and Søndergaard, "A fast Griffin-Lim algorithm", 2013). Parameters are those of `reconstruct`, and a
    phase in radians, shape (frames, BINS).
    """
    samples = _length(magnitude.shape, samples)
    gain = _gain(len(magnitude), samples)
    windowed = np.empty((len(magnitude), WINDOW), np.float32)
    before = np.zeros(magnitude.shape, np.complex64)

    def begin(part: slice) -> None:
        unit = np.exp(1j * phase[part]).astype(np.complex64, copy=False)
        np.multiply(fft.irfft(magnitude[part] * unit, WINDOW), _HANN, out=windowed[part])

    def refine(part: slice) -> None:
        spectrum = fft.rfft(frames[part] * _HANN)
        target = spectrum - np.float32(_MOMENTUM / (1 + _MOMENTUM)) * before[part]
        before[part] = spectrum
        target *= magnitude[part] / np.sqrt(target.real**2 + target.imag**2 + _LEAST)
        np.multiply(fft.irfft(target, WINDOW), _HANN, out=windowed[part])

    with ThreadPoolExecutor(_WORKERS) as pool:
        _in_parts(pool, begin, len(magnitude))
        for _ in range(rounds):
            frames = _frames(_overlap(windowed) * gain)
            _in_parts(pool, refine, len(magnitude))
    return (_overlap(windowed) * gain)[WINDOW // 2 : WINDOW // 2 + samples]


def _in_parts(pool: ThreadPoolExecutor, task: Callable[[slice], None], frames: int) -> None:
    """Run a task on all frames, block by block."""
    list(pool.map(task, [slice(at, at + _BLOCK) for at in range(0, frames, _BLOCK)]))


def _slopes(level: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the derivatives of the phase: radians a hop along time, and radians a bin across frequency."""
    ratio = HOP * WINDOW / _GAMMA
    along = np.zeros_like(level)
    along[:, 1:-1] = (level[:, 2:] - level[:, :-2]) * np.float32(ratio / 2)
    along += (2 * np.pi / _LAPS * (np.arange(BINS) % _LAPS)).astype(np.float32)  # the bin's own frequency
    across = np.zeros_like(level)
    across[1:-1] = (level[:-2] - level[2:]) * np.float32(1 / ratio / 2)
    across += np.float32(np.pi)  # a frame's phase counts from its first sample, half a window early
    return along, across


def _peaks(level: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return for each bin of each frame the peak that lies uphill from it."""
    bins = np.arange(BINS)
    up, peak = np.zeros(level.shape, bool), np.ones(level.shape, bool)
    up[:, :-1] = level[:, 1:] > level[:, :-1]  # the next bin is higher
    peak[:, 1:] = level[:, 1:] >= level[:, :-1]
    peak &= ~up
    left = np.maximum.accumulate(np.where(peak, bins, 0), axis=1)
    right = np.minimum.accumulate(np.where(peak, bins, BINS - 1)[:, ::-1], axis=1)[:, ::-1]
    return np.where(up, right, left)


def _frames(padded: Signal) -> NDArray[np.float32]:
    """Return views of the samples under each window, shape (frames, WINDOW)."""
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]


def _overlap(windowed: NDArray[np.float32]) -> Signal:
    """Return the sum of frames of shape (frames, WINDOW), each laid `HOP` samples behind the last."""
    frames = len(windowed)
    total = np.zeros((frames + _LAPS - 1, HOP), np.float32)
    for lap, part in enumerate(np.split(windowed, _LAPS, axis=1)):
        total[lap : lap + frames] += part
    return total.ravel()


def _gain(frames: int, samples: int) -> Signal:
    """Return what undoes the windows' weight on each sample; 0 on the silence around the sound."""
    weight = _overlap(np.broadcast_to(_HANN**2, (frames, WINDOW)))
    inside = slice(WINDOW // 2, WINDOW // 2 + samples)
    gain = np.zeros_like(weight)
    gain[inside] = 1 / weight[inside]
    return gain


def _length(shape: tuple[int, ...], samples: int | None) -> int:
    """Return the length in samples of a signal with spectra of a shape, or raise what does not fit."""
    if len(shape) != 2 or shape[0] < 1 or shape[1] != BINS:
        raise UsageError(f"spectra have the shape {shape}; give one or more frames of {BINS} bins")
    if samples is not None and 1 + samples // HOP != shape[0]:
        raise UsageError(f"{samples} samples have {1 + samples // HOP} frames; {shape[0]} are given")
    return (shape[0] - 1) * HOP if samples is None else samples
