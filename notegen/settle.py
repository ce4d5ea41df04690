"""Played music on the ticks that were meant.

Nobody plays on a grid of 24 a quarter: read off that grid, a played eighth is now a tick early, now two late,
and no two bars are alike; where eighths are swung, none stands on half of its beat. A model was taught by
music that stands on its beats, so that is what it is told; how the notes were played is measured beside it
(`notegen.generation.feel`).
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.melody import GRID, LONGEST
from notegen.notation.metre import RESOLUTION
from notegen.notation.rhythm import Cells
from notegen.notation.rounding import SCALE, cells, is_written, rounded
from notegen.score import Score, rescale, table

_FEW = 8  # notes: fewer do not tell by themselves how they were played
_INNER = 0.2, 0.85  # of a beat: what begins there tells whether its eighths are swung
_SWUNG = 0.53, 0.72  # of a beat: where swung eighths begin
_MOST = 0.8  # of what begins inside of beats

Ticks = NDArray[np.int64]


class Settled(NamedTuple):
    """A score as it was meant.

    Parameters
    ----------
    score : Score
        Of resolution `GRID`; the score itself if all of it was written, and not played.
    ticks : array of int, shape (notes,)
        The grid tick on which each note of the score as it was played was meant to begin.
    """

    score: Score
    ticks: Ticks


def settle(score: Score) -> Settled:
    """Move the notes of each track that was played to simple parts of their beats.

    Examples
    --------
    >>> played = Score.of([(480 * i + off, 400, 60) for i, off in enumerate([0, 25, -13, 8])])
    >>> settle(played).score.notes["onset"].tolist()
    [0, 24, 48, 72]
    >>> swung = Score.of([(480 * i + off, 160, 60) for i in range(8) for off in (0, 320)])
    >>> settle(swung).score.notes["onset"].tolist()[:4]
    [0, 12, 24, 36]
    >>> written = Score.of([(480 * i, 400, 60) for i in range(4)])
    >>> settle(written).score is written
    True
    """
    notes, plain = score.notes, _onsets(score, GRID)
    if not len(notes) or score.end > LONGEST * score.resolution // GRID:
        return Settled(score, plain)
    grid = score.quantize(GRID)
    within = cells(grid.bars(grid.end).tolist(), grid)
    even = _straightened(score, within)
    ticks, ends = (times.copy() for times in (_onsets(even, GRID), _ends(even, GRID)))
    written = even is score
    for track in np.unique(notes["track"]).tolist():
        mine = notes["track"] == track
        alone = replace(even, notes=even.notes[mine], source=None)
        if not is_written(alone if mine.sum() >= _FEW else even, within):
            written = False
            ticks[mine], ends[mine] = (times // SCALE for times in rounded(alone, within)[track])
    if written:
        return Settled(score, plain)
    rows = notes.copy()
    rows["onset"], rows["duration"] = ticks, np.maximum(1, ends - ticks)
    rows = rows[np.argsort(ticks, kind="stable")]
    return Settled(replace(grid, notes=table(rows, rows.dtype), source=None), ticks)


def _onsets(score: Score, resolution: int) -> Ticks:
    return rescale(score.notes["onset"], score.resolution, resolution)


def _ends(score: Score, resolution: int) -> Ticks:
    return rescale(score.notes["onset"] + score.notes["duration"], score.resolution, resolution)


def _straightened(score: Score, within: Cells) -> Score:
    """Return a score, if its eighths are swung, with even ones and of resolution `RESOLUTION`."""
    onsets = _onsets(score, RESOLUTION)
    swing = _swing(onsets, within)
    if swing == 0.5:
        return score
    times = [_even(each, within, swing) for each in (onsets, _ends(score, RESOLUTION))]
    rows = score.notes.copy()
    rows["onset"], rows["duration"] = times[0], np.maximum(1, times[1] - times[0])
    return replace(score, notes=table(rows, rows.dtype), resolution=RESOLUTION, source=None)


def _swing(onsets: Ticks, within: Cells) -> float:
    """Return where in their beats off-beat eighths begin: behind the half if they are swung."""
    cell = np.searchsorted(within.starts, onsets, side="right") - 1
    place = ((onsets - within.starts[cell]) / RESOLUTION)[within.lengths[cell] == RESOLUTION]
    inner = place[(place > _INNER[0]) & (place < _INNER[1])]
    late = inner[(inner > _SWUNG[0]) & (inner < _SWUNG[1])]
    return float(np.median(late)) if len(inner) >= _FEW and len(late) >= _MOST * len(inner) else 0.5


def _even(times: Ticks, within: Cells, swing: float) -> Ticks:
    """Return times of swung music as they would be if both eighths of each beat lasted equally long."""
    cell = np.clip(np.searchsorted(within.starts, times, side="right") - 1, 0, None)
    start, beat = within.starts[cell], within.lengths[cell] == RESOLUTION
    place = (times - start) / RESOLUTION
    moved = np.where(place < swing, place * 0.5 / swing, 0.5 + (place - swing) * 0.5 / (1 - swing))
    inside = beat & (place < 1)
    even: Ticks = np.where(inside, np.rint(start + moved * RESOLUTION).astype(np.int64), times)
    return even
