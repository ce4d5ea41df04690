"""Echoes: how much of a take stands in its own seed."""

from typing import NamedTuple

import numpy as np

from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.corpus.intervals import line_notes
from notegen.corpus.originality import Index
from notegen.corpus.scan import Piece
from notegen.generation.judge import Bar, bars


class Echo(NamedTuple):
    """What a take says again of its seed.

    Parameters
    ----------
    bars : int
        How many of the new bars are bars of the seed, note for note.
    of : int
        How many bars are new.
    notes : int
        The longest run of new notes that stands in the seed, at any pitch; see
        `notegen.corpus.originality`.
    """

    bars: int
    of: int
    notes: int

    def __str__(self) -> str:
        plural = "s" * (self.of != 1)
        return (
            f"{self.bars} of {self.of} bar{plural} as in the seed" if self.bars else "no bar as in the seed"
        )


def echoes(before: Ids, takes: list[Ids]) -> list[Echo | None]:
    """Return what the new tokens of takes say again of the tokens before them.

    An unfinished bar at the end of the seed, and what fills it, count on neither side. There are no echoes
    where there are no notes before.

    Examples
    --------
    >>> from notegen.codecs import vocabulary as v
    >>> up, down = ([v.FIRST["pitch"] + p, v.FIRST["release"] + 95] for p in (68, 75))
    >>> seed = np.array([v.START, v.meter_id((4, 4)), v.FIRST["key"], v.BAR, *up, v.BAR, *down, v.BAR, *up])
    >>> echoes(seed, [np.array([v.BAR, *down, v.BAR, *up, v.BAR, *down, *down])])
    [Echo(bars=2, of=3, notes=2)]
    """
    first = note_count(before)
    if not first:
        return [None] * len(takes)
    known, index = set(_sounding(before)), Index.of([Piece("seed", "seed", before)])
    found: list[Echo | None] = []
    for ids in takes:
        new, run = _sounding(ids), index.longest(np.append(before, ids), since=first)
        found.append(Echo(sum(bar in known for bar in new), len(new), run.notes if run else 0))
    return found


def echo_of_parts(new: list[Bar], before: list[Bar], seed: Ids, ids: Ids) -> Echo:
    """Return what a take of several parts says again of its seed.

    Parameters
    ----------
    new, before : lists of Bar
        Of the take and of its seed.
    seed, ids : arrays of ids
        The tokens of both; the longest run is of the line that leads.
    """
    heard, known = [bar for bar in new if bar], set(before)
    whole = np.append(seed, ids)
    run = Index.of([Piece("seed", "seed", seed)]).longest(whole, line_notes(whole, len(seed)))
    return Echo(sum(bar in known for bar in heard), len(heard), run.notes if run else 0)


def _sounding(ids: Ids) -> list[tuple[int, ...]]:
    """Return the bars in which a note begins."""
    return [bar for bar in bars(ids) if len(bar) > 1]
