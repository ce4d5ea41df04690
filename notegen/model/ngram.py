"""N-grams of tokens: the baseline that a network has to beat.

Two smoothings that interpolate with all shorter contexts: modified Kneser-Ney (Chen and Goodman, An
Empirical Study of Smoothing Techniques for Language Modeling, 1999) and Witten-Bell (1991). Grams are
kept as sorted 64-bit hashes, so that a corpus in all transpositions fits into memory.
"""

import itertools
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import SIZE, Ids
from notegen.errors import EmptyError

Smoothing = Literal["kneser-ney", "witten-bell"]
Hashes = NDArray[np.uint64]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_BLANK = SIZE  # stands before the beginning of a piece


class _Level(NamedTuple):
    """The grams of one length: their counts, and what each context was followed by."""

    grams: Hashes  # sorted
    counts: NDArray[np.int64]
    contexts: Hashes  # sorted
    totals: NDArray[np.float64]  # of each context
    kinds: NDArray[np.float64]  # (3, contexts): continuations seen once, twice, more often
    discounts: NDArray[np.float64]  # (4,): by count, 0 to 3 or more


class NGram:
    """An interpolated n-gram model.

    Parameters
    ----------
    pieces : list of arrays of ids
    order : int
        How many tokens a gram has: a token and ``order - 1`` before it.
    vocabulary : int
        How many tokens there are.

    Raises
    ------
    EmptyError
        If there is nothing to count.

    Examples
    --------
    >>> model = NGram([np.array([1, 2, 1, 2, 1, 3])], order=2, vocabulary=4)
    >>> p = np.exp(-model.nats(np.array([1, 2]), smoothing="witten-bell"))
    >>> round(float(p[0]), 4)  # (2 + 2 (2 + 3 / 4) / (5 + 3)) / (3 + 2)
    0.5375
    """

    def __init__(self, pieces: list[Ids], order: int, vocabulary: int = SIZE) -> None:
        if not any(len(piece) > 1 for piece in pieces):
            raise EmptyError("there is nothing to count n-grams in")
        self.order, self.vocabulary = order, vocabulary
        padded, places = _pad(pieces, order)
        self._raw: list[_Level] = []
        self._continued: list[_Level] = []
        self._count(padded, places)

    def nats(
        self, piece: Ids, smoothing: Smoothing = "kneser-ney", order: int | None = None
    ) -> NDArray[np.float64]:
        """Return the negative log-likelihood of each token after the first.

        Parameters
        ----------
        piece : array of ids
        smoothing : "kneser-ney" or "witten-bell"
        order : int, optional
            At most the model's.

        Returns
        -------
        array of float, shape (tokens - 1,)
        """
        order = order or self.order
        return next(itertools.islice(self._by_order([piece], smoothing), order - 1, None))

    def _by_order(self, pieces: list[Ids], smoothing: Smoothing) -> Iterator[NDArray[np.float64]]:
        """Yield the same for pieces end to end, of order 1, 2 and so on; each builds on the one before."""
        padded, places = _pad(pieces, self.order)
        shorter = np.full(len(places), 1 / self.vocabulary)
        for size in range(1, self.order + 1):
            context, gram = _hash(padded, places, size)
            raw = self._raw[size - 1]
            if smoothing == "witten-bell":
                shorter = _witten_bell(raw, context, gram, shorter)
                yield -np.log(shorter)
                continue
            yield -np.log(_kneser_ney(raw, context, gram, shorter))
            if size < self.order:
                shorter = _kneser_ney(self._continued[size - 1], context, gram, shorter)

    def _count(self, padded: Ids, places: NDArray[np.int64]) -> None:
        """Count all lengths; a shorter gram's continuation count is that of its longer grams."""
        firsts: list[NDArray[np.int64]] = []
        for size in range(1, self.order + 1):
            context, gram = _hash(padded, places, size)
            first, counts = _unique(gram)
            self._raw.append(_level(gram[first], context[first], counts))
            firsts.append(places[first])
        for size in range(1, self.order):
            context, gram = _hash(padded, firsts[size], size)
            first, counts = _unique(gram)
            self._continued.append(_level(gram[first], context[first], counts))


def choose(
    train: list[Ids], valid: list[Ids], highest: int, vocabulary: int = SIZE
) -> tuple[NGram, Smoothing, int, dict[tuple[Smoothing, int], float]]:
    """Fit a model, and choose its smoothing and order by the likelihood of other pieces.

    Parameters
    ----------
    train, valid : list of arrays of ids
    highest : int
        Tokens of the longest gram.
    vocabulary : int
        How many tokens there are.

    Returns
    -------
    model : NGram
    smoothing, order
        The best ones.
    table : dict
        Nats of the validation pieces for all smoothings and orders.
    """
    model = NGram(train, highest, vocabulary)
    smoothings: tuple[Smoothing, ...] = ("kneser-ney", "witten-bell")
    table = {
        (smoothing, order): float(nats.sum())
        for smoothing in smoothings
        for order, nats in enumerate(model._by_order(valid, smoothing), start=1)
    }
    smoothing, order = min(table, key=lambda setting: table[setting])
    return model, smoothing, order, table


def _pad(pieces: list[Ids], order: int) -> tuple[Ids, NDArray[np.int64]]:
    """Join pieces with blanks before each; return the places of all tokens after their firsts."""
    blank = np.full(order, _BLANK, dtype=np.int32)
    padded = np.concatenate([part for piece in pieces for part in (blank, piece.astype(np.int32))])
    starts = np.cumsum([0] + [order + len(piece) for piece in pieces[:-1]]) + order
    places = np.concatenate(
        [
            np.arange(start + 1, start + len(piece))
            for start, piece in zip(starts.tolist(), pieces, strict=True)
        ]
    )
    return padded, places


def _hash(padded: Ids, places: NDArray[np.int64], size: int) -> tuple[Hashes, Hashes]:
    """Return hashes of the `size` - 1 tokens before each place, and of these with the token there."""
    context = np.full(len(places), size, dtype=np.uint64)
    for back in range(size - 1, 0, -1):
        context = (context ^ (padded[places - back].astype(np.uint64) + np.uint64(1))) * _FACTOR
        context ^= context >> np.uint64(29)
    gram = (context ^ (padded[places].astype(np.uint64) + np.uint64(1))) * _FACTOR
    return context, gram ^ gram >> np.uint64(29)


def _unique(hashes: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each distinct hash is found, in their order, and how often."""
    order = np.argsort(hashes)
    ranked = hashes[order]
    begins = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
    return order[begins], np.diff(np.append(begins, len(ranked)))


def _level(grams: Hashes, contexts: Hashes, counts: NDArray[np.int64]) -> _Level:
    order = np.argsort(contexts, kind="stable")
    ranked, sorted_counts = contexts[order], counts[order]
    begins = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
    totals = np.add.reduceat(sorted_counts, begins).astype(np.float64)
    classes = (sorted_counts == 1, sorted_counts == 2, sorted_counts >= 3)
    kinds = np.array([np.add.reduceat(one.astype(np.int64), begins) for one in classes], dtype=np.float64)
    return _Level(grams, counts, ranked[begins], totals, kinds, _discounts(counts))


def _discounts(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return Chen and Goodman's discounts for counts 0, 1, 2 and more, held within (0, count)."""
    ones, twos, threes, fours = (max(1, int((counts == n).sum())) for n in (1, 2, 3, 4))
    y = ones / (ones + 2 * twos)
    raw = (1 - 2 * y * twos / ones, 2 - 3 * y * threes / twos, 3 - 4 * y * fours / threes)
    return np.array([0.0, *(float(np.clip(d, 0.1, n - 0.05)) for n, d in enumerate(raw, start=1))])


def _find(table: Hashes, wanted: Hashes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    at = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return at, table[at] == wanted


def _look_up(level: _Level, context: Hashes, gram: Hashes) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return which contexts are known, where they stand in the table, and how often each gram was seen."""
    at, known = _find(level.contexts, context)
    row, seen = _find(level.grams, gram)
    return known, at, np.where(seen, level.counts[row], 0)


def _kneser_ney(
    level: _Level, context: Hashes, gram: Hashes, shorter: NDArray[np.float64]
) -> NDArray[np.float64]:
    known, at, count = _look_up(level, context, gram)
    freed = level.discounts[1:] @ level.kinds[:, at]
    kept = np.maximum(count - level.discounts[np.minimum(count, 3)], 0.0)
    return np.where(known, (kept + freed * shorter) / level.totals[at], shorter)


def _witten_bell(
    level: _Level, context: Hashes, gram: Hashes, shorter: NDArray[np.float64]
) -> NDArray[np.float64]:
    known, at, count = _look_up(level, context, gram)
    kinds = level.kinds[:, at].sum(axis=0)
    return np.where(known, (count + kinds * shorter) / (level.totals[at] + kinds), shorter)
