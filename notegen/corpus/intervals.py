"""Tokens as intervals: what tells a note by the one before it, in pitch and in time.

Of a piece of many parts, that of them which is most like a melody stands for all where pieces are compared.
"""

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids


def symbols(ids: Ids) -> NDArray[np.int64]:
    """Return what tells each note of a piece's `line` but the first: 256 x inter-onset + 128 + interval.

    Returns
    -------
    array of int, shape (notes - 1,)
    """
    onsets, pitches = line(ids)
    return 256 * np.diff(onsets) + 128 + np.diff(pitches)


def line(ids: Ids) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the onsets and pitches of a melody, or of the top notes of a piece's most melodic part.

    That part is high, has few chords, and is there from beginning to end, as in
    `notegen.melody.melody_track`. Where all parts are drums, their notes stand for a melody.

    Returns
    -------
    onsets, pitches : arrays of int, shape (notes,)
        As by `times` and `notegen.codecs.vocabulary.pitches`.
    """
    if (ids < v.MELODY).all():
        return times(ids)[0], v.pitches(ids)
    kind, value = v.KIND[ids], v.VALUE[ids]
    notes = np.flatnonzero(kind == v.INDEX["pitch"])
    onsets, pitches = _onsets(ids, notes), v.pitches(ids)
    if not len(notes):
        notes = np.flatnonzero(kind == v.INDEX["drum"])
        onsets, pitches = _onsets(ids, notes), value[notes]
    part = value[_last(kind == v.INDEX["part"])[notes]]
    mine = part == _lead(onsets, pitches, part)
    onsets, pitches = onsets[mine], pitches[mine]
    highest = np.diff(onsets, prepend=-1) > 0  # notes that begin together go from high to low
    return onsets[highest], pitches[highest]


def line_notes(ids: Ids, tokens: int) -> int:
    """Return how many notes of a piece's `line` lie among so many tokens at its beginning.

    These end with a bar, or in one that goes on behind them.
    """
    if (ids < v.MELODY).all():
        return int((v.KIND[ids[:tokens]] == v.INDEX["pitch"]).sum())
    before = ids[:tokens]
    notes = np.flatnonzero(np.isin(v.KIND[before], (v.INDEX["pitch"], v.INDEX["drum"])))
    last = int(_onsets(before, notes[-1:])[0]) if len(notes) else -1
    return int((line(ids)[0] <= last).sum())


def _lead(onsets: NDArray[np.int64], pitches: NDArray[np.int64], part: NDArray[np.int64]) -> int:
    """Return the part that is most like a melody; of several, the first."""
    best, best_rank = -1, -np.inf
    for each in np.unique(part).tolist():
        mine = onsets[part == each]
        apart = np.count_nonzero(np.diff(mine)) + 1
        presence = (mine[-1] - mine[0]) / max(1, int(onsets[-1] - onsets[0]))
        rank = float(pitches[part == each].mean() / 12 + 3 * apart / len(mine) + presence)
        if rank > best_rank:
            best, best_rank = each, rank
    return best


def times(ids: Ids) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where a piece's notes begin and end, in grid ticks from its first whole bar if it were one.

    They are those of the codec, but for where they are counted from in a pickup. Drums are left out.

    Returns
    -------
    onsets, ends : arrays of int, shape (notes,)
    """
    kind, value = v.KIND[ids], v.VALUE[ids]
    notes, release = np.flatnonzero(kind == v.INDEX["pitch"]), kind == v.INDEX["release"]
    if not len(notes):
        return notes, notes
    released = np.cumsum(np.where(release, value + 1, 0))
    bar = _bars(ids)[notes]
    ends: NDArray[np.int64] = bar + np.append(released[notes[1:]], released[-1]) - released[notes]
    if (ids >= v.MELODY).any():
        return _onsets(ids, notes), ends
    placed = kind[notes - 1] == v.INDEX["position"]
    begun = np.where(placed, bar + value[notes - 1], np.maximum(bar, np.append(0, ends[:-1])))
    return begun, ends


def _onsets(ids: Ids, notes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where notes of parts begin: where the last position in their bar says, or with the bar."""
    kind = v.KIND[ids]
    begins = (ids == v.BAR) | (ids == v.PICKUP)
    said = _last(begins | (kind == v.INDEX["position"]))[notes]
    onsets: NDArray[np.int64] = _bars(ids)[notes] + np.where(begins[said], 0, v.VALUE[ids[said]])
    return onsets


def _bars(ids: Ids) -> NDArray[np.int64]:
    """Return the tick at which the bar of each token begins; 0 for what stands before the first."""
    begins = (ids == v.BAR) | (ids == v.PICKUP)
    meters, bars = np.flatnonzero(v.KIND[ids] == v.INDEX["meter"]), np.flatnonzero(begins)
    lengths = v.METER_LENGTH[v.VALUE[ids[meters]]][np.searchsorted(meters, bars) - 1]
    found: NDArray[np.int64] = np.append(0, np.cumsum(lengths) - lengths)[np.cumsum(begins)]
    return found


def _last(chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the index of the last chosen token up to each; 0 where there is none."""
    found: NDArray[np.int64] = np.maximum.accumulate(np.where(chosen, np.arange(len(chosen)), 0))
    return found
