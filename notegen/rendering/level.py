"""How loud a recording is, and where it ends: chunk by chunk while it is made, exactly once it is there."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

CHUNK = 1024  # frames
_TAPS = 12  # of each of the four phases, as in BS.1770
Read = Callable[[int, int], NDArray[np.float32]]  # frames from, up to: shape (frames, 2)


def chunk_peaks(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sample peak of each chunk of a block of shape (2, frames); the last may be shorter."""
    starts = np.arange(0, block.shape[1], CHUNK)
    high = np.maximum.reduceat(block, starts, axis=1).max(axis=0)
    low = np.minimum.reduceat(block, starts, axis=1).min(axis=0)
    result: NDArray[np.float32] = np.maximum(high, -low)
    return result


def true_peak(read: Read, peaks: NDArray[np.float32]) -> float:
    """Return the peak of a recording between its samples, oversampled four times.

    The chunks are looked at from the loudest on, until the next cannot be louder than what was found:
    the interpolation makes no sample larger than `_growth` times the largest one around it.

    Parameters
    ----------
    read : function of two frames
        Gives the frames between them, shape (frames, 2).
    peaks : array, shape (chunks,)
        Sample peaks.

    Notes
    -----
    ITU-R BS.1770-4, Annex 2: four phases of 12 taps; here a windowed sinc.
    """
    around = np.maximum.reduce([peaks, np.append(peaks[1:], 0), np.append(0, peaks[:-1])])
    most = float(peaks.max(initial=0))
    growth = float(np.abs(_phases()).sum(axis=1).max())
    for chunk in np.argsort(-around, kind="stable").tolist():
        if around[chunk] * growth <= most:
            break
        start = max(0, chunk * CHUNK - _TAPS)
        for channel in read(start, (chunk + 1) * CHUNK + _TAPS).T:
            windows = np.lib.stride_tricks.sliding_window_view(np.pad(channel, _TAPS), _TAPS)
            most = max(most, float(np.abs(np.ascontiguousarray(windows) @ _phases().T).max()))
    return most


@cache
def _phases() -> NDArray[np.float32]:
    """Return the interpolation a quarter, a half and three quarters behind a frame, shape (3, taps)."""
    distance = np.arange(_TAPS) - (_TAPS // 2 - 1) - np.arange(1, 4)[:, None] / 4
    rows = np.sinc(distance) * np.cos(np.pi * distance / _TAPS) ** 2
    result: NDArray[np.float32] = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
    return result
