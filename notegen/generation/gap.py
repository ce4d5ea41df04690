"""The gap: bars of a seed that are to be written anew, and what stays around them."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.align import align
from notegen.errors import UsageError
from notegen.generation.plan import Names, chosen
from notegen.generation.rules import parse_pair
from notegen.melody import GRID
from notegen.score import NOTE, Score, rescale, table
from notegen.settle import settle

Between = tuple[int, int]  # the first and the last of the bars, counted from 1


class Gap(NamedTuple):
    """A seed without some of its bars.

    Parameters
    ----------
    kept : Score
        The seed as it was read, without the notes that begin in these bars; what sounds into them ends there.
    score : Score
        The same on its bar lines; see `notegen.align`.
    shift : int
        By how many ticks it is later there.
    start, stop : int
        The ticks of `score` between which the bars lay.
    bars : int
        How many there are.
    of : int
        How many the seed has.
    tracks : set of int
        Whose notes are gone; all other tracks are as they were.
    """

    kept: Score
    score: Score
    shift: int
    start: int
    stop: int
    bars: int
    of: int
    tracks: set[int]

    @classmethod
    def of_bars(cls, score: Score, between: Between, names: Names) -> "Gap":
        """Take the notes of some tracks out of some bars.

        Parameters
        ----------
        score : Score
        between : (int, int)
            The first and the last bar, counted from 1; a pickup counts.
        names : str or sequence of str
            Of the tracks; see `notegen.generation.plan.chosen`.

        Raises
        ------
        UsageError
            If there are no such bars or tracks, or nothing is played before these bars or behind them.
        """
        aligned, tracks = align(score), chosen(score, names)
        lines, notes = aligned.score.bars(), aligned.score.notes
        first, last = between
        if not 1 <= first <= last < len(lines):
            raise UsageError(f"there are no bars {first} to {last}: the seed has {len(lines) - 1}")
        start, stop = int(lines[first - 1]), int(lines[last])
        ticks = settle(aligned.score).ticks
        edges = rescale(np.array([start, stop]), score.resolution, GRID)
        mine = np.isin(notes["track"], list(tracks))
        before, behind = ticks < edges[0], ticks >= edges[1]
        if not (mine & before).any() or not (mine & behind).any():
            side = "behind" if (mine & before).any() else "before"
            raise UsageError(
                f"nothing is played {side} bars {first} to {last}, but there must be music on both sides"
            )
        room = np.where(mine & before, np.maximum(1, start - notes["onset"]), notes["duration"])
        stays = ~mine | before | behind
        kept, moved = (_without(each, stays, room) for each in (score, aligned.score))
        return cls(kept, moved, aligned.shift, start, stop, last - first + 1, len(lines) - 1, tracks)


def parse_between(text: str) -> Between:
    """Read which bars are meant: the first and the last, or one alone.

    Raises
    ------
    UsageError
        If it is no number or range of numbers.

    Examples
    --------
    >>> parse_between("9:12"), parse_between("9")
    ((9, 12), (9, 9))
    """
    return parse_pair(text, "a range of bars: write for example 9:12, or 9 for one bar")


def _without(score: Score, stays: NDArray[np.bool_], room: NDArray[np.int64]) -> Score:
    """Return a score with some of its notes, none longer than it has room."""
    notes = score.notes.copy()
    notes["duration"] = np.minimum(notes["duration"], room)
    return replace(score, notes=table(notes[stays], NOTE), source=None)
