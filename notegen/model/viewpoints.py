"""Viewpoints: what the next pitch of a melody can be told from.

A viewpoint says what is looked at of earlier notes, and as what a pitch is counted: as it is, above the
tonic, or from the note before. What followed a past like the present one is counted in the melody so far
(short-term), in other melodies of a set (long-term) and in a corpus beside it, for pasts of up to `LONGEST`
notes, and smoothed as Witten and Bell's n-grams are. After Conklin and Witten (Multiple viewpoint systems for
music prediction, 1995) and Pearce (The construction and evaluation of statistical models of melodic
structure, 2005).

Nothing is looked at that is not known when the note before ends: not when the next note begins, and no meter
or key that begins with it. For a first note, the first key is known.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.model.ngram import Hashes, contexts, mix

Ints = NDArray[np.int64]
Counts = NDArray[np.float32]  # (notes, symbols)
Reference = Literal["nothing", "tonic", "note before"]

LONGEST = 8  # notes that are looked back at
NONE = -(1 << 11)  # what is told of a note before the beginning
_LARGEST = 1 << 12  # above all differences of numbers that are told of notes
_LOWEST_TONIC, _HIGHEST_TONIC = -3, 8  # in semitones from C


class Notes(NamedTuple):
    """The notes of melodies, one melody behind the other; all arrays have shape (notes,)."""

    pitch: Ints
    degree: Ints  # semitones above the tonic
    interval: Ints  # from the note before; `NONE` for a first note
    length: Ints  # ticks from the end of the note before to its own, within a bar
    place: Ints  # the tick of the bar at which it ends
    bar: Ints  # the length of the bar in ticks
    number: Ints  # of the note in its melody, from 0
    piece: Ints

    @property
    def tonic(self) -> Ints:
        """The tonic in force, in semitones from C."""
        return self.pitch - self.degree


class Viewpoint(NamedTuple):
    """What is told of earlier notes, by the names of columns of `Notes`."""

    name: str
    reference: Reference  # what a pitch is counted from
    past: tuple[str, ...]  # of each note
    last: tuple[str, ...] = ()  # of the note before alone
    first: tuple[str, ...] = ()  # of the melody's first note


VIEWPOINTS = (
    Viewpoint("pitch", "nothing", ("pitch",)),
    Viewpoint("degree", "tonic", ("degree",)),
    Viewpoint("interval", "note before", ("interval",)),
    Viewpoint("degree, from the first note", "tonic", ("degree",), first=("degree",)),
    Viewpoint("degree and length", "tonic", ("degree", "length")),
    Viewpoint("degree, at its place in the bar", "tonic", ("degree",), last=("place", "bar")),
    Viewpoint("degrees and their places in bars", "tonic", ("degree", "place"), last=("bar",)),
    Viewpoint("intervals and their places in bars", "note before", ("interval", "place"), last=("bar",)),
)


class Opinion(NamedTuple):
    """What a memory says of each note."""

    log_probabilities: NDArray[np.float32]  # (notes, alphabet)
    depth: Ints  # (notes,): of how many lengths of the past something is known

    def of(self, rows: NDArray[np.bool_]) -> "Opinion":
        """Return what it says of some notes."""
        return Opinion(self.log_probabilities[rows], self.depth[rows])


def notes_of(pieces: list[Ids]) -> Notes:
    """Return the notes of pieces in tokens."""
    ids = np.concatenate(pieces)
    kind, value = v.KIND[ids], v.VALUE[ids].astype(np.int64)
    at = np.flatnonzero(kind == v.INDEX["pitch"])
    piece = np.repeat(np.arange(len(pieces)), [len(each) for each in pieces])[at]
    first = np.append(True, piece[1:] != piece[:-1])
    number = np.arange(len(at)) - np.maximum.accumulate(np.where(first, np.arange(len(at)), 0))
    tonic = (_in_force(kind, value, "key")[at] + 3) % 12 + _LOWEST_TONIC
    pitch = value[at] - v.LOWEST + tonic
    bar = v.METER_LENGTH[_in_force(kind, value, "meter")[at]]
    end = np.add.reduceat(np.where(kind == v.INDEX["release"], value + 1, 0), at)
    place = end % bar
    length = (place - _back(place, number, 1, 0)) % bar
    interval = np.where(first, NONE, pitch - _back(pitch, number, 1, 0))
    return Notes(pitch, pitch - tonic, interval, length, place, bar, number, piece)


class View:
    """Notes as they are seen from a viewpoint.

    Parameters
    ----------
    viewpoint : Viewpoint
    notes : Notes
    alphabet : range
        The pitches that are predicted; others are not counted.

    Attributes
    ----------
    symbols : array of int, shape (notes,)
        Pitches as they are counted from the reference: indices below ``width``; others lie outside.
    columns : array of int, shape (notes, alphabet)
        Which symbol each pitch of the alphabet would be.
    pasts : list of arrays, each of shape (notes,)
        Hashes of nothing, of what is known of the moment, and of one, two and more notes.
    """

    def __init__(self, viewpoint: Viewpoint, notes: Notes, alphabet: range) -> None:
        low, high = alphabet[0], alphabet[-1]
        if viewpoint.reference == "nothing":
            reference, least, most = np.zeros_like(notes.pitch), 0, 0
        elif viewpoint.reference == "tonic":
            tonic = np.where(notes.number < 1, notes.tonic, np.roll(notes.tonic, 1))  # a new key is not known
            reference, least, most = tonic, _LOWEST_TONIC, _HIGHEST_TONIC
        else:
            before = _back(notes.pitch, notes.number, 1, (low + high) // 2)
            reference, least, most = before, low, high
        self.width = high - low + most - least + 1
        self.symbols = notes.pitch - reference - low + most
        shifts = most - np.clip(reference, least, most)
        self.columns = shifts[:, None] + np.arange(len(alphabet))
        self.pasts = list(_pasts(viewpoint, notes))
        self.piece = notes.piece.astype(np.uint64) + np.uint64(1)

    def short_term(self) -> Opinion:
        """Return what each melody tells of its notes up to each of them."""
        return self._opinion(
            _earlier(mix(past ^ self.piece), self.symbols, self.width) for past in self.pasts
        )

    def long_term(self, counted: NDArray[np.bool_]) -> Opinion:
        """Return what the counted melodies tell, and of their own notes, what the others of them tell."""
        return self._opinion(self._others(past, counted) for past in self.pasts)

    def told_by(self, corpus: "View") -> Opinion:
        """Return what the notes of a corpus tell, seen from the same viewpoint and in the same alphabet."""
        inside = (corpus.symbols >= 0) & (corpus.symbols < self.width)
        symbols = corpus.symbols[inside]
        pairs = zip(self.pasts, corpus.pasts, strict=True)
        return self._opinion(_followers(own, past[inside], symbols, self.width) for own, past in pairs)

    def _others(self, past: Hashes, counted: NDArray[np.bool_]) -> Counts:
        symbols, own = self.symbols[counted], mix(past ^ self.piece)[counted]
        counts = _followers(past, past[counted], symbols, self.width)
        counts[counted] -= _followers(own, own, symbols, self.width)
        return counts

    def _opinion(self, levels: Iterable[Counts]) -> Opinion:
        """Smooth counts, from those of the shortest past to those of the longest."""
        found = np.full((len(self.symbols), self.width), 1 / self.width, dtype=np.float32)
        depth = np.zeros(len(self.symbols), dtype=np.int64)
        for counts in levels:
            total = counts.sum(axis=1)
            known = total > 0
            kinds = np.where(known, np.count_nonzero(counts, axis=1), 1).astype(np.float32)
            found *= kinds[:, None]
            found += counts
            found /= (total + kinds)[:, None]
            depth += known
        found = np.take_along_axis(found, self.columns, axis=1)
        return Opinion(np.log(found / found.sum(axis=1, keepdims=True)), depth)


def _in_force(kind: Ints, value: Ints, name: str) -> Ints:
    """Return the value of the last token of a kind at each token."""
    last: Ints = np.maximum.accumulate(np.where(kind == v.INDEX[name], np.arange(len(kind)), 0))
    return value[last]


def _back(column: Ints, number: Ints, steps: int, before: int) -> Ints:
    """Return a column's values so many notes earlier, or a number where there is no such note."""
    return np.where(number < steps, before, np.roll(column, steps))


def _pasts(viewpoint: Viewpoint, notes: Notes) -> Iterator[Hashes]:
    """Yield hashes of the past: of nothing, of what is known of the moment, of one note, of two and so on."""
    number, own = notes.number, np.arange(len(notes.number))
    last = [_back(getattr(notes, name), number, 1, NONE) for name in viewpoint.last]
    first = [np.where(number < 1, NONE, getattr(notes, name)[own - number]) for name in viewpoint.first]
    moment = [_code([*last, *first])] if last or first else []
    past = _code([getattr(notes, name) for name in viewpoint.past])
    lags = [_back(past, number, steps, NONE) for steps in range(1, LONGEST + 1)]
    return contexts([*moment, *lags], len(number))


def _code(columns: list[Ints]) -> Ints:
    """Return one number for the values of several columns."""
    code, *others = columns
    for column in others:
        code = code * _LARGEST + column
    return code


def _followers(asked: Hashes, pasts: Hashes, symbols: Ints, width: int) -> Counts:
    """Count which symbols stand behind each of the pasts that are asked for."""
    known, row = np.unique(asked, return_inverse=True)
    at = np.minimum(np.searchsorted(known, pasts), len(known) - 1)
    found = known[at] == pasts
    counts = np.bincount(at[found] * width + symbols[found], minlength=len(known) * width)
    return counts.reshape(-1, width).astype(np.float32)[row]


def _earlier(pasts: Hashes, symbols: Ints, width: int) -> Counts:
    """Count which symbols stand behind the same past in earlier rows."""
    order = np.argsort(pasts, kind="stable")
    ranked, row = pasts[order], np.arange(len(pasts))
    first = np.maximum.accumulate(np.where(np.append(True, ranked[1:] != ranked[:-1]), row, 0))
    one = np.zeros((len(pasts), width), dtype=np.float32)
    one[row, symbols[order]] = 1
    before = np.cumsum(one, axis=0) - one
    counts = np.empty_like(before)
    counts[order] = before - before[first]
    return counts
