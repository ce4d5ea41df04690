"""Groups of pieces that are versions of one another, in whatever key.

Two pieces belong together if they share enough runs of intervals. Runs are compared by hash, so the
work grows with the length of the corpus, not with the square of its pieces.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids

RUN = 12  # intervals; a tune that is no version of another seldom shares so many in a row
SHARE = 0.25  # of the shorter piece's distinct runs
_COMMON = 64  # a run that stands in more pieces than this is no sign of kinship


def content_hash(ids: Ids) -> str:
    """Return a hash of a piece's notes that does not change under transposition.

    Metre, rhythm and intervals count; key and octave do not.
    """
    relative = ids.copy()
    pitch = v.KIND[ids] == v.INDEX["pitch"]
    relative[pitch] = np.diff(v.pitches(ids), prepend=v.pitches(ids)[:1])
    relative[v.KIND[ids] == v.INDEX["key"]] = v.FIRST["key"]
    return hashlib.sha256(relative.astype("<i4").tobytes()).hexdigest()


def interval_hash(ids: Ids) -> str:
    """Return a hash of a piece's intervals alone, whatever the codec and the key.

    The split goes by it, so that a later vocabulary moves no piece from one side to another.
    """
    return hashlib.sha256(np.diff(v.pitches(ids)).astype("<i2").tobytes()).hexdigest()


def groups(pieces: list[Ids]) -> NDArray[np.int64]:
    """Return the group of each piece: the index of the first piece that it is a version of.

    Parameters
    ----------
    pieces : list of arrays of token ids

    Returns
    -------
    array of int, shape (pieces,)

    Examples
    --------
    >>> tune = np.array([60, 62, 64, 65, 67, 65, 64, 62, 60, 67, 64, 60, 62, 59, 60]) + v.FIRST["pitch"]
    >>> groups([tune, tune[::-1].copy(), tune + 5]).tolist()
    [0, 1, 0]
    """
    runs = [_runs(ids) for ids in pieces]
    sizes = np.array([len(run) for run in runs])
    parent = np.arange(len(pieces))
    for first, second, shared in _pairs(runs):
        if shared >= SHARE * min(sizes[first], sizes[second]):
            _join(parent, first, second)
    return np.array([_root(parent, i) for i in range(len(pieces))], dtype=np.int64)


def _runs(ids: Ids) -> NDArray[np.uint64]:
    """Return the distinct hashed runs of intervals of a piece; a short piece is one run."""
    intervals = np.diff(v.pitches(ids)).astype(np.uint64)
    size = min(RUN, max(1, len(intervals)))
    if len(intervals) < size:
        return np.zeros(1, dtype=np.uint64)
    hashes = np.full(len(intervals) - size + 1, size, dtype=np.uint64)
    for i in range(size):  # a polynomial modulo 2^64
        hashes = (
            hashes * np.uint64(0x9E3779B97F4A7C15)
            + intervals[i : len(intervals) - size + 1 + i]
            + np.uint64(1)
        )
    return np.unique(hashes)


def _pairs(runs: list[NDArray[np.uint64]]) -> list[tuple[int, int, int]]:
    """Return pairs of pieces that share runs, and how many."""
    owner = np.repeat(np.arange(len(runs)), [len(run) for run in runs])
    order = np.argsort(np.concatenate(runs), kind="stable") if runs else np.empty(0, dtype=np.int64)
    hashes, owner = np.concatenate([*runs, np.empty(0, dtype=np.uint64)])[order], owner[order]
    bounds = np.flatnonzero(
        np.diff(hashes, prepend=hashes[:1] + np.uint64(1), append=hashes[-1:] + np.uint64(1))
    )
    codes = []
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if 1 < stop - start <= _COMMON:
            members = owner[start:stop]
            first, second = np.triu_indices(len(members), 1)
            codes.append(members[first] * len(runs) + members[second])
    if not codes:
        return []
    pairs, shared = np.unique(np.concatenate(codes), return_counts=True)
    return [
        (*divmod(pair, len(runs)), count) for pair, count in zip(pairs.tolist(), shared.tolist(), strict=True)
    ]


def _root(parent: NDArray[np.int64], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = int(parent[i])
    return i


def _join(parent: NDArray[np.int64], first: int, second: int) -> None:
    low, high = sorted((_root(parent, first), _root(parent, second)))
    parent[high] = low
