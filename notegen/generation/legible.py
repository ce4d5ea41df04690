"""Played melodies, rounded to what can be read: a model of text has seen none of their odd lengths."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from notegen.melody import GRID
from notegen.notation import metre, rhythm
from notegen.notation.rhythm import PLAYED, Cells
from notegen.score import NOTE, Score, table

_FINE = metre.RESOLUTION // GRID
_STEP = GRID // 4  # ticks of a sixteenth


def legible(line: Score, bar: int, tick: int, length: int) -> tuple[Score, int]:
    """Round a melody that was played; one that was written stays as it is.

    Parameters
    ----------
    line : Score
        As `notegen.melody.melody` returns it.
    bar : int
        The tick at which the bar begins in which it ends, or behind it.
    tick : int
        Where in that bar it ends.
    length : int
        The ticks of the bar.

    Returns
    -------
    line : Score
    tick : int
        Rounded to a sixteenth of this bar.
    """
    cells = _cells(line, bar + tick)
    onsets = line.notes["onset"] * float(_FINE)
    if rhythm.is_written(onsets, cells) and tick % 2 == 0:
        return line, tick
    tick = min(round(tick / _STEP) * _STEP, (length - 1) // _STEP * _STEP)
    lag = rhythm.lag_of(onsets)
    ends = onsets + line.notes["duration"] * float(_FINE)
    begun, over = rhythm.quantize(np.maximum(0, onsets - lag), ends - lag, cells, PLAYED, keep_ends=False)
    notes = line.notes.copy()
    notes["onset"] = begun // _FINE
    following = np.append(notes["onset"][1:], bar + tick)
    notes["duration"] = np.minimum(over // _FINE, following) - notes["onset"]
    kept = table(notes[notes["duration"] > 0], NOTE)
    return (replace(line, notes=kept), tick) if len(kept) else (line, tick)


def _cells(line: Score, stop: int) -> Cells:
    """Return the stretches that have one division each."""
    starts: list[int] = []
    bars = line.bars(stop).tolist()
    for begin, following in pairwise(bars):
        starts += range(begin * _FINE, following * _FINE, metre.cell(line.meter_at(begin)))
    edges = np.array([*starts, bars[-1] * _FINE])
    return Cells(edges[:-1], np.diff(edges))
