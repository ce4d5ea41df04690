"""Features of one score: its pitches, its intervals, its rhythm, its texture.

All of them are rows of `TABLE`. A feature is a number, or a histogram that sums to 1; it is NaN where a score
has nothing to measure it by. Times are in quarter notes. Drums have no pitches: features of pitch, duration
and polyphony leave them out, those of onsets (times between them, density, groove, empty beats) count them.
Intervals and inter-onset intervals go along a line: of each track, the highest note at each onset.

References: Yang and Lerch, On the evaluation of generative models in music (2018); Wu and Yang, The jazz
transformer on the front line (2020); Dong and others, MuseGAN (2018); Mogren, C-RNN-GAN (2016).
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import pitch_name
from notegen.keys import Key
from notegen.score import Score, Table

Array = NDArray[np.float64]

NOTE_VALUES = np.array([1 / 8, 1 / 6, 1 / 4, 1 / 3, 3 / 8, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4])
WIDEST = 12  # semitones; wider intervals are counted with the octaves

_BORDERS = np.sqrt(NOTE_VALUES[:-1] * NOTE_VALUES[1:])  # a length belongs to the value nearest by ratio
_SCALES = np.array([[pitch in Key(fifths, 0).scale for fifths in range(12)] for pitch in range(12)])


def pitch_count(score: Score) -> float:
    """Return how many different pitches there are (Yang and Lerch, 2018)."""
    return float(len(np.unique(_pitches(score)))) or np.nan


def pitch_class_count(score: Score) -> float:
    """Return how many different pitch classes there are, 1 to 12 (Yang and Lerch, 2018)."""
    return float(len(np.unique(_pitches(score) % 12))) or np.nan


def pitch_range(score: Score) -> float:
    """Return the distance from the lowest to the highest pitch, in semitones (Yang and Lerch, 2018)."""
    pitches = _pitches(score)
    return float(np.ptp(pitches)) if len(pitches) else np.nan


def mean_pitch(score: Score) -> float:
    """Return the mean MIDI pitch of the notes."""
    return _mean(_pitches(score))


def pitch_entropy(score: Score) -> float:
    """Return Shannon's entropy of the pitches of the notes, in bits."""
    return _entropy(_shares(_pitches(score), 128))


def pitch_classes(score: Score) -> Array:
    """Return the share of notes of each pitch class, C first, shape (12,) (Yang and Lerch, 2018)."""
    return _shares(_pitches(score) % 12, 12)


def pitch_class_entropy(score: Score) -> float:
    """Return Shannon's entropy of the pitch classes of the notes, in bits, 0 to 3.58 (Wu and Yang, 2020)."""
    return _entropy(pitch_classes(score))


def transitions(score: Score) -> Array:
    """Return the share of each step from one pitch class to another (Yang and Lerch, 2018).

    Returns
    -------
    array of float64, shape (12, 12)
        From (rows) and to (columns) along the lines; all of it sums to 1.
    """
    line = _lines(_pitched(score))
    classes = line["pitch"] % 12
    return _shares((12 * classes[:-1] + classes[1:])[_within(line)], 144).reshape(12, 12)


def intervals(score: Score) -> Array:
    """Return the share of each melodic interval, shape (25,): an octave down (or more) to an octave up."""
    return _shares(np.clip(_intervals(score), -WIDEST, WIDEST) + WIDEST, 2 * WIDEST + 1)


def mean_interval(score: Score) -> float:
    """Return the mean size of the melodic intervals, in semitones (Yang and Lerch, 2018)."""
    return _mean(np.abs(_intervals(score)))


def scale_consistency(score: Score) -> float:
    """Return the largest share of notes that lie in one major scale (Mogren, 2016).

    That is the largest of the 24 major and natural minor scales as well: a minor scale has the pitch classes
    of its relative major, so that the modes taken apart give one and the same number.
    """
    fits = _SCALES[_pitches(score) % 12]  # (notes, scales)
    return float(fits.sum(axis=0).max() / len(fits)) if len(fits) else np.nan


def durations(score: Score) -> Array:
    """Return the share of notes of each of `NOTE_VALUES`, shape (14,); a duration counts for the nearest."""
    return _values(_pitched(score)["duration"] / score.resolution)


def mean_duration(score: Score) -> float:
    """Return the mean duration of the notes, in quarter notes."""
    return _mean(_pitched(score)["duration"] / score.resolution)


def inter_onsets(score: Score) -> Array:
    """Return the share of inter-onset intervals of each of `NOTE_VALUES`, shape (14,)."""
    return _values(_inter_onsets(score))


def mean_inter_onset(score: Score) -> float:
    """Return the mean time from one onset to the next, in quarter notes (Yang and Lerch, 2018)."""
    return _mean(_inter_onsets(score))


def density(score: Score) -> float:
    """Return the notes of all tracks per quarter note, from the beginning to the end of the last note."""
    return len(score.notes) * score.resolution / score.end if score.end else np.nan


def groove_consistency(score: Score) -> float:
    """Return how alike the rhythms of adjacent bars are, 0 to 1 (Wu and Yang, 2020, there of all bars).

    One less the mean Hamming distance of the onsets of a bar and the next: the share of steps at which one
    has an onset and the other has none. A step is a sixteenth note counted from the bar line, and an onset
    belongs to the nearest: 16 steps in 4/4, 12 in 3/4 and 6/8, 14 in 7/8. Only bars of equal length are
    compared, so that neither a pickup nor a change of meter counts.
    """
    step = score.resolution / 4
    moved = score.notes["onset"] + step / 2
    bars = score.bars(max(score.end, int(moved[-1]) + 1 if len(moved) else 0))
    lengths = np.diff(bars)
    alike = lengths[1:] == lengths[:-1]
    if not alike.any():
        return np.nan
    bar = np.searchsorted(bars, moved, side="right") - 1
    steps = np.ceil(lengths / step).astype(np.int64)
    onsets = np.zeros((len(lengths), steps.max()), dtype=np.bool_)
    onsets[bar, ((moved - bars[bar]) // step).astype(np.int64)] = True
    different = (onsets[1:] != onsets[:-1]).sum(axis=1) / steps[1:]
    return 1 - _mean(different[alike])


def empty_beats(score: Score) -> float:
    """Return the share of beats in which no note sounds (Dong and others, 2018).

    A beat is a quarter note counted from the bar line, or what is left of one before the next; a note that
    ends where a beat begins does not sound in it. Beats are counted up to the end of the last note.
    """
    if not score.end:
        return np.nan
    bars = score.bars()
    counts = -(-np.diff(bars) // score.resolution)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    starts = np.repeat(bars[:-1], counts) + within * score.resolution
    stops = np.append(starts[1:], bars[-1])[starts < score.end]
    begun = np.searchsorted(score.notes["onset"], stops)
    ended = np.searchsorted(np.sort(_ends(score.notes)), starts[starts < score.end], side="right")
    return _mean(begun == ended)


def polyphony(score: Score) -> float:
    """Return how many pitches sound at a time, mean of the time in which any does (Dong and others, 2018)."""
    sounding, ticks = _texture(score)
    return float(sounding @ ticks / ticks[sounding > 0].sum()) if len(ticks) else np.nan


def polyphony_rate(score: Score) -> float:
    """Return the share of the time, to the last end of a pitch, in which two or more pitches sound."""
    sounding, ticks = _texture(score)
    return float(ticks[sounding > 1].sum() / ticks.sum()) if len(ticks) else np.nan


class Feature(NamedTuple):
    """A row of the table: a feature, its unit, its function, its bins if it is a histogram, its meaning."""

    name: str
    unit: str
    function: Callable[[Score], Any]
    bins: tuple[str, ...]
    meaning: str

    @property
    def is_histogram(self) -> bool:
        """Whether the feature has many numbers, one for each bin."""
        return bool(self.bins)


_CLASSES = tuple(pitch_name(pitch)[:-1] for pitch in range(60, 72))
_STEPS = tuple(f"{before} {after}" for before in _CLASSES for after in _CLASSES)
_INTERVALS = tuple(f"{interval:+}" if interval else "0" for interval in range(-WIDEST, WIDEST + 1))
_VALUES = ("1/8", "1/6", "1/4", "1/3", "3/8", "1/2", "2/3", "3/4", "1", "4/3", "3/2", "2", "3", "4")

TABLE = (
    Feature("pitch count", "pitches", pitch_count, (), "different pitches"),
    Feature("pitch-class count", "pitch classes", pitch_class_count, (), "different pitch classes"),
    Feature("range", "semitones", pitch_range, (), "from the lowest to the highest pitch"),
    Feature("mean pitch", "MIDI pitch", mean_pitch, (), "how high the notes lie"),
    Feature("pitch entropy", "bits", pitch_entropy, (), "how evenly the pitches are used"),
    Feature("pitch classes", "share", pitch_classes, _CLASSES, "how often each pitch class is played"),
    Feature("pitch-class entropy", "bits", pitch_class_entropy, (), "how evenly they are used"),
    Feature("transitions", "share", transitions, _STEPS, "which pitch class follows which"),
    Feature("intervals", "share", intervals, _INTERVALS, "how often each interval is sung, in semitones"),
    Feature("mean interval", "semitones", mean_interval, (), "the size of the melodic intervals"),
    Feature("scale consistency", "share", scale_consistency, (), "notes in the scale that fits best"),
    Feature("durations", "share", durations, _VALUES, "how often each note value is played, in quarters"),
    Feature("mean duration", "quarters", mean_duration, (), "how long the notes are"),
    Feature("inter-onsets", "share", inter_onsets, _VALUES, "times from onset to onset, in quarters"),
    Feature("mean inter-onset", "quarters", mean_inter_onset, (), "the time from onset to onset"),
    Feature("density", "notes a quarter", density, (), "how many notes there are in a quarter"),
    Feature("groove consistency", "share", groove_consistency, (), "how alike rhythms of adjacent bars are"),
    Feature("empty beats", "share", empty_beats, (), "beats in which no note sounds"),
    Feature("polyphony", "pitches", polyphony, (), "how many pitches sound at a time"),
    Feature("polyphony rate", "share", polyphony_rate, (), "time in which two or more pitches sound"),
)


def measure(feature: Feature, scores: Iterable[Score]) -> Array:
    """Return a feature of many scores, shape (scores, bins), or (scores, 1) if it is a number."""
    rows = [np.ravel(feature.function(score)) for score in scores]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(feature.bins) or 1)


def _pitched(score: Score) -> Table:
    """Return the notes that are no drums."""
    drums = [i for i, track in enumerate(score.tracks) if track.is_drum]
    return score.notes[~np.isin(score.notes["track"], drums)] if drums else score.notes


def _pitches(score: Score) -> NDArray[np.int64]:
    return _pitched(score)["pitch"].astype(np.int64)


def _lines(notes: Table) -> Table:
    """Return the highest note at each onset of each track, one track after the other."""
    ordered = notes[np.lexsort((-notes["pitch"], notes["onset"], notes["track"]))]
    fresh = (np.diff(ordered["onset"]) != 0) | (np.diff(ordered["track"]) != 0)
    line: Table = ordered[np.append(True, fresh)[: len(ordered)]]
    return line


def _within(line: Table) -> NDArray[np.bool_]:
    """Return which steps from a note to the next stay in its track, shape (notes - 1,)."""
    same: NDArray[np.bool_] = np.diff(line["track"]) == 0
    return same


def _intervals(score: Score) -> NDArray[np.int64]:
    line = _lines(_pitched(score))
    pitches = line["pitch"].astype(np.int64)
    return (pitches[1:] - pitches[:-1])[_within(line)]


def _inter_onsets(score: Score) -> Array:
    line = _lines(score.notes)
    times: Array = (line["onset"][1:] - line["onset"][:-1]) / score.resolution
    return times[_within(line)]


def _ends(notes: Table) -> NDArray[np.int64]:
    ends: NDArray[np.int64] = notes["onset"] + notes["duration"]
    return ends


def _texture(score: Score) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many pitches sound in each stretch of time, and how many ticks it lasts."""
    notes = _pitched(score)
    notes = notes[np.lexsort((notes["onset"], notes["pitch"]))]
    apart = notes["pitch"] * np.int64(score.end + 1)  # pitches laid end to end: a pitch that is struck
    onsets, ends = notes["onset"] + apart, np.maximum.accumulate(_ends(notes) + apart)  # twice sounds once
    fresh = np.append(True, onsets[1:] > ends[:-1])[: len(notes)]
    last = np.append(fresh[1:], True)[: len(notes)]
    times = np.concatenate([[0], (onsets - apart)[fresh], (ends - apart)[last]])
    change = np.repeat([0, 1, -1], [1, fresh.sum(), last.sum()])
    order = np.argsort(times, kind="stable")
    return np.cumsum(change[order])[:-1], np.diff(times[order])


def _shares(values: NDArray[np.int64], size: int) -> Array:
    """Return the share of each value from 0 to size - 1; all NaN without values."""
    counts = np.bincount(values, minlength=size)
    return counts / len(values) if len(values) else np.full(size, np.nan)


def _values(quarters: Array) -> Array:
    """Return the share of lengths that are nearest, by ratio, to each of the note values."""
    return _shares(np.searchsorted(_BORDERS, quarters), len(NOTE_VALUES))


def _entropy(shares: Array) -> float:
    return float(-(shares * np.log2(np.where(shares > 0, shares, 1))).sum()) + 0.0


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else np.nan
