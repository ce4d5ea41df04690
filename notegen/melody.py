"""Melody: the single line that a model learns from and continues.

A score with chords or several tracks is reduced to one line; times are moved to the codec's grid,
and the maps are put into the form in which the codec writes them down. A line that is in this form
already stays as it is.
"""

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from notegen import keys
from notegen.errors import EmptyError, RangeError
from notegen.keys import Key
from notegen.score import DEFAULT_METER, KEY, METER, NOTE, Score, Table, meter_of, table

Row = tuple[int, int, int]  # of a map: tick, numerator, denominator; or tick, fifths, mode

GRID = 24  # ticks a quarter note: triplets and thirty-second notes are exact
LONGEST = 50_000 * 4 * GRID  # ticks; what is longer is no piece
_GAP = 4  # grid ticks: shorter silences between notes are articulation, not rests
_LEAD = re.compile(r"melod|lead|vocal|voice|voix|chant|solo|canto|sopran|tune|gesang", re.IGNORECASE)


def melody(score: Score, track: int | None = None, until: int = 0) -> Score:
    """Reduce a score to one line of one track on the grid.

    Parameters
    ----------
    score : Score
    track : int, optional
        Which track; the one that looks most like a melody if not given.
    until : int
        The grid tick to which the maps are kept at least, where other tracks go on for longer.

    Returns
    -------
    Score
        Of resolution `GRID`, with one track and no two notes at a time, with meters that begin at
        bar lines and with at least one key (guessed if none is written).

    Raises
    ------
    EmptyError
        If there is no note, or none but drums.
    RangeError
        If it is far longer than any piece.
    """
    track = melody_track(score) if track is None else track
    grid = score.quantize(GRID)
    if max(grid.end, until) > LONGEST:
        raise RangeError("the piece is longer than 50,000 bars of 4/4; its times are damaged")
    notes = _line(grid.notes[grid.notes["track"] == track])
    meters = table(tidy_meters(grid.meters.tolist(), max(until, int(notes["onset"][-1]))), METER)
    line = replace(
        grid, notes=notes, meters=meters, tracks=(score.tracks[track],), events=grid.events[:0], source=None
    )
    return replace(line, keys=tidy_keys(line, notes, max(until, int(notes["onset"][-1]) + 1)))


def melody_track(score: Score) -> int:
    """Return the index of the track that carries the melody.

    A track named like one wins; otherwise high pitch, few chords and much presence count.
    """
    best, best_rank = -1, (-np.inf, -np.inf)
    for i, track in enumerate(score.tracks):
        notes = score.notes[score.notes["track"] == i]
        if track.is_drum or not len(notes):
            continue
        onsets = np.unique(notes["onset"])
        presence = (onsets[-1] - onsets[0]) / max(1, score.end)
        rank = (
            float(bool(_LEAD.search(track.name))),
            notes["pitch"].mean() / 12 + 3 * len(onsets) / len(notes) + presence,
        )
        if rank > best_rank:
            best, best_rank = i, rank
    if best < 0:
        found = "nothing but drums" if len(score.notes) else "no note"
        raise EmptyError(f"there is {found} in it, and a melody is needed")
    return best


def _line(notes: Table) -> Table:
    """Keep the highest voice, let each note end where the next begins, and close gaps of articulation."""
    if not (notes["onset"][1:] > notes["onset"][:-1]).all():
        order = np.lexsort((-notes["pitch"], notes["onset"]))
        notes = notes[order]
        notes = notes[np.append(True, notes["onset"][1:] != notes["onset"][:-1])]
    ends = notes["onset"] + notes["duration"]
    if (ends[:-1] > notes["onset"][1:]).any():
        notes = notes[_highest(notes, ends)]
    line = notes.copy()
    line["track"] = 0
    goal = -(-(line["onset"][-1:] + line["duration"][-1:]) // 6) * 6  # the last note's: the next sixteenth
    line["duration"] = lengths(line["onset"], line["duration"], np.append(line["onset"][1:], goal))
    return table(line, NOTE)


def _highest(notes: Table, ends: NDArray[np.int64]) -> list[int]:
    """Leave out notes that sound, for more than half their time, below one that began before them."""
    kept: list[int] = []
    rows = zip(notes["onset"].tolist(), ends.tolist(), notes["pitch"].tolist(), strict=True)
    top_end, top_pitch = -1, -1
    for i, (onset, end, pitch) in enumerate(rows):
        if pitch < top_pitch and 2 * (min(top_end, end) - onset) > end - onset:
            continue
        kept.append(i)
        top_end, top_pitch = end, pitch
    return kept


def lengths(
    onsets: NDArray[np.int64], durations: NDArray[np.int64], following: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return durations without overlaps and without the small gaps of articulation.

    Parameters
    ----------
    following : array of int, shape (notes,)
        Where the next note begins, in grid ticks.
    """
    gap = following - onsets - durations
    small = (gap <= _GAP) & (4 * gap <= following - onsets)
    return np.where(small, following - onsets, durations)


def tidy_meters(changes: list[Row], last: int) -> list[Row]:
    """Return a meter map on the grid with every change at a bar line, up to a last tick."""
    if len(changes) == 1 and not changes[0][0]:
        return changes
    rows: list[Row] = []
    changes = [row for row in changes if row[0] <= last or row[0] == 0] or [(0, *DEFAULT_METER)]
    start = 0
    for i, (_, *meter) in enumerate(changes):
        stop = changes[i + 1][0] if i + 1 < len(changes) else None
        if stop is not None and stop <= start:
            continue  # a change inside an odd bar that was filled up: the next one counts
        rows.append((start, meter[0], meter[1]))
        if stop is None:
            break
        length = max(1, round(4 * GRID * meter[0] / meter[1]))
        whole, left = divmod(stop - start, length)
        start += whole * length
        if not left:
            continue
        odd = meter_of(left, meter[1], GRID)
        if odd is None:
            start += length  # no meter is so short: the change waits for the bar line
        else:
            if not whole:
                rows.pop()
            rows.append((start, *odd))
            start = stop
    return _changes(_plain_pickup([row for row in rows if row[0] <= last]))


def _plain_pickup(rows: list[Row]) -> list[Row]:
    """Spell the meter of a pickup in the units of the meter that follows it."""
    pickup = pickup_length(rows)
    if not pickup:
        return rows
    return [(0, *(meter_of(pickup, rows[1][2], GRID) or rows[0][1:])), *rows[1:]]


def pickup_length(meters: list[Row]) -> int:
    """Return the length of the pickup that a meter map on the grid begins with, or 0."""
    if len(meters) < 2:
        return 0
    first, second = (4 * GRID * numerator // denominator for _, numerator, denominator in meters[:2])
    return first if meters[1][0] == first < second else 0


def tidy_keys(score: Score, notes: Table, until: int) -> Table:
    """Return the key map with every change at a bar line, and a guess where a key is missing.

    Parameters
    ----------
    score : Score
        On the grid, with tidy meters.
    notes : structured array of `NOTE`
        What a guess listens to.
    until : int
        The tick up to which there are bars.
    """
    written = [(tick, Key(fifths, mode)) for tick, fifths, mode in score.keys.tolist()]
    weights = np.bincount(notes["pitch"] % 12, weights=notes["duration"], minlength=12)
    rows: list[Row] = [(0, *keys.settle([key for _, key in written], weights))]
    if len(written) > 1:
        bars = score.bars(until)
        for tick, key in written:
            bar = int(bars[max(0, np.searchsorted(bars, tick, side="right") - 1)])
            if bar < bars[-1]:
                rows = [*(row for row in rows if row[0] != bar), (bar, *Key.of_tonic(key.tonic, key.mode))]
    return table(_changes(rows), KEY)


def _changes(rows: list[Row]) -> list[Row]:
    """Leave out rows that repeat the one before."""
    return [row for i, row in enumerate(rows) if not i or row[1:] != rows[i - 1][1:]]
