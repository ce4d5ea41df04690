"""Originality: how long a run of notes stands in the training corpus note for note, and in which piece.

A note is told by its interval in semitones and its inter-onset in grid ticks, both from the note before,
so that neither transposition nor tempo hides a copy; its length does not count. A run of n notes is n such
pairs in a row. The first note of a piece follows no other and is left out.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import Ids
from notegen.corpus.intervals import symbols
from notegen.corpus.scan import Piece
from notegen.corpus.suffixes import GAP, LIMIT, UNKNOWN, Codes, longest_runs, suffix_array
from notegen.errors import BundleError

MOST_NOTES = 8_000_000  # of a corpus that is indexed, at five bytes a note or less
RUNS = (8, 12, 16, 24)  # notes
WINDOWS = (16, 32, 64, 128, 256)  # notes

_RARE = UNKNOWN - 1  # what is left over where codes run out; no query has it
_NO_IDS: Ids = np.empty(0, dtype=np.int32)
_TENSORS = ("symbols", "text", "order", "titles")
_FORMS = [("<i8", 1), ("|u1", 1), ("<u4", 1), ("|u1", 1)]  # their types and numbers of sides
_MOST_OF_TITLES = 1 << 28  # bytes


class Matches(NamedTuple):
    """The longest run of a corpus that begins at each note; arrays of int, shape (notes,).

    ``lengths`` are in notes, at most `notegen.corpus.suffixes.LIMIT`; ``places`` are positions in the
    text of an `Index`, of no meaning where the length is 0.
    """

    lengths: NDArray[np.int64]
    places: NDArray[np.int64]


class Run(NamedTuple):
    """A run of notes that stands in a corpus too.

    Parameters
    ----------
    notes : int
        How many notes.
    title, name : str
        Of the piece that it stands in, as `Piece` has them.
    piece : int
        Which of the pieces it is.
    start : int
        The number in that piece of the run's first note; the piece's own first note is 0.
    """

    notes: int
    title: str
    name: str
    piece: int
    start: int


@dataclass(frozen=True)
class Index:
    """All runs of a corpus: its notes end to end, and the order of what follows each of them.

    It is kept as a bundle carries it, and unpacked when it is first asked.

    Parameters
    ----------
    symbols : array of int64, shape (distinct notes,)
        What `notegen.corpus.intervals.symbols` gives for its notes, sorted. A note's code is its place here
        plus one.
    text : array of uint8
        The codes of all pieces in two bytes each (see `notegen.corpus.suffixes`), compressed with zlib.
    order : array of uint32, shape (codes,)
        The suffix array.
    titles : array of uint8
        Title and name of each piece as JSON, compressed with zlib.
    source : str
        The file that it was read from.

    Raises
    ------
    BundleError
        By all that is asked of it, if the file that it was read from is damaged.

    Examples
    --------
    >>> from notegen.codecs import vocabulary as v
    >>> line = np.array([60, 62, 64, 65, 67, 65, 64, 62]) + v.FIRST["pitch"]
    >>> ids = np.stack([line, np.full(8, v.FIRST["release"] + 11)], axis=1).ravel()
    >>> tune = np.array([v.START, v.meter_id((4, 4)), v.FIRST["key"], v.BAR, *ids], dtype=np.int32)
    >>> index = Index.of([Piece("a.mid", "Up and Down", tune)])
    >>> index.longest(v.transpose(tune, 5))
    Run(notes=7, title='Up and Down', name='a.mid', piece=0, start=1)
    """

    symbols: NDArray[np.int64]
    text: NDArray[np.uint8]
    order: NDArray[np.uint32]
    titles: NDArray[np.uint8]
    source: str = ""

    @classmethod
    def of(cls, pieces: Sequence[Piece]) -> "Index":
        """Index pieces."""
        rows = [symbols(piece.ids) for piece in pieces]
        return cls._made(rows, [(piece.title or piece.name, piece.name) for piece in pieces])

    @classmethod
    def _made(cls, rows: list[NDArray[np.int64]], titles: list[tuple[str, str]]) -> "Index":
        """Index what `symbols` gave for each piece."""
        distinct, counts = np.unique(np.concatenate([*rows, symbols(_NO_IDS)]), return_counts=True)
        known = np.sort(distinct[np.argsort(-counts, kind="stable")[: _RARE - 1]])
        gap = np.full(1, GAP, dtype=np.uint16)
        parts = [part for row in rows for part in (_codes(row, known, _RARE), gap)]
        text = np.concatenate([gap, *parts])
        order = suffix_array(text).astype(np.uint32)
        return cls(known, _pack(text.astype("<u2").tobytes()), order, _pack(json.dumps(titles).encode()))

    @classmethod
    def read(cls, tensors: dict[str, NDArray[Any]], source: str = "") -> "Index | None":
        """Return the index among a bundle's tensors, or None if there is none.

        Raises
        ------
        ValueError
            If they are not of the types and shapes of an index.
        """
        found = [tensors[f"index.{name}"] for name in _TENSORS if f"index.{name}" in tensors]
        if not found:
            return None
        if [(array.dtype.str, array.ndim) for array in found] != _FORMS:
            raise ValueError
        known, text, order, titles = found
        if len(known) >= _RARE:
            raise ValueError
        return cls(known, text, order, titles, source)

    def joined(self, other: "Index") -> "Index":
        """Return an index of the pieces of both, this one's first."""
        return Index._made([*self._rows(), *other._rows()], [*self._open.titles, *other._open.titles])

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the tensors by which a bundle carries it."""
        return {f"index.{name}": getattr(self, name) for name in _TENSORS}

    def matches(self, ids: Ids, since: int = 0) -> Matches:
        """Return the longest run that begins at each note of a piece and stands in the corpus.

        Parameters
        ----------
        ids : array of ids
        since : int
            The note to begin with. Notes before it count for no run, but tell how it follows them.
        """
        query = _codes(symbols(ids)[max(0, since - 1) :], self.symbols, UNKNOWN)
        return Matches(*longest_runs(self._open.text, self.order, query))

    def longest(self, ids: Ids, since: int = 0) -> Run | None:
        """Return the longest run that stands in the corpus, the first of several; None if no note does.

        `since` is as in `matches`; the run may be longer than `LIMIT`.
        """
        lengths, places = self.matches(ids, since)
        if not lengths.any():
            return None
        first = int(lengths.argmax())
        notes, place = int(lengths[first]), int(places[first])
        if notes == LIMIT:
            rest = _codes(symbols(ids)[max(0, since - 1) + first :], self.symbols, UNKNOWN)
            there = self._open.text[place : place + len(rest)]
            notes = int(np.append(there == rest[: len(there)], False).argmin())
        piece = int(np.searchsorted(self._open.gaps, place)) - 1
        return Run(notes, *self._open.titles[piece], piece, place - int(self._open.gaps[piece]))

    def _rows(self) -> list[NDArray[np.int64]]:
        """Return of each piece what `symbols` gave; what is too rare to have a code is -1, as no note is."""
        known = np.append(self.symbols, np.full(_RARE - len(self.symbols), -1))
        return [
            known[self._open.text[start + 1 : stop].astype(np.int64) - 1]
            for start, stop in pairwise(self._open.gaps.tolist())
        ]

    @cached_property
    def _open(self) -> "_Open":
        """The index unpacked."""
        try:
            return _unpack(self)
        except (ValueError, TypeError, RecursionError, zlib.error) as error:
            raise BundleError(
                f"{self.source}: the model file is damaged; train it or fetch it again"
            ) from error


class _Open(NamedTuple):
    """What an index has packed."""

    text: Codes
    gaps: NDArray[np.int64]  # where they stand in the text
    titles: list[tuple[str, str]]


def _unpack(index: Index) -> _Open:
    """Unpack and check an index.

    Raises
    ------
    ValueError, TypeError, RecursionError or zlib.error
        If it is damaged.
    """
    size = len(index.order)
    text = np.frombuffer(_unpacked(index.text, 2 * size + 1), dtype="<u2")
    gaps = np.flatnonzero(text == GAP)
    titles = [(str(title), str(name)) for title, name in json.loads(_unpacked(index.titles, _MOST_OF_TITLES))]
    proper = len(text) == size > index.order.max() and text[0] == text[-1] == GAP and UNKNOWN not in text
    if not proper or len(titles) != len(gaps) - 1:
        raise ValueError
    return _Open(text, gaps, titles)


def share(lengths: Sequence[NDArray[np.int64]], notes: int) -> float | None:
    """Return the share of runs of so many notes that stand in a corpus, all pieces together.

    Parameters
    ----------
    lengths : sequence of arrays
        ``index.matches(ids).lengths`` of each piece.
    notes : int
        At most `notegen.corpus.suffixes.LIMIT`.

    Returns
    -------
    float or None
        None if no piece has so many notes.

    Examples
    --------
    >>> share([np.array([4, 3, 2, 1]), np.array([1, 1, 0])], 3)
    0.6666666666666666
    """
    runs = [row[: len(row) - notes + 1] for row in lengths if len(row) >= notes]
    return float((np.concatenate(runs) >= notes).mean()) if runs else None


def longest_within(lengths: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """Return the longest run inside each window of so many notes, at every sixteenth of a window.

    Examples
    --------
    >>> longest_within(np.array([1, 5, 4, 3, 2, 1, 0, 0]), 4).tolist()
    [3, 4, 4, 3, 2]
    """
    if len(lengths) < window:
        return lengths[:0]
    views = np.lib.stride_tricks.sliding_window_view(lengths, window)[:: max(1, window // 16)]
    inside: NDArray[np.int64] = np.minimum(views, np.arange(window, 0, -1)).max(axis=1)
    return inside


def human(index: Index, pieces: Sequence[Piece]) -> dict[str, dict[str, float]]:
    """Return how much people copy: what of held-out pieces stands in the corpus of an index.

    Returns
    -------
    dict
        ``runs``: the share of runs of each length of `RUNS`; ``longest``: for each length of `WINDOWS`
        the 95th percentile of the longest run inside a window of so many notes, and no less than in a
        shorter window. What no piece is long enough for is missing.
    """
    lengths = [index.matches(piece.ids).lengths for piece in pieces]
    shares = {str(notes): share(lengths, notes) for notes in RUNS}
    longest, most = {}, 0.0
    for window in WINDOWS:
        found = np.concatenate([longest_within(row, window) for row in lengths])
        if len(found):
            most = max(most, round(float(np.percentile(found, 95)), 1))  # few pieces have the longest windows
            longest[str(window)] = most
    return {
        "runs": {notes: round(said, 4) for notes, said in shares.items() if said is not None},
        "longest": longest,
    }


def human_longest(figures: dict[str, dict[str, float]] | None, notes: int) -> float | None:
    """Return the longest run of the corpus that is usual in so many notes by people.

    Parameters
    ----------
    figures : dict, optional
        As `human` returned them.
    notes : int
        Between two of the `WINDOWS` it is interpolated, beyond them it is that of the nearest.

    Examples
    --------
    >>> [human_longest({"longest": {"32": 14.0, "16": 10.0}}, notes) for notes in (4, 24, 99)]
    [10.0, 12.0, 14.0]
    """
    longest = {int(window): most for window, most in figures["longest"].items()} if figures else {}
    windows = sorted(longest)
    return float(np.interp(notes, windows, [longest[window] for window in windows])) if windows else None


def _codes(row: NDArray[np.int64], known: NDArray[np.int64], other: int) -> Codes:
    """Return the codes of what `symbols` gave: places in the sorted `known` plus one, or `other`."""
    places = np.searchsorted(known, row)
    found = np.append(known, -1)[places] == row
    return np.where(found, places + 1, other).astype(np.uint16)


def _unpacked(packed: NDArray[np.uint8], most: int) -> bytes:
    """Return at most so many bytes."""
    return zlib.decompressobj().decompress(packed.tobytes(), most)


def _pack(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.compress(data, 9), dtype=np.uint8)
