"""Played melodies, rounded to what can be read: a model of text has seen none of their odd lengths."""

from dataclasses import replace

import numpy as np

from notegen.melody import GRID
from notegen.notation import rhythm
from notegen.notation.rhythm import PLAYED
from notegen.notation.rounding import SCALE, cells
from notegen.score import NOTE, Score, table

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
    within = cells(line.bars(bar + tick).tolist(), line)
    onsets = line.notes["onset"] * float(SCALE)
    if rhythm.is_written(onsets, within) and tick % 2 == 0:
        return line, tick
    tick = min(round(tick / _STEP) * _STEP, (length - 1) // _STEP * _STEP)
    lag = rhythm.lag_of(onsets)
    ends = onsets + line.notes["duration"] * float(SCALE)
    begun, over = rhythm.quantize(np.maximum(0, onsets - lag), ends - lag, within, PLAYED, keep_ends=False)
    notes = line.notes.copy()
    notes["onset"] = begun // SCALE
    following = np.append(notes["onset"][1:], bar + tick)
    notes["duration"] = np.minimum(over // SCALE, following) - notes["onset"]
    kept = table(notes[notes["duration"] > 0], NOTE)
    return (replace(line, notes=kept), tick) if len(kept) else (line, tick)
