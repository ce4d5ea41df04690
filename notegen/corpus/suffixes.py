"""Suffix arrays: the longest runs that a query shares with a text, found by bisection.

The order of all suffixes of a text is found by doubling the length that they are compared by (Manber
and Myers, 1993, "Suffix arrays: a new method for on-line string searches"). All positions of a query
are then looked up at once.

A text is an array of codes of 16 bits that begins and ends with `GAP`, and has one between any two
parts; no run goes beyond a gap. A query has no gaps; `UNKNOWN` stands for what no text has.
"""

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint16]

GAP, UNKNOWN = 0, 0xFFFF
LIMIT = 1024  # suffixes are told apart by so many codes, and no run is followed further
_CHUNK = 16  # codes that are compared at a time


def suffix_array(text: Codes) -> NDArray[np.int64]:
    """Return the positions of a text in the order of what follows them.

    Examples
    --------
    >>> suffix_array(np.array([0, 2, 1, 2, 0], dtype=np.uint16)).tolist()
    [4, 0, 2, 3, 1]
    """
    rank, order = text.astype(np.int64), np.argsort(text, kind="stable")
    size = 1
    while size < LIMIT:
        following = np.append(rank[size:] + 1, np.zeros(min(size, len(rank)), dtype=np.int64))
        key = rank * (len(text) + UNKNOWN + 2) + following
        order = np.argsort(key, kind="stable")
        rank[order] = np.cumsum(np.diff(key[order], prepend=key[order[:1]]) > 0)
        size *= 2
        if rank[order[-1]] == len(text) - 1:
            break
    return order


def longest_runs(
    text: Codes, order: NDArray[np.integer], query: Codes
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how long the longest run is that begins at each place of a query, and where it stands.

    Parameters
    ----------
    text : array of codes
    order : array of int, shape (len(text),)
        As `suffix_array` returns it.
    query : array of codes, shape (n,)

    Returns
    -------
    lengths : array of int, shape (n,)
        At most `LIMIT`.
    places : array of int, shape (n,)
        A position of the text at which it begins; of no meaning where the length is 0.

    Examples
    --------
    >>> text = np.array([0, 5, 6, 7, 0, 6, 8, 0], dtype=np.uint16)
    >>> lengths, places = longest_runs(text, suffix_array(text), np.array([6, 7, 8, 9], dtype=np.uint16))
    >>> lengths.tolist(), places[:3].tolist()
    ([2, 1, 1, 0], [2, 3, 6])
    """
    text = np.append(text, np.full(LIMIT + _CHUNK, GAP, dtype=np.uint16))  # even a wrong order stays inside
    padded = np.append(query, np.full(_CHUNK, UNKNOWN, dtype=np.uint16))
    here = np.arange(len(query))
    low, high = np.zeros(len(query), dtype=np.int64), np.full(len(query), len(order))
    below, above = np.zeros_like(low), np.zeros_like(low)  # codes shared with the neighbours found so far
    for _ in range(len(order).bit_length()):
        middle = np.minimum((low + high) // 2, len(order) - 1)
        places = order[middle].astype(np.int64)
        shared = _extend(text, places, padded, np.minimum(below, above))
        less = (text[places + shared] < padded[here + shared]) & (shared < LIMIT)
        lower, upper = (low < high) & less, (low < high) & ~less
        low, below = np.where(lower, middle + 1, low), np.where(lower, shared, below)
        high, above = np.where(upper, middle, high), np.where(upper, shared, above)
    best = np.where(below > above, low - 1, np.minimum(low, len(order) - 1))
    return np.maximum(below, above), order[best].astype(np.int64)


def _extend(
    text: Codes, places: NDArray[np.int64], query: Codes, known: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how many codes agree from each place on, of which some are known to; at most LIMIT."""
    lengths, left, steps = known.copy(), np.arange(len(places)), np.arange(_CHUNK)
    while len(left):
        at = lengths[left, None] + steps  # (left, _CHUNK)
        differ = text[places[left, None] + at] != query[left[:, None] + at]
        whole = ~differ.any(axis=1)
        lengths[left] += np.where(whole, _CHUNK, differ.argmax(axis=1))
        left = left[whole & (lengths[left] < LIMIT)]
    return np.minimum(lengths, LIMIT)
