"""Rhythm: the times of notes rounded to what can be written down.

Every beat of a track gets one division (halves, quarters, thirds, …), the one that weighs closeness
against simplicity best. Music that was written rather than played is rounded far more strictly, so
that it stays as it is.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.notation.metre import RESOLUTION, SMALLEST

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_COMMON = (1, 2, 4, 3, 8, 6)  # the divisions that tell whether music was written
_RATIO = {3: (3, 2), 5: (5, 4), 7: (7, 4)}  # so many notes in the time of so many
_HIT = 0.01 * RESOLUTION  # what is nearer than this is exactly there
_COLLISION = 4.0  # the cost of two onsets that become one
_MOST = 0.9  # the share of onsets on common divisions from which on music was written
_SLIVER = RESOLUTION // 8  # shorter rests than a 32nd note are articulation
_OVERLAP = RESOLUTION // 6  # and so is a note that lasts so little into the next


class Manner(NamedTuple):
    """How to round onsets: what each division costs, and how far off an onset is that costs 1."""

    costs: dict[int, float]
    spread: float


WRITTEN = Manner(
    {1: 0.0, 2: 0.3, 4: 1.0, 3: 1.5, 8: 5.0, 6: 5.0, 12: 9.0, 16: 12.0, 5: 12.0, 7: 14.0, 24: 14.0},
    spread=0.012 * RESOLUTION,
)
PLAYED = Manner(
    {1: 0.0, 2: 0.5, 4: 1.5, 3: 3.0, 8: 16.0, 6: 16.0},
    spread=0.04 * RESOLUTION,  # 20 ms at 120 beats a minute
)


class Cells(NamedTuple):
    """Stretches that have one division each: where they begin, and their lengths."""

    starts: Ints
    lengths: Ints


def is_written(times: Floats, cells: Cells) -> bool:
    """Whether nine of ten onsets (or ends) lie on common divisions: music was written, not played."""
    hit = np.zeros(len(times), dtype=bool)
    for division in _COMMON:
        hit |= abs(times - _snap(times, cells, division)) < _HIT
    return bool(hit.mean() >= _MOST)


def lag_of(onsets: Floats) -> float:
    """Return by how much music as a whole lies behind the sixteenths (or before them: negative), or 0.

    The mean direction of the onsets on the circle of a sixteenth, if at least half of them agree on it.
    """
    turn = RESOLUTION / 4
    mean = complex(np.exp(2j * np.pi * onsets / turn).mean()) if len(onsets) else 0j
    return float(np.angle(mean)) * turn / (2 * np.pi) if abs(mean) >= 0.5 else 0.0


def quantize(
    onsets: Floats, ends: Floats, cells: Cells, manner: Manner, *, keep_ends: bool
) -> tuple[Ints, Ints]:
    """Round the notes of one track to what can be written down.

    Parameters
    ----------
    onsets, ends : arrays of float, shape (notes,)
        In ticks of `RESOLUTION` a quarter; onsets in ascending order.
    cells : Cells
    manner : Manner
    keep_ends : bool
        Whether ends on a division stay there; otherwise they are rounded to plain values.

    Returns
    -------
    onsets, ends : arrays of int, shape (notes,)
        Every note has a length.
    """
    cell = _cell_of(onsets, cells)
    division = _divisions(onsets, cell, cells, manner)
    rounded = np.zeros(len(onsets), dtype=np.int64)
    for each in np.unique(division[cell]).tolist():
        rounded = np.where(division[cell] == each, _snap(onsets, cells, each), rounded)
    rounded = np.maximum.accumulate(rounded)
    return rounded, _ends(rounded, ends, division, cells, keep_ends)


def _cell_of(times: Floats | Ints, cells: Cells) -> Ints:
    return np.maximum(0, np.searchsorted(cells.starts, times + 0.5, side="right") - 1)


def _snap(times: Floats, cells: Cells, division: int) -> Ints:
    """Return the nearest places of a division of the cells."""
    cell = _cell_of(times, cells)
    start, length = cells.starts[cell], cells.lengths[cell]
    return start + np.rint((times - start) * division / length).astype(np.int64) * length // division


def _can_divide(lengths: Ints, division: int) -> Bools:
    """Whether the parts can be written with values down to 64th notes."""
    actual, normal = next((ratio for odd, ratio in _RATIO.items() if division % odd == 0), (1, 1))
    fits: Bools = (lengths * actual) % (division * normal * SMALLEST) == 0
    return fits


def _divisions(onsets: Floats, cell: Ints, cells: Cells, manner: Manner) -> Ints:
    """Return the division of least cost for each cell."""
    count = len(cells.starts)
    apart = np.append(False, np.diff(onsets) > RESOLUTION / 16)
    best, lowest = np.ones(count, dtype=np.int64), np.full(count, np.inf)
    for division, simple in manner.costs.items():
        snapped = _snap(onsets, cells, division)
        off = ((onsets - snapped) / manner.spread) ** 2
        off += _COLLISION * (apart & np.append(False, np.diff(snapped) == 0))
        cost = simple + np.bincount(cell, weights=off, minlength=count)
        cost = np.where(_can_divide(cells.lengths, division) | (division == 1), cost, np.inf)
        best, lowest = np.where(cost < lowest, division, best), np.minimum(cost, lowest)
    return best


def _ends(onsets: Ints, ends: Floats, division: Ints, cells: Cells, keep: bool) -> Ints:
    """Round ends: exact ones stay, small gaps and overlaps close, others go to the beat's division."""
    places = np.append(np.unique(onsets), -1)
    following = places[np.searchsorted(places[:-1], onsets, side="right")]  # -1 behind the last onset
    rounded, exact = _rounded_ends(ends, division, cells, keep)
    last = following < 0
    gap = following - ends
    loose = ~exact & (gap <= (following - onsets) / (3 if keep else 2)) & (gap >= -_OVERLAP)
    sliver = abs(following - rounded) < _SLIVER
    rounded = np.where(~last & (loose | sliver), following, rounded)
    rounded = np.where(last & ~exact, _up(ends - _SLIVER, cells), rounded)
    cell = _cell_of(onsets, cells)
    shortest = onsets + cells.lengths[cell] // _coarse(division[cell])
    shortest = np.where(last, shortest, np.minimum(shortest, following))
    return np.where(rounded > onsets, rounded, shortest)


def _up(times: Floats, cells: Cells) -> Ints:
    """Return the next eighths of the cells; in shorter cells, their ends."""
    cell = _cell_of(times, cells)
    start, step = cells.starts[cell], np.minimum(RESOLUTION // 2, cells.lengths[cell])
    return start + np.ceil((times - start) / step).astype(np.int64) * step


def _coarse(division: Ints) -> Ints:
    """Return the division that ends are rounded to where they are not exact."""
    return np.maximum(2, division)


def _agree(lengths: Ints, own: Ints, other: int) -> Bools:
    """Whether ends may lie on another division than the onsets of the cell, so that both can be written.

    All that lies on the grid of 24 a quarter can be; what does not stands alone.
    """
    fine = RESOLUTION // 24
    agree: Bools = np.where(lengths % (own * fine) == 0, lengths % (other * fine) == 0, own % other == 0)
    return agree


def _rounded_ends(ends: Floats, division: Ints, cells: Cells, keep: bool) -> tuple[Ints, Bools]:
    """Return rounded ends, and which of them were exact."""
    cell = _cell_of(ends - 1, cells)
    own = division[cell]
    coarse = _coarse(own)
    rounded, exact = np.zeros(len(ends), dtype=np.int64), np.zeros(len(ends), dtype=bool)
    for each in WRITTEN.costs:
        snapped = _snap(ends, cells, each)
        hit = keep & (abs(ends - snapped) < _HIT) & _can_divide(cells.lengths[cell], each)
        hit &= _agree(cells.lengths[cell], own, each)
        rounded = np.where(~exact & (hit | (coarse == each)), snapped, rounded)
        exact |= hit
    return rounded, exact
