"""What all piano rolls share: bars and their numbers, and how many of them stand in a system.

A system is a row of bars, as on a page of music. A pickup is bar 0, and stands in a system with the
bars that follow it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.errors import EmptyError, RangeError
from notegen.melody import GRID, pickup_length
from notegen.notation import metre
from notegen.score import DEFAULT_METER, Score, Span, Table, Track

MOST_BARS = 5_000


class Roll(NamedTuple):
    """A score to draw: its title, and what of it is new (None if nothing is, or all)."""

    score: Score
    title: str = ""
    new: Span | None = None


class Bars(NamedTuple):
    """The bars of a piece.

    Parameters
    ----------
    lines : array of int, shape (bars + 1,)
        The ticks of the bar lines, the last one included.
    first : int
        The number of the first bar: 0 if it is a pickup, else 1.
    """

    lines: NDArray[np.int64]
    first: int


def bars(score: Score) -> Bars:
    """Find the bar lines and the pickup.

    Raises
    ------
    EmptyError
        If there is no note.
    RangeError
        If there are more than `MOST_BARS` bars.
    """
    if not len(score.notes):
        raise EmptyError("there is no note in it, and nothing to draw")
    count = _count(score)
    if count > MOST_BARS:
        raise RangeError(
            f"it has {count:,} bars, and a piano roll holds {MOST_BARS:,}; are its times damaged?"
        )
    pickup = pickup_length(score.quantize(GRID).meters.tolist())
    return Bars(score.bars(), 0 if pickup else 1)


def _count(score: Score) -> int:
    """Count bars without listing them: the times of a damaged file are too large for that."""
    end = score.end
    changes = [(0, *DEFAULT_METER), *score.meters.tolist()]
    stops = [min(change[0], end) for change in changes[1:]] + [end]
    return sum(
        -(-max(0, stop - tick) // score.bar_length((numerator, denominator)))
        for (tick, numerator, denominator), stop in zip(changes, stops, strict=True)
    )


def systems(widths: NDArray[np.floating[Any]], room: float, first: int) -> list[slice]:
    """Break bars into as few systems as can be, of four, eight, … bars; of fewer where four are too wide.

    Parameters
    ----------
    widths : array of float, shape (bars,)
    room : float
        The width of a system, in the same unit; a bar that is wider has a system to itself.
    first : int
        The number of the first bar.

    Examples
    --------
    >>> systems(np.full(12, 1.0), 10, 1)
    [slice(0, 8, None), slice(8, 12, None)]
    >>> systems(np.full(12, 1.0), 10, 0)  # with a pickup
    [slice(0, 9, None), slice(9, 12, None)]
    """
    found = _fill(widths, room, first)
    while True:  # as even as may be: without one system more, and without a long one at the end
        widest = max(float(widths[part].sum()) for part in found)
        evener = _fill(widths, min(room, 0.999 * widest), first)
        longer = widths[evener[-1]].sum() > widths[evener[0]].sum()
        if longer or len(evener) > len(found) or evener == found:
            return found
        found = evener


def _fill(widths: NDArray[np.floating[Any]], room: float, first: int) -> list[slice]:
    edges = np.append(0, np.cumsum(widths))
    found, start, pickup = [], 0, 1 - first
    while start < len(widths):
        fits = int(np.searchsorted(edges, edges[start] + room + 1e-6, side="right")) - 1
        stop = max(fits, start + 1)
        if stop < len(widths):
            phrases = (stop - (stop - pickup) % group for group in (4, 2))
            stop = next((phrase for phrase in phrases if phrase > max(start, pickup)), stop)
        found.append(slice(start, stop))
        start = stop
    return found


def beat_length(score: Score, tick: int) -> float:
    """Return the ticks of a beat in the meter at a tick: three units in 6/8, 9/8 and the like."""
    meter = score.meter_at(tick)
    return 4 * score.resolution / meter[1] * (3 if metre.is_compound(meter) else 1)


def parts(score: Score) -> list[tuple[Track, Table]]:
    """Return the tracks that have notes, each with its notes."""
    rows = [(track, score.notes[score.notes["track"] == i]) for i, track in enumerate(score.tracks)]
    return [(track, notes) for track, notes in rows if len(notes)]


def part_names(score: Score) -> list[str]:
    """Return the names of the tracks that have notes; a track without one goes by its number."""
    sounding = set(score.notes["track"].tolist())
    return [
        printable(track.name).strip() or ("drums" if track.is_drum else f"track {i + 1}")
        for i, track in enumerate(score.tracks)
        if i in sounding
    ]


def printable(text: str) -> str:
    """Return a name from a file without control characters, which neither XML nor a terminal takes."""
    return "".join(char if char.isprintable() else " " for char in text)
