"""Figures of sound: how a take compares with the recording that it continues.

Everything is measured on levels of `audio.features` in decibels, shape (frames, bands). Levels of source and
take compare only if they have one reference: analyse the file that holds both, and cut it at the seam.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notegen.audio import beats
from notegen.audio.features import FLOOR, FRAME_RATE

_SECOND = round(FRAME_RATE)  # frames
_FIFTH = 9  # frames: a fifth of a second
_STILL = 0.2  # of the source's median motion; a held spectrum has up to 0.03, music at least 0.2
_FROZEN = 3.0  # seconds
_BEATS = 16  # the longest loop that is looked for
_SHORTEST, _LONGEST = 1.5, 8.0  # seconds; loops are no shorter, and without beats no longer
_NEAR = 0.04  # of the period: where the pulse is looked for

Levels = NDArray[np.float32]


@dataclass(frozen=True)
class Figures:
    """What was measured on a take and, beside it, on its source.

    Attributes
    ----------
    flux, source_flux : float
        Decibels a frame; see `flux`.
    level, source_levels : float, (float, float)
        The median of the frames of the take; the 5th and the 95th percentile of the source's. In decibels.
    still, source_still : float
        The longest time in which motion stays below a fifth of the source's median, in seconds; see
        `longest_still`. Silence at either end of the source does not count.
    tempo, source_tempo : float or None
        Beats a minute; None where no pulse is clear.
    pulse, source_pulse : float or None
        The autocorrelation of the onsets at the source's beat, -1 to 1; None where the source has none.
    loop_error, source_loop_error : float or None
        Decibels; see `loop_error`. None where the sound is too short.
    """

    flux: float
    source_flux: float
    level: float
    source_levels: tuple[float, float]
    still: float
    source_still: float
    tempo: float | None
    source_tempo: float | None
    pulse: float | None
    source_pulse: float | None
    loop_error: float | None
    source_loop_error: float | None

    @property
    def flux_ratio(self) -> float:
        """The take's flux over the source's."""
        return self.flux / self.source_flux if self.source_flux else float(self.flux == 0)

    @property
    def level_outside(self) -> float:
        """By how many decibels the level lies outside of the source's range; 0 inside."""
        low, high = self.source_levels
        return max(low - self.level, self.level - high, 0.0)

    @property
    def frozen(self) -> bool:
        """Whether the take stands still for over 3 s and for over twice as long as its source does."""
        return self.still > max(_FROZEN, 2 * self.source_still)

    @property
    def tempo_error(self) -> float | None:
        """The relative difference in tempo, at least 0.

        None where the source has no clear pulse, 1 where only the take has none.
        """
        return _tempo_error(self.tempo, self.source_tempo, (1.0,))

    @property
    def tempo_error_folded(self) -> float | None:
        """The same, if a tempo 2 or 3/2 times as fast or as slow is taken as equal."""
        return _tempo_error(self.tempo, self.source_tempo, (1.0, 2.0, 1 / 2, 3 / 2, 2 / 3))

    @property
    def pulse_ratio(self) -> float | None:
        """The take's pulse over the source's; None where the source has none."""
        if self.pulse is None or self.source_pulse is None or self.source_pulse <= 0:
            return None
        return self.pulse / self.source_pulse


def measure(source: Levels, new: Levels) -> Figures:
    """Measure the new part of a take beside its source.

    Parameters
    ----------
    source, new : array of float32, shape (frames, bands)
        Decibels over one reference; at least two frames each.
    """
    onsets, new_onsets = beats.strength(source), beats.strength(new)
    found = beats.tempo(onsets)
    low, high = np.percentile(frame_levels(source), [5, 95])
    heard = np.flatnonzero(source.max(axis=1) > FLOOR)
    sounding = source[heard[0] : heard[-1] + 1] if len(heard) else source
    moved = motion(sounding)
    still = _STILL * float(np.median(moved)) if len(moved) else 0.0
    return Figures(
        flux=flux(new),
        source_flux=flux(source),
        level=float(np.median(frame_levels(new))),
        source_levels=(float(low), float(high)),
        still=longest_still(new, still),
        source_still=longest_still(sounding, still),
        tempo=beats.tempo(new_onsets),
        source_tempo=found,
        pulse=pulse(new_onsets, found) if found else None,
        source_pulse=pulse(onsets, found) if found else None,
        loop_error=loop_error(new, found),
        source_loop_error=loop_error(source, found),
    )


def flux(levels: Levels) -> float:
    """Return how much the sound changes: the mean |difference| to the frame before, in decibels.

    The mean of all bands and frames.

    Examples
    --------
    >>> flux(np.array([[-20, -30], [-18, -33], [-18, -33]], np.float32))
    1.25
    """
    return float(np.abs(np.diff(levels, axis=0)).mean(dtype=np.float64))


def frame_levels(levels: Levels) -> NDArray[np.float64]:
    """Return the level of each frame, shape (frames,): the mean power of its bands, in decibels."""
    return 10 * np.log10(np.mean(10 ** (levels / 10), axis=1, dtype=np.float64))


def motion(levels: Levels) -> NDArray[np.float64]:
    """Return how much the sound moves in each second, one that begins every fifth of a second.

    The standard deviation of the second's five mean levels, mean of all bands, in decibels. Unlike flux it
    tells a held sound from music also if it is noisy or beats.

    Returns
    -------
    array of float64, shape (seconds,)
        Empty for less than a second.
    """
    fifths = levels[: len(levels) // _FIFTH * _FIFTH].reshape(-1, _FIFTH, levels.shape[1]).mean(axis=1)
    if len(fifths) < 5:
        return np.zeros(0)
    seconds = np.lib.stride_tricks.sliding_window_view(fifths, 5, axis=0)  # (seconds, bands, fifths)
    moved: NDArray[np.float64] = seconds.std(axis=2).mean(axis=1, dtype=np.float64)
    return moved


def longest_still(levels: Levels, threshold: float) -> float:
    """Return the longest time in seconds in which the motion of every second is at most `threshold`."""
    still = motion(levels) <= threshold
    edges = np.flatnonzero(np.diff(still, prepend=False, append=False))
    longest = int(np.diff(edges)[::2].max(initial=0))
    return (longest + 4) * _FIFTH / FRAME_RATE if longest else 0.0


def pulse(onsets: NDArray[np.float64], tempo: float) -> float:
    """Return the strength of a pulse: the largest autocorrelation of the onsets within 4 % of the period.

    Parameters
    ----------
    onsets : array of float64, shape (frames,)
        See `audio.beats.strength`.
    tempo : float
        Beats a minute.
    """
    period = 60 * FRAME_RATE / tempo
    return float(beats.autocorrelation(onsets, period * np.linspace(1 - _NEAR, 1 + _NEAR, 33)).max())


def loop_error(levels: Levels, tempo: float | None) -> float | None:
    """Return how far the music is from a loop: 0 dB where it repeats exactly.

    The root mean square, over all frames and bands, of the difference to the frame one lag earlier; the
    smallest of all lags. Lags are 1 to 16 beats of at least 1.5 s, to a frame; without a tempo, all from
    1.5 to 8 s. None where no lag has two seconds to be compared.
    """
    shortest, longest = round(_SHORTEST * FRAME_RATE), round(_LONGEST * FRAME_RATE)
    lags = np.arange(shortest, longest + 1)
    if tempo:
        at = np.round(np.arange(1, _BEATS + 1) * 60 * FRAME_RATE / tempo).astype(int)
        lags = np.unique(at[:, None] + [-1, 0, 1])
    lags = lags[(lags >= shortest) & (lags <= len(levels) - 2 * _SECOND)]
    squares = [float(np.mean(np.square(levels[lag:] - levels[:-lag]))) for lag in lags]
    return min(squares) ** 0.5 if squares else None


def _tempo_error(tempo: float | None, wanted: float | None, factors: tuple[float, ...]) -> float | None:
    """Return the least relative difference of the tempo to the wanted one times any of the factors."""
    if wanted is None:
        return None
    return min(abs(tempo / (wanted * factor) - 1) for factor in factors) if tempo else 1.0
