"""Bars that were played, whole and odd, as a map of meters."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from notegen.score import METER, Score, Table, meter_of, table


def regular(played: Score, lines: NDArray[np.int64]) -> Table:
    """Return the meter map that puts bar lines where the played text has them.

    A bar that differs from the meter in force becomes a meter of its own; the two halves of a bar
    around a repeat are one bar, and a short last bar is none of its own.

    Parameters
    ----------
    played : Score
        Its meters are those that the text names.
    lines : array of int, shape (bar lines,), sorted
        Ticks.

    Examples
    --------
    >>> pickup = Score.of([(0, 24, 60), (24, 96, 62)], resolution=24)
    >>> regular(pickup, np.array([24])).tolist()
    [(0, 1, 4), (24, 4, 4)]
    """
    rows: list[tuple[int, int, int]] = []
    for start, length, whole in _bars(played, lines):
        nominal = played.meter_at(start)
        meter = nominal if whole else meter_of(length, nominal[1], played.resolution)
        if meter is not None and (not rows or rows[-1][1:] != meter):
            rows.append((start, *meter))
    return table(rows or [(0, *played.meter_at(0))], METER)


def _bars(played: Score, lines: NDArray[np.int64]) -> Iterator[tuple[int, int, bool]]:
    """Yield start, length and regularity of bars; the two halves of a bar around a repeat are one."""
    starts = [0, *(tick for tick in lines.tolist() if 0 < tick < played.end)]
    ends = [*starts[1:], played.end]
    i = 0
    while i < len(starts):
        expected = played.bar_length(played.meter_at(starts[i]))
        j = i
        while i and j + 1 < len(starts) and ends[j] - starts[i] < expected:
            j += 1
        if ends[j] - starts[i] != expected:
            j = i
        whole, left = divmod(ends[j] - starts[i], expected)
        if whole:
            yield starts[i], whole * expected, True
        if left:
            yield ends[j] - left, left, j + 1 == len(starts) and i > 0
        i = j + 1
