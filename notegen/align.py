"""Alignment: music that stands beside its own bar lines, moved onto them.

A recording that was transcribed, or played without a click, may stand on a steady grid of its own that the
file's bars do not know: every onset is late by the same part of a sixteenth, or the meter is a bar to every
beat. Such a score is moved so that its sixteenths lie on the grid; where its bars can not be believed, its
downbeats are found by a template of the metre (Palmer and Krumhansl, "Mental representations for musical
meter", 1990: the more notes, and the longer, the stronger the beat).
"""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.notation.metre import is_compound
from notegen.score import DEFAULT_METER, METER, Score, Table, table

_STEADY = 0.6  # of the onsets must lie at the same place between sixteenths: swung ones do not
_EXACT = 1 / 12  # of a sixteenth: what is less is the same place
_HUMAN = 1 / 3  # of a sixteenth: what is less is how one may play
_WRONG = 0.75  # of the best fit to a metre: bar lines beside the notes that fit less are not believed
_LONG = 2  # quarters: what lasts longer is no stronger for that


class Aligned(NamedTuple):
    """A score on its bar lines.

    Parameters
    ----------
    score : Score
    shift : int
        By how many ticks it was moved: later, if above 0.
    meter : (int, int), optional
        What its meter is taken for, where that is another one than is written.
    """

    score: Score
    shift: int
    meter: tuple[int, int] | None


def align(score: Score) -> Aligned:
    """Move a score onto its bar lines; one that stands there already stays as it is.

    Examples
    --------
    >>> late = Score.of([(480 * i + 50, 480, 60) for i in range(8)])
    >>> moved = align(late)
    >>> moved.shift, moved.score.notes["onset"].tolist()[:3]
    (-50, [0, 480, 960])
    >>> align(moved.score).shift
    0
    """
    pitched = score.notes[~np.array([track.is_drum for track in score.tracks])[score.notes["track"]]]
    sixteenth = score.resolution / 4
    written = {(row[1], row[2]) for row in score.meters.tolist()} or {DEFAULT_METER}
    if not len(pitched) or len(written) > 1:
        return Aligned(score, 0, None)
    late = _late(pitched["onset"], sixteenth)
    beats = written == {(1, 4)}  # a bar to every beat is none
    if abs(late) <= _EXACT * sixteenth and not beats:
        return Aligned(score, 0, None)
    meter = (4, 4) if beats else written.pop()
    fits = _fits(pitched, late, score.resolution, meter)
    believed = abs(late) <= _HUMAN * sixteenth and fits[0] >= _WRONG * fits.max() and not beats
    shift = -round(late) if believed else _to_downbeat(int(np.argmax(fits)), late, score, meter)
    moved = replace(_moved(score, shift), meters=table([(0, *meter)], METER))
    return Aligned(moved, shift, meter if beats else None)


def _to_downbeat(step: int, late: float, score: Score, meter: tuple[int, int]) -> int:
    """Return by how much to move a score in which bars begin at a sixteenth, without losing its beginning."""
    bar = score.bar_length(meter)
    shift = -round(late + step * score.resolution / 4) % bar
    return shift - bar if score.notes["onset"].min() >= bar - shift else shift


def _late(onsets: NDArray[np.int64], sixteenth: float) -> float:
    """Return by how much onsets lie behind sixteenths, from minus to plus a half; 0 if they do not agree."""
    mean = np.exp(2j * np.pi * onsets / sixteenth).mean()
    late = float(np.angle(mean)) / (2 * np.pi) * sixteenth
    apart = (onsets - late + sixteenth / 2) % sixteenth - sixteenth / 2
    return late if (abs(apart) <= _EXACT * sixteenth).mean() >= _STEADY else 0.0


def _fits(notes: Table, late: float, resolution: int, meter: tuple[int, int]) -> NDArray[np.float64]:
    """Return how well notes fit the metre if bars begin at each sixteenth, counted from the beginning."""
    size = max(1, 16 * meter[0] // meter[1])
    step = np.rint((notes["onset"] - late) / resolution * 4).astype(np.int64) % size
    lasting = np.sqrt(np.minimum(notes["duration"] / resolution, _LONG))
    low = 1 + (notes["pitch"] < np.quantile(notes["pitch"], 0.25))  # the bass tells most
    weight = np.bincount(step, lasting * low, minlength=size)
    strength = _strength(size, is_compound(meter))
    return np.array([np.roll(strength, shift) @ weight for shift in range(size)])


def _strength(size: int, compound: bool) -> NDArray[np.float64]:
    """Return how strong each sixteenth of a bar is: eighths, beats, halves of 4/4 and the beginning are."""
    beat = 6 if compound else 4
    levels = [2, beat, 2 * beat, size] if size == 4 * beat else [2, beat, size]
    place = np.arange(size)
    strength: NDArray[np.float64] = np.sum([place % level == 0 for level in levels], axis=0).astype(float)
    return strength


def _moved(score: Score, shift: int) -> Score:
    """Return a score so many ticks later."""
    notes = score.notes.copy()
    notes["onset"] = np.maximum(0, notes["onset"] + shift)
    maps: dict[str, Any] = {}
    for name in ("tempos", "meters", "keys", "events"):
        rows = getattr(score, name).copy()
        rows["tick"] = np.where(rows["tick"] > 0, np.maximum(0, rows["tick"] + shift), 0)
        maps[name] = table(rows, rows.dtype)
    return replace(score, notes=table(notes, notes.dtype), source=None, **maps)
