"""Pieces of many parts made anew in each pass: in another key, with fewer parts, or with bars missing.

What is left out teaches the model to do without: to play any choice of its parts, and to write the bars
between two that are given (Bavarian and others, "Efficient training of language models to fill in the
middle", 2022: the middle is moved behind the end for a share of the pieces).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from notegen.codecs import parts
from notegen.codecs.vocabulary import Ids
from notegen.errors import RangeError
from notegen.score import NOTE, Score, table
from notegen.training.augment import transposing
from notegen.training.material import Remake

MIDDLE, LEFT, RIGHT = 8, 16, 8  # the most bars that are missing, and that stand on either side
_FEW = 8  # notes: what has fewer teaches nothing


def remaking(pieces: Sequence[Ids], thinned: float = 0.2, filled: float = 0.2) -> Remake:
    """Return what makes a piece anew.

    Parameters
    ----------
    pieces : sequence of arrays of ids
        Of parts.
    thinned, filled : float
        The shares of the pieces that lose some of their parts, and of which a stretch stands for all, with
        bars that are missing and told at the end.
    """
    transpose = transposing()

    def remake(piece: int, rng: np.random.Generator) -> Ids:
        ids = transpose(pieces[piece], rng)
        chance = rng.random()
        if chance < thinned:
            return _thinned(ids, rng)
        return _filled(ids, rng) if chance < thinned + filled else ids

    return remake


def _thinned(ids: Ids, rng: np.random.Generator) -> Ids:
    """Leave out some of the parts, but not all."""
    score, known = parts.decode(ids), parts.numbers(ids)
    if len(known) < 2:
        return ids
    kept = np.sort(rng.choice(len(known), int(rng.integers(1, len(known))), replace=False))
    notes = score.notes[np.isin(score.notes["track"], kept)].copy()
    if len(notes) < _FEW:
        return ids
    notes["track"] = np.searchsorted(kept, notes["track"])
    tracks = tuple(score.tracks[i] for i in kept.tolist())
    thinner = replace(score, notes=table(notes, NOTE), tracks=tracks)
    return parts.encode(thinner, numbers=[known[i] for i in kept.tolist()])


def _filled(ids: Ids, rng: np.random.Generator) -> Ids:
    """Take a stretch of a piece, and move bars from its middle behind its end."""
    score = parts.decode(ids)
    lines = score.bars()
    bars = len(lines) - 1
    if bars < 3:
        return ids
    middle = int(rng.integers(1, min(MIDDLE, bars - 2) + 1))
    first = int(rng.integers(1, bars - middle))
    begin = max(0, first - int(rng.integers(1, LEFT + 1)))
    stop = min(bars, first + middle + int(rng.integers(1, RIGHT + 1)))
    try:
        stretch = _cut(score, int(lines[begin]), int(lines[stop]))
        return parts.leave_out(stretch, first - begin, first - begin + middle, parts.numbers(ids))
    except RangeError:  # meter, key or tempo change there, or nothing is played
        return ids


def _cut(score: Score, start: int, stop: int) -> Score:
    """Return a stretch with all parts, even those that do not play in it."""
    stretch = score.cut(start, stop)
    if len(stretch.notes) < _FEW:
        raise RangeError("there is hardly a note in these bars")
    return stretch
