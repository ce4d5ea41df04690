"""Continuations of many tracks, beside how the songs really go on.

A song is cut in the middle, and what was made of its first half is set against its second half, track by
track and bar by bar. Of each feature of a bar, two distributions are compared by their overlapped area (see
`statistics`): that of its values, and that of its changes, which are the distances between any two bars of
one track in one passage. A loop of the seed has the values of the song, but nothing changes from one round
to the next: values tell whether a continuation sounds like its song, changes whether it moves as music does.

Many files have beats for bars. So as many bars as fit into a whole note count as one here: four of 1/4, two
of 2/4, one of 3/4.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.errors import RangeError
from notegen.evaluation import features
from notegen.evaluation.statistics import densities
from notegen.melody import GRID
from notegen.score import NOTE, Score, rescale, table

Array = NDArray[np.float64]
Ticks = NDArray[np.int64]
Measured = dict[str, Array]  # of one track in one passage: by feature, a row a bar; NaN where it has none

BARS = 16  # of a continuation, at most
LOOP = 4  # bars of the seed, over and over: the floor
DEALS = 10  # of the songs into two halves: the ceiling


class Passage(NamedTuple):
    """Music from tick 0 on, and its bar lines, shape (bars + 1,), the last of which ends it."""

    score: Score
    lines: Ticks


class Halves(NamedTuple):
    """A song that is cut in the middle.

    Attributes
    ----------
    seed : Score
        All that stands before the cut.
    before, after : Passage
        The last bars before the cut, and as many behind it: how the song really goes on.
    bars : int
        How many bars of the meter, long or short, a continuation of `seed` needs to last as long as `after`.
        Bars at the end of the seed in which nothing sounds count too, for new notes begin there.
    cut : int
        Its tick.
    """

    seed: Score
    before: Passage
    after: Passage
    bars: int
    cut: int


class Agreement(NamedTuple):
    """Overlapped areas, 0 to 1, of a feature's values and of its changes; NaN without any."""

    values: float
    changes: float


class Going(NamedTuple):
    """The share of takes in which all tracks go on, and in which those of a role do."""

    whole: float
    roles: dict[str, float]


class Row(NamedTuple):
    """A feature of a track: takes, and what they are to be compared with, beside the true continuations.

    Attributes
    ----------
    role, feature : str
    songs : int
        How many songs have such a track.
    takes : Agreement
    ceiling : Agreement
        Of one half of the songs with the other half, mean of `DEALS` deals. Other songs are in other keys,
        and halves are smaller than the whole: good takes may come out above it.
    before : Agreement
        Of the bars before the cut: people's music in the same songs.
    loop : Agreement
        Of the last `LOOP` bars before the cut, over and over.
    """

    role: str
    feature: str
    songs: int
    takes: Agreement
    ceiling: Agreement
    before: Agreement
    loop: Agreement


def onsets(score: Score) -> float:
    """Return how many different onsets there are on the grid; a chord has one, however it is struck."""
    return float(len(np.unique(rescale(score.notes["onset"], score.resolution, GRID))))


def velocity(score: Score) -> float:
    """Return the mean MIDI velocity of the notes."""
    return float(score.notes["velocity"].mean()) if len(score.notes) else np.nan


FEATURES: dict[str, Callable[[Score], Any]] = {  # of the notes that begin in a bar
    "pitch classes": features.pitch_classes,
    "onsets": onsets,
    "polyphony": features.polyphony,
    "velocity": velocity,
    "duration": features.mean_duration,
}


def halve(song: Score, most: int = BARS) -> Halves:
    """Cut a song at the bar line next to its middle.

    Parameters
    ----------
    song : Score
    most : int
        Bars of a passage; shorter halves have shorter ones.

    Raises
    ------
    RangeError
        If there is no whole bar on either side of the cut.
    """
    lines = song.bars()
    middle = int(np.abs(lines - song.end / 2).argmin())
    cut = int(lines[middle])
    several = max(1, 4 * song.resolution // song.bar_length(song.meter_at(cut)))
    ahead, back = lines[middle::several][: most + 1], lines[middle::-several][: most + 1]
    bars = min(len(ahead), len(back)) - 1
    if bars < 1:
        raise RangeError("the song is too short to be cut in two: it needs a bar on each side")
    ahead, back = ahead[: bars + 1], back[bars::-1]
    seed = song.cut(0, cut)
    needed = int(((lines >= seed.end) & (lines < ahead[-1])).sum())
    return Halves(seed, _passage(song, back), _passage(song, ahead), needed, cut)


def behind(song: Halves, take: Score) -> Passage:
    """Return what a take has behind the cut, as long as the true continuation, in the bars of that."""
    lines = song.after.lines
    return Passage(take.cut(song.cut, song.cut + int(lines[-1])), lines)


def loop(song: Halves) -> Passage:
    """Return the last `LOOP` bars before the cut over and over, as long as the true continuation."""
    score, lines = song.before
    start = int(lines[-min(LOOP + 1, len(lines))])
    last, length = score.cut(start, int(lines[-1])), int(lines[-1]) - start
    end = int(song.after.lines[-1])
    rounds = [last.notes.copy() for _ in range(0, end, length)]
    for i, notes in enumerate(rounds):
        notes["onset"] += i * length
    whole = replace(last, notes=table(np.concatenate(rounds), NOTE))
    return Passage(whole.cut(0, end), song.after.lines)


def roles(score: Score) -> dict[int, str]:
    """Return what the tracks with notes are called: by their names, or else by their numbers from 1 on."""
    return {
        int(track): score.tracks[track].name.strip() or f"track {track + 1}"
        for track in np.unique(score.notes["track"])
    }


def tracks_going_on(song: Halves, take: Passage) -> dict[int, bool]:
    """Return which tracks go on in a take, of those that play on both sides of the cut.

    A track goes on if notes of it begin in at least half as many bars as in the true continuation.
    """
    expected = roles(song.seed).keys() & roles(song.after.score).keys()
    return {track: 2 * _playing(take, track) >= _playing(song.after, track) for track in sorted(expected)}


def going_on(songs: list[Halves], takes: list[list[Passage]]) -> Going:
    """Return how often tracks go on; songs and takes as for `compare`, NaN where there are none."""
    whole: list[bool] = []
    each: dict[str, list[bool]] = {}
    for song, made in zip(songs, takes, strict=True):
        names = roles(song.seed)
        for take in made:
            found = tracks_going_on(song, take)
            whole.append(all(found.values()))
            for track, goes in found.items():
                each.setdefault(names[track], []).append(goes)
    shares = {role: float(np.mean(goes)) for role, goes in each.items()}
    return Going(float(np.mean(whole)) if whole else np.nan, shares)


def measure(passage: Passage, track: int) -> Measured:
    """Return all features of each bar of a track, shape (bars, bins) or (bars, 1) each.

    Bars without notes have 0 onsets, and NaN for all else; so have drums for pitches, polyphony and duration.
    """
    notes = passage.score.notes[passage.score.notes["track"] == track]
    bar = np.searchsorted(passage.lines, notes["onset"], side="right") - 1
    bars = [replace(passage.score, notes=table(notes[bar == i], NOTE)) for i in range(len(passage.lines) - 1)]
    return {
        name: np.array([np.ravel(feature(each)) for each in bars], dtype=np.float64)
        for name, feature in FEATURES.items()
    }


def agreement(first: list[Measured], second: list[Measured], feature: str) -> Agreement:
    """Return how well two sets of passages agree in a feature; of histograms, the values are their mean."""
    if not first or not second:
        return Agreement(np.nan, np.nan)
    ours, theirs = ([_present(each[feature]) for each in side] for side in (first, second))
    values = _overlap(np.concatenate(ours), np.concatenate(theirs))
    changes = densities(*(np.concatenate([_changes(rows) for rows in side]) for side in (ours, theirs)))
    return Agreement(values, changes.overlap)


def compare(songs: list[Halves], takes: list[list[Passage]]) -> list[Row]:
    """Set takes against the true continuations of their songs, in each feature of each role.

    Parameters
    ----------
    songs : list of Halves
    takes : list of lists of Passage
        Of each song, as `behind` returns them. All lists may be empty: the rest comes out all the same.

    Returns
    -------
    list of Row
        Roles in the order in which the songs name them, without the features that their tracks do not have.
    """
    parts: dict[str, list[tuple[int, int]]] = {}
    for i, song in enumerate(songs):
        for track, role in roles(song.seed).items():
            parts.setdefault(role, []).append((i, track))
    return [row for role, places in parts.items() for row in _compare(role, places, songs, takes)]


def _compare(
    role: str, places: list[tuple[int, int]], songs: list[Halves], takes: list[list[Passage]]
) -> Iterator[Row]:
    """Yield the rows of a role; places: its songs and tracks."""
    true = [measure(songs[i].after, track) for i, track in places]
    sets = [
        [measure(take, track) for i, track in places for take in takes[i]],
        [measure(songs[i].before, track) for i, track in places],
        [measure(loop(songs[i]), track) for i, track in places],
    ]
    for feature in FEATURES:
        if any(len(_present(each[feature])) for each in true):
            made, before, looped = (agreement(true, each, feature) for each in sets)
            yield Row(role, feature, len(places), made, _ceiling(true, feature), before, looped)


def _ceiling(true: list[Measured], feature: str) -> Agreement:
    """Return how well halves of the true continuations agree, mean of random deals (of one seed)."""
    rng, size = np.random.default_rng(0), len(true) // 2
    deals = [rng.permutation(len(true)) for _ in range(DEALS)]
    found = [
        agreement([true[i] for i in deal[:size]], [true[i] for i in deal[size:]], feature) for deal in deals
    ]
    return Agreement(*np.mean(found, axis=0).tolist())


def _passage(song: Score, lines: Ticks) -> Passage:
    return Passage(song.cut(int(lines[0]), int(lines[-1])), lines - lines[0])


def _playing(passage: Passage, track: int) -> int:
    """Return in how many bars notes of a track begin."""
    notes = passage.score.notes[passage.score.notes["track"] == track]
    return len(np.unique(np.searchsorted(passage.lines, notes["onset"], side="right")))


def _present(rows: Array) -> Array:
    """Return the bars that have a feature."""
    present: Array = rows[~np.isnan(rows).any(axis=1)]
    return present


def _changes(rows: Array) -> Array:
    """Return the Euclidean distances between any two bars, each once."""
    distances = np.sqrt(np.square(rows[:, None] - rows).sum(axis=-1))  # (bars, bars)
    apart: Array = distances[np.triu_indices(len(rows), 1)]
    return apart


def _overlap(first: Array, second: Array) -> float:
    """Return the area that two densities share, or two mean histograms."""
    if first.shape[1] == 1 or not len(first) or not len(second):
        return densities(first[:, 0], second[:, 0]).overlap
    return float(np.minimum(first.mean(axis=0), second.mean(axis=0)).sum().clip(max=1))
