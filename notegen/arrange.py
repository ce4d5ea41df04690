"""Arranged scores: whole scores in the form in which the codec of parts writes them.

Times are moved to the grid; each track that has notes is a part, and the maps change at bar lines alone. A
score that is in this form already stays as it is.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.errors import EmptyError, RangeError
from notegen.melody import GRID, LONGEST, tidy_keys, tidy_meters
from notegen.score import DEFAULT_TEMPO, METER, NOTE, TEMPO, Score, Table, Track, table

_PROGRAM_CHANGE = 0xC0


def arrange(score: Score, until: int = 0) -> Score:
    """Bring a score onto the grid, with a track for each part.

    Parameters
    ----------
    score : Score
    until : int
        The grid tick to which the maps are kept at least.

    Returns
    -------
    Score
        Of resolution `GRID`. Its tracks are those that have notes, in order, with the program of their first
        note; its notes are sorted by onset, then track, then pitch from high to low, and no two of them are
        alike in all three. Velocities lie in the middle of their step; drum notes all last equally long.
        Meters, keys (guessed if none is written) and tempos begin at bar lines.

    Raises
    ------
    EmptyError
        If there is no note.
    RangeError
        If it has more than 16 parts, or is far longer than any piece.
    """
    grid = score.quantize(GRID)
    if max(grid.end, until) > LONGEST:
        raise RangeError("the piece is longer than 50,000 bars of 4/4; its times are damaged")
    heard = np.unique(grid.notes["track"])
    if not len(heard):
        raise EmptyError("there is no note in it")
    if len(heard) > v.PARTS:
        raise RangeError(f"the piece has {len(heard)} tracks with notes; at most {v.PARTS} can be told apart")
    tracks = tuple(_part(score, track) for track in heard.tolist())
    drums = np.array([track.is_drum for track in tracks])
    notes = _notes(grid.notes, heard, drums)
    last = int(notes["onset"][-1])
    meters = table(tidy_meters(grid.meters.tolist(), max(until, last)), METER)
    grid = replace(grid, notes=notes, tracks=tracks, meters=meters, events=grid.events[:0], source=None)
    until = max(until, last + 1)
    pitched = notes[~drums[notes["track"]]]
    for _ in range(2):  # what is left of the keys may be a C major alone, which is doubted
        grid = replace(grid, keys=tidy_keys(grid, pitched, until))
    return replace(grid, tempos=_tempos(grid.tempos, grid.bars(until)))


def _part(score: Score, track: int) -> Track:
    """Return a track with the program that its first note has; drums have none."""
    own = score.tracks[track]
    if own.is_drum:
        return replace(own, program=0)
    first = score.notes["onset"][score.notes["track"] == track].min()
    events = score.events[(score.events["track"] == track) & (score.events["tick"] <= first)]
    changes = events["data1"][events["status"] & 0xF0 == _PROGRAM_CHANGE]
    return replace(own, program=int(changes[-1])) if len(changes) else own


def _notes(notes: Table, heard: NDArray[np.int32], drums: NDArray[np.bool_]) -> Table:
    """Return the notes in order; of those that begin together on one pitch the longest."""
    rows = notes.copy()
    rows["track"] = np.searchsorted(heard, notes["track"])
    rows["velocity"] = rows["velocity"] // v.LOUDNESS * v.LOUDNESS + v.LOUDNESS // 2
    rows["duration"][drums[rows["track"]]] = v.DRUM_LENGTH
    onset, pitch, track = rows["onset"], rows["pitch"], rows["track"]
    order = np.lexsort((-rows["velocity"], -rows["duration"], -pitch, track, onset))
    rows = rows[order]
    new = [rows[name][1:] != rows[name][:-1] for name in ("onset", "track", "pitch")]
    return table(rows[np.append(True, np.any(new, axis=0))], NOTE)


def _tempos(tempos: Table, bars: NDArray[np.int64]) -> Table:
    """Return one tempo a bar, where it changes: that at which the bar lasts as long as it did."""
    ticks, pace = tempos["tick"], tempos["microseconds"]
    if not len(ticks) or ticks[0]:
        ticks, pace = np.append(0, ticks), np.append(DEFAULT_TEMPO, pace)
    clock = np.append(0, np.cumsum(np.diff(ticks) * pace[:-1]))
    row = np.searchsorted(ticks, bars, side="right") - 1
    lasting = np.diff(clock[row] + (bars - ticks[row]) * pace[row]) / np.diff(bars)
    steps = v.VALUE[v.tempo_ids(lasting)]
    changed = np.append(True, np.diff(steps) != 0)
    rows = zip(bars[:-1][changed].tolist(), v.MICROSECONDS[steps[changed]].tolist(), strict=True)
    return table(list(rows), TEMPO)
