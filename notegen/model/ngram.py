"""N-grams of tokens: the baseline that a network has to beat.

Two smoothings that interpolate with all shorter contexts: modified Kneser-Ney (Chen and Goodman, An
Empirical Study of Smoothing Techniques for Language Modeling, 1999) and Witten-Bell (1991). A gram is a
64-bit number: a hash of its context, and in the lowest bits the token behind that. So one sort of all
grams of a length counts them, and puts together what has followed a context.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import MELODY, Ids
from notegen.errors import EmptyError

Smoothing = Literal["kneser-ney", "witten-bell"]
Hashes = NDArray[np.uint64]
Floats = NDArray[np.float64]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class Level(NamedTuple):
    """The grams of one length: their counts, and what each context was followed by."""

    grams: Hashes  # sorted, so that those of a context stand together
    counts: NDArray[np.int64]
    contexts: Hashes  # sorted; see `contexts`
    begins: NDArray[np.int64]  # (contexts + 1,): where the grams of each context begin
    totals: Floats  # of each context
    kinds: Floats  # (3, contexts): continuations seen once, twice, more often
    discounts: Floats  # (4,): by count, 0 to 3 or more


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

    def __init__(self, pieces: list[Ids], order: int, vocabulary: int = MELODY) -> None:
        if not any(len(piece) > 1 for piece in pieces):
            raise EmptyError("there is nothing to count n-grams in")
        self.order, self.vocabulary = order, vocabulary
        self.blank = vocabulary + 1  # stands before the beginning of a piece
        self.bits = np.uint64(self.blank.bit_length())
        self.raw: list[Level] = []
        self.continued: list[Level] = []  # a gram counts once for each token that was seen before it
        padded, places = self._pad(pieces)
        for size, context in enumerate(self._contexts(padded, places), start=1):
            grams = _pack(context, padded[places], self.bits)
            self.raw.append(_level(*_unique(grams), self.bits))
            if size < order:
                longer, _ = _unique(_pack(mix(grams), padded[places - size], self.bits))
                self.continued.append(_continued(self.raw[-1], longer, self.bits))

    def nats(self, piece: Ids, smoothing: Smoothing = "kneser-ney", order: int | None = None) -> Floats:
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

    def _by_order(self, pieces: list[Ids], smoothing: Smoothing) -> Iterator[Floats]:
        """Yield the same for pieces end to end, of order 1, 2 and so on; each builds on the one before."""
        padded, places = self._pad(pieces)
        shorter = np.full(len(places), 1 / self.vocabulary)
        for size, context in enumerate(self._contexts(padded, places), start=1):
            grams = _pack(context, padded[places], self.bits)
            level = self.raw[size - 1]
            if smoothing == "witten-bell":
                shorter = _witten_bell(level, grams, shorter, self.bits)
                yield -np.log(shorter)
                continue
            yield -np.log(_kneser_ney(level, grams, shorter, self.bits))
            if size < self.order:
                shorter = _kneser_ney(self.continued[size - 1], grams, shorter, self.bits)

    def _pad(self, pieces: list[Ids]) -> tuple[Hashes, NDArray[np.int64]]:
        """Join pieces with blanks before each; return the places of all tokens after their firsts."""
        blank = np.full(self.order, self.blank, dtype=np.uint64)
        padded = np.concatenate([part for piece in pieces for part in (blank, piece.astype(np.uint64))])
        starts = np.cumsum([0] + [self.order + len(piece) for piece in pieces[:-1]]) + self.order
        places = np.concatenate(
            [
                np.arange(start + 1, start + len(piece))
                for start, piece in zip(starts.tolist(), pieces, strict=True)
            ]
        )
        return padded, places

    def _contexts(self, padded: Hashes, places: NDArray[np.int64]) -> Iterator[Hashes]:
        """Yield the hashes of the contexts of each place, from none to ``order - 1`` tokens."""
        return contexts((padded[places - back] for back in range(1, self.order)), len(places))


def choose(
    train: list[Ids], valid: list[Ids], highest: int, vocabulary: int = MELODY
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


def contexts(before: Iterable[NDArray[np.integer]], count: int) -> Iterator[Hashes]:
    """Hash contexts of no token, of one, and so on: each hash is made of the one before it.

    Parameters
    ----------
    before : iterable of arrays of ids, each of shape (contexts,)
        The last token of each context, the last but one, and so on.
    count : int
        How many contexts there are.
    """
    hashes = np.zeros(count, dtype=np.uint64)
    yield hashes
    for ids in before:
        hashes = mix(hashes ^ (ids.astype(np.uint64, copy=False) + np.uint64(1)))
        yield hashes


def mix(hashes: Hashes) -> Hashes:
    """Return numbers whose bits each depend on many bits of those given."""
    mixed = hashes * _FACTOR
    return mixed ^ mixed >> np.uint64(29)


def _pack(hashes: Hashes, ids: Hashes, bits: np.uint64) -> Hashes:
    """Put tokens into the lowest bits of hashes."""
    return hashes >> bits << bits | ids


def _unique(grams: Hashes) -> tuple[Hashes, NDArray[np.int64]]:
    """Return the distinct grams in their order, and how often each is found."""
    ranked = np.sort(grams)
    begins = _begins(ranked)
    return ranked[begins[:-1]], np.diff(begins)


def _begins(ranked: Hashes) -> NDArray[np.int64]:
    """Return where each run of equal numbers begins, and behind them how many numbers there are."""
    return np.append(np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1])), len(ranked))


def _level(grams: Hashes, counts: NDArray[np.int64], bits: np.uint64) -> Level:
    ranked = grams >> bits
    begins = _begins(ranked)
    first = begins[:-1]
    totals = np.add.reduceat(counts, first).astype(np.float64)
    classes = (counts == 1, counts == 2, counts >= 3)
    kinds = np.array([np.add.reduceat(one.astype(np.int64), first) for one in classes], dtype=np.float64)
    return Level(grams, counts, ranked[first], begins, totals, kinds, _discounts(counts))


def _continued(raw: Level, longer: Hashes, bits: np.uint64) -> Level:
    """Return the same grams with the number of distinct tokens before them, as their counts."""
    counts = np.empty_like(raw.counts)
    counts[np.argsort(mix(raw.grams) >> bits)] = np.diff(_begins(longer >> bits))
    return _level(raw.grams, counts, bits)


def _discounts(counts: NDArray[np.int64]) -> Floats:
    """Return Chen and Goodman's discounts for counts 0, 1, 2 and more, held within (0, count)."""
    ones, twos, threes, fours = (max(1, int((counts == n).sum())) for n in (1, 2, 3, 4))
    y = ones / (ones + 2 * twos)
    raw = (1 - 2 * y * twos / ones, 2 - 3 * y * threes / twos, 3 - 4 * y * fours / threes)
    return np.array([0.0, *(float(np.clip(d, 0.1, n - 0.05)) for n, d in enumerate(raw, start=1))])


def _find(table: Hashes, wanted: Hashes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    at = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return at, table[at] == wanted


def _look_up(level: Level, grams: Hashes, bits: np.uint64) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return which contexts are known, where they stand in the table, and how often each gram was seen."""
    at, known = _find(level.contexts, grams >> bits)
    row, seen = _find(level.grams, grams)
    return known, at, np.where(seen, level.counts[row], 0)


def _kneser_ney(level: Level, grams: Hashes, shorter: Floats, bits: np.uint64) -> Floats:
    known, at, count = _look_up(level, grams, bits)
    freed = level.discounts[1:] @ level.kinds[:, at]
    kept = np.maximum(count - level.discounts[np.minimum(count, 3)], 0.0)
    return np.where(known, (kept + freed * shorter) / level.totals[at], shorter)


def _witten_bell(level: Level, grams: Hashes, shorter: Floats, bits: np.uint64) -> Floats:
    known, at, count = _look_up(level, grams, bits)
    kinds = level.kinds[:, at].sum(axis=0)
    return np.where(known, (count + kinds * shorter) / (level.totals[at] + kinds), shorter)
