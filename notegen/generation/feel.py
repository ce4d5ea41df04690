"""Feel: how a seed is played against the grid, and new notes played in the same way.

A note of a performance begins a little before or behind its grid tick, is louder or softer than
others, and sounds for some part of its written length. What is typical of a place in the bar (the
swing of the off-beats, the accent of the downbeat) is a mean; what is left over differs from note to
note, and new notes draw theirs from it.

Means are learned from coarse to fine: of all notes; of beats, eighths, sixteenths and the rest; of the
place in the beat; of the place in the bar. How far the finer one is believed depends on how much the
notes of one place differ among themselves: in a seed whose places are each played alike, it is
believed altogether.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.errors import EmptyError
from notegen.melody import GRID
from notegen.notation.metre import is_compound
from notegen.score import NOTE, Score, Table, rescale, table

_SIXTEENTH = GRID // 4
_EDGES = (0.75, 1.0)  # of the gate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Spread(NamedTuple):
    """What means leave over: of notes alone, of whole chords, and of the notes of chords from theirs."""

    alone: Floats
    shared: Floats
    own: Floats

    @classmethod
    def of(cls, left: Floats, chord: Ints) -> "Spread":
        """Divide what is left over of notes, given the chord of each, numbered from 0."""
        size = np.bincount(chord)
        mean = np.bincount(chord, left) / size
        alone, shared = (_centred(mean[at] if at.any() else mean) for at in (size == 1, size > 1))
        several = size[chord] > 1
        own = (left - mean[chord])[several] / np.sqrt(1 - 1 / size[chord][several])
        return cls(alone, shared, own)

    def draw(self, chord: Ints, rng: np.random.Generator) -> Floats:
        """Draw a value for each note of new chords, numbered from 0."""
        size = np.bincount(chord)
        alone, shared = (rng.choice(left, len(size)) for left in (self.alone, self.shared))
        own = rng.choice(self.own, len(chord)) if len(self.own) else np.zeros(len(chord))
        own -= (np.bincount(chord, own) / size)[chord]
        drawn: Floats = np.where(size == 1, alone, shared)[chord] + own
        return drawn


@dataclass(frozen=True)
class Feel:
    """How a track is played.

    Parameters
    ----------
    resolution : int
        Ticks a quarter note of the seed.
    offset : array of float, shape (places,)
        How many of the seed's ticks behind its grid tick a note begins, by the grid tick of the bar.
    timing : Spread
        What the offsets leave over, in the seed's ticks.
    velocity : array of float, shape (places,)
        How loud a note is, by the grid tick of the bar.
    dynamics : Spread
        What the velocities leave over.
    steps : array of float, shape (8,)
        How loud a note is of which only the velocity step is known.
    within : array of float
        What the steps leave over.
    extremes : (int, int)
        The softest and the loudest note: none becomes softer or louder.
    gate : float
        The part of its written length that a note sounds: the median, from 3/4 to 1.
    """

    resolution: int
    offset: Floats
    timing: Spread
    velocity: Floats
    dynamics: Spread
    steps: Floats
    within: Floats
    extremes: tuple[int, int]
    gate: float

    @classmethod
    def of(cls, score: Score, track: int, written: Table, ticks: Ints | None = None) -> "Feel":
        """Measure how a track is played.

        Parameters
        ----------
        score : Score
        track : int
        written : structured array of `NOTE`
            The notes of the track as the codec writes them, in grid ticks from the score's beginning.
            What it leaves out is not measured.
        ticks : array of int, shape (all notes of the score,), optional
            The grid ticks on which they were meant (see `notegen.settle`); the nearest ones if not given.

        Raises
        ------
        EmptyError
            If no note of the track is among those written.
        """
        if ticks is None:
            ticks = rescale(score.notes["onset"], score.resolution, GRID)
        played, written = _pairs(score, track, written, ticks)
        if not len(played):
            raise EmptyError("there is no note in the track whose playing is to be measured")
        place = _places(written["onset"], rescale(score.bars(), score.resolution, GRID))
        size = max(v.LONGEST_BAR, int(place.max())) + _SIXTEENTH
        beat = 3 * GRID // 2 if is_compound(score.meter_at(score.end)) else GRID
        chord = np.unique(written["onset"], return_inverse=True)[1]
        offsets = _offsets(played["onset"], written["onset"], score.resolution)
        loud = played["velocity"].astype(np.float64)
        offset = _swing(place, offsets, np.arange(size), beat, score.resolution / GRID)
        velocity = _by_place(place, loud, np.arange(size), beat)
        steps = _by_step(loud)
        length = rescale(written["duration"], GRID, score.resolution)
        return cls(
            resolution=score.resolution,
            offset=offset,
            timing=Spread.of(offsets - offset[place], chord),
            velocity=velocity,
            dynamics=Spread.of(loud - velocity[place], chord),
            steps=steps,
            within=loud - steps[played["velocity"] // v.LOUDNESS],
            extremes=(int(loud.min()), int(loud.max())),
            gate=float(np.clip(np.median(played["duration"] / np.maximum(1, length)), *_EDGES)),
        )

    def apply(self, notes: Table, bars: Ints, rng: np.random.Generator, start: int = 0) -> Table:
        """Return new notes as the seed would play them.

        Parameters
        ----------
        notes : structured array of `NOTE`, shape (notes,), sorted by onset
            In grid ticks; a velocity of 0 is one that nobody told, any other one tells its step.
        bars : array of int
            The grid ticks at which their bars begin.
        rng : numpy.random.Generator
        start : int
            The seed's tick before which none may begin.

        Returns
        -------
        structured array of `NOTE`, shape (notes,), sorted by onset
            In the seed's ticks, counted from where the grid ticks are counted. No note begins before
            one that stands on an earlier grid tick.
        """
        if not len(notes):
            return notes
        ticks, chord = np.unique(notes["onset"], return_inverse=True)
        place = np.minimum(_places(notes["onset"], bars), len(self.offset) - 1)
        onset = self._on_time(notes["onset"], bars) + np.rint(self.timing.draw(chord, rng)).astype(np.int64)
        latest = np.maximum.accumulate(_by_chord(np.maximum, onset, chord))
        onset = np.maximum(onset, np.append(start, np.maximum(start, latest[:-1]))[chord])
        rows = np.empty(len(notes), dtype=NOTE)
        ends = notes["onset"] + notes["duration"]
        after = np.minimum(np.searchsorted(ticks, ends), len(ticks) - 1)
        first = _by_chord(np.minimum, onset, chord)
        ends = np.where(ticks[after] == ends, first[after], self._on_time(ends, bars))
        rows["onset"] = onset
        rows["duration"] = np.maximum(1, np.rint((ends - onset) * self.gate))
        rows["pitch"], rows["track"] = notes["pitch"], notes["track"]
        rows["velocity"] = self._velocities(notes["velocity"], place, chord, rng)
        return table(rows[np.argsort(onset, kind="stable")], NOTE)

    def _on_time(self, ticks: Ints, bars: Ints) -> Ints:
        """Return grid ticks as the seed's, moved by what is typical of their places."""
        place = np.minimum(_places(ticks, bars), len(self.offset) - 1)
        moved: Ints = rescale(ticks, GRID, self.resolution) + np.rint(self.offset[place]).astype(np.int64)
        return moved

    def _velocities(
        self, told: NDArray[np.int16], place: Ints, chord: Ints, rng: np.random.Generator
    ) -> NDArray[np.int16]:
        free = self.velocity[place] + self.dynamics.draw(chord, rng)
        bound = self.steps[told // v.LOUDNESS] + rng.choice(self.within, len(told))
        loud: NDArray[np.int16] = np.rint(np.clip(np.where(told, bound, free), *self.extremes)).astype(
            np.int16
        )
        return loud


def _centred(values: Floats) -> Floats:
    centred: Floats = values - values.mean()
    return centred


def _pairs(score: Score, track: int, written: Table, ticks: Ints) -> tuple[Table, Table]:
    """Return the notes of a track and what is written of each, by onset; of doubled notes the longest."""
    mine = score.notes["track"] == track
    own = score.notes[mine]
    names = ticks[mine] * 128 + own["pitch"]
    order = np.lexsort((-own["duration"], names))
    written = written[np.argsort(written["onset"], kind="stable")]
    wanted = written["onset"] * 128 + written["pitch"]
    at = np.searchsorted(names[order], wanted)
    known = at < len(own)
    known[known] = names[order][at[known]] == wanted[known]
    return own[order][at[known]], written[known]


def _places(ticks: Ints, bars: Ints) -> Ints:
    """Return where in their bars grid ticks lie."""
    places: Ints = ticks - bars[np.maximum(0, np.searchsorted(bars, ticks, side="right") - 1)]
    return np.maximum(0, places)


def _offsets(onsets: Ints, ticks: Ints, resolution: int) -> Floats:
    """Return how far onsets lie behind their grid ticks; what is less than a tick is rounding."""
    offsets = onsets - ticks * (resolution / GRID)
    return np.where(abs(offsets) < 1, 0, offsets)


def _by_chord(function: np.ufunc, values: Ints, chord: Ints) -> Ints:
    """Return the largest or smallest value of each chord, of notes sorted by chord."""
    smallest: Ints = function.reduceat(values, np.flatnonzero(np.diff(chord, prepend=-1)))
    return smallest


def _by_step(loud: Floats) -> Floats:
    """Return how loud the notes of each velocity step are; of one never played, as far from its middle."""
    middle = np.arange(128 // v.LOUDNESS) * v.LOUDNESS + v.LOUDNESS / 2
    step = loud.astype(np.int64) // v.LOUDNESS
    count = np.bincount(step, minlength=len(middle))
    mean = np.bincount(step, loud, minlength=len(middle)) / np.maximum(1, count)
    return np.where(count, mean, middle + (loud - middle[step]).mean())


def _classes(places: Ints, beat: int) -> Ints:
    """Return 0 for beats, 1 for other eighths, 2 for other sixteenths and 3 for the rest."""
    eighth, sixteenth = places % (2 * _SIXTEENTH) == 0, places % _SIXTEENTH == 0
    classes: Ints = np.select([places % beat == 0, eighth, sixteenth], [0, 1, 2], 3)
    return classes


def _by_place(place: Ints, values: Floats, places: Ints, beat: int) -> Floats:
    """Return the mean of a value for each of the places in a bar."""
    mean = np.full(len(places), values.mean())
    for keys in (_classes(places, beat), places % beat, places):
        mean = _refined(mean, keys, place, values)
    return mean


def _swing(place: Ints, offsets: Floats, places: Ints, beat: int, tick: float) -> Floats:
    """Return the mean offset for each of the places in a bar.

    Notes that stand on no half, third or quarter of an eighth belong to the sixteenth beside them. So
    an off-beat eighth that the seed never plays on its own tick comes as late as the seed's do.
    """
    if not offsets.any():
        return np.zeros(len(places))
    plain = (places % 3 == 0) | (places % 4 == 0)
    near = np.where(plain, places, (places + _SIXTEENTH // 2) // _SIXTEENTH * _SIXTEENTH)
    mean = _refined(np.full(len(places), offsets.mean()), _classes(places, beat), place, offsets)
    late = offsets + tick * (place - near[place])
    mean = np.where(plain, _refined(mean, places % beat, near[place], late), mean)
    for keys in (places % beat, places):
        mean = _refined(mean, keys, place, offsets)
    return mean


def _refined(coarse: Floats, keys: Ints, place: Ints, values: Floats) -> Floats:
    """Return coarse means by place, moved towards the means of the places of one key.

    By how much is Stein's estimator for groups of unequal size (Efron and Morris, "Data analysis using
    Stein's estimator and its generalizations", 1975), with variances by the method of moments.

    Parameters
    ----------
    coarse : array of float, shape (places,)
    keys : array of int, shape (places,)
        Which places share a mean, numbered from 0 to less than the number of places.
    place : array of int, shape (notes,)
    values : array of float, shape (notes,)
    """
    at = keys[place]
    count = np.bincount(at, minlength=len(keys))
    mean = np.bincount(at, values, minlength=len(keys)) / np.maximum(1, count)
    groups = np.count_nonzero(count)
    inside = ((values - mean[at]) ** 2).sum() / max(1, len(values) - groups)
    between = max(0.0, ((mean[at] - coarse[place]) ** 2).mean() - inside * groups / len(values))
    weight = count * between / np.maximum(count * between + inside, 1e-12) if inside else count > 0
    refined: Floats = coarse + weight[keys] * (mean[keys] - coarse)
    return refined
