"""Tokens as intervals: what tells a note by the one before it, in pitch and in time."""

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids


def symbols(ids: Ids) -> NDArray[np.int64]:
    """Return what tells each note of a piece but the first: 256 x its inter-onset + 128 + its interval.

    Returns
    -------
    array of int, shape (notes - 1,)
    """
    return 256 * np.diff(times(ids)[0]) + 128 + np.diff(v.pitches(ids))


def times(ids: Ids) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where a piece's notes begin and end, in grid ticks from its first whole bar if it were one.

    They are those of `notegen.codecs.notes.decode`, but for where they are counted from in a pickup.

    Returns
    -------
    onsets, ends : arrays of int, shape (notes,)
    """
    kind, value = v.KIND[ids], v.VALUE[ids]
    meter, release, position = (kind == v.INDEX[name] for name in ("meter", "release", "position"))
    meters, bars = np.flatnonzero(meter), np.flatnonzero((ids == v.BAR) | (ids == v.PICKUP))
    notes = np.flatnonzero(kind == v.INDEX["pitch"])
    if not len(notes):
        return notes, notes
    lengths = v.METER_LENGTH[value[meters]][np.searchsorted(meters, bars) - 1]
    bar = (np.cumsum(lengths) - lengths)[np.searchsorted(bars, notes) - 1]
    released = np.cumsum(np.where(release, value + 1, 0))
    ends: NDArray[np.int64] = bar + np.append(released[notes[1:]], released[-1]) - released[notes]
    placed = position[notes - 1]
    begun = np.where(placed, bar + value[notes - 1], np.maximum(bar, np.append(0, ends[:-1])))
    return begun, ends
