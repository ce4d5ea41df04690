"""Rounding: the notes of a score, track by track, as they can be written down."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from notegen.melody import GRID
from notegen.notation import metre, rhythm
from notegen.notation.metre import RESOLUTION
from notegen.notation.rhythm import Cells, Ints
from notegen.score import Score

SCALE = RESOLUTION // GRID


def cells(bars: Sequence[int], grid: Score) -> Cells:
    """Return the stretches that have one division each.

    Parameters
    ----------
    bars : sequence of int
        The grid ticks at which bars begin, and at which the last one ends.
    grid : Score
        Of resolution `GRID`, with the meters of these bars.
    """
    starts: list[int] = []
    for bar, following in pairwise(bars):
        starts += range(bar * SCALE, following * SCALE, metre.cell(grid.meter_at(bar)))
    edges = np.array([*starts, bars[-1] * SCALE])
    return Cells(edges[:-1], np.diff(edges))


def is_written(score: Score, within: Cells) -> bool:
    """Whether the notes of a score were written, and not played."""
    return rhythm.is_written(score.notes["onset"] * (RESOLUTION / score.resolution), within)


def rounded(score: Score, within: Cells) -> dict[int, tuple[Ints, Ints]]:
    """Return readable onsets and ends of the notes of each track that has any, in ticks of `RESOLUTION`."""
    notes, scale = score.notes, RESOLUTION / score.resolution
    onsets, ends = notes["onset"] * scale, (notes["onset"] + notes["duration"]) * scale
    if not rhythm.is_written(onsets, within):
        lag = rhythm.lag_of(onsets)
        onsets, ends = np.maximum(0, onsets - lag), ends - lag
    manner = rhythm.WRITTEN if rhythm.is_written(onsets, within) else rhythm.PLAYED
    keep_ends = manner is rhythm.WRITTEN and rhythm.is_written(ends, within)
    return {
        track: rhythm.quantize(onsets[own], ends[own], within, manner, keep_ends=keep_ends)
        for track, own in ((i, notes["track"] == i) for i in np.unique(notes["track"]).tolist())
    }
