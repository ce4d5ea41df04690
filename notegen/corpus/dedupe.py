"""Groups of pieces that are versions of one another, in whatever key.

Two pieces belong together if they share enough runs of intervals. Runs are compared by hash, so the
work grows with the length of the corpus, not with the square of its pieces. Hashes are laid by in
temporary files by their highest bits and then compared a part at a time, so that memory stays flat.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.corpus.intervals import line

RUN = 12  # intervals; a tune that is no version of another seldom shares so many in a row
SHARE = 0.25  # of the shorter piece's distinct runs
_COMMON = 64  # a run that stands in more pieces than this is no sign of kinship
_AT_ONCE = 256  # pieces whose runs are found together
_PART_BITS = 6
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_COUNTS = np.array(
    [kind.name not in ("tempo", "velocity") for kind in v.TABLE]
)  # kind -> makes another piece
_IN_MEMORY = 1 << 15  # bytes of a part that need no file

Hashes = NDArray[np.uint64]


def hashes(ids: Ids) -> tuple[str, str]:
    """Return `content_hash` and `interval_hash` of a piece."""
    return content_hash(ids), interval_hash(ids)


def content_hash(ids: Ids) -> str:
    """Return a hash of a piece's notes that does not change under transposition.

    Metre, rhythm, intervals and instruments count; key and octave, tempo and loudness do not.
    """
    kind, pitches = v.KIND[ids], v.pitches(ids)
    relative = ids.astype("<i4")
    relative[kind == v.INDEX["pitch"]] = np.append(0, np.diff(pitches))[: len(pitches)]
    relative[kind == v.INDEX["key"]] = v.FIRST["key"]
    return hashlib.sha256(relative[_COUNTS[kind]].tobytes()).hexdigest()


def interval_hash(ids: Ids) -> str:
    """Return a hash of the intervals of a piece's line alone, whatever the codec and the key.

    The split goes by it, so that a later vocabulary moves no piece from one side to another.
    """
    intervals = np.diff(_lines([ids])[1])
    return hashlib.sha256(intervals.astype("<i2").tobytes()).hexdigest()


class _Parts:
    """Rows of 64-bit numbers, laid by in parts: rows of one key are in one part, in their order."""

    def __init__(self, width: int, folder: Path | None) -> None:
        self.width = width
        new = partial(SpooledTemporaryFile, _IN_MEMORY, dir=folder)  # closed by `close`
        self.files = [new() for _ in range(1 << _PART_BITS)]

    def add(self, keys: Hashes, *columns: NDArray[np.generic]) -> None:
        """Lay rows by; a key's part is what its highest bits say."""
        part = keys >> np.uint64(64 - _PART_BITS)
        order = np.argsort(part, kind="stable")
        rows = np.column_stack([column.astype(np.uint64) for column in columns])[order]
        bounds = np.searchsorted(part[order], np.arange(1, len(self.files), dtype=np.uint64))
        for file, some in zip(self.files, np.split(rows, bounds), strict=True):
            file.write(some.tobytes())

    def take(self) -> Iterator[Hashes]:
        """Yield each part, shape (rows, width), and forget it."""
        for file in self.files:
            file.seek(0)
            yield np.frombuffer(file.read(), dtype=np.uint64).reshape(-1, self.width)
            file.close()

    def close(self) -> None:
        """Forget all rows."""
        for file in self.files:
            file.close()


def groups(pieces: Iterable[Ids], folder: Path | None = None) -> NDArray[np.int64]:
    """Return the group of each piece: the index of the first piece that it is a version of.

    Parameters
    ----------
    pieces : iterable of arrays of token ids
    folder : Path, optional
        Where temporary files go; without it, where the system puts them.

    Returns
    -------
    array of int, shape (pieces,)

    Examples
    --------
    >>> tune = np.array([60, 62, 64, 65, 67, 65, 64, 62, 60, 67, 64, 60, 62, 59, 60]) + v.FIRST["pitch"]
    >>> groups([tune, tune[::-1].copy(), tune + 5]).tolist()
    [0, 1, 0]
    """
    sizes = [np.empty(0, dtype=np.int64)]
    pieces, count = iter(pieces), 0
    with closing(_Parts(2, folder)) as runs, closing(_Parts(1, folder)) as pairs:
        while some := list(islice(pieces, _AT_ONCE)):
            owner, hashes = _runs(some)
            runs.add(hashes, hashes, owner + count)
            sizes.append(np.bincount(owner, minlength=len(some)))
            count += len(some)
        for rows in runs.take():
            for first, second in _pairs(rows[:, 0], rows[:, 1]):
                code = first * np.uint64(count) + second
                pairs.add(code * _FACTOR, code)
        return _joined(pairs, np.concatenate(sizes))


def _runs(pieces: list[Ids]) -> tuple[NDArray[np.int64], Hashes]:
    """Return the distinct hashed runs of intervals of pieces, and which piece each is of."""
    owner, pitches = _lines(pieces)
    intervals = np.diff(pitches).astype(np.uint64)
    whole = np.flatnonzero(owner[RUN:] == owner[:-RUN])  # where a run begins that stays in its piece
    count = np.bincount(owner, minlength=len(pieces))
    short = np.flatnonzero(count <= RUN)  # a short piece is one run
    first = (np.cumsum(count) - count)[short]
    sizes = np.maximum(count[short] - 1, 0)
    alone = [_hash(intervals[at : at + size], size) for at, size in zip(first, sizes, strict=True)]
    owner = np.concatenate([owner[whole], short])
    hashes = np.concatenate([_hash(intervals, RUN)[whole], *alone])
    order = np.lexsort((hashes, owner))
    owner, hashes = owner[order], hashes[order]
    distinct = (np.diff(owner, prepend=-1) != 0) | (np.diff(hashes, prepend=hashes[:1]) != 0)
    return owner[distinct], hashes[distinct]


def _lines(pieces: list[Ids]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which piece each note of the lines of pieces is of, and its pitch, shape (notes,)."""
    ids = np.concatenate(pieces)
    if (ids < v.MELODY).all():  # all melodies at once
        owner = np.repeat(np.arange(len(pieces)), [len(piece) for piece in pieces])
        return owner[v.KIND[ids] == v.INDEX["pitch"]], v.pitches(ids)
    pitches = [line(piece)[1] for piece in pieces]
    return np.repeat(np.arange(len(pieces)), list(map(len, pitches))), np.concatenate(pitches)


def _hash(intervals: Hashes, size: int) -> Hashes:
    """Return the hash of each run of so many intervals: a polynomial modulo 2^64."""
    if not size:
        return np.zeros(1, dtype=np.uint64)
    count = max(0, len(intervals) - size + 1)
    hashes = np.full(count, size, dtype=np.uint64)
    for i in range(size):
        hashes = hashes * _FACTOR + intervals[i : i + count] + np.uint64(1)
    return hashes


def _pairs(hashes: Hashes, owner: Hashes) -> Iterator[tuple[Hashes, Hashes]]:
    """Yield pairs of pieces, the earlier first, once for each run that they share."""
    order = np.argsort(hashes, kind="stable")
    hashes, owner = hashes[order], owner[order]
    _, which, count = np.unique(hashes, return_inverse=True, return_counts=True)
    telling = (count <= _COMMON)[which]
    hashes, owner = hashes[telling], owner[telling]
    for apart in range(1, _COMMON):
        shared = hashes[apart:] == hashes[:-apart]
        if not shared.any():
            return
        yield owner[:-apart][shared], owner[apart:][shared]


def _joined(pairs: _Parts, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Join the pieces that share enough of their runs."""
    parent = np.arange(len(sizes))
    for rows in pairs.take():
        codes, shared = np.unique(rows[:, 0], return_counts=True)
        first, second = np.divmod(codes.astype(np.int64), max(1, len(sizes)))
        kin = shared >= SHARE * np.minimum(sizes[first], sizes[second])
        for one, other in zip(first[kin].tolist(), second[kin].tolist(), strict=True):
            _join(parent, one, other)
    return np.array([_root(parent, i) for i in range(len(parent))], dtype=np.int64)


def _root(parent: NDArray[np.int64], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = int(parent[i])
    return i


def _join(parent: NDArray[np.int64], first: int, second: int) -> None:
    low, high = sorted((_root(parent, first), _root(parent, second)))
    parent[high] = low
